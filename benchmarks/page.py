"""The tables of `docs/explain/performance.md`: what each question's last run printed, and all goals in one table.

The page is written by hand but for what stands between markers. A question's part is replaced when it has been run; the
table of goals is put together anew from all parts, so that some questions can be run alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.measure import GOALS, GOALS_HEAD

PAGE = Path(__file__).parents[1] / "docs" / "explain" / "performance.md"
SUMMARY = "goals"


def write(name: str, printed: str, page: Path = PAGE) -> None:
    """Put what a question printed into the page, which must have markers for it."""
    text = replaced(page.read_text(encoding="utf-8"), name, without_long_lines(printed))
    page.write_text(replaced(text, SUMMARY, goals_of(text)), encoding="utf-8")


def replaced(text: str, name: str, new: str) -> str:
    """The text with what stands between the markers of this name replaced; KeyError where there are none."""
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    if begin not in text or end not in text:
        raise KeyError(f"the page has no markers {begin} and {end}")
    before, after = text.split(begin)[0], text.split(end)[1]
    return f"{before}{begin}\n\n{new.strip()}\n\n{end}{after}"


def goals_of(text: str) -> str:
    """All goals that stand in the parts, in one table, each with the question that it belongs to."""
    rows = [("question", *GOALS_HEAD), ("---",) * (len(GOALS_HEAD) + 1)]
    for name, part in re.findall(r"<!-- measured: (\w+) -->(.*?)<!-- end: \1 -->", text, re.S):
        table = part.split(f"### {GOALS}\n")
        if name != SUMMARY and len(table) == 2:
            lines = [line for line in table[1].splitlines() if line.startswith("|")][2:]
            rows += [(f"`{name}`", *cells(line)) for line in lines]
    held = [row for row in rows[2:] if row[-1].startswith("holds")]
    better = [row for row in held if "stretch" in row[-1]]
    said = f"{len(held)} of {len(rows) - 2} gates hold, {len(better)} of them with their stretch goal."
    return said + "\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows)


def cells(line: str) -> list[str]:
    """The cells of a line of a table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def without_long_lines(printed: str) -> str:
    """Tables without the blanks that align them on a screen: in the page they would make lines of any length."""
    lines = printed.splitlines()
    return "\n".join("| " + " | ".join(cells(line)) + " |" if line.startswith("|") else line for line in lines)
