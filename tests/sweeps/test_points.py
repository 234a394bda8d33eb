"""Points of a sweep: where they lie, that none is made before it is asked for, and what is refused."""

from __future__ import annotations

import time

import numpy as np
import pytest

from carsim.errors import ResourceRefused, ScenarioError
from carsim.spec import loads
from carsim.spec.stated import stated
from carsim.sweeps.plan import FEW_BLOCKS, MOST_BLOCKS, RUNS_OF_EQUATIONS, plan
from carsim.sweeps.points import Points
from tests.sweeps.small import HEAD, scenario

DOSE = "treatment.car.dose.per_weight"
FRACTION = "leukaemia.clones.CD19-negative.fraction"


def points(axes: str) -> Points:
    return Points.of(scenario(f"sweep:\n  axes:\n{axes}"))


def test_the_first_axis_is_the_slowest() -> None:
    grid = points(f"    - {{path: run.seed, values: [7, 8]}}\n    - {{path: {FRACTION}, log: [1e-9, 1e-5], n: 5}}\n")
    assert (grid.n, list(grid.shape.items())) == (10, [("run.seed", 2), (FRACTION, 5)])
    assert [grid.changes(k)["run.seed"] for k in range(10)] == [7] * 5 + [8] * 5
    assert [grid.changes(k)[FRACTION] for k in range(5)] == [1e-9, 1e-8, 1e-7, 1e-6, 1e-5]  # to the last digit


def test_zipped_axes_move_together() -> None:
    both = points(
        f"    - zip:\n        - {{path: {DOSE}, name: dose, values: [1e6 cells/kg, 2e6 cells/kg]}}\n"
        f"        - {{path: {FRACTION}, log: [1e-9, 1e-7], n: 2}}\n    - {{path: run.seed, values: [1, 2, 3]}}\n"
    )
    assert both.n == 6
    assert both.changes(0) == {DOSE: "1e6 cells/kg", FRACTION: 1e-9, "run.seed": 1}
    assert both.changes(5) == {DOSE: "2e6 cells/kg", FRACTION: 1e-7, "run.seed": 3}
    known = both.coordinates()
    assert known["dose"].values.tolist() == [1e6] * 3 + [2e6] * 3
    assert known["dose"].unit == "cells/kg"


def test_arms_and_choices_are_axes() -> None:
    made = points(
        "    - {arms: [tenth, usual]}\n"
        "    - name: who\n      each:\n        - {name: children}\n"
        "        - {name: adults, set: {cohort.population: adult-rr-ball, cohort.n: 5}}\n"
    )
    assert made.changes(0) == {DOSE.removesuffix(".per_weight"): "2e5 cells/kg", "cohort.n": 1}
    assert made.changes(3) == {"cohort.population": "adult-rr-ball", "cohort.n": 5}
    known = made.coordinates()
    assert known["arm"].words == ("tenth", "usual")
    assert known["who"].values.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("method", ["latin-hypercube", "sobol", "random"])
def test_sampled_points_fill_their_ranges(method: str) -> None:
    text = (
        f"    - {{path: {DOSE}, log: [1e5 cells/kg, 1e7 cells/kg]}}\n    - {{path: {FRACTION}, linear: [0, 0.5]}}\n"
        f"    - {{path: run.seed, values: [1, 2]}}\n  sample: {{method: {method}, n: 64}}\n"
    )
    made = points(text)
    assert made.n == 128
    known = made.coordinates()
    shares = np.log(known[DOSE].values[:64] / 1e5) / np.log(1e2)
    strata = np.sort(np.floor(shares * 64).astype(int))
    if method != "random":  # one point in each of 64 strata, which happens by chance once in 1e26
        assert strata.tolist() == list(range(64))
    assert (strata >= 0).all()
    assert strata.max() < 64
    assert abs(np.corrcoef(shares, known[FRACTION].values[:64])[0, 1]) < 0.5
    np.testing.assert_array_equal(known[DOSE].values[:64], known[DOSE].values[64:])  # the other axis is the slower one
    for point in (0, 63, 77):
        assert float(made.changes(point)[DOSE].split()[0]) == known[DOSE].values[point]
        assert made.changes(point)[FRACTION] == known[FRACTION].values[point]


def test_a_sobol_sample_is_balanced_in_two_dimensions() -> None:
    made = points(
        f"    - {{path: {DOSE}, linear: [0 cells/kg, 1 cells/kg]}}\n    - {{path: {FRACTION}, linear: [0, 1]}}\n"
        "  sample: {method: sobol, n: 64}\n"
    )
    known = made.coordinates()
    cells = np.histogram2d(known[DOSE].values, known[FRACTION].values, bins=8, range=[[0, 1], [0, 1]])[0]
    assert (cells == 1).all()


def test_a_sample_is_that_of_its_seed_alone() -> None:
    text = f"    - {{path: {DOSE}, log: [1e5 cells/kg, 1e7 cells/kg]}}\n"
    more = text + f"    - {{path: {FRACTION}, linear: [0, 0.5]}}\n"
    first = points(text + "  sample: {method: latin-hypercube, n: 16}\n").coordinates()[DOSE].values
    wider = points(more + "  sample: {method: latin-hypercube, n: 16}\n").coordinates()[DOSE].values
    other = points(text + "  sample: {method: latin-hypercube, n: 16, seed: 2}\n").coordinates()[DOSE].values
    np.testing.assert_array_equal(first, wider)
    assert (first != other).any()


