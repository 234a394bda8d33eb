"""The published systems, run: nobody fails, what must be represented acts, and the evidence holds."""

from functools import lru_cache

import numpy as np
import pytest

from carsim.pipeline import run
from carsim.spec.prepare import prepare
from tests.scenarios.test_systems import ITEMS, STATED, SYSTEMS, scenario, with_it, without

PATIENTS = 20
CHECKED = 100  # patients of each side of a statement of the evidence
STATEMENTS = {f"{name}: {check.says}": (name, check) for name in STATED for check in SYSTEMS[name].checks}


@lru_cache(maxsize=8)
def result(name, arm="", n=PATIENTS):
    return run(scenario(name, arm).with_(**{"cohort.n": n}))


@pytest.mark.full
@pytest.mark.parametrize("name", STATED)
def test_nobody_fails(name):
    stated = scenario(name)
    data = result(name)
    assert (data["status"] == 0).all()
    assert float(data["time"][-1]) == pytest.approx(stated.run.until)
    for arm in stated.trial.arms if stated.trial else ():
        assert (result(name, arm.name, n=5)["status"] == 0).all(), arm.name


@pytest.mark.full
@pytest.mark.parametrize("item", ITEMS)
def test_what_must_be_represented_acts(item):
    name, represented = ITEMS[item]
    whole, less = with_it(name, represented), without(name, represented)
    if "trial" in represented.moves:
        assert whole.trial != less.trial
    outcomes = [move for move in represented.moves if move != "trial"]
    if outcomes:
        data = run(whole.with_(**{"cohort.n": PATIENTS})) if represented.where else result(name, represented.arm)
        bare = run(less.with_(**{"cohort.n": PATIENTS}))
        for move in outcomes:
            if move == "schedule":
                planned = given(whole) != given(less)
                assert planned or differ(data, bare, "treatment_day")
            else:
                assert differ(data, bare, move), move


def differ(data, bare, name):
    """Whether a result differs in any patient; courses on the days that both have, over all clones and products."""
    assert name in data or name in bare
    if name not in data or name not in bare:
        return True  # nothing of it where the item is not
    with_it, without_it = data[name], bare[name]
    for dim in ("product", "clone", "phenotype", "site"):
        with_it, without_it = (values.sum(dim) if dim in values.dims else values for values in (with_it, without_it))
    if "time" in with_it.dims:
        days = np.intersect1d(with_it["time"], without_it["time"])
        with_it, without_it = with_it.sel(time=days), without_it.sel(time=days)
    if with_it.dtype.kind != "f" or with_it.shape != without_it.shape:
        return not np.array_equal(with_it.values, without_it.values)
    return not np.allclose(with_it.values, without_it.values, rtol=1e-3, atol=0.0, equal_nan=True)


def given(stated):
    """What is given to whom and when, as planned."""
    made = prepare(stated.with_(**{"cohort.n": PATIENTS})).schedule
    return made.rows, [array.tolist() for array in (np.nan_to_num(made.times, nan=-1e9), made.targets, made.amounts)]


@pytest.mark.full
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_evidence_holds(statement):
    name, check = STATEMENTS[statement]
    found = value(check, result(name, check.arm, n=CHECKED), check.at)
    if check.expects == "within":
        assert check.range[0] <= found <= check.range[1]
        return
    other = value(check, result(name, check.than, n=CHECKED), check.than_at)
    if check.expects == "near":
        assert abs(found - other) < check.margin, (found, other)
    else:
        assert (found > other) if check.expects == "above" else (found < other), (found, other)


def value(check, data, at):
    """The statistic of a check; NaN where no patient has a value."""
    values = data[check.of] if at is None else data[check.of].sel(time=at, method="nearest")
    if check.statistic == "fraction":
        return float((values.sel(clone=check.clone).sum("site") / values.sum(("clone", "site"))).median())
    if check.statistic == "median":
        return float(values.median())
    if check.word:
        return float(np.mean([str(word).startswith(check.word) for word in values.values.ravel()]))
    return float(np.isfinite(values).mean())
