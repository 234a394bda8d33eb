"""What `carsim trial` prints: a table of the arms, one of the groups of each arm, and how they compare."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from carsim.cli.summary import figures
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.endpoints.outcome import MONTH
from carsim.trials.conduct import ONLY_ARM
from carsim.trials.estimates import SITES, period
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.store import arms_in, part_of
from carsim.trials.uncertain import Uncertainty, node_of, of_contrast, of_estimates

if TYPE_CHECKING:
    import xarray as xr

    from carsim.trials.contrasts import Contrast
    from carsim.trials.evaluate import Evaluation, Reported

Drawn = Mapping[str, Uncertainty]
WIDTH: Final = 104  # letters of a line
GAP: Final = 2
SHARES: Final = (
    ("Remission (CR or CRi)", "CR"),
    ("  with recovered counts", "CR_recovered"),
    ("  without MRD", "MRD_CR"),
)
TOXICITIES: Final = (
    ("Release syndrome, any", "CRS_any"),
    ("  grade 3 or more", "CRS_ge3"),
    ("Neurotoxicity, any", "ICANS_any"),
    ("  grade 3 or more", "ICANS_ge3"),
    ("Severe infection *", "infection_ge3"),
)
CLOCKS: Final = (
    ("Event-free survival *", "EFS"),
    ("Relapse-free survival *", "RFS"),
    ("Duration of remission", "DOR"),
    ("Overall survival *", "OS"),
)
VALUES: Final = (
    ("CAR T peak, copies/µg", "cart_peak_copies_median"),
    ("  on day", "cart_peak_day_median"),
    ("Days with neutrophils < 500/µL", "severe_neutropenia_days_median"),
    ("Days with platelets < 50,000/µL", "thrombocytopenia_days_median"),
)
KINDS: Final = {
    "parallel": "as different patients",
    "paired": "in the same virtual patients",
    "time-dependent": "time before it counts for the others",
}
ALWAYS: Final = ("CD19-positive", "CD19-negative", "marrow", "CNS")
EMPIRICAL: Final = "* by empirical hazards of death, infection and new therapy."


def tables(tree: xr.DataTree, evaluation: Evaluation) -> str:
    """The whole text."""
    report = [(period(day).replace("_", " "), period(day)) for day in part_of(tree).report]
    arms, several = evaluation.arms, len(evaluation.arms) > 1
    lines = [str(tree.attrs["title"]), _who(tree, evaluation), ""]
    node = node_of(tree)
    under = {} if node is None else of_estimates(node)
    if several:
        lines += _table(arms, report, under)
    else:
        only = next(iter(arms))
        lines += _table({"": arms[only]}, report, {"": under.get(only, {})})
    for name, arm in arms.items():
        if arm.groups:
            lines += ["", f"Groups of {name}" if several else "Groups", *_table(arm.groups, report)]
    if evaluation.contrasts:
        lines += ["", *_contrasts(evaluation.contrasts, node)]
    return "\n".join(
        [
            *lines,
            "",
            "With 95 % intervals. –: not known within the follow-up; …: not reached.",
            *([] if node is None else _of_draws(node)),
            EMPIRICAL,
            NOT_FOR_TREATMENT,
        ]
    )


def _who(tree: xr.DataTree, evaluation: Evaluation) -> str:
    trial, data = part_of(tree), next(iter(arms_in(tree).values()))
    enrolled = sum(arm.enrolled for arm in evaluation.arms.values())
    failed = sum(arm.failed for arm in evaluation.arms.values())
    counted = "those infused are counted" if trial.counted == "infused" else "all enrolled are counted"
    if trial.eligible:
        counted += " who are of " + " and ".join(group.name for group in trial.eligible)
    arms = f" in {len(evaluation.arms)} arms" if len(evaluation.arms) > 1 else ""
    lost = f", {failed} failed and left out" if failed else ""
    end = f"{float(data['time'].values[-1]):.0f}"
    return f"{enrolled:,} patients{arms}{lost}, {tree.attrs['engine']} engine, to day {end}; {counted}"


def _of_draws(node: xr.Dataset) -> list[str]:
    """What the second interval is."""
    failed = int(node["failed"].values.sum())
    lost = f"; {failed} patients failed in them" if failed else ""
    return [
        "(…): of patients, a trial of this size. […]: of parameters, the same patients under "
        f"{node.sizes['draw']} draws{lost}.",
        f"Draws: {node.attrs['origin']}.",
    ]


def _table(
    columns: Mapping[str, Reported], report: Sequence[tuple[str, str]], under: Mapping[str, Drawn] | None = None
) -> list[str]:
    """Lines of a table with a column for each arm or group, in pieces that a line can hold.

    `under` holds what draws of the parameters say of each column's estimates.
    """
    drawn: Mapping[str, Drawn] = under or {}
    found = [
        (label, [_cell(label, key, column, drawn.get(name, {})) for name, column in columns.items()])
        for label, key in _rows(columns, report)
    ]
    found = [row for row in found if row[0] or any(row[1])]
    label_width = max(len(label) for label, _ in found) + GAP
    widths = [max(len(name), *(len(cells[at]) for _, cells in found)) + GAP for at, name in enumerate(columns)]
    lines: list[str] = []
    names, first = list(columns), 0
    while first < len(names):
        last = first + 1
        while last < len(names) and label_width + sum(widths[first : last + 1]) <= WIDTH:
            last += 1
        lines += [""] if first else []
        shown = range(first, last)
        if any(names[first:last]):
            lines.append("".join([" " * label_width, *(f"{names[at]:<{widths[at]}}" for at in shown)]).rstrip())
        lines += [
            "".join([f"{label:<{label_width}}", *(f"{cells[at]:<{widths[at]}}" for at in shown)]).rstrip()
            for label, cells in found
        ]
        first = last
    return lines


def _rows(columns: Mapping[str, Reported], report: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Label and name of each estimate, in the order of a paper; a heading has no name."""
    yield "Patients counted", "n"
    yield from SHARES
    for label, clock in CLOCKS:
        yield label, ""
        for words, time in report:
            yield f"  at {words}", f"{clock}_{time}"
        yield "  median, months", f"{clock}_median"
    kinds = _kinds(columns, [time for _, time in report])
    yield "Relapse, from remission on", ""
    for words, time in report:
        yield f"  by {words}", f"CIR_{time}"
        for kind in kinds:
            yield f"    {f'first in {kind}' if kind in SITES else kind.replace('+', ' + ')}", f"CIR_{kind}_{time}"
        yield "    death without relapse *", f"death_without_relapse_{time}"
    yield from TOXICITIES
    yield "CAR T cells found by qPCR", ""
    for words, time in report:
        yield f"  at {words}", f"persistence_{time}"
    yield "  median, months", "persistence_median"
    yield "B cells back", ""
    for words, time in report:
        yield f"  by {words}", f"bcell_recovery_{time}"
    yield from VALUES


