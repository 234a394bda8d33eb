"""`python -m benchmarks [--print] [NAME ...]`: measure all questions, or those named, and print their tables.

They are written into docs/explain/performance.md too, but with `--print`.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from importlib import import_module
from typing import TextIO

from benchmarks import page
from benchmarks.measure import SkippedError

QUESTIONS = (
    "ensemble_ode",
    "work_precision",
    "scaling",
    "cohort",
    "sweep_overhead",
    "shares",
    "cold_start",
    "assembly",
    "ssa",
    "stochastic_year",
    "agents",
    "classroom",
    "classroom_page",
)


class Both(io.StringIO):
    """Text that is kept and shown."""

    def __init__(self, shown: TextIO) -> None:
        super().__init__()
        self.shown = shown

    def write(self, text: str) -> int:
        """Keep it and show it at once."""
        self.shown.write(text)
        self.shown.flush()
        return super().write(text)


def main(arguments: list[str]) -> int:
    """Run each question in turn; 2 where a name is not known."""
    names = [name for name in arguments if name != "--print"]
    unknown = [name for name in names if name not in QUESTIONS]
    if unknown:
        print(f"no such question: {', '.join(unknown)}; expected some of {', '.join(QUESTIONS)}", file=sys.stderr)
        return 2
    for name in names or QUESTIONS:
        question = import_module(f"benchmarks.{name}")
        print(f"\n## {name}: {(question.__doc__ or '').splitlines()[0]}")
        with redirect_stdout(Both(sys.stdout)) as printed:
            try:
                question.main()
            except SkippedError as reason:
                print(f"\nskipped: {reason}")
        if "--print" not in arguments:
            page.write(name, printed.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
