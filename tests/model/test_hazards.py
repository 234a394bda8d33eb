"""Hazards of survival: their limits by hand, and that they change nothing of what is simulated."""

from pathlib import Path

import numpy as np
import pytest

from carsim import catalog, spec
from carsim.engines.run import simulate
from carsim.model.processes.hazards import CAUSES
from carsim.spec.prepare import prepare

POSITIVE, NEGATIVE = (
    catalog.find_value(f"leukaemia_death.{name}").value for name in ("CD19-positive", "CD19-negative")
)
SCENARIO = Path(__file__).parents[2] / "scenarios" / "antigen_escape.yaml"


def courses(**changes):
    """Cumulative hazards and blasts of a scenario's typical patient, by row."""
    made = prepare(spec.load(SCENARIO).with_(**changes))
    rows = [name for name in made.network.rows if name.startswith("cumulative_hazard.")] + [
        "blasts_total",
        "blasts_total.CD19-negative",
    ]
    found = simulate(made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=rows)
    return made.times, {name: found.values[0, :, k] for k, name in enumerate(rows)}


def test_cumulative_hazards_never_fall_and_are_those_declared() -> None:
    _, found = courses()
    hazards = [name for name in found if name.startswith("cumulative_hazard.")]
    assert {name.removeprefix("cumulative_hazard.") for name in hazards} <= set(CAUSES)
    assert {"cumulative_hazard.leukaemia_death", "cumulative_hazard.new_therapy"} <= set(hazards)
    for name in hazards:
        assert np.all(np.diff(found[name]) >= -1e-9)


def test_overt_leukaemia_kills_at_its_rate_by_phenotype() -> None:
    """Two years: the CD19-negative clone fills the marrow; well above the lethal burden the hazard is that of the phenotype."""
    days, found = courses(**{"run.until": "36 months"})
    size = 39.0 / 70.0  # the child's
    burden = found["blasts_total.CD19-negative"][-1]
    expected = NEGATIVE * burden / (1e11 * size + burden)
    slope = (found["cumulative_hazard.leukaemia_death"][-1] - found["cumulative_hazard.leukaemia_death"][-2]) / (
        days[-1] - days[-2]
    )
    assert slope == pytest.approx(expected, rel=1e-3)
    assert slope == pytest.approx(NEGATIVE, rel=0.05)


MIXED = """
format: carsim/1
title: untreated, half of it without CD19
patient: {population: paediatric-rr-ball, marrow_blasts: 90 %}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 50 %}]}
run: {until: 100 d}
"""


def test_a_mixed_leukaemia_kills_at_the_mean_rate_of_its_phenotypes() -> None:
    """Untreated, half of it without CD19: by hand the mean of the two rates x L / (1e11 size + L) a day."""
    made = prepare(spec.loads(MIXED))
    rows = ["hazard_rate.leukaemia_death", "blasts_total"]
    found = simulate(made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=rows)
    rate, blasts = found.values[0].T
    size = made.patients.parameters["weight"][0] / 70.0
    assert blasts[-1] > 1e12
    np.testing.assert_allclose(rate, 0.5 * (POSITIVE + NEGATIVE) * blasts / (1e11 * size + blasts), rtol=1e-3)


def test_in_deep_remission_leukaemia_adds_nothing() -> None:
    days, found = courses()
    inside = (days >= 60.0) & (days <= 120.0)
    rise = found["cumulative_hazard.leukaemia_death"][inside]
    most = found["blasts_total"][inside].max()
    assert most < 1e9
    assert 0.0 < rise[-1] - rise[0] < 60.0 * NEGATIVE * most / (1e11 * 39.0 / 70.0)


def test_the_day_and_the_lethal_burden_are_the_only_things_that_a_hazard_depends_on() -> None:
    _, usual = courses()
    _, doubled = courses(**{"parameters.salvage_start": "0.04 1/d"})
    assert doubled["cumulative_hazard.new_therapy"] == pytest.approx(
        2.0 * usual["cumulative_hazard.new_therapy"], rel=1e-6, abs=1e-9
    )
    assert np.array_equal(doubled["blasts_total"], usual["blasts_total"])
