"""What can go wrong, said in one form.

A problem with something a user wrote always reads

    file:line:column: path: got …; expected …, for example …; did you mean …

and all problems of a file are reported together. Each error class carries the exit status of the command line:
2 usage or scenario error, 4 refused by a resource limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value was written: a file as the user named it, line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """Return `file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: where, what was found, what is expected, what may have been meant."""

    place: Place | None
    path: str
    got: str
    expected: str
    suggestion: str | None = None

    def __str__(self) -> str:
        """Return the one line that a user reads; parts that are not known are left out."""
        head = "".join(f"{part}: " for part in (self.place, self.path) if part)
        tail = f"; did you mean {self.suggestion}" if self.suggestion else ""
        return f"{head}got {self.got}; expected {self.expected}{tail}"


class CarsimError(Exception):
    """Base of every error that carsim raises on purpose; its text is meant for the user."""

    exit_status: ClassVar[int] = 1


class ScenarioError(CarsimError):
    """A scenario cannot be used; `problems` holds every reason that was found, in reading order."""

    exit_status: ClassVar[int] = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems; the text of the error is one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnsupportedMechanism(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """A valid scenario asks for mechanisms that this version of carsim does not have."""

    exit_status: ClassVar[int] = 2

    def __init__(self, names: Iterable[str]) -> None:
        """Keep the names of the mechanisms, each as `path: mechanism` or `mechanism`."""
        self.names = tuple(names)
        super().__init__("this version of carsim does not have: " + "; ".join(self.names))


class ResourceRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A request would exceed a resource limit; the text names the estimate and the limit."""

    exit_status: ClassVar[int] = 4


def nearest(name: str, valid: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the valid name most like `name` (letter case, `-`, `_` and blanks do not count), or None if none is close.

    `cutoff` is the least similarity ratio of `difflib.SequenceMatcher`, 0 to 1; of equally close names the first
    in alphabetical order is returned.
    """
    wanted = _plain(name)
    best: tuple[float, str] | None = None
    for candidate in sorted(valid):
        ratio = SequenceMatcher(None, wanted, _plain(candidate)).ratio()
        if ratio >= cutoff and (best is None or ratio > best[0]):
            best = (ratio, candidate)
    return best[1] if best else None


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-")
