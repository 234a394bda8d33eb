"""The summary of a run in words and numbers: what a clinician-modeller asks first, in that order."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from carsim.cli.summary_of_cells import single_cells
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.dataset.replicates import flat, replicates_of
from carsim.endpoints.cytopenia import WINDOW
from carsim.endpoints.outcome import NO_PRODUCT, is_interrupted
from carsim.endpoints.probabilities import CURE, RELAPSE, REMISSION, Probability, probabilities
from carsim.endpoints.response import FLOW_LIMIT, SEQUENCING_LIMIT
from carsim.spec.plain import CHANCE

if TYPE_CHECKING:
    import xarray as xr

LABEL_WIDTH = 22


def summary(data: xr.Dataset) -> str:
    """The whole text; one patient in sentences, many courses in counts, medians and 5th to 95th percentiles.

    A result of an engine of chance with several courses begins with the probabilities of cure and relapse.
    """
    patients, replicates = data.sizes["patient"], replicates_of(data)
    end = f"{float(data['time'].values[-1]):g}"
    lines = [str(data.attrs.get("title", "")), f"{_courses(data)}, {data.attrs.get('engine', '')} engine, to day {end}"]
    if patients * replicates == 1:
        answers = one_patient(data)
    else:
        lines += ["", *_lines(chances(data))] if _is_chance(data) else []
        answers = cohort(_named(data))
    if any(answer == NO_PRODUCT for _, answer in answers):  # once, rather than for each question about the product
        answers = [("CAR T cells", NO_PRODUCT), *(pair for pair in answers if pair[1] != NO_PRODUCT)]
    answers += single_cells(data)
    return "\n".join([*lines, "", *_lines(answers), "", NOT_FOR_TREATMENT])


def _lines(answers: list[tuple[str, str]]) -> list[str]:
    return [f"{label + ' ':<{LABEL_WIDTH}}{answer}" for label, answer in answers]


def _is_chance(data: xr.Dataset) -> bool:
    return data.attrs.get("engine") in CHANCE


def _courses(data: xr.Dataset) -> str:
    """How many patients and replicates there are, and how many of them came to nothing."""
    patients, replicates = data.sizes["patient"], replicates_of(data)
    who = "one patient" if patients == 1 else f"{patients:,} patients"
    if replicates > 1:
        who += f", {replicates:,} replicates" if patients == 1 else f" with {replicates:,} replicates each"
        ended = [int(status) for status in data["status"].values.ravel() if status] if "status" in data else []
        missing = sum(map(is_interrupted, ended))
        words = [
            f"{count:,} {what}" for count, what in ((len(ended) - missing, "failed"), (missing, "missing")) if count
        ]
        who += f" ({', '.join(words)})" if words else ""
    return who


def _named(data: xr.Dataset) -> xr.Dataset:
    """The courses in a row, and by what word they are counted."""
    patients, replicates = data.sizes["patient"], replicates_of(data)
    word = "patients" if replicates == 1 else "replicates" if patients == 1 else "courses"
    return flat(data).assign_attrs(counted_as=word)


def _them(data: xr.Dataset) -> str:
    return str(data.attrs.get("counted_as", "patients"))


def chances(data: xr.Dataset) -> list[tuple[str, str]]:
    """Label and probability, with its interval, of each outcome."""
    found = probabilities(data)
    if not found:
        return [("Outcome", "not known: no course was followed to a visit")]
    labels = {CURE: "Cure", REMISSION: "Remission at the end", RELAPSE: "Relapse"}
    return [
        (labels.get(outcome, f"  {outcome.replace('+', ' + ')}"), f"in {percent(known)} of {_basis(data, known)}")
        for outcome, known in found.items()
    ]


def percent(known: Probability) -> str:
    """A probability as one says it: `31 % (95 % CI 24 to 39 %)`; one decimal where it is near none or all."""
    whole, low, high = (
        f"{100.0 * value:.0f}" if 0.1 <= value <= 0.9 else f"{100.0 * value:.1f}".removesuffix(".0")
        for value in (known.estimate, known.low, known.high)
    )
    return f"{whole} % (95 % CI {low} to {high} %)"


def _basis(data: xr.Dataset, known: Probability) -> str:
    if replicates_of(data) == 1:
        return f"{known.patients:,} patients"
    if data.sizes["patient"] == 1:
        return f"{known.courses:,} replicates"
    return f"courses, mean over {known.patients:,} patients"


def one_patient(data: xr.Dataset) -> list[tuple[str, str]]:
    """Label and sentence for each question, of the only patient."""
    return [
        ("Response at day 28", _response(data)),
        ("MRD at day 28", _mrd(data)),
        ("CAR T peak", _peak(data)),
        ("Exposure, day 0 to 28", _number(data, "cart_auc_0_28_copies", "copies/µg·d")),
        ("Half-lives", _half_lives(data)),
        ("Persistence", _persistence(data)),
        ("B-cell aplasia", _aplasia(data)),
        ("Release syndrome", _toxicity(data, "crs")),
        ("Neurotoxicity", _toxicity(data, "icans")),
        ("Highest IL-6", _number(data, "il6_peak", "pg/mL")),
        ("Low counts", _counts_below(data)),
        ("Expected infections", _number(data, "infections_expected", f"in {_counted(data)} (empirical)")),
        ("Relapse", _relapse(data)),
        *([("Cure", _cure(data))] if _is_chance(data) else []),
        ("Survival", _survival(data)),
        ("Fludarabine exposure", _number(data, "fludarabine_auc", "mg·h/L")),
    ]


def cohort(data: xr.Dataset) -> list[tuple[str, str]]:
    """Label and numbers for each question, over all patients with an answer."""
    relapse = data["relapse_day"].values
    words = [
        ("Response at day 28", _counts(data, "response_day28")),
        ("MRD at day 28", _undetected(data)),
        ("CAR T peak", f"{_spread(data, 'cart_peak_copies', 'copies/µg')}"),
        ("  on day", _spread(data, "cart_peak_day", "")),
        ("CAR T peak, cells", _spread(data, "cart_peak_cells", "cells/µL")),
        ("  on day", _spread(data, "cart_peak_cells_day", "")),
        ("Exposure, day 0 to 28", _spread(data, "cart_auc_0_28_copies", "copies/µg·d")),
        ("Persistence", _spread(data, "cart_persistence_day", "d", "cart_persistence_ongoing")),
        ("B-cell aplasia", _spread(data, "bcell_aplasia_days", "d", "bcell_aplasia_ongoing")),
        ("Release syndrome", _graded(data, "crs")),
        ("Neurotoxicity", _graded(data, "icans")),
        ("Highest IL-6", _spread(data, "il6_peak", "pg/mL")),
        ("Neutrophils < 500/µL", _spread(data, "severe_neutropenia_days", "d")),
        ("Expected infections", f"{_spread(data, 'infections_expected', '')}, in {_counted(data)} (empirical)"),
        ("Relapse", f"{np.isfinite(relapse).sum()} of {relapse.size} {_them(data)}"),
    ]
    if np.isfinite(relapse).any():
        relapsed = data.isel(patient=np.isfinite(relapse))
        words.append(("  on day", _spread(relapsed, "relapse_day", "")))
        words += [] if _is_chance(data) else [("  phenotype", _counts(relapsed, "relapse_phenotype"))]
        words.append(("  first in", _counts(relapsed, "relapse_site")))
    words.append(("Deaths", _deaths(data)))
    return [*words, ("Fludarabine exposure", _spread(data, "fludarabine_auc", "mg·h/L"))]


def figures(value: float) -> str:
    """A number as one says it: three significant figures, thousands apart, powers of ten only for the very small."""
    if value == 0.0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    rounded = round(value, 2 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"


def _value(data: xr.Dataset, name: str) -> float:
    return float(data[name].values[0])


def _reason(data: xr.Dataset, name: str) -> str:
    reasons = data.get(f"{name}_reason")
    return str(reasons.values[0]) if reasons is not None else ""


def _unknown(data: xr.Dataset, name: str) -> str:
    """Why an endpoint of the first patient has no value; that no product was given is an answer of its own."""
    reason = _reason(data, name)
    return reason if reason == NO_PRODUCT else f"not known: {reason}"


def _counted(data: xr.Dataset) -> str:
    """Days over which low counts and infections are counted: no more than were simulated."""
    return _days(min(WINDOW, float(data["time"].values[-1])))


def _days(count: float) -> str:
    whole = f"{count:.0f}"
    return f"{whole} day" if whole == "1" else f"{whole} days"


def _number(data: xr.Dataset, name: str, unit: str) -> str:
    value = _value(data, name)
    return f"{figures(value)} {unit}" if math.isfinite(value) else _unknown(data, name)


def _response(data: xr.Dataset) -> str:
    response = str(data["response_day28"].values[0])
    words = {
        "": _unknown(data, "response_day28"),
        "CR": "complete remission",
        "CRi": "complete remission with incomplete recovery of counts",
        "NR": "no remission",
        "not evaluable": "not evaluable: entered with less than 5 % marrow blasts and none in blood",
    }
    best = str(data["best_response"].values[0])
    late = f"; {best} at a later visit" if best != response and best in ("CR", "CRi") else ""
    return words.get(response, response) + late


def _mrd(data: xr.Dataset) -> str:
    flow, sequencing = _value(data, "mrd_day28"), _value(data, "mrd_day28_sequencing")
    if not math.isfinite(flow):
        return _unknown(data, "mrd_day28")
    if flow > 0.0:
        return f"{flow:.2g} by flow cytometry"
    seen = f"{sequencing:.1e}" if sequencing > 0.0 else f"below {SEQUENCING_LIMIT:.0e}"
    return f"below {FLOW_LIMIT:.0e} by flow cytometry, {seen} by sequencing"


def _peak(data: xr.Dataset) -> str:
    copies, day, cells, cells_day = (
        _value(data, f"cart_peak_{what}") for what in ("copies", "day", "cells", "cells_day")
    )
    if not math.isfinite(copies):
        return _unknown(data, "cart_peak_copies")
    return f"{figures(copies)} copies/µg on day {figures(day)}; {figures(cells)} cells/µL on day {figures(cells_day)}"


def _half_lives(data: xr.Dataset) -> str:
    fast, slow = _value(data, "cart_half_life_fast"), _value(data, "cart_half_life_slow")
    if not math.isfinite(fast):
        return _unknown(data, "cart_half_life_fast")
    then = f", then {figures(slow)} d" if math.isfinite(slow) else f" ({_reason(data, 'cart_half_life_slow')})"
    return f"{figures(fast)} d{then}"


def _persistence(data: xr.Dataset) -> str:
    day, flow = _value(data, "cart_persistence_day"), _value(data, "cart_persistence_flow_day")
    if not math.isfinite(day):
        return _unknown(data, "cart_persistence_day").replace("ug", "µg")
    end = float(data["time"].values[-1])
    by_flow = f"to day {flow:.0f} by flow cytometry" if math.isfinite(flow) else "never by flow cytometry"
    if math.isfinite(flow) and flow == end:
        by_flow = "and by flow cytometry"
    return f"{'still ' if day == end else ''}detected {'at' if day == end else 'to'} day {day:.0f} by qPCR, {by_flow}"


def _aplasia(data: xr.Dataset) -> str:
    days, recovery = _value(data, "bcell_aplasia_days"), _value(data, "bcell_recovery_day")
    if not math.isfinite(days):
        return _unknown(data, "bcell_aplasia_days")
    if math.isfinite(recovery):
        return f"{_days(days)}; recovery seen on day {recovery:.0f}"
    if days == 0.0:
        return "none"
    so_far = " so far" if int(data["bcell_aplasia_ongoing"].values[0]) == 1 else ""
    return f"{_days(days)}{so_far}; {_reason(data, 'bcell_recovery_day')}"


def _toxicity(data: xr.Dataset, name: str) -> str:
    grade, onset = _value(data, f"{name}_grade_max"), _value(data, f"{name}_onset_day")
    if not math.isfinite(grade):
        return _unknown(data, f"{name}_grade_max")
    if grade == 0.0:
        return f"none{_scale(data, name)}"
    return f"grade {grade:.0f}{_scale(data, name)}, from day {onset:.0f}"


def _scale(data: xr.Dataset, name: str) -> str:
    scale = str(data[f"{name}_worst"].attrs.get("scale", "")) if f"{name}_worst" in data else ""
    return f" ({scale})" if scale else ""


def _graded(data: xr.Dataset, name: str) -> str:
    """How many patients reached each grade."""
    grades = data[f"{name}_grade_max"].values
    known = grades[np.isfinite(grades)]
    if known.size == 0:
        return _unknown(data, f"{name}_grade_max")
    counts = [f"grade {grade}: {number}" for grade, number in sorted(Counter(known.astype(int).tolist()).items())]
    return ", ".join(counts) + _scale(data, name)


def _counts_below(data: xr.Dataset) -> str:
    lines = (
        ("severe_neutropenia_days", "neutrophils below 500/µL"),
        ("thrombocytopenia_days", "platelets below 50,000/µL"),
        ("anaemia_days", "haemoglobin below 8 g/dL"),
    )
    days = [(_value(data, name), words) for name, words in lines]
    if not all(math.isfinite(count) for count, _ in days):
        return _unknown(data, lines[0][0])
    low = [f"{words} for {_days(count)}" for count, words in days if count > 0.0]
    return f"{', '.join(low) or 'none'}, in the first {_counted(data)} (no transfusions)"


def _relapse(data: xr.Dataset) -> str:
    day, seen = _value(data, "relapse_day"), _value(data, "relapse_detected_day")
    if not math.isfinite(day):
        return _reason(data, "relapse_day")
    phenotype, site = str(data["relapse_phenotype"].values[0]), str(data["relapse_site"].values[0])
    visit = f"; seen at the visit of day {seen:.0f}" if math.isfinite(seen) else "; after the last visit"
    return f"day {day:.0f}, {phenotype or 'phenotype not known'}, {site} first{visit}"


def _cure(data: xr.Dataset) -> str:
    answers = {1: "no leukaemic cell is left", 0: "not cured: leukaemic cells are left at the end"}
    return answers.get(int(data["cured"].values[0]), _unknown(data, "cured"))


def _survival(data: xr.Dataset) -> str:
    """The median of what the empirical hazards say: one patient of explicit values stands for its like.

    With an engine of chance it is one draw.
    """
    day = _value(data, "death_day")
    if not math.isfinite(day):
        return _unknown(data, "death_day").removeprefix("not known: ")
    if _is_chance(data):
        return f"dead by day {day:.0f}, of {data['death_cause'].values[0]} (empirical, by chance)"
    return f"half of such patients dead by day {day:.0f}, of {data['death_cause'].values[0]} (empirical)"


def _deaths(data: xr.Dataset) -> str:
    causes = Counter(str(cause) for cause in data["death_cause"].values if str(cause))
    whole = f"{sum(causes.values())} of {data.sizes['patient']} {_them(data)} (empirical)"
    by_cause = ", ".join(f"{cause}: {number}" for cause, number in causes.most_common())
    return f"{whole}: {by_cause}" if by_cause else whole


def _spread(data: xr.Dataset, name: str, unit: str, ongoing: str = "") -> str:
    """Median and percentiles over patients with an answer; `ongoing` names the flag of values that only end with the
    simulation: a percentile that rests on such a value is said as "or more".
    """
    values = data[name].values
    is_known = np.isfinite(values)
    known = values[is_known]
    if known.size == 0:
        reasons = set(data[f"{name}_reason"].values.tolist()) if f"{name}_reason" in data else set()
        return _unknown(data, name) if len(reasons) == 1 else "not known"
    censored = known[data[ongoing].values[is_known] == 1] if ongoing else known[:0]
    shortest = censored.min() if censored.size else math.inf
    words = {}
    for share, end in ((50.0, f" {unit}".rstrip()), (5.0, ""), (95.0, f" {unit}".rstrip())):
        reaches = np.percentile(known, share, method="higher") >= shortest
        words[share] = figures(float(np.percentile(known, share))) + end + (" or more" if reaches else "")
    if len({figures(float(value)) for value in known}) == 1 < known.size == values.size and not censored.size:
        return f"{words[50.0]} in all {_them(data)}"
    of = f" ({known.size} of {values.size} {_them(data)})" if known.size < values.size else ""
    still = f"; ongoing at the end in {censored.size}" if censored.size else ""
    return f"median {words[50.0]}, 5–95 %: {words[5.0]} to {words[95.0]}{of}{still}"


def _counts(data: xr.Dataset, name: str) -> str:
    counts = Counter(str(value) or "not known" for value in data[name].values)
    return ", ".join(f"{answer}: {number}" for answer, number in counts.most_common())


def _undetected(data: xr.Dataset) -> str:
    below = data["mrd_day28_below_limit"].values
    return f"below {FLOW_LIMIT:.0e} by flow cytometry in {(below == 1).sum()} of {(below >= 0).sum()}"
