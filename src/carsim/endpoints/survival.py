"""Survival as competing hazards: who dies of what and when, who starts another therapy, and the clocks of trials.

A patient has an event when its cumulative hazard reaches the patient's own threshold: -ln(u), u uniform, one draw per
patient and cause (the median, ln 2, for a single patient of explicit values). The first death ends the course; what
comes after it is left out. The hazards are empirical (model.processes.hazards).

A clock record says where an endpoint starts, which events count, when non-response counts, and what censors it:

    day    from the clock's zero to its first event, or to where observation ends
    event  1 where it was an event, 0 where observation ended, -1 where the clock never started
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from carsim.endpoints.bcells import recovery_day
from carsim.endpoints.disease import DISEASE, evaluable, first_remission
from carsim.endpoints.levels import first_of, pick
from carsim.endpoints.outcome import (
    FIRST_VISIT,
    Answers,
    Curves,
    Endpoint,
    Floats,
    Rule,
    Words,
    answered,
    since_infusion,
)
from carsim.endpoints.persistence import QPCR_LIMIT, last_detected
from carsim.endpoints.relapse import detected_day, relapse_day

DEATHS = {
    "syndrome_death": "release syndrome",
    "neurotoxic_death": "neurotoxicity",
    "infection_death": "infection",
    "transplant_mortality": "transplant",
    "leukaemia_death": "leukaemia",
}
CLOCKS = ("efs", "rfs", "dor", "os")
_STANDARD: Mapping[str, Any] = {
    "start": "infusion",
    "events": ["relapse", "death"],
    "nonresponse": None,
    "hsct": "ignore",
    "new_therapy": "ignore",
    "landmark": None,
    "seen": "visits",
}
STANDARD: Mapping[str, Mapping[str, Any]] = {
    "efs": _STANDARD,
    "rfs": {**_STANDARD, "start": "remission"},
    "dor": {**_STANDARD, "start": "remission", "events": ["relapse"]},
    "os": {**_STANDARD, "events": ["death"]},
}


@dataclass(frozen=True)
class Course:
    """The turning points of each patient's course, days (patient,); infinity for what does not happen."""

    remission: Floats
    relapse: Floats
    relapse_seen: Floats
    transplant: Floats
    new_therapy: Floats
    death: Floats
    cause: Words


def reached(curves: Curves, cause: str, since: Floats) -> Floats:
    """Day on which the cumulative hazard of a cause has grown by the patient's threshold since a day; else infinity."""
    name = f"hazard_{cause}"
    found = np.full(curves.n, np.inf)
    if name not in curves.levels or f"threshold_{cause}" not in curves.levels:
        return found
    days, level = curves.days, curves[name]
    first = np.maximum(since, days[0])
    limit = curves[f"threshold_{cause}"] + _between(days, level, first)
    above, index = first_of((days > first[:, None]) & (level >= limit[:, None]))
    own, index, limit = level[above], index[above], limit[above]
    low, high = pick(own, index - 1), pick(own, index)
    day = days[index - 1] + (limit - low) / (high - low) * (days[index] - days[index - 1])
    found[above] = np.maximum(day, first[above])
    return found


def _between(days: Floats, level: Floats, at: Floats) -> Floats:
    """Levels (patient, time) at a day of each patient, along straight lines; the last one after the end."""
    left = np.minimum(np.searchsorted(days, at, side="right") - 1, days.size - 1)
    found = np.array(pick(level, left), dtype=np.float64)
    inside = (left < days.size - 1) & (at != days[left])
    own, left, at = level[inside], left[inside], at[inside]
    before = pick(own, left)
    slope = (pick(own, left + 1) - before) / (days[left + 1] - days[left])
    found[inside] = slope * (at - days[left]) + before
    return found


def course(curves: Curves) -> Course:
    """The turning points of each patient's course."""
    start = np.zeros(curves.n)
    deaths = np.array([reached(curves, cause, start) for cause in DEATHS])
    first = deaths.argmin(axis=0)
    death = deaths.min(axis=0)
    causes = np.array(list(DEATHS.values()), dtype=object)[first]
    remission = curves.once(first_remission)
    failed = np.where(np.isfinite(remission), remission, FIRST_VISIT)
    return Course(
        remission=remission,
        relapse=_day(curves.once(relapse_day)),
        relapse_seen=_day(curves.once(detected_day)),
        transplant=_given(curves, "hsct"),
        new_therapy=reached(curves, "new_therapy", failed),
        death=death,
        cause=np.where(np.isfinite(death), causes, ""),
    )


