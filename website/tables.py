"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows of cells as a table; a bar or a new line within a cell stays within it."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def code(word: object) -> str:
    """A word in code type, empty where it is."""
    return f"`{word}`" if str(word) else ""


def _cell(cell: object) -> str:
    return " ".join(str(cell).replace("|", "\\|").split())


def page(title: str, introduction: str, *parts: str) -> str:
    """A page with its heading; parts are separated by empty lines."""
    return "\n\n".join([f"# {title}", introduction, *(part.rstrip("\n") for part in parts)]) + "\n"
