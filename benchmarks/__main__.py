"""`python -m benchmarks [NAME ...]`: measure all questions, or those named, and print their tables."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.measure import SkippedError

QUESTIONS = (
    "ensemble_ode",
    "work_precision",
    "scaling",
    "cohort",
    "cold_start",
    "assembly",
    "ssa",
    "stochastic_year",
    "agents",
)


def main(names: list[str]) -> int:
    """Run each question in turn; 2 where a name is not known."""
    unknown = [name for name in names if name not in QUESTIONS]
    if unknown:
        print(f"no such question: {', '.join(unknown)}; expected some of {', '.join(QUESTIONS)}", file=sys.stderr)
        return 2
    for name in names or QUESTIONS:
        question = import_module(f"benchmarks.{name}")
        print(f"\n## {name}: {(question.__doc__ or '').splitlines()[0]}")
        try:
            question.main()
        except SkippedError as reason:
            print(f"\nskipped: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