def _given(curves: Curves, treatment: str) -> Floats:
    """First day on which a treatment was given; infinity if never."""
    names = curves.labels.get("treatment", ())
    if "treatment_day" not in curves.levels or treatment not in names:
        return np.full(curves.n, np.inf)
    days = curves["treatment_day"][:, names.index(treatment)]
    return np.where(np.isfinite(days), days, np.inf)


def _day(answers: Answers) -> Floats:
    return np.where(answers.reasons == "", answers.values, np.inf)


def _alive(curves: Curves) -> str:
    return f"alive at day {curves.end:g}"


def _death_day(curves: Curves) -> Answers:
    day = curves.once(course).death
    return answered(day, (~(day <= curves.end), _alive(curves)))


def _death_cause(curves: Curves) -> Answers:
    cause = curves.once(course).cause
    return answered(cause, (cause == "", _alive(curves)))


def _event_day(cause: str, meaning: str, since: Callable[[Course], Floats]) -> Rule:
    def rule(curves: Curves) -> Answers:
        found = curves.once(course)
        day = reached(curves, cause, since(found))
        seen = day <= np.minimum(found.death, curves.end)
        return answered(day, (~seen, f"no {meaning} by day {curves.end:g}"))

    return rule


def _infection_grade(curves: Curves) -> Answers:
    """5 where an infection was the death, 3 for a severe one, 0 for none that was severe."""
    if "threshold_severe_infection" not in curves.levels:
        why = "needs threshold_severe_infection, which this result does not have"
        return answered(np.nan, (True, why), n=curves.n)
    found = curves.once(course)
    severe = reached(curves, "severe_infection", np.zeros(curves.n)) <= np.minimum(found.death, curves.end)
    return answered(np.where(found.cause == "infection", 5, np.where(severe, 3, 0)))


@dataclass(frozen=True)
class Timed:
    """What a clock record says of each patient, (patient,).

    Its zero (d), the days from there, which event it was ("": none), and why the clock says nothing ("" where it does).
    """

    zero: Floats
    day: Floats
    cause: Words
    reasons: Words


def timed(clock: Mapping[str, Any], curves: Curves) -> Timed:
    """What a clock record says of each patient."""
    found = curves.once(course)
    zero = {
        "enrolment": np.full(curves.n, curves.days[0]),
        "infusion": np.zeros(curves.n),
        "remission": found.remission,
        "transplant": found.transplant,
        "relapse": found.relapse,
    }[clock["start"]]
    none = ~np.isfinite(zero) | (zero >= np.minimum(found.death, curves.end))
    zero = np.where(none, 0.0, zero)
    events = dict(sorted(_events(clock, found, curves).items()))  # two of one day: the first in the alphabet
    days = np.array([np.full(curves.n, np.inf), *(np.where(day >= zero, day, np.inf) for day in events.values())])
    first = np.where(np.isinf(days.min(axis=0)), 0, days.argmin(axis=0))
    event, cause = days.min(axis=0), np.array(["", *events], dtype=object)[first]
    end = np.min([np.where(day >= zero, day, np.inf) for day in _ends(clock, found, curves)], axis=0)
    early, landmark = np.zeros(curves.n, dtype=np.bool_), clock["landmark"]
    if landmark is not None:
        zero = zero + landmark
        early = np.minimum(event, end) < zero
    why = answered(
        zero,
        (none, f"no {clock['start']} within the time observed"),
        (early, "" if landmark is None else f"event or end of observation before the landmark of {landmark:g} d"),
    )
    is_event = event <= end
    return Timed(zero, np.where(is_event, event, end) - zero, np.where(is_event, cause, ""), why.reasons)


def _events(clock: Mapping[str, Any], found: Course, curves: Curves) -> dict[str, Floats]:
    """Day of each event that the clock counts, by its name."""
    relapse = found.relapse_seen if clock["seen"] == "visits" else found.relapse
    known = {"relapse": relapse, "death": found.death, "hsct": found.transplant, "new-therapy": found.new_therapy}
    known |= {event: _loss(curves, event) for event in ("b-cell-recovery", "cart-loss") if event in clock["events"]}
    days = {event: known[event] for event in clock["events"] if event in known}
    if clock["nonresponse"] is not None or "nonresponse" in clock["events"]:
        failed = ~np.isfinite(found.remission) & curves.once(evaluable)
        day = FIRST_VISIT if clock["nonresponse"] is None else float(clock["nonresponse"])
        days["nonresponse"] = np.where(failed, day, np.inf)
    days |= {"hsct": found.transplant} if clock["hsct"] == "event" else {}
    return days | ({"new-therapy": found.new_therapy} if clock["new_therapy"] == "event" else {})


