"""Print carsim's own laws into the committed module that runs use without SymPy: `python -m carsim.derive.generate`."""

from __future__ import annotations

from pathlib import Path

from carsim.derive.codegen import source_of
from carsim.literature import laws as published
from carsim.model.build import laws as own
from carsim.model.law import Law

TARGET = Path(__file__).parents[1] / "engines" / "kernels" / "generated_laws.py"


def laws() -> tuple[Law, ...]:
    """Every law of carsim: of its own model, of published models, and of one cell what is else a mean over cells."""
    stated = (*own(), *published())
    return (*stated, *(law.of_cell for law in stated if law.trait is not None))


def text() -> str:
    """What the committed module must hold."""
    return source_of(laws(), "Values and partial derivatives of carsim's own rate laws.")


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
