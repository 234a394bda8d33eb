"""Interventions beside CAR T cells: what each kills and spares, limits by hand, and nothing of them where not given."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.spec.prepare import cast_of, prepare

TEXT = """
format: carsim/1
title: An intervention
patient: {{population: paediatric-rr-ball}}
{extra}
treatment:
  - {entry}
run: {{until: {until} d}}
"""
NONE = "{name: none, give: cyclophosphamide, at: 0 d, dose: 0 mg}"


def course(entry, *outputs, until=28, extra="", **changes):
    """Output courses of one patient without CAR T cells, by name, with the days."""
    scenario = spec.loads(TEXT.format(entry=entry, until=until, extra=extra))
    made = prepare(scenario.with_(**changes) if changes else scenario)
    found = simulate(
        made.network,
        t=made.times,
        schedule=made.schedule,
        patients=made.patients,
        outputs=outputs,
        options=Options(rtol=1e-9),
    )
    assert found.status[0] == 0
    return made, dict(zip(outputs, found.values[0].T, strict=True))


def decades(values):
    return float(np.log10(values[0] / values[-1]))


@pytest.mark.parametrize(
    "name",
    ["blinatumomab", "inotuzumab", "alemtuzumab", "bridging", "intrathecal", "hsct", "transplant", "risk.graft"],
)
def test_without_the_intervention_the_network_has_none_of_it(name):
    network = build("none", cast_of(spec.loads(TEXT.format(entry=NONE, until=28, extra=""))))
    rows = [*network.rows, *(reaction.name for reaction in network.reactions)]
    assert [row for row in rows if name in row] == []
    assert network.events == []


def test_blinatumomab_at_rest_is_its_rate_over_its_clearance():
    entry = "{name: b, give: blinatumomab, flat: 28 ug/d}"
    made, out = course(entry, "blinatumomab_concentration")
    p = made.patients.parameters
    size = p["weight"][0] / p["reference_weight"][0]
    volume, rate = p["blinatumomab_volume"][0] * size, np.log(2.0) / p["blinatumomab_half_life"][0]
    at = int(np.searchsorted(made.times, 20.0))
    assert out["blinatumomab_concentration"][at] == pytest.approx(28.0 / (rate * volume), rel=1e-6)


def test_more_t_cells_and_fewer_blasts_make_blinatumomab_kill_more():
    entry = "{name: b, give: blinatumomab, per_surface: 15 ug/m^2/d}"
    killed = {
        (cells, blasts): decades(
            course(
                entry,
                "blasts_total",
                **{"patient.host_t_cells": f"{cells} cells/uL", "patient.marrow_blasts": f"{blasts} %"},
            )[1]["blasts_total"]
        )
        for cells, blasts in ((50, 90), (1500, 90), (50, 20), (1500, 20))
    }
    assert killed[50, 90] < killed[1500, 90] < killed[1500, 20]
    assert killed[50, 90] < killed[50, 20] < killed[1500, 20]
    assert killed[50, 90] < 1.5 < killed[1500, 20]


def test_what_blinatumomab_leaves_is_richer_in_dim_and_in_negative_cells():
    extra = "leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-6}]}"
    names = ("blasts_total.CD19-positive", "blasts_total.CD19-dim", "blasts_total.CD19-negative")
    entry = "{name: b, give: blinatumomab, per_surface: 15 ug/m^2/d}"
    _, treated = course(entry, *names, extra=extra)
    _, other = course("{name: b, give: blinatumomab, per_surface: 15 ug/m^2/d, share: 0 %}", *names, extra=extra)
    dim, negative = (
        (treated[name][-1] / treated[names[0]][-1]) / (other[name][-1] / other[names[0]][-1]) for name in names[1:]
    )
    assert 1.5 < dim < negative
    # a cell without CD19 is untouched but for the room that the others leave
    assert treated[names[2]][-1] > other[names[2]][-1]


def test_what_inotuzumab_leaves_shows_less_cd22_and_needs_no_t_cells():
    names = ("blasts_total", "blasts_total.CD19-positive", "blasts_total.CD22-dim")
    entry = "{name: i, give: inotuzumab}"
    _, treated = course(entry, *names)
    _, other = course("{name: i, give: inotuzumab, share: 0 %}", *names)
    assert treated[names[2]][-1] / treated[names[1]][-1] > 1.5 * other[names[2]][-1] / other[names[1]][-1]
    _, few = course(entry, *names, **{"patient.host_t_cells": "1 cells/uL"})
    assert few[names[0]][-1] == pytest.approx(treated[names[0]][-1], rel=1e-6)


def test_the_amount_of_an_antibody_falls_by_its_half_life():
    made, out = course("{name: i, give: inotuzumab, dose: 1 mg, doses: 1}", "inotuzumab.central", until=30)
    half_life = made.patients.parameters["inotuzumab_half_life"][0]
    amount = dict(zip(made.times, out["inotuzumab.central"], strict=True))
    assert amount[26.0] / amount[14.0] == pytest.approx(0.5 ** (12.0 / half_life), rel=1e-6)
    start = 1.0 / 24.0 * np.log(2.0) / half_life
    at_end = (1.0 - np.exp(-start)) / start  # 1 mg over an hour, less what is eliminated in it
    assert amount[14.0] == pytest.approx(at_end * 0.5 ** ((14.0 - 1.0 / 24.0) / half_life), rel=1e-6)


def test_alemtuzumab_empties_blood_of_lymphocytes_and_spares_the_leukaemia():
    names = ("host_t_blood", "bcells_blood", "blasts_total")
    _, treated = course("{name: a, give: alemtuzumab, dose: 0.2 mg/kg, doses: 5}", *names, until=14)
    _, other = course(NONE, *names, until=14)
    assert treated["host_t_blood"][-1] < 0.1 * other["host_t_blood"][-1]
    assert treated["bcells_blood"][-1] < 0.1 * other["bcells_blood"][-1]
    assert treated["blasts_total"][-1] == pytest.approx(other["blasts_total"][-1], rel=0.02)


def test_alemtuzumab_kills_the_patients_own_cart_cells_and_no_donors():
    text = TEXT.format(
        entry="{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}\n"
        "  - {name: donor, give: ucart19, at: 0 d, dose: 3e6 cells/kg}\n"
        "  - {name: a, give: alemtuzumab, dose: 0.2 mg/kg, at: -3 d, doses: 3}",
        until=28,
        extra="",
    )
    network = build("two", cast_of(spec.loads(text)))
    killed = {reaction.name for reaction in network.reactions if reaction.name.startswith("alemtuzumab.cart.")}
    assert {name.split(".")[2] for name in killed} == {"tisagenlecleucel"}
    assert len(killed) == 10


def test_bridging_leaves_what_its_intensity_says():
    """ln(left) = -kill x intensity x half-life / ln 2, but for growth: compared with the course without it."""
    for intensity in ("low", "high"):
        entry = f"{{name: b, give: bridging, intensity: {intensity}, share: %s}}"
        small = {"patient.marrow_blasts": "0.01 %", "run.until": "30 d"}
        made, treated = course(entry % "1", "blasts_total", **small)
        _, other = course(entry % "0", "blasts_total", **small)
        p = made.patients.parameters
        effect = p[f"bridging_intensity.{intensity}"][0] * p["bridging_half_life"][0] / np.log(2.0)
        left = np.log(treated["blasts_total"][-1] / other["blasts_total"][-1])
        assert left == pytest.approx(-p["bridging_kill_blasts"][0] * effect, rel=2e-3)


def test_intrathecal_chemotherapy_kills_in_the_nervous_system_only():
    extra = "leukaemia: {sites: {CNS: {csf: 40 cells/uL}}}"
    names = ("blasts_at.CNS", "blasts_at.marrow")
    scenario = spec.loads(TEXT.format(entry="{name: i, give: intrathecal, doses: 3}", until=28, extra=extra))
    network = build("it", cast_of(scenario))
    killed = {reaction.consumes[0][0].name for reaction in network.reactions if reaction.process == "intrathecal"}
    assert {name.rsplit(".", 1)[-1] for name in killed} == {"effect", "CNS"}
    assert names[0] in network.rows


def test_a_transplant_conditions_takes_cart_cells_and_brings_a_graft():
    entry = (
        "{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}\n  - {name: t, give: hsct, at: 40 d, conditioning: %s}"
    )
    for conditioning in ("myeloablative", "reduced"):
        names = ("cart_cells", "blasts_total", "graft", "host_t_blood")
        made, out = course(entry % conditioning, *names, until=80)
        p, at = made.patients.parameters, int(np.searchsorted(made.times, 40.0))
        assert (out["cart_cells"][at:] == 0.0).all()
        assert out["cart_cells"][at - 1] > 0.0
        growth, start = p["graft_growth"][0], p["graft_start"][0]
        by_hand = 1.0 / (1.0 + (1.0 / start - 1.0) * np.exp(-growth * 40.0))
        assert out["graft"][at] == start
        assert out["graft"][-1] == pytest.approx(by_hand, rel=1e-6)
        survival = p[f"conditioning_survival_lymphocytes.{conditioning}"][0]
        assert out["host_t_blood"][at] == pytest.approx(survival * out["host_t_blood"][at - 1], rel=0.05)


def test_a_graft_holds_the_leukaemia_that_conditioning_left():
    entry = "{name: t, give: hsct, at: 1 d}"
    _, with_graft = course(entry, "blasts_total", until=150)
    _, without = course(entry, "blasts_total", until=150, **{"parameters": {"graft_leukaemia_effect": "0 1/d"}})
    assert with_graft["blasts_total"][-1] < 0.05 * without["blasts_total"][-1]