def _loss(curves: Curves, event: str) -> Floats:
    """Day on which B cells are back, or CAR T cells no longer found; infinity where neither happens or is known."""
    if event == "b-cell-recovery":
        return _day(curves.once(recovery_day)) if "bcells" in curves.levels else np.full(curves.n, np.inf)
    if "cart_copies" not in curves.levels:
        return np.full(curves.n, np.inf)
    ever, day, ongoing = last_detected(*since_infusion(curves, "cart_copies"), QPCR_LIMIT)
    return np.where(ever & ~ongoing, day, np.inf)


def _ends(clock: Mapping[str, Any], found: Course, curves: Curves) -> list[Floats]:
    ends = [np.full(curves.n, curves.end)]
    ends += [found.transplant] if clock["hsct"] == "censor" else []
    ends += [found.new_therapy] if clock["new_therapy"] == "censor" else []
    return ends if "death" in clock["events"] else [*ends, found.death]


def _clock(name: str) -> Callable[[Curves], Timed]:
    def work(curves: Curves) -> Timed:
        return timed({**STANDARD[name], **curves.observed.get("clocks", {}).get(name, {})}, curves)

    return work


def _clocked(clock: Callable[[Curves], Timed], told: Callable[[Timed], Any]) -> Rule:
    def rule(curves: Curves) -> Answers:
        found = curves.once(clock)
        return answered(told(found), (found.reasons != "", found.reasons))

    return rule


def _cause(clock: Callable[[Curves], Timed]) -> Rule:
    def rule(curves: Curves) -> Answers:
        found = curves.once(clock)
        return answered(
            found.cause,
            (found.reasons != "", found.reasons),
            (found.cause == "", "no event within the time observed"),
        )

    return rule


_CAUSES = (*DEATHS, "severe_infection", "graft_versus_host", "new_therapy")
_HAZARDS = tuple(f"{part}_{cause}" for cause in _CAUSES for part in ("hazard", "threshold"))
USES = (*_HAZARDS, "treatment_day", "blasts", "bcells", "cart_copies")
_RULE = "cumulative hazard at the patient's own threshold; EMPIRICAL"
_CLOCK = "by the scenario's clock record; EMPIRICAL hazards of death and of new therapy"

ENDPOINTS = (
    Endpoint("death_day", _death_day, DISEASE, f"first death of any cause: {_RULE}", USES),
    Endpoint(
        "death_cause",
        _death_cause,
        DISEASE,
        f"release syndrome, neurotoxicity, infection, transplant or leukaemia: {_RULE}",
        USES,
    ),
    Endpoint(
        "new_therapy_day",
        _event_day(
            "new_therapy",
            "new therapy",
            lambda found: np.where(np.isfinite(found.remission), found.remission, FIRST_VISIT),
        ),
        DISEASE,
        f"from relapse or from non-response at day {FIRST_VISIT:g} on: {_RULE}",
        USES,
    ),
    Endpoint(
        "graft_versus_host_day",
        _event_day("graft_versus_host", "graft-versus-host disease", lambda found: np.zeros(found.death.shape)),
        DISEASE,
        _RULE,
        USES,
    ),
    Endpoint(
        "infection_grade_max",
        _infection_grade,
        (*DISEASE, "hazard_severe_infection"),
        f"0 none severe, 3 severe, 5 fatal: {_RULE}",
        USES,
    ),
    *(
        endpoint
        for name, clock in ((name, _clock(name)) for name in CLOCKS)
        for endpoint in (
            Endpoint(
                f"{name}_day", _clocked(clock, lambda found: found.day), DISEASE, f"{name.upper()} {_CLOCK}", USES
            ),
            Endpoint(
                f"{name}_event",
                _clocked(clock, lambda found: (found.cause != "").astype(int)),
                DISEASE,
                f"{name.upper()} {_CLOCK}",
                USES,
            ),
            Endpoint(f"{name}_cause", _cause(clock), DISEASE, f"{name.upper()} {_CLOCK}", USES),
            Endpoint(
                f"{name}_zero", _clocked(clock, lambda found: found.zero), DISEASE, f"{name.upper()} {_CLOCK}", USES
            ),
        )
    ),
)
