"""Survival as competing hazards: who dies of what and when, who starts another therapy, and the clocks of trials.

A patient has an event when its cumulative hazard reaches the patient's own threshold: -ln(u), u uniform, one draw per
patient and cause (the median, ln 2, for a single patient of explicit values). The first death ends the course; what
comes after it is left out. The hazards are empirical (model.processes.hazards).

A clock record says where an endpoint starts, which events count, when non-response counts, and what censors it:

    day    from the clock's zero to its first event, or to where observation ends
    event  1 where it was an event, 0 where observation ended, -1 where the clock never started
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from carsim.endpoints.bcells import recovery_day
from carsim.endpoints.disease import DISEASE, evaluable, in_remission
from carsim.endpoints.outcome import FIRST_VISIT, Answer, Curves, Endpoint, Missing, since_infusion
from carsim.endpoints.persistence import QPCR_LIMIT, QPCR_UNIT, last_detected
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
    """The turning points of one patient's course, days; infinity for what does not happen."""

    start: float
    remission: float
    relapse: float
    relapse_seen: float
    transplant: float
    new_therapy: float
    death: float
    cause: str


def reached(curves: Curves, cause: str, since: float) -> float:
    """Day on which the cumulative hazard of a cause has grown by the patient's threshold since a day; else infinity."""
    name = f"hazard_{cause}"
    if name not in curves.levels or f"threshold_{cause}" not in curves.levels:
        return math.inf
    days, level = curves.days, curves[name]
    first = max(since, float(days[0]))
    limit = float(curves[f"threshold_{cause}"]) + float(np.interp(first, days, level))
    above = np.flatnonzero((days > first) & (level >= limit))
    if above.size == 0:
        return math.inf
    index = int(above[0])
    low, high = float(level[index - 1]), float(level[index])
    day = float(days[index - 1]) + (limit - low) / (high - low) * float(days[index] - days[index - 1])
    return max(day, first)


def course(curves: Curves) -> Course:
    """The turning points of a patient's course."""
    deaths = {name: reached(curves, cause, 0.0) for cause, name in DEATHS.items()}
    cause = min(deaths, key=deaths.__getitem__)
    remission = next((day for day in curves.visits if in_remission(curves, day)), math.inf)
    relapse, seen = curves.once(relapse_day), curves.once(detected_day)
    transplant = _given(curves, "hsct")
    failed = remission if math.isfinite(remission) else FIRST_VISIT
    return Course(
        start=float(curves.days[0]),
        remission=remission,
        relapse=_day(relapse),
        relapse_seen=_day(seen),
        transplant=transplant,
        new_therapy=reached(curves, "new_therapy", failed),
        death=deaths[cause],
        cause=cause if math.isfinite(deaths[cause]) else "",
    )


def _given(curves: Curves, treatment: str) -> float:
    """First day on which a treatment was given; infinity if never."""
    names = curves.labels.get("treatment", ())
    if "treatment_day" not in curves.levels or treatment not in names:
        return math.inf
    day = float(curves["treatment_day"][names.index(treatment)])
    return day if math.isfinite(day) else math.inf


def _day(answer: float | Missing) -> float:
    return math.inf if isinstance(answer, Missing) else answer


def _alive(curves: Curves) -> Missing:
    return Missing(f"alive at day {curves.end:g}")


def _death_day(curves: Curves) -> Answer:
    day = curves.once(course).death
    return day if day <= curves.end else _alive(curves)


def _death_cause(curves: Curves) -> Answer:
    return curves.once(course).cause or _alive(curves)


def _event_day(cause: str, meaning: str, since: Callable[[Course], float]) -> Callable[[Curves], Answer]:
    def rule(curves: Curves) -> Answer:
        found = curves.once(course)
        day = reached(curves, cause, since(found))
        return day if day <= min(found.death, curves.end) else Missing(f"no {meaning} by day {curves.end:g}")

    return rule


def _infection_grade(curves: Curves) -> Answer:
    """5 where an infection was the death, 3 for a severe one, 0 for none that was severe."""
    if "threshold_severe_infection" not in curves.levels:
        return Missing("needs threshold_severe_infection, which this result does not have")
    found = curves.once(course)
    if found.cause == "infection":
        return 5
    return 3 if reached(curves, "severe_infection", 0.0) <= min(found.death, curves.end) else 0


@dataclass(frozen=True)
class Timed:
    """What a clock record says of a patient: its zero (d), the days from there, and which event it was ("": none)."""

    zero: float
    day: float
    cause: str


