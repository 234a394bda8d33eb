"""What a trial reports of a set of patients: each estimate by its name, with its interval.

    CR, CR_recovered, MRD_CR, ORR      share in remission; with recovered counts; without MRD; overall (as CR)
    EFS_12_months, EFS_median          Kaplan and Meier on the clock record; the same of RFS, DOR and OS
    CIR_12_months                      relapse on the clock of RFS, what else ends it (death) competing
    CIR_CD19-negative_12_months        by phenotype of the relapse; CIR_CNS_12_months by its first site
    persistence_12_months, _median     CAR T cells found by qPCR, those who die censored
    bcell_recovery_12_months           B cells back, death competing
    CRS_any, CRS_ge3, ICANS_any, …     share with a grade; infection_ge3
    cart_peak_copies_median, …         medians over patients

Times count from the clock's zero; those beyond the follow-up have no value. Deaths, new therapies and infections come
of empirical hazards.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from carsim.dataset.variables import VARIABLES
from carsim.endpoints.outcome import MONTH
from carsim.trials.columns import Array, number, text
from carsim.trials.counted import CLOCK_NAMES, Patients
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.estimators.incidence import Incidence, cumulative_incidence, no_event
from carsim.trials.estimators.kaplan_meier import Survival, kaplan_meier
from carsim.trials.estimators.middle import median
from carsim.trials.estimators.share import share

PHENOTYPES: Final = ("CD19-positive", "CD19-negative")  # always told, even where none relapses so
SITES: Final = ("marrow", "blood", "CNS", "extramedullary")
MEDIANS: Final = (
    "cart_peak_copies",
    "cart_peak_day",
    "severe_neutropenia_days",
    "thrombocytopenia_days",
    "anaemia_days",
)
OTHER: Final = "death without relapse"


def period(days: float) -> str:
    """A time of the report as part of a name: `12_months`, or `56_days` where it is no whole number of months."""
    months = days / MONTH
    return f"{months:.0f}_months" if abs(months - round(months)) < 1e-6 and months > 0.5 else f"{days:g}_days"


def estimates(patients: Patients) -> dict[str, Estimate]:
    """Every estimate of these patients by its name, in the order in which a table shows them."""
    times = {period(day): day for day in patients.trial.report}
    found = {name: share(answers) for name, answers in patients.answers().items()}
    for name in CLOCK_NAMES:
        curve = survival(patients, name)
        found |= {f"{name}_{label}": curve.at(day) for label, day in times.items()} | {f"{name}_median": curve.median()}
    for cause, rise in relapses(patients).items():
        name = "CIR" if cause == "relapse" else f"CIR_{cause}"
        found |= {f"{name}_{label}": rise.at(day) for label, day in times.items()}
    lasting, back = persistence(patients), recovery(patients)
    found |= {f"persistence_{label}": lasting.at(day) for label, day in times.items()}
    found["persistence_median"] = lasting.median()
    found |= {f"bcell_recovery_{label}": back.at(day) for label, day in times.items()}
    return found | {f"{name}_median": median(number(patients.data, name), VARIABLES[name].unit) for name in MEDIANS}


def survival(patients: Patients, name: str) -> Survival:
    """The curve of a clock (EFS, RFS, DOR, OS)."""
    start, stop, event = patients.under_observation(patients.clock(name))
    return kaplan_meier(stop, event, start)


def relapses(patients: Patients) -> dict[str, Incidence]:
    """Cumulative incidence of relapse, of each phenotype and of each site, on the clock of RFS; of death without one.

    Of a relapse of several phenotypes the word joins them. Who enters the group late counts from the clock's zero.
    """
    clock = patients.clock("RFS")
    started = np.isfinite(clock.zero)
    day, cause = clock.day[started], clock.cause[started]
    phenotype, site = (text(patients.data, f"relapse_{what}")[started] for what in ("phenotype", "site"))
    relapsed = cause == "relapse"
    found = _by_cause(day, np.where(relapsed, "relapse", np.where(cause != "", OTHER, "")), ("relapse", OTHER))
    words = [*PHENOTYPES, *sorted(set(phenotype[relapsed].tolist()) - {*PHENOTYPES, ""})]
    by_phenotype = np.where(relapsed, np.where(phenotype == "", "unknown", phenotype), cause)
    by_site = np.where(relapsed, site, cause)
    places = [name for name in SITES if name in ("marrow", "CNS") or (by_site == name).any()]
    rest = found.pop(OTHER)
    return found | _by_cause(day, by_phenotype, words) | _by_cause(day, by_site, places) | {OTHER: rest}


def _by_cause(day: Array, cause: np.ndarray, wanted: tuple[str, ...] | list[str]) -> dict[str, Incidence]:
    """A curve for each wanted cause of these; what else happened competes."""
    names = [*wanted, *sorted(set(cause.tolist()) - {*wanted, ""})]
    codes = np.array([names.index(name) + 1 if name else 0 for name in cause.tolist()], dtype=int)
    curves = cumulative_incidence(day, codes)
    return {name: curves[at] if at < len(curves) else no_event(day) for at, name in enumerate(wanted)}


def persistence(patients: Patients) -> Survival:
    """Time to the last detection of CAR T cells by qPCR; observation ends with death or the simulation."""
    day, ongoing = number(patients.data, "cart_persistence_day"), number(patients.data, "cart_persistence_ongoing")
    known, day = np.isfinite(ongoing), np.where(np.isnan(day), 0.0, day)  # never detected: lost at once
    stop = np.minimum(day, patients.alive_until)
    return kaplan_meier(stop[known], (ongoing[known] == 0.0) & (day[known] < patients.alive_until[known]))


def recovery(patients: Patients) -> Incidence:
    """Cumulative incidence of the return of B cells after aplasia, death competing."""
    day, end = number(patients.data, "bcell_recovery_day"), number(patients.data, "os_day") + number(patients.data, "os_zero")
    aplastic = number(patients.data, "bcell_aplasia_days") > 0.0
    back, death = np.where(np.isnan(day), np.inf, day), patients.alive_until
    last = np.where(np.isnan(end), np.inf, end)
    stop = np.minimum(np.minimum(back, death), last)
    cause = np.where(back <= stop, "recovery", np.where(death <= stop, "death", ""))
    kept = aplastic & np.isfinite(stop)
    return _by_cause(stop[kept], cause[kept], ("recovery",))["recovery"]


def percent(share_of_one: float) -> str:
    """A share as one says it: whole per cent."""
    return "" if math.isnan(share_of_one) else f"{100.0 * share_of_one:.0f} %"
