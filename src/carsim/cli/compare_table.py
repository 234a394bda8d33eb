"""What `carsim compare` prints: of each strategy and the first, a table of differences in the same patients."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from carsim.cli.summary import figures
from carsim.cli.trial_table import EMPIRICAL, SHARES, TOXICITIES
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.trials.changes import ANY, Change
from carsim.trials.estimates import period
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.trials.contrasts import Contrast
    from carsim.trials.evaluate import Evaluation

Row = tuple[str, ...]
CLOCKS: Final = (("Without event *", "EFS"), ("Alive *", "OS"))
NOTHING: Final = "–"
GAP: Final = 2


def differences(tree: xr.DataTree, evaluation: Evaluation, relapses: Sequence[Change]) -> str:
    """The whole text."""
    names, titles = list(evaluation.arms), json.loads(tree.attrs["titles"])
    first = evaluation.arms[names[0]]
    end = float(next(iter(arms_in(tree).values()))["time"].values[-1])
    failed = sum(arm.failed for arm in evaluation.arms.values())
    lost = f"; {failed} simulations failed and are left out" if failed else ""
    lines = [
        f"The same {first.enrolled:,} patients under {len(names)} strategies, {tree.attrs['engine']} engine, to day "
        f"{end:.0f}{lost}",
        *(f"  {name}: {titles[name]}" for name in names),
    ]
    report = [period(day) for day in part_of(tree).report]
    for name in names[1:]:
        lines += ["", *_pair(name, names[0], evaluation, report, [one for one in relapses if one.first == name])]
    return "\n".join(
        [
            *lines,
            "",
            "Differences in points, of the same patients, with 95 % intervals; hazard ratios as of different patients.",
            f"{NOTHING}: not known within the follow-up, or for want of events. {EMPIRICAL}",
            NOT_FOR_TREATMENT,
        ]
    )


def _pair(
    name: str, first: str, evaluation: Evaluation, report: Sequence[str], relapses: Sequence[Change]
) -> Iterator[str]:
    """The table of one strategy and the first, and who relapses under one of them only."""
    own = [found for found in evaluation.contrasts if (found.first, found.second) == (name, first)]
    by = {(found.endpoint, found.kind, found.measure): found for found in own}
    same = relapses[0].n if relapses else 0
    rows: list[Row] = [("", first, name, "difference", "p")]
    rows += _shares(name, first, evaluation, by, report)
    for at, change in enumerate(relapses):
        label = "Relapse" if at == 0 else f"  {change.phenotype.replace('+', ' + ')}"
        under = (change.both + change.second_only, change.both + change.first_only)
        rows.append((label, *(_percent(count / change.n) for count in under), _points(change), _p(change.p)))
    widths = [max(len(row[at]) for row in rows) + GAP for at in range(4)]
    yield f"{name} and {first}" + (f", in the same {same} patients" if same else ": no patient is the same in both")
    for row in rows:
        yield "  " + "".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
    for label, clock in (("Event-free survival *", "EFS"), ("Overall survival *", "OS")):
        yield f"  Hazard ratio, {label:<22}{_ratio(by.get((clock, 'parallel', 'hazard ratio')))}"
    for change in relapses:
        yield from _who(change)


def _shares(
    name: str,
    first: str,
    evaluation: Evaluation,
    by: Mapping[tuple[str, str, str], Contrast],
    report: Sequence[str],
) -> Iterator[Row]:
    wanted = [*SHARES]
    wanted += [
        (f"{label} at {time.replace('_', ' ')}", f"{clock}_{time}") for label, clock in CLOCKS for time in report
    ]
    for label, endpoint in (*wanted, *TOXICITIES):
        cells = [evaluation.arms[arm].endpoints.get(endpoint) for arm in (first, name)]
        shown = [_percent(cell.estimate) if cell else NOTHING for cell in cells]
        found = by.get((endpoint, "paired", "difference"))
        yield (label, *shown, _points(found), _p(found.p if found else math.nan))


def _who(change: Change) -> Iterator[str]:
    """Who relapses under one only, and what becomes of these under the other."""
    if not change.first_only + change.second_only:
        return
    what = "relapse" if change.phenotype == ANY else f"{change.phenotype.replace('+', ' + ')} relapse"
    yield f"  With a {what} under both {change.both}, and"
    for count, one, other, instead in (
        (change.second_only, change.second, change.first, change.instead_under_first),
        (change.first_only, change.first, change.second, change.instead_under_second),
    ):
        if count:
            fates = ", ".join(f"{n} {fate}" for fate, n in instead.items())
            yield f"    {count} under {one} only; under {other}: {fates}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if math.isfinite(share) else NOTHING


def _points(found: Contrast | Change | None) -> str:
    if found is None or not math.isfinite(found.value.estimate):
        return NOTHING
    low, high = 100.0 * found.value.low, 100.0 * found.value.high
    return f"{100.0 * found.value.estimate:+.0f} ({low:+.0f} to {high:+.0f})"


def _p(p: float) -> str:
    return f"{p:.2g}" if math.isfinite(p) else ""


def _ratio(found: Contrast | None) -> str:
    if found is None or not math.isfinite(found.value.estimate):
        return NOTHING
    ends = [figures(end) if math.isfinite(end) else "…" for end in (found.value.low, found.value.high)]
    p = f", p = {found.p:.2g}" if math.isfinite(found.p) else ""
    return f"{figures(found.value.estimate)} ({ends[0]} to {ends[1]}){p}"
