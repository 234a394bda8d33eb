"""Interleaved runs and what they are worth: A B A B, the median of the paired ratios with their range.

A machine drifts: other work comes and goes, clocks change. Two times from different minutes say little; the ratio of
two runs that follow one another says more, and the median of at least nine such ratios holds to a few per cent.
Everything is compiled and called once before it is measured. Time is that of the processor, in this process and in
those that it started and waited for: on a machine that others use, the clock on the wall measures them.
"""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

REPEATS = 9


class SkippedError(Exception):
    """A peer, or a whole question, that cannot be measured here; its text says why."""


@dataclass(frozen=True)
class Ratio:
    """Times of one side over times of the other, pair by pair."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """As a table shows it."""
        return f"{self.median:.1f} x ({self.low:.1f} to {self.high:.1f})"


def interleaved(
    sides: Mapping[str, Callable[[], object]], repeats: int = REPEATS, clock: Callable[[], float] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Seconds (of the processor) of each run of each side, after one run of each that does not count."""
    clock = clock or processor_seconds
    for run in sides.values():
        run()
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, run in sides.items():
            begun = clock()
            run()
            spent[name].append(clock() - begun)
    return {name: np.array(values) for name, values in spent.items()}


def processor_seconds() -> float:
    """Time on the processor so far, of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def ratio(peer: NDArray[np.float64], own: NDArray[np.float64]) -> Ratio:
    """How many times as long the peer takes."""
    pairs = peer / own
    return Ratio(float(np.median(pairs)), float(pairs.min()), float(pairs.max()))


def version_of(package: str) -> str:
    """The installed version of a package; raises SkippedError where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        raise SkippedError(f"{package} is not installed") from None


def machine(*packages: str) -> str:
    """The processor, and the versions of Python and of these packages where they are installed."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    found = [f"Python {platform.python_version()}"]
    for package in ("carsim", "numpy", "numba", *packages):
        try:
            found.append(f"{package} {version_of(package)}")
        except SkippedError:
            continue
    return f"{model}, {os.cpu_count()} cores; {', '.join(found)}"


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    widths = [max(len(line[k]) for line in (head, *rows)) for k in range(len(head))]
    print(f"\n### {title}\n")
    for line in (head, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")


@dataclass(frozen=True)
class Gate:
    """A measured value beside the one that it has to reach (at least, or at most), and one that would be better.

    why: what stands in the way, from a profile; it is said where the gate is missed.
    """

    goal: str
    measured: float | Ratio
    gate: float
    at_least: bool = False
    unit: str = ""
    stretch: float | None = None
    why: str = ""

    def reaches(self, value: float) -> bool:
        """Whether what was measured is as good as this value."""
        measured = self.measured.median if isinstance(self.measured, Ratio) else self.measured
        return measured >= value if self.at_least else measured <= value

    @property
    def verdict(self) -> str:
        """As a table shows it."""
        if not self.reaches(self.gate):
            return f"missed: {self.why}" if self.why else "missed"
        return "holds" if self.stretch is None or not self.reaches(self.stretch) else "holds, and the stretch goal"

    def row(self) -> list[str]:
        """Goal, gate, stretch goal, what was measured, and the verdict."""
        sign = ">=" if self.at_least else "<="
        goals = [
            "" if value is None else f"{sign} {value:g} {self.unit}".strip() for value in (self.gate, self.stretch)
        ]
        measured = (
            str(self.measured) if isinstance(self.measured, Ratio) else f"{self.measured:.3g} {self.unit}".strip()
        )
        return [self.goal, *goals, measured, self.verdict]


GOALS, GOALS_HEAD = "Goals", ("goal", "gate", "stretch", "measured", "verdict")


def show_gates(gates: Sequence[Gate]) -> None:
    """Print each gate beside what was measured."""
    show(GOALS, GOALS_HEAD, [gate.row() for gate in gates])
