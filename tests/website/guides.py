"""Commands and Python of the guides: what each says to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^ *```(sh|python|yaml)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """The words behind `carsim` of one command, and the guide that prints it."""

    guide: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"carsim {' '.join(self.words)}"


def guides() -> list[Path]:
    """Every guide of the checkout."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(kind: str, text: str) -> list[str]:
    """Code blocks of a kind in a text."""
    return [dedent(body) for found, body in BLOCK.findall(text) if found == kind]


def commands(guide: str, text: str) -> list[Command]:
    """Each `carsim ...` of the blocks of shell commands: also behind `&&`, without comments."""
    found = []
    for block in blocks("sh", text):
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                if words[:1] == ["carsim"]:
                    found.append(Command(guide, tuple(words[1:])))
    return found


def every_command() -> list[Command]:
    """The commands of all guides, each text once."""
    found: dict[tuple[str, ...], Command] = {}
    for guide in guides():
        for command in commands(str(guide.relative_to(ROOT)), guide.read_text(encoding="utf-8")):
            found.setdefault(command.words, command)
    return list(found.values())


def every_snippet() -> dict[str, list[str]]:
    """Blocks of Python by guide."""
    found = {str(path.relative_to(ROOT)): blocks("python", path.read_text(encoding="utf-8")) for path in guides()}
    return {guide: snippets for guide, snippets in found.items() if snippets}
