"""How lines look: each differs by colour, dash and marker, so that the figure reads in grey as well as in colour.

Colours are those of Okabe and Ito, told apart with every common form of colour blindness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH, DPI = 8.0, 180  # inches, dots per inch: 1440 pixels; the height follows from the panels
TEXT = 9.5  # points; 11 pixels when the figure is shown 700 pixels wide
SMALL = 8.5
INK, FAINT, HAIRLINE = "#222222", "#5c5c5c", "#c9c9c9"

Dash = str | tuple[int, tuple[float, ...]]


@dataclass(frozen=True)
class Look:
    """Appearance of one line."""

    colour: str
    dash: Dash
    marker: str

    def line(self) -> dict[str, Any]:
        """Keywords of `Axes.plot`."""
        return {
            "color": self.colour,
            "linestyle": self.dash,
            "linewidth": 1.7,
            "marker": self.marker,
            "markersize": 4.5,
            "markevery": 0.13,  # of the panel's diagonal, so that markers keep their distance on steep lines
            "markerfacecolor": "white",
            "markeredgewidth": 1.1,
        }


LOOKS = (
    Look("#0072B2", "-", "o"),
    Look("#D55E00", (0, (6, 2)), "s"),
    Look("#009E73", (0, (1.5, 1.5)), "^"),
    Look("#CC79A7", (0, (7, 2, 1.5, 2)), "D"),
    Look("#000000", (0, (3, 1.5)), "v"),
    Look("#E69F00", (0, (9, 2, 2, 2, 2, 2)), "P"),
    Look("#56B4E9", (0, (4, 1, 1, 1)), "p"),
    Look("#7F4F24", (0, (1, 1)), "h"),
)

SETTINGS: Any = {  # matplotlib's type of it is a list of every setting by name
    "font.size": TEXT,
    "font.family": "DejaVu Sans",
    "axes.labelsize": TEXT,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "path.simplify": True,
    "svg.hashsalt": "carsim",  # the same figure has the same identifiers
}


CLONE_LOOKS = {"positive": LOOKS[0], "absent": LOOKS[1], "dim": LOOKS[2]}  # by CD19 of the clone
OTHER_CLONES = LOOKS[3:]


def clone_looks(antigens: dict[str, str]) -> dict[str, Look]:
    """Look of each clone, from its CD19 where known, whatever the order: each CD19 state has one look of its own.

    Where clones share a state, the one named after it keeps the look of the state, or else the first by name.
    """
    usual = {"CD19-positive": "positive", "CD19-negative": "absent", "CD19-dim": "dim"}
    free, others, found = dict(CLONE_LOOKS), 0, {}
    for name in sorted(antigens, key=lambda name: (usual.get(name) != antigens[name], name)):
        state = free.pop(antigens[name], None)
        found[name] = state or OTHER_CLONES[others % len(OTHER_CLONES)]
        others += state is None
    return found


def look(index: int) -> Look:
    """The look of the line with this number; the looks repeat after the last."""
    return LOOKS[index % len(LOOKS)]