def _kinds(columns: Mapping[str, Reported], times: Sequence[str]) -> list[str]:
    """Phenotypes and sites of relapses that occur at any time, and those that one always asks for."""
    found: dict[str, None] = {}
    for column in columns.values():
        for name, value in column.endpoints.items():
            kind = next((name[4 : -len(time) - 1] for time in times if name.endswith(f"_{time}")), "")
            if name.startswith("CIR_") and kind and (kind in ALWAYS or value.estimate > 0.0):
                found[kind] = None
    return sorted(found, key=lambda kind: kind in SITES)


def _cell(label: str, key: str, column: Reported, under: Drawn) -> str:
    if not key:
        return ""
    if key == "n":
        return f"{column.n:,}"
    found = column.endpoints.get(key)
    if found is None:
        return ""
    of_draws = under.get(key)
    if any(name == key for _, name in VALUES):
        return _value(found) + _range(of_draws, 1.0, figures)
    if found.unit == "d":
        return _months(found) + _range(of_draws, 1.0 / MONTH, "{:.1f}".format)
    return _percent(found) + _range(of_draws, 100.0, "{:.0f}".format)


def _range(found: Uncertainty | None, factor: float, form: Callable[[float], str]) -> str:
    """The interval of draws; nothing without draws, or without any value."""
    if found is None or not (math.isfinite(found.low) or math.isfinite(found.high)):
        return ""
    low, high = (form(factor * end) if math.isfinite(end) else "…" for end in (found.low, found.high))
    return f" [{low} to {high}]"


def _percent(found: Estimate) -> str:
    if not math.isfinite(found.estimate):
        return "–"
    whole = f"{100.0 * found.estimate:.0f} %"
    return f"{whole} ({100.0 * found.low:.0f} to {100.0 * found.high:.0f})" if math.isfinite(found.low) else whole


def _months(found: Estimate) -> str:
    """A median of times in months; an end that is not reached is said so."""
    if found.n == 0:
        return "–"
    low, high = (f"{end / MONTH:.1f}" if math.isfinite(end) else "…" for end in (found.low, found.high))
    if not math.isfinite(found.estimate):
        return f"not reached (≥ {low})" if math.isfinite(found.low) else "not reached"
    return f"{found.estimate / MONTH:.1f} ({low} to {high})"


def _value(found: Estimate) -> str:
    if not math.isfinite(found.estimate):
        return "–"
    ends = [figures(end) if math.isfinite(end) else "…" for end in (found.low, found.high)]
    return f"{figures(found.estimate)} ({ends[0]} to {ends[1]})"


def _contrasts(contrasts: Sequence[Contrast], node: xr.Dataset | None) -> list[str]:
    """A line for each comparison, under a heading for each pair; what nobody can tell, or is equal, is only counted."""
    lines, heading, equal, untold = ["Comparisons"], "", 0, 0
    for found in contrasts:
        if not math.isfinite(found.value.estimate) and not math.isfinite(found.p):
            untold += 1
        elif found.measure == "difference" and found.value.estimate == 0.0:
            equal += 1
        else:
            of = f" of arm {found.arm}" if found.arm not in ("", ONLY_ARM) else ""
            now = f"  {found.first} and {found.second}{of}, {KINDS.get(found.kind, found.kind)}"
            lines += [now] if now != heading else []
            heading = now
            lines.append(f"    {found.endpoint.replace('_', ' '):<16}{_contrast(found)}{_drawn(found, node)}")
    if equal:
        lines.append(f"  {equal} more: no difference in shares")
    return [*lines, *([f"  {untold} more: not to be told, for want of events or patients"] if untold else [])]


def _drawn(found: Contrast, node: xr.Dataset | None) -> str:
    if node is None:
        return ""
    under, points = of_contrast(node, found), found.measure == "difference"
    return _range(under, 100.0, "{:+.0f}".format) if points else _range(under, 1.0, figures)


def _contrast(found: Contrast) -> str:
    p = f", p = {found.p:.2g}" if math.isfinite(found.p) else ""
    if not math.isfinite(found.value.estimate):
        return f"{found.measure} not known: {found.value.reason}{p}"
    if found.measure == "difference":
        low, high = 100.0 * found.value.low, 100.0 * found.value.high
        return f"difference {100.0 * found.value.estimate:+.0f} points ({low:+.0f} to {high:+.0f}){p}"
    return (
        f"hazard ratio {figures(found.value.estimate)} ({figures(found.value.low)} to {figures(found.value.high)}){p}"
    )