def test_words_and_flags_are_codes() -> None:
    made = points(
        "    - {path: run.engine, values: [ode, hybrid]}\n    - {path: run.assay_noise, values: [true, false]}\n"
    )
    known = made.coordinates()
    assert (known["run.engine"].words, known["run.assay_noise"].words) == (("ode", "hybrid"), ("true", "false"))
    assert known["run.assay_noise"].values.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "axes",
    [
        f"    - {{path: {DOSE}, log: [1e5 cells/kg, 1e7 cells/kg], n: 1000}}\n"
        f"    - {{path: {FRACTION}, log: [1e-9, 1e-4], n: 1000}}\n",
        f"    - {{path: {FRACTION}, log: [1e-9, 1e-4]}}\n  sample: {{method: latin-hypercube, n: 1000000}}\n",
    ],
    ids=["grid", "sample"],
)
def test_a_million_points_are_planned_in_seconds(axes: str) -> None:
    begun = time.process_time()
    made = plan(scenario(f"sweep:\n  axes:\n{axes}"))
    made.scenario_at(999_999)
    assert time.process_time() - begun < 10.0
    assert made.points.n == 1_000_000
    assert made.blocks <= MOST_BLOCKS


def test_more_points_than_the_limit_are_refused_before_any_is_made() -> None:
    axes = "".join(
        f"    - {{path: {path}, log: [1e-9, 1e-4], n: 10000}}\n" for path in (FRACTION, "leukaemia.main.birth")
    )
    many = scenario(f"sweep:\n  axes:\n{axes.replace('birth, log: [1e-9, 1e-4]', 'birth, log: [1 1/d, 2 1/d]')}")
    with pytest.raises(
        ResourceRefused, match=r"100,000,000 points, 10,000 \(.*\) x 10,000 .*the limit is 10,000,000"
    ) as no:
        plan(many)
    assert no.value.exit_status == 4


@pytest.mark.parametrize(
    ("cohort", "points_of", "patients"), [("n: 2", 2, 2), ("n: 100", 2, 100), ("n: 10000", 1, RUNS_OF_EQUATIONS)]
)
def test_blocks_hold_whole_patients(cohort: str, points_of: int, patients: int) -> None:
    text = (HEAD + f"sweep: {{axes: [{{path: {FRACTION}, log: [1e-9, 1e-4], n: 128}}]}}\n").replace(
        "n: 2}", f"{cohort}}}", 1
    )
    made = plan(loads(text))
    assert made.block == (points_of, patients)
    assert made.blocks >= FEW_BLOCKS
    seen = [
        (p, q) for k in range(made.blocks) for b in [made.block_of(k)] for p in range(*b.points) for q in [b.patients]
    ]
    assert len(seen) == len(set(seen)) == 128 * made.grid[1]


def test_what_is_kept_must_exist() -> None:
    with pytest.raises(ScenarioError) as refused:
        plan(scenario(f"sweep: {{axes: [{{path: {FRACTION}, values: [0]}}], keep: [relapse_dya], courses: [mdr]}}\n"))
    assert str(refused.value).splitlines() == [
        "sweep.keep: got `relapse_dya`; expected an endpoint or covariate of a result, for example relapse_day; "
        "did you mean `relapse_day`",
        "sweep.courses: got `mdr`; expected a course of a result, for example cart_copies; did you mean `mrd`",
    ]


def test_the_stated_text_is_the_scenario() -> None:
    first = scenario()
    again = loads(stated(first))
    assert again.digest == first.digest
    change = {"cohort.population": "adult-rr-ball"}  # what follows from it follows anew
    assert again.with_(**change).digest == first.with_(**change).digest != first.digest
    assert loads(stated(first, without={"sweep"})).sweep is None


@pytest.mark.parametrize(
    ("axis", "other"),
    [
        ("values: [1e-8, 1e-7]", "values: [1e-7, 1e-8]"),
        ("log: [1e-9, 1e-5], n: 300", "linear: [1e-9, 1e-5], n: 300"),
        (
            f"values: [{', '.join(f'{k}e-5' for k in range(300))}]",
            f"values: [0, 2e-5, 1e-5, {', '.join(f'{k}e-5' for k in range(3, 300))}]",
        ),
    ],
    ids=["order", "form", "one of many"],
)
def test_other_points_are_another_scenario(axis: str, other: str) -> None:
    digests = [scenario(f"sweep: {{axes: [{{path: {FRACTION}, {form}}}]}}\n").digest for form in (axis, other)]
    assert digests[0] != digests[1]


def test_a_value_that_is_kept_under_another_path_counts() -> None:
    """A pair of names may be stated in either order, and is kept in one."""
    text = "sweep: {{axes: [{{path: cohort.correlations.marrow_blasts.age, values: [{value}]}}]}}\n"
    first, same, other = (scenario(text.format(value=value)).digest for value in ("0.4", "0.40", "-0.4"))
    assert first == same != other
