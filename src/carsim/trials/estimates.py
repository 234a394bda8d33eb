"""What a trial reports of a set of patients: each estimate by its name, with its interval.

    CR, CR_recovered, MRD_CR, ORR      share in remission; with recovered counts; without MRD; overall (as CR)
    EFS_12_months, EFS_median          Kaplan and Meier on the clock record; the same of RFS, DOR and OS
    CIR_12_months                      relapse on the clock of RFS, what else ends it (death) competing
    CIR_CD19-negative_12_months        by phenotype of the relapse; CIR_CNS_12_months by its first site
    death_without_relapse_12_months    what competes with it
    persistence_12_months, _median     CAR T cells found by qPCR, those who die censored
    bcell_recovery_12_months           B cells back, death competing
    CRS_any, CRS_ge3, ICANS_any, …     share with a grade; infection_ge3
    cart_peak_copies_median, …         medians over patients

Times count from the clock's zero; those beyond the follow-up have no value. Deaths, new therapies and infections come
of empirical hazards.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from carsim.dataset.variables import VARIABLES
from carsim.endpoints.outcome import MONTH
from carsim.spec.trial import PHENOTYPES
from carsim.spec.trial import SITES as PLACES
from carsim.trials.columns import number, text
from carsim.trials.counted import CLOCK_NAMES, Clock, Patients
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.estimators.incidence import Incidence, cumulative_incidence
from carsim.trials.estimators.kaplan_meier import Survival, kaplan_meier
from carsim.trials.estimators.middle import median
from carsim.trials.estimators.share import share

KINDS: Final = tuple(word for word in PHENOTYPES if word != "none")  # always told, even where none relapses so
SITES: Final = tuple(word for word in PLACES if word != "none")
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
    found = {name: share(answers[patients.member]) for name, answers in patients.answers().items()}
    for name in CLOCK_NAMES:
        curve = survival(patients, name)
        found |= {f"{name}_{label}": curve.at(day) for label, day in times.items()} | {f"{name}_median": curve.median()}
    for cause, rise in relapses(patients).items():
        name = {"relapse": "CIR", OTHER: "death_without_relapse"}.get(cause, f"CIR_{cause}")
        found |= {f"{name}_{label}": rise.at(day) for label, day in times.items()}
    lasting, back = persistence(patients), recovery(patients)
    found |= {f"persistence_{label}": lasting.at(day) for label, day in times.items()}
    found["persistence_median"] = lasting.median()
    found |= {f"bcell_recovery_{label}": back.at(day) for label, day in times.items()}
    return found | {
        f"{name}_median": median(number(patients.data, name)[patients.member], VARIABLES[name].unit) for name in MEDIANS
    }


def survival(patients: Patients, name: str) -> Survival:
    """The curve of a clock (EFS, RFS, DOR, OS)."""
    start, stop, cause = patients.under_observation(patients.clock(name))
    return kaplan_meier(stop, cause != "", start)


def relapses(patients: Patients) -> dict[str, Incidence]:
    """Cumulative incidence of relapse, of each phenotype and of each site, on the clock of RFS; of death without one.

    Of a relapse of several phenotypes the word joins them.
    """
    clock = patients.clock("RFS")
    phenotype, site = (text(patients.data, f"relapse_{what}") for what in ("phenotype", "site"))
    relapsed = clock.cause == "relapse"
    rest = np.where(clock.event & ~relapsed, OTHER, "")
    by_phenotype = np.where(relapsed, np.where(phenotype == "", "unknown", phenotype), rest)
    by_site = np.where(relapsed, site, rest)
    words = [*KINDS, *sorted(set(phenotype[relapsed].tolist()) - {*KINDS, ""})]
    found = _by_cause(patients, clock, np.where(relapsed, "relapse", rest), ["relapse", OTHER])
    last = {OTHER: found.pop(OTHER)}
    return (
        found
        | _by_cause(patients, clock, by_phenotype, words)
        | _by_cause(patients, clock, by_site, list(SITES))
        | last
    )


def _by_cause(patients: Patients, clock: Clock, cause: np.ndarray, wanted: list[str]) -> dict[str, Incidence]:
    """A curve for each wanted cause of the clock's events, told as these (n,); what else happened competes."""
    start, stop, happened = patients.under_observation(Clock(clock.zero, clock.day, cause))
    names = [*wanted, *sorted(set(happened.tolist()) - {*wanted, ""})]
    codes = np.array([names.index(name) + 1 if name else 0 for name in happened.tolist()], dtype=int)
    return dict(zip(wanted, cumulative_incidence(stop, codes, len(wanted), start), strict=True))


def persistence(patients: Patients) -> Survival:
    """Time to the last detection of CAR T cells by qPCR; observation ends with death or the simulation."""
    day, ongoing = number(patients.data, "cart_persistence_day"), number(patients.data, "cart_persistence_ongoing")
    day, death = np.where(np.isnan(day), 0.0, day), patients.alive_until  # never detected: lost at once
    zero = np.where(np.isfinite(ongoing), 0.0, np.nan)
    lost = (ongoing == 0.0) & (day < death)
    start, stop, cause = patients.under_observation(Clock(zero, np.minimum(day, death), np.where(lost, "loss", "")))
    return kaplan_meier(stop, cause != "", start)


def recovery(patients: Patients) -> Incidence:
    """Cumulative incidence of the return of B cells after aplasia, death competing."""
    day = number(patients.data, "bcell_recovery_day")
    back, death = np.where(np.isnan(day), np.inf, day), patients.alive_until
    stop = np.minimum(np.minimum(back, death), number(patients.data, "followed_day"))
    cause = np.where(back <= stop, "recovery", np.where(death <= stop, "death", ""))
    zero = np.where(number(patients.data, "bcell_aplasia_days") > 0.0, 0.0, np.nan)
    return _by_cause(patients, Clock(zero, stop, cause), cause, ["recovery"])["recovery"]
