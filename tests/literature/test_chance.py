"""Kimmel 2021 by chance: cure against its closed form, what the paper says of days and directions, and the refusals.

The closed form (`kendall`) shares nothing with carsim: SciPy integrates the T cells, and the probability of extinction
of a birth-death process does the rest. Directions are two-sample tests: a false finding once in a million.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from carsim import reproduce
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.literature import find
from carsim.literature import load as loading
from carsim.literature.chance import ChanceError, drawn, ends, read
from tests.chance.comparisons import Whole
from tests.chance.rules import check, must_fail, seed_of

from .kendall import law_of_days

LAST = 300
FALSE_ALARM = 1e-6
CHANCE = find("kimmel2021").data.chance
LEVELS = {  # what the paper varies; the share cured by the closed form, averaged over virtual patients, is beside it
    "cart_limit": (160.0, 139.28, 120.0),  # 0.96, 0.39, 0.01
    "normal": (4.0, 6.0, 8.0),  # 0.77, 0.39, 0.08
    "tumour": (2.3e9, 9.486e10, 1.3e12),  # 0.68, 0.39, 0.24
}
# Pairs whose shares lie 0.29 apart or more: 400 patients each find that at 1e-6 in 99 of 100 cases. The median tumour
# against the largest (0.15 apart) would need a thousand.
PAIRS = {"cart_limit": ((0, 1), (1, 2)), "normal": ((0, 1), (1, 2)), "tumour": ((0, 1), (0, 2))}
VIRTUAL = 400


def days_of_cure(parameter_set: str, threshold: float = 1000.0):
    """Samples of the first day without a tumour cell of one patient; LAST + 1 stands for never."""
    network = find("kimmel2021").network(parameter_set)

    def sample(seed: int, n: int) -> np.ndarray:
        options = Options(rtol=1e-8, threshold=threshold)
        found = simulate(
            network,
            t=np.arange(LAST + 1.0),
            engine="hybrid",
            replicates=n,
            seed=seed,
            outputs=["tumour"],
            options=options,
        )
        assert (found.status == 0).all()
        gone = found.of("tumour") == 0.0
        return np.where(gone.any(axis=1), gone.argmax(axis=1), LAST + 1).astype(float)

    return sample


def law(parameter_set: str) -> Whole:
    """The closed form, to be told from killing that is 2 % faster."""
    killing = {"killing": 1.02 * 1.15}
    return Whole(pmf=law_of_days(LAST, parameter_set), other=law_of_days(LAST, parameter_set, **killing))


@pytest.mark.parametrize("parameter_set", ["code", "table"])
def test_the_day_of_cure_follows_its_closed_form(parameter_set: str) -> None:
    assert law_of_days(LAST, parameter_set).sum() == pytest.approx(
        {"code": 0.1401, "table": 0.9868}[parameter_set], abs=1e-4
    )
    check(f"kimmel/{parameter_set}", days_of_cure(parameter_set), [law(parameter_set)], n=1000)


@pytest.mark.full
@pytest.mark.parametrize("threshold", [100.0, 10_000.0])
def test_the_law_does_not_depend_on_where_the_tumour_begins_to_be_counted(threshold: float) -> None:
    """The paper counts below 100 cells and found its outcomes hardly changed by that."""
    assert threshold != Options().threshold
    check(f"kimmel/threshold {threshold:g}", days_of_cure("code", threshold), [law("code")], n=1000)


@pytest.mark.full
def test_killing_two_per_cent_faster_is_told_from_it() -> None:
    assert law("code").stated
    must_fail("kimmel/code/control", days_of_cure("code"), [law("code")], n=1000)


def ended(name: str, n: int = VIRTUAL, **values: float) -> tuple[np.ndarray, np.ndarray]:
    """Days of cure and of progression in n virtual patients as published, with these values over theirs."""
    data = reproduce.run_chance("kimmel2021", values=values, patients=n, seed=seed_of(name) % 2**63)
    assert (data["status"] == 0).all()
    return data["cure_day"].values, data["progression_day"].values


def more(first: np.ndarray, second: np.ndarray) -> float:
    """One-sided p-value of Fisher's exact test: more of the first than of the second are cured."""
    cured = [int(np.isfinite(days).sum()) for days in (first, second)]
    table = [[cured[0], first.size - cured[0]], [cured[1], second.size - cured[1]]]
    return float(stats.fisher_exact(table, alternative="greater")[1])


@pytest.mark.parametrize("name", LEVELS)
def test_cure_rises_with_room_for_cart_cells_and_falls_with_normal_t_cells_and_tumour(name: str) -> None:
    cures = [ended(f"kimmel/{name} {value:g}", **{name: value})[0] for value in LEVELS[name]]
    for here, there in PAIRS[name]:
        assert more(cures[here], cures[there]) < FALSE_ALARM
        assert more(cures[there], cures[here]) > FALSE_ALARM


def test_two_samples_of_the_same_patients_do_not_differ() -> None:
    """The negative control: the same numbers by other chances."""
    first, second = (ended(f"kimmel/control {k}")[0] for k in (1, 2))
    assert more(first, second) > FALSE_ALARM
    assert more(second, first) > FALSE_ALARM