def timed(clock: Mapping[str, Any], curves: Curves) -> Timed | Missing:
    """What a clock record says of a patient."""
    found = curves.once(course)
    zero = {
        "enrolment": found.start,
        "infusion": 0.0,
        "remission": found.remission,
        "transplant": found.transplant,
        "relapse": found.relapse,
    }[clock["start"]]
    if not math.isfinite(zero) or zero >= min(found.death, curves.end):
        return Missing(f"no {clock['start']} within the time observed")
    events, ends = _events(clock, found, curves), _ends(clock, found, curves)
    event, cause = min(((day, cause) for cause, day in events.items() if day >= zero), default=(math.inf, ""))
    end = min(day for day in ends if day >= zero)
    landmark = clock["landmark"]
    if landmark is not None:
        zero += landmark
        if min(event, end) < zero:
            return Missing(f"event or end of observation before the landmark of {landmark:g} d")
    return Timed(zero, event - zero, cause) if event <= end else Timed(zero, end - zero, "")


def _events(clock: Mapping[str, Any], found: Course, curves: Curves) -> dict[str, float]:
    """Day of each event that the clock counts, by its name."""
    relapse = found.relapse_seen if clock["seen"] == "visits" else found.relapse
    known = {"relapse": relapse, "death": found.death, "hsct": found.transplant, "new-therapy": found.new_therapy}
    known |= {event: _loss(curves, event) for event in ("b-cell-recovery", "cart-loss") if event in clock["events"]}
    days = {event: known[event] for event in clock["events"] if event in known}
    counts = clock["nonresponse"] is not None or "nonresponse" in clock["events"]
    if counts and not math.isfinite(found.remission) and evaluable(curves):
        days["nonresponse"] = FIRST_VISIT if clock["nonresponse"] is None else float(clock["nonresponse"])
    days |= {"hsct": found.transplant} if clock["hsct"] == "event" else {}
    return days | ({"new-therapy": found.new_therapy} if clock["new_therapy"] == "event" else {})


def _loss(curves: Curves, event: str) -> float:
    """Day on which B cells are back, or CAR T cells no longer found; infinity where neither happens or is known."""
    if event == "b-cell-recovery":
        return _day(curves.once(recovery_day)) if "bcells" in curves.levels else math.inf
    if "cart_copies" not in curves.levels:
        return math.inf
    found = last_detected(*since_infusion(curves, "cart_copies"), QPCR_LIMIT, QPCR_UNIT)
    return math.inf if isinstance(found, Missing) or found[1] else found[0]


def _ends(clock: Mapping[str, Any], found: Course, curves: Curves) -> list[float]:
    ends = [curves.end]
    ends += [found.transplant] if clock["hsct"] == "censor" else []
    ends += [found.new_therapy] if clock["new_therapy"] == "censor" else []
    return ends if "death" in clock["events"] else [*ends, found.death]


def _clock(curves: Curves, name: str) -> Mapping[str, Any]:
    return {**STANDARD[name], **curves.observed.get("clocks", {}).get(name, {})}


def _clocked(name: str, told: Callable[[Timed], float | int | str]) -> Callable[[Curves], Answer]:
    def rule(curves: Curves) -> Answer:
        answer = timed(_clock(curves, name), curves)
        return answer if isinstance(answer, Missing) else told(answer)

    return rule


def _cause(name: str) -> Callable[[Curves], Answer]:
    def rule(curves: Curves) -> Answer:
        answer = timed(_clock(curves, name), curves)
        return answer if isinstance(answer, Missing) else answer.cause or Missing("no event within the time observed")

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
            lambda found: found.remission if math.isfinite(found.remission) else FIRST_VISIT,
        ),
        DISEASE,
        f"from relapse or from non-response at day {FIRST_VISIT:g} on: {_RULE}",
        USES,
    ),
    Endpoint(
        "graft_versus_host_day",
        _event_day("graft_versus_host", "graft-versus-host disease", lambda found: 0.0),
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
        for name in CLOCKS
        for endpoint in (
            Endpoint(f"{name}_day", _clocked(name, lambda found: found.day), DISEASE, f"{name.upper()} {_CLOCK}", USES),
            Endpoint(
                f"{name}_event",
                _clocked(name, lambda found: int(found.cause != "")),
                DISEASE,
                f"{name.upper()} {_CLOCK}",
                USES,
            ),
            Endpoint(f"{name}_cause", _cause(name), DISEASE, f"{name.upper()} {_CLOCK}", USES),
            Endpoint(
                f"{name}_zero", _clocked(name, lambda found: found.zero), DISEASE, f"{name.upper()} {_CLOCK}", USES
            ),
        )
    ),
)
