"""Estimators against numbers worked out by hand, published examples, the Freireich data, lifelines and scipy."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from carsim.trials.estimators.difference import paired, parallel
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.estimators.hazard_ratio import hazard_ratio
from carsim.trials.estimators.incidence import cumulative_incidence
from carsim.trials.estimators.kaplan_meier import kaplan_meier
from carsim.trials.estimators.log_rank import log_rank
from carsim.trials.estimators.middle import median
from carsim.trials.estimators.rows import Rows
from carsim.trials.estimators.share import share

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # lifelines is not quiet when it is imported
    import lifelines

CLOSE = 1e-10

# Freireich et al., Blood 21:699 (1963): weeks in remission under 6-mercaptopurine (1: relapse) and placebo.
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def freireich() -> Rows:
    """Both groups as rows, 6-mercaptopurine first."""
    stop = np.array([*SIX_MP, *PLACEBO], dtype=float)
    event = np.array([*RELAPSED, *([1] * 21)], dtype=bool)
    return Rows.of(np.zeros(42), stop, event, np.arange(42) < 21)


def random_rows(seed: int, n: int = 80, *, late: bool = True) -> Rows:
    """Tied times with censoring and late entry."""
    draw = np.random.default_rng(seed)
    stop = draw.exponential(10.0, n).round(0) + 1.0
    start = np.minimum(draw.integers(0, 5, n), stop - 1.0) if late else np.zeros(n)
    return Rows.of(start.astype(float), stop, draw.random(n) < 0.6, draw.random(n) < 0.5)


def test_the_freireich_curve_is_the_published_one() -> None:
    curve = kaplan_meier(SIX_MP, RELAPSED)
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}  # Kalbfleisch, Prentice
    assert {int(day): round(curve.at(day).estimate, 3) for day in published} == published
    assert curve.median().estimate == 23.0
    assert kaplan_meier(PLACEBO, [1] * 21).median().estimate == 8.0
    assert curve.at(6).estimate == pytest.approx(18 / 21, rel=1e-14)
    assert [curve.at_risk(day) for day in (0, 6, 10, 23)] == [21, 21, 15, 6]


def test_the_freireich_groups_differ_as_published() -> None:
    z, p = log_rank(freireich())
    assert z**2 == pytest.approx(16.793, abs=5e-4)
    assert p == pytest.approx(4.17e-5, rel=2e-3)
    assert math.log(hazard_ratio(freireich()).estimate) == pytest.approx(-1.5721, abs=5e-5)  # ties by Efron


@pytest.mark.parametrize("late", [False, True])
def test_survival_agrees_with_lifelines(late: bool) -> None:
    rows = random_rows(1, late=late)
    curve = kaplan_meier(rows.stop, rows.event, rows.start)
    other = lifelines.KaplanMeierFitter().fit(rows.stop, rows.event, entry=rows.start if late else None)
    assert other.survival_function_at_times(curve.times).to_numpy() == pytest.approx(curve.survival, abs=CLOSE)
    bands = other.confidence_interval_survival_function_.loc[curve.times].to_numpy()
    inside = (curve.survival > 0.0) & (curve.survival < 1.0)
    assert np.stack([curve.low, curve.high], axis=1)[inside] == pytest.approx(bands[inside], abs=CLOSE)
    assert curve.median().estimate == other.median_survival_time_


def test_the_interval_of_a_median_is_where_the_bands_pass_a_half() -> None:
    from lifelines.utils import median_survival_times

    found = kaplan_meier(PLACEBO, [1] * 21).median()
    other = lifelines.KaplanMeierFitter().fit(PLACEBO, [1] * 21)
    low, high = median_survival_times(other.confidence_interval_survival_function_).to_numpy()[0]
    assert (found.low, found.high) == (low, high) == (4.0, 11.0)


@pytest.mark.parametrize("late", [False, True])
def test_hazard_ratios_agree_with_lifelines(late: bool) -> None:
    rows = random_rows(2, late=late)
    frame = pd.DataFrame({"t": rows.stop, "e": rows.event, "g": rows.first.astype(float), "s": rows.start})
    other = lifelines.CoxPHFitter().fit(
        frame, "t", "e", entry_col="s", fit_options={"precision": 1e-24, "r_precision": 1e-24}
    )
    found = hazard_ratio(rows)
    assert found.estimate == pytest.approx(other.hazard_ratios_.iloc[0], rel=CLOSE)
    assert np.log([found.low, found.high]) == pytest.approx(other.confidence_intervals_.to_numpy()[0], abs=1e-8)


def test_groups_that_are_never_at_risk_together_have_no_hazard_ratio() -> None:
    """One group has all its events before anybody of the other enters: the likelihood is flat."""
    rows = Rows.of(
        start=np.array([0.0, 0.0, 10.0, 10.0]),
        stop=np.array([2.0, 5.0, 14.0, 16.0]),
        event=np.array([True, True, True, True]),
        first=np.array([True, True, False, False]),
    )
    found = hazard_ratio(rows)
    assert math.isnan(found.estimate)
    assert found.reason == "the groups are never at risk together"


def test_the_log_rank_test_agrees_with_scipy_and_lifelines() -> None:
    from lifelines.statistics import logrank_test

    rows = random_rows(3, late=False)
    one, two = ((rows.stop[who], rows.event[who]) for who in (rows.first, ~rows.first))
    scipy = stats.logrank(*(stats.CensoredData.right_censored(stop, ~event) for stop, event in (one, two)))
    other = logrank_test(one[0], two[0], one[1], two[1])
    z, p = log_rank(rows)
    assert (z, p) == (pytest.approx(float(scipy.statistic), abs=CLOSE), pytest.approx(float(scipy.pvalue), abs=CLOSE))
    assert (z**2, p) == (pytest.approx(other.test_statistic, abs=CLOSE), pytest.approx(other.p_value, abs=CLOSE))


def test_mantel_and_byar_by_hand() -> None:
    """Patient 3 changes groups on day 4; events on days 2, 5 and 6, by hand: 2 of 4, 1 of 2 and 1 of 1 expected."""
    rows = Rows.of(
        start=np.array([0.0, 0.0, 0.0, 4.0, 0.0]),
        stop=np.array([2.0, 5.0, 4.0, 6.0, 3.0]),
        event=np.array([True, True, False, True, False]),
        first=np.array([True, False, False, True, True]),
    )
    excess = (1 - 2 / 4) + (0 - 1 / 2) + (1 - 1)
    spread = 2 / 4 * (1 - 2 / 4) + 1 / 2 * (1 - 1 / 2)
    assert log_rank(rows)[0] == pytest.approx(excess / math.sqrt(spread), abs=1e-14)


def test_incidence_by_hand_adds_up_with_survival() -> None:
    stop, cause = [1.0, 2.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 1, 0, 1, 0]
    first, second = cumulative_incidence(stop, cause, 2)
    after_two = 5 / 6 * 3 / 5
    assert first.at(4.0).estimate == pytest.approx(1 / 6 + 5 / 6 / 5 + after_two / 2, abs=1e-14)
    assert second.at(4.0).estimate == pytest.approx(5 / 6 / 5, abs=1e-14)
    whole = kaplan_meier(stop, np.array(cause) > 0)
    for day in (1.5, 2.0, 4.5):
        assert first.at(day).estimate + second.at(day).estimate + whole.at(day).estimate == pytest.approx(
            1.0, abs=1e-14
        )


def test_incidence_agrees_with_lifelines_and_statsmodels() -> None:
    from statsmodels.duration.survfunc import CumIncidenceRight

    draw = np.random.default_rng(4)
    day, cause = draw.exponential(10.0, 70), draw.integers(0, 3, 70)
    cause[np.argmax(day)] = 0  # from where nobody is left, statsmodels has no interval
    other = lifelines.AalenJohansenFitter().fit(day, cause, event_of_interest=1)
    found = cumulative_incidence(day, cause, 2)
    theirs = CumIncidenceRight(day, cause)
    for at, curve in enumerate(found):
        steps = np.searchsorted(theirs.times, curve.times)
        assert curve.incidence == pytest.approx(theirs.cinc[at][steps], abs=CLOSE)
        rising = (curve.incidence > 0.0) & (curve.incidence < 1.0)
        scale = curve.incidence * np.log(curve.incidence, where=rising, out=np.ones_like(curve.incidence))
        error = np.log(np.log(curve.high[rising]) / np.log(curve.incidence[rising])) / 1.959963984540054
        assert error * scale[rising] == pytest.approx(theirs.cinc_se[at][steps][rising], abs=CLOSE)
    assert found[0].incidence == pytest.approx(
        other.cumulative_density_.loc[found[0].times].to_numpy()[:, 0], abs=CLOSE
    )


def test_incidence_has_an_interval_where_nobody_is_left() -> None:
    found = cumulative_incidence([1.0, 2.0, 3.0, 4.0], [1, 2, 1, 1], 2)[1].at(10.0)
    assert found.estimate == pytest.approx(0.25)
    assert 0.0 < found.low < 0.25 < found.high < 1.0


def test_late_entry_of_an_incidence() -> None:
    """Two at risk on day 2, three on day 5: who enters on day 3 counts only from then on."""
    (found,) = cumulative_incidence([2.0, 5.0, 6.0, 6.0], [1, 1, 0, 0], 1, start=[0.0, 0.0, 3.0, 3.0])
    assert found.at(5.0).estimate == pytest.approx(1 / 2 + 1 / 2 * 1 / 3, abs=1e-14)


def test_wilson_is_the_published_interval() -> None:
    found = share([1.0] * 81 + [0.0] * 182 + [math.nan])  # Newcombe, Stat Med 17:857 (1998), table I
    assert (round(found.low, 4), round(found.high, 4), found.n) == (0.2553, 0.3662, 263)
    nothing = share([0.0] * 20)
    assert (nothing.estimate, nothing.low, round(nothing.high, 4)) == (0.0, 0.0, 0.1611)


def test_newcombe_is_the_published_interval() -> None:
    found, p = parallel([1.0] * 56 + [0.0] * 14, [1.0] * 48 + [0.0] * 32)  # Newcombe, Stat Med 17:873 (1998)
    assert (round(found.estimate, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert p == pytest.approx(stats.fisher_exact([[56, 14], [48, 32]]).pvalue)


def test_pairs_count_by_those_that_differ() -> None:
    first = [1, 1, 1, 1, 1, 1, 0, 1, 0, 0]
    second = [0, 0, 0, 0, 0, 0, 1, 1, 0, math.nan]
    found, p = paired(first, second)
    above, below, n = 7 / 11, 2 / 11, 9
    half = 1.959963984540054 * math.sqrt((above + below - (above - below) ** 2) / 11)
    assert (found.estimate, found.n) == (pytest.approx(5 / 9), n)
    assert (found.low, found.high) == (pytest.approx(above - below - half), pytest.approx(above - below + half))
    assert p == pytest.approx(2 * (1 + 7) / 2**7)  # McNemar's exact test: six against one
    assert paired([1, 0], [1, 0])[1] == 1.0


def test_a_median_has_the_interval_of_order_statistics() -> None:
    found = median(np.arange(1.0, 21.0), "d")
    assert (found.estimate, found.low, found.high) == (10.5, 6.0, 15.0)  # ranks 6 and 15 of 20: Conover
    assert math.isnan(median([1.0, 2.0], "d").low)


@pytest.mark.parametrize(
    "found",
    [
        share([math.nan]),
        median([], "d"),
        parallel([1.0], [])[0],
        paired([1.0], [math.nan])[0],
        kaplan_meier([], []).at(1.0),
        kaplan_meier([5.0], [0]).at(6.0),
        cumulative_incidence([], [], 1)[0].at(1.0),
        hazard_ratio(Rows.of(np.zeros(2), np.ones(2), np.array([True, True]), np.array([True, True]))),
        hazard_ratio(Rows.of(np.zeros(2), np.ones(2), np.array([True, False]), np.array([True, False]))),
    ],
)
def test_what_is_not_known_has_a_reason(found: Estimate) -> None:
    assert math.isnan(found.estimate)
    assert found.reason


def test_an_event_at_the_very_start_counts() -> None:
    curve = kaplan_meier([0.0, 0.0, 5.0], [1, 0, 1])
    assert curve.at(0.0).estimate == pytest.approx(2 / 3)
    rows = Rows.of(np.zeros(2), np.array([0.0, 3.0]), np.array([True, False]), np.array([True, False]))
    assert (rows.start < rows.stop).all()
    assert rows.stop.size == 2


TRIALS, ERRORS = 1000, 4.0  # repeated trials, standard errors that a share may be off


def test_intervals_of_survival_cover_what_they_should() -> None:
    draw, covered = np.random.default_rng(5), 0
    for _ in range(TRIALS):
        day, censored = draw.exponential(1.0, 200), draw.uniform(0.0, 3.0, 200)
        found = kaplan_meier(np.minimum(day, censored), day <= censored).at(0.7)
        covered += found.low <= math.exp(-0.7) <= found.high
    assert abs(covered / TRIALS - 0.95) < ERRORS * math.sqrt(0.95 * 0.05 / TRIALS)


def test_intervals_of_incidence_cover_what_they_should() -> None:
    draw, covered = np.random.default_rng(6), 0
    true = 0.6 * (1.0 - math.exp(-0.7))
    for _ in range(TRIALS):
        day, censored = draw.exponential(1.0, 150), draw.uniform(0.0, 3.0, 150)
        cause = np.where(day <= censored, np.where(draw.random(150) < 0.6, 1, 2), 0)
        found = cumulative_incidence(np.minimum(day, censored), cause, 1)[0].at(0.7)
        covered += found.low <= true <= found.high
    assert abs(covered / TRIALS - 0.95) < ERRORS * math.sqrt(0.95 * 0.05 / TRIALS)


def test_the_log_rank_test_has_its_size() -> None:
    draw, rejected = np.random.default_rng(7), 0
    for _ in range(TRIALS):
        day, censored = draw.exponential(1.0, 80), draw.uniform(0.5, 2.0, 80)
        rows = Rows.of(np.zeros(80), np.minimum(day, censored), day <= censored, np.arange(80) < 40)
        rejected += log_rank(rows)[1] < 0.05
    assert abs(rejected / TRIALS - 0.05) < ERRORS * math.sqrt(0.05 * 0.95 / TRIALS)


def test_nobody_is_immortal_while_waiting_for_a_transplant() -> None:
    """Without any effect of a transplant, time split at it shows none; groups by who was ever transplanted do."""
    draw = np.random.default_rng(8)
    death, waited = draw.exponential(1.0, 1000), draw.uniform(0.0, 2.0, 1000)
    transplanted = waited < death
    end, none = np.minimum(death, 3.0), np.zeros(1000)
    split = Rows.of(
        np.concatenate([none, waited[transplanted]]),
        np.concatenate([np.minimum(end, waited), end[transplanted]]),
        np.concatenate([(death <= np.minimum(waited, 3.0)), (death <= 3.0)[transplanted]]),
        np.concatenate([np.zeros(1000, dtype=bool), np.ones(int(transplanted.sum()), dtype=bool)]),
    )
    found = hazard_ratio(split)
    assert found.low < 1.0 < found.high
    assert log_rank(split)[1] > 0.01
    assert hazard_ratio(Rows.of(none, end, death <= 3.0, transplanted)).high < 0.6
