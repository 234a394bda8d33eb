"""Who belongs to a group, and from when on that is known: what keeps a comparison free of immortal time.

What a group is told apart by is known

    at enrolment    covariates, history, disease at each site
    at the infusion dose, exposure to fludarabine, what came before it
    on a day        response and MRD of day 28; grades, whose syndromes are over by then; a limit on days (B cells back
                    before day 63) on the limit's day. Patients are compared from that day on, as in a landmark analysis
    as it happens   what is given: a patient's time counts for those not given it until it is given, and then for those
                    given it (Mantel and Byar; Simon and Makuch)
    in hindsight    relapses, and a best response without a last day: such groups are described, not compared
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.endpoints.outcome import FIRST_VISIT
from carsim.model.remission import CSF_LIMITS, ELSEWHERE_LIMITS
from carsim.trials.columns import Array, Mask, day_of, number, text

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec.trial import Group, Trial

ALWAYS, NEVER = -math.inf, math.inf
AT_INFUSION: Final = ("dose", "fludarabine_auc", "bridging_response", "blinatumomab_response", "bridging_cycles")
AT_DAY_28: Final = ("response_day28", "mrd_day28", "crs_grade_max", "icans_grade_max")
AT_THE_LIMIT: Final = ("bcell_recovery_day", "cart_persistence_day", "crs_onset_day")
HINDSIGHT: Final = ("relapse_phenotype", "relapse_site")
REMISSIONS: Final = ("CR", "CRi")


@dataclass(frozen=True)
class Membership:
    """Who is in a group, (n,), and in whom that is known; and each patient's days inside and outside of it, (n,).

    A patient is inside after `since` up to `until`, and counts for the others after `other_since` up to `other_until`
    (days after the infusion; NaN: never). `how` says what a comparison of the two is; empty where there is none.
    """

    member: Mask
    known: Mask
    since: Array
    until: Array
    other_since: Array
    other_until: Array
    how: str


def membership(data: xr.Dataset, group: Group, trial: Trial) -> Membership:
    """The membership of each patient of an arm in a group."""
    if group.variable is None:
        return _by_what_was_given(data, group)
    member, known = _answers(data, group, trial)
    since = known_from(group, trial)
    inside, outside = known & member, known & ~member
    how = "" if since == NEVER else f"landmark at day {since:g}" if since > 0.0 else "baseline"
    return Membership(member & known, known, *_from(inside, since), *_from(outside, since), how)


def known_from(group: Group, trial: Trial) -> float:
    """Day from which on membership is known: -inf from enrolment on, inf in hindsight only."""
    name = group.variable or ""
    if name in AT_INFUSION:
        return 0.0
    if name in AT_DAY_28:
        return FIRST_VISIT
    if name in AT_THE_LIMIT:
        return max(limit for limit in (group.at_least, group.below) if limit is not None)
    if name == "best_response":
        return NEVER if trial.response_by is None else trial.response_by
    return NEVER if name in HINDSIGHT else ALWAYS


def _from(who: Mask, since: float) -> tuple[Array, Array]:
    return np.where(who, since, np.nan), np.where(who, np.inf, np.nan)


def _by_what_was_given(data: xr.Dataset, group: Group) -> Membership:
    """Time before a treatment counts for those not given it: of all patients, whatever comes later."""
    day = day_of(data, "entry", group.given or group.not_given or "")
    given, everyone = np.isfinite(day), np.ones(day.size, dtype=bool)
    after = np.where(given, day, np.nan), np.where(given, np.inf, np.nan)
    before = np.full(day.size, -np.inf), np.where(given, day, np.inf)
    inside, outside = (after, before) if group.given is not None else (before, after)
    member = given if group.given is not None else ~given
    return Membership(member, everyone, *inside, *outside, "time-dependent")


def _answers(data: xr.Dataset, group: Group, trial: Trial) -> tuple[Mask, Mask]:
    """Whether each patient fits the group's criterion, and in whom that is known."""
    name = group.variable or ""
    if group.equals is None:
        values = _numbers(data, name)
        low = ALWAYS if group.at_least is None else group.at_least
        high = NEVER if group.below is None else group.below
        return (values >= low) & ((values < high) | (high == NEVER)), ~np.isnan(values)
    if name in ("response_day28", "best_response"):
        return _response(data, name, group.equals, trial)
    if name.endswith("_response"):
        words = text(data, name)
        return np.isin(words, REMISSIONS) if group.equals == "remission" else words == group.equals, words != ""
    if name in HINDSIGHT:
        words = text(data, name)
        member = words == "" if group.equals == "none" else [group.equals in word.split("+") for word in words]
        return np.asarray(member, dtype=bool), data["status"].values == 0
    has = _disease(data, name) if name.endswith("_disease") else number(data, name)
    return (has == 1.0) == (group.equals == "yes"), np.isfinite(has)


def _numbers(data: xr.Dataset, name: str) -> Array:
    values = number(data, name)
    if name == "bcell_recovery_day":  # in aplasia to the end: later than any limit
        still = np.isnan(values) & (number(data, "bcell_aplasia_days") > 0.0)
        return np.where(still, np.inf, values)
    return values


def _response(data: xr.Dataset, name: str, word: str, trial: Trial) -> tuple[Mask, Mask]:
    """A response at a visit after death is none: who dies in time for that is in no remission."""
    words, death = text(data, name), number(data, "death_day")
    last = NEVER if trial.response_by is None else trial.response_by
    known, death = words != "", np.where(np.isnan(death), np.inf, death)
    if name == "best_response":
        without_mrd = number(data, "mrd_negative_remission_day") < np.minimum(death, np.nextafter(last, np.inf))
        lives = number(data, "remission_day") < death
    else:
        without_mrd, lives = number(data, "mrd_day28_below_limit") == 1.0, death > FIRST_VISIT
    remission = np.isin(words, REMISSIONS) & lives
    member = {
        "remission": remission,
        "MRD-negative CR": remission & without_mrd,
        "MRD-positive CR": remission & ~without_mrd,
    }
    same = (words == word) & (lives | ~np.isin(words, REMISSIONS))
    return member.get(word, same), known


def _disease(data: xr.Dataset, name: str) -> Array:
    """1 where there is disease of the site at the start, 0 where there is none."""
    none = np.zeros(data.sizes["patient"])
    if name == "cns_disease":
        return (
            none if "csf_blasts" not in data else np.where(data["csf_blasts"].values[:, 0] >= CSF_LIMITS[0], 1.0, 0.0)
        )
    sites = data["site"].values.astype(str).tolist() if "site" in data.coords else []
    if "blasts" not in data or "extramedullary" not in sites:
        return none
    cells = data["blasts"].values[:, 0, :, sites.index("extramedullary")].sum(axis=-1)
    return np.where(cells >= ELSEWHERE_LIMITS[0], 1.0, 0.0)