def test_most_cures_come_between_days_20_and_80_and_progressions_between_200_and_500() -> None:
    cure, progression = ended("kimmel/days")
    cured, progressed = cure[np.isfinite(cure)], progression[np.isfinite(progression)]
    assert cured.size + progressed.size == VIRTUAL

    def is_most(days: np.ndarray, first: float, last: float) -> bool:
        inside = int(((days >= first) & (days <= last)).sum())
        return bool(stats.binomtest(inside, days.size, 0.5, alternative="greater").pvalue < FALSE_ALARM)

    assert is_most(cured, 20.0, 80.0)
    assert is_most(progressed, 200.0, 500.0)
    assert not is_most(cured, 80.0, 140.0)
    assert not is_most(progressed, 0.0, 200.0)


def test_every_statement_of_the_paper_is_met() -> None:
    outcomes = reproduce.compare_chance("kimmel2021")
    assert len(outcomes) == 8
    assert [(o.check.text, o.simulated, o.low, o.high) for o in outcomes if not o.agrees] == []


def test_an_interval_that_reaches_out_of_the_range_does_not_agree() -> None:
    check_, low, high = CHANCE.checks[0], 0.45, 0.60
    assert not reproduce.ShareOutcome(check_, 0.52, low, high).agrees
    assert reproduce.ShareOutcome(check_, 0.55, 0.51, high).agrees


@pytest.mark.full
def test_nothing_is_decided_after_the_last_day() -> None:
    """The authors' program goes on to day 2000: the same courses, and no other end."""
    early, late = (reproduce.run_chance("kimmel2021", until=until, patients=VIRTUAL) for until in (700.0, 2000.0))
    for column in ("cure_day", "progression_day"):
        np.testing.assert_allclose(early[column], late[column], rtol=1e-6)


def test_virtual_patients_differ_by_five_per_cent_and_adding_some_changes_nobody() -> None:
    values = find("kimmel2021").values("code")
    few, many = drawn(CHANCE, values, 1, 100), drawn(CHANCE, values, 1, 20_000)
    assert set(many) == {
        "normal_rate",
        "base",
        "normal_limit",
        "cart_limit",
        "shape",
        "boost",
        "killing",
        "growth",
        "half",
    }
    for name, numbers in many.items():
        np.testing.assert_array_equal(few[name], numbers[:100])
        ratio = values[name] / numbers if name == "half" else numbers / values[name]  # the program varies 1 / half
        # Mean and deviation of 20,000 normals lie within five standard errors, but once in a million.
        assert abs(ratio.mean() - 1.0) < 5.0 * 0.05 / np.sqrt(20_000)
        assert abs(ratio.std() / 0.05 - 1.0) < 5.0 / np.sqrt(40_000)
    deviates = np.corrcoef([numbers / values[name] for name, numbers in many.items()])
    assert np.abs(deviates - np.eye(9)).max() < 5.0 / np.sqrt(20_000)


def test_a_course_ends_with_what_comes_first() -> None:
    days = np.arange(6.0)
    courses = np.array(
        [
            [10.0, 5.0, 1.0, 0.0, 0.0, 0.0],
            [10.0, 5.0, 5.0, 10.0, 20.0, 40.0],
            [10.0, 20.0, 5.0, 0.0, 0.0, 0.0],
            [10.0, 5.0, 5.0, 5.0, 5.0, 5.0],
        ]
    )
    cure, progression = ends(days, courses, 1.2)
    np.testing.assert_array_equal(cure, [3.0, np.nan, np.nan, np.nan])
    doubling = np.log(1.2) / np.log(2.0)
    np.testing.assert_allclose(progression, [np.nan, 3.0 + doubling, doubling, np.nan])


def test_replicates_are_courses_of_one_patient_and_the_dataset_has_both_dimensions() -> None:
    data = reproduce.run_chance("kimmel2021", patients=2, replicates=3, until=60.0)
    assert data["tumour"].dims == ("patient", "replicate", "time")
    assert data["cure_day"].dims == ("patient", "replicate")
    assert data["cart"].values.std(axis=1).max() < 1e-6 * data["cart"].values.max()  # chance is in the tumour alone
    assert data["cart"].values[0].max() != data["cart"].values[1].max()
    assert (data["tumour"].values[:, :, -1] == np.round(data["tumour"].values[:, :, -1])).all()


def test_who_asks_a_model_without_chance_is_told_which_has_one() -> None:
    with pytest.raises(reproduce.WithoutChance, match=r"stein2019 has no part that chance decides.*kimmel2021"):
        reproduce.run_chance("stein2019")


def test_an_incomplete_statement_is_refused() -> None:
    data = loading.load("kimmel2021")
    with pytest.raises(ChanceError, match=r"lacks row, .*sources\.spread"):
        read("here", {"progression": 1.2}, data.sets, data.rows)
    table = {key: getattr(CHANCE, key) for key in ("row", "progression", "until", "patients", "spread", "sources")}
    with pytest.raises(ChanceError, match="got speed; expected rows of the model"):
        read("here", table | {"varied": ["speed"]}, data.sets, data.rows)
    with pytest.raises(ChanceError, match="lacks published"):
        read("here", table | {"varied": [], "checks": [{"text": "a", "what": "cured"}]}, data.sets, data.rows)
