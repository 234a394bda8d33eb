"""The summary of a run in words and numbers: what a clinician-modeller asks first, in that order."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.endpoints.response import FLOW_LIMIT, SEQUENCING_LIMIT

if TYPE_CHECKING:
    import xarray as xr

LABEL_WIDTH = 22


def summary(data: xr.Dataset) -> str:
    """The whole text; one patient in sentences, a cohort in counts, medians and 5th to 95th percentiles."""
    count = data.sizes["patient"]
    who = "one patient" if count == 1 else f"{count} patients"
    end = f"{float(data['time'].values[-1]):g}"
    lines = [str(data.attrs.get("title", "")), f"{who}, {data.attrs.get('engine', '')} engine, to day {end}", ""]
    answers = one_patient(data) if count == 1 else cohort(data)
    lines += [f"{label:<{LABEL_WIDTH}}{answer}" for label, answer in answers]
    return "\n".join([*lines, "", NOT_FOR_TREATMENT])


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
        ("Relapse", _relapse(data)),
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
        ("Exposure, day 0 to 28", _spread(data, "cart_auc_0_28_copies", "copies/µg·d")),
        ("Persistence", _spread(data, "cart_persistence_day", "d")),
        ("B-cell aplasia", _spread(data, "bcell_aplasia_days", "d")),
        ("Relapse", f"{np.isfinite(relapse).sum()} of {relapse.size} patients"),
    ]
    if np.isfinite(relapse).any():
        words += [("  on day", _spread(data, "relapse_day", "")), ("  phenotype", _counts(data, "relapse_phenotype"))]
    return [*words, ("Fludarabine exposure", _spread(data, "fludarabine_auc", "mg·h/L"))]


def figures(value: float) -> str:
    """A number as one says it: three significant figures, thousands apart, powers of ten only for the very small."""
    if value == 0.0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    rounded = round(value, 2 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{digits}f}"


def _value(data: xr.Dataset, name: str) -> float:
    return float(data[name].values[0])


def _reason(data: xr.Dataset, name: str) -> str:
    reasons = data.get(f"{name}_reason")
    return str(reasons.values[0]) if reasons is not None else ""


def _number(data: xr.Dataset, name: str, unit: str) -> str:
    value = _value(data, name)
    return f"{figures(value)} {unit}" if math.isfinite(value) else f"not known: {_reason(data, name)}"


def _response(data: xr.Dataset) -> str:
    response = str(data["response_day28"].values[0])
    words = {
        "": f"not known: {_reason(data, 'response_day28')}",
        "CR/CRi": "complete remission (CR or CRi: this version has no platelets to tell them apart)",
        "NR": "no remission",
        "not evaluable": "not evaluable: entered with less than 5 % marrow blasts and none in blood",
    }
    is_late = response == "NR" and str(data["best_response"].values[0]) == "CR/CRi"
    late = "; complete remission (CR or CRi) at a later visit" if is_late else ""
    return words.get(response, response) + late


def _mrd(data: xr.Dataset) -> str:
    flow, sequencing = _value(data, "mrd_day28"), _value(data, "mrd_day28_sequencing")
    if not math.isfinite(flow):
        return f"not known: {_reason(data, 'mrd_day28')}"
    if flow > 0.0:
        return f"{flow:.2g} by flow cytometry"
    seen = f"{sequencing:.1e}" if sequencing > 0.0 else f"below {SEQUENCING_LIMIT:.0e}"
    return f"below {FLOW_LIMIT:.0e} by flow cytometry, {seen} by sequencing"


def _peak(data: xr.Dataset) -> str:
    copies, cells, day = (_value(data, f"cart_peak_{what}") for what in ("copies", "cells", "day"))
    if not math.isfinite(copies):
        return f"not known: {_reason(data, 'cart_peak_copies')}"
    return f"{figures(copies)} copies/µg ({figures(cells)} cells/µL) on day {figures(day)}"


def _half_lives(data: xr.Dataset) -> str:
    fast, slow = _value(data, "cart_half_life_fast"), _value(data, "cart_half_life_slow")
    if not math.isfinite(fast):
        return f"not known: {_reason(data, 'cart_half_life_fast')}"
    then = f", then {figures(slow)} d" if math.isfinite(slow) else f" ({_reason(data, 'cart_half_life_slow')})"
    return f"{figures(fast)} d{then}"


def _persistence(data: xr.Dataset) -> str:
    day, flow = _value(data, "cart_persistence_day"), _value(data, "cart_persistence_flow_day")
    if not math.isfinite(day):
        return f"not known: {_reason(data, 'cart_persistence_day')} copies/µg"
    end = float(data["time"].values[-1])
    by_flow = f"to day {flow:.0f} by flow cytometry" if math.isfinite(flow) else "never by flow cytometry"
    if math.isfinite(flow) and flow == end:
        by_flow = "and by flow cytometry"
    return f"{'still ' if day == end else ''}detected {'at' if day == end else 'to'} day {day:.0f} by qPCR, {by_flow}"


def _aplasia(data: xr.Dataset) -> str:
    days, recovery = _value(data, "bcell_aplasia_days"), _value(data, "bcell_recovery_day")
    if not math.isfinite(days):
        return f"not known: {_reason(data, 'bcell_aplasia_days')}"
    if math.isfinite(recovery):
        return f"{days:.0f} days; recovery seen on day {recovery:.0f}"
    return "none" if days == 0.0 else f"{days:.0f} days so far; {_reason(data, 'bcell_recovery_day')}"


def _relapse(data: xr.Dataset) -> str:
    day, seen = _value(data, "relapse_day"), _value(data, "relapse_detected_day")
    if not math.isfinite(day):
        return _reason(data, "relapse_day")
    phenotype, site = str(data["relapse_phenotype"].values[0]), str(data["relapse_site"].values[0])
    visit = f"; seen at the visit of day {seen:.0f}" if math.isfinite(seen) else "; after the last visit"
    return f"day {day:.0f}, {phenotype or 'phenotype not known'}, {site} first{visit}"


def _spread(data: xr.Dataset, name: str, unit: str) -> str:
    values = data[name].values
    known = values[np.isfinite(values)]
    if known.size == 0:
        return "not known"
    low, middle, high = np.percentile(known, [5.0, 50.0, 95.0])
    of = f" ({known.size} of {values.size} patients)" if known.size < values.size else ""
    return f"median {figures(middle)}, 5–95 %: {figures(low)} to {figures(high)} {unit}".rstrip() + of


def _counts(data: xr.Dataset, name: str) -> str:
    counts = Counter(str(value) or "not known" for value in data[name].values)
    return ", ".join(f"{answer}: {number}" for answer, number in counts.most_common())


def _undetected(data: xr.Dataset) -> str:
    below = data["mrd_day28_below_limit"].values
    return f"below {FLOW_LIMIT:.0e} by flow cytometry in {(below == 1).sum()} of {(below >= 0).sum()}"
