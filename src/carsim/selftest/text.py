"""The report of a self-test as one object and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.selftest.check import Result
from carsim.selftest.report import Report
from carsim.selftest.trials import Said

SHOWN = {  # endpoints of the example trials that the page shows, with their headings
    "CR": "complete response",
    "CRS_any": "any CRS",
    "EFS_12_months": "event-free at 12 months",
    "OS_12_months": "alive at 12 months",
}


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain data; a check without a value has NaN and a `problem`."""
    return {
        "date": report.date,
        "passed": not report.failed,
        "carsim": report.carsim,
        "python": report.python,
        "system": report.system,
        "packages": dict(report.packages),
        "seconds": round(report.seconds, 1),
        "checks": [
            {
                "group": result.group,
                "name": result.check.name,
                "compares": result.check.compares,
                "value": result.value,
                "limit": result.check.limit,
                "unit": result.check.unit,
                "passed": result.passed,
                "problem": result.problem or None,
            }
            for result in report.results
        ],
        "trials": [
            {
                "trial": said.trial,
                "arm": said.arm,
                "n": said.n,
                "estimates": {
                    name: {"estimate": found.estimate, "low": found.low, "high": found.high, "unit": found.unit}
                    for name, found in said.estimates.items()
                },
            }
            for said in report.said
        ],
    }


def headline(report: Report) -> str:
    """One sentence: how many checks passed."""
    total, failed = len(report.results), len(report.failed)
    return f"{total - failed} of {total} checks passed in {report.seconds:.0f} s"


def as_markdown(report: Report) -> str:
    """The report as a page: what it was made on, what failed first, every check, what the trials say."""
    packages = ", ".join(f"{name} {version}" for name, version in report.packages.items())
    lines = [
        "# Self-test of carsim",
        "",
        f"{headline(report)}; {report.date}.",
        "",
        f"carsim {report.carsim}, Python {report.python}, {report.system}; {packages}.",
        "",
        "A check passes where its value is at most its limit.",
    ]
    if report.failed:
        lines += ["", "## Failed", "", *_table(report.failed, grouped=True)]
    groups = dict.fromkeys(result.group for result in report.results)
    for group in groups:
        lines += ["", f"## {group[0].upper()}{group[1:]}", ""]
        lines += _table(result for result in report.results if result.group == group)
    lines += ["", "## What the example trials say", "", *_said(report.said), "", NOT_FOR_TREATMENT, ""]
    return "\n".join(lines)


def _table(results: Iterable[Result], *, grouped: bool = False) -> list[str]:
    lines = ["| check | what it compares | value | limit | passed |", "| --- | --- | --- | --- | --- |"]
    for result in results:
        name = f"{result.group}: {result.check.name}" if grouped else result.check.name
        value = result.problem or _amount(result.value, result.check.unit)
        limit, passed = _amount(result.check.limit, result.check.unit), "yes" if result.passed else "**NO**"
        lines.append(f"| {_cell(name)} | {_cell(result.check.compares)} | {_cell(value)} | {limit} | {passed} |")
    return lines


def _amount(value: float, unit: str) -> str:
    return f"{value:.3g}" if unit == "1" else f"{value:.3g} {unit}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _said(said: Iterable[Said]) -> list[str]:
    lines = [
        "Shares with their 95 % intervals. So few patients test the program; they say nothing about the treatment.",
        "",
        f"| trial | arm | patients | {' | '.join(SHOWN.values())} |",
        f"| --- | --- | --- | {' | '.join('---' for _ in SHOWN)} |",
    ]
    for one in said:
        shares = [one.estimates.get(name) for name in SHOWN]
        cells = ["" if s is None else f"{s.estimate:.2f} ({s.low:.2f} to {s.high:.2f})" for s in shares]
        lines.append(f"| {one.trial} | {one.arm} | {one.n} | {' | '.join(cells)} |")
    return lines
