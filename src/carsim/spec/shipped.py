"""Where the scenarios that ship with carsim lie."""

from __future__ import annotations

from pathlib import Path

SHIPPED = (  # in an installed package, in a checkout
    Path(__file__).parents[1] / "scenarios",
    Path(__file__).parents[3] / "scenarios",
)


def shipped() -> Path:
    """The folder of shipped scenarios; raises FileNotFoundError where an installation has none."""
    for folder in SHIPPED:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{SHIPPED[0]}: the scenarios that ship with carsim are not there; install carsim again")
