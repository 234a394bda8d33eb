"""Sources without what only readers need: comments, indentation, spaces between signs. Names stay as they are.

JavaScript is read token by token, so that nothing inside a string, a template or a regular expression is touched. A
line break stays where it may end a statement. Templates may not hold templates: their end would need a full parser.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
      | (?P<space>\s+)
      | (?P<word>[\w$]+)
      | (?P<sign>.)""",
    flags=re.VERBOSE | re.DOTALL,
)
PATTERN = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
BEFORE_PATTERN = frozenset("(,=:[!&|?{};")  # after these a slash begins a regular expression, elsewhere it divides
WORD = re.compile(r"[\w$]")
ENDS = frozenset(";{,([:?=<>&|*!")  # no statement ends after these
GOES_ON = frozenset(")],;:?=&|.*<>")  # no statement begins with these


def javascript(text: str) -> str:
    """JavaScript of ours, shorter and the same."""
    out: list[str] = []
    last, gap, at = "", "", 0
    while at < len(text):
        found = PATTERN.match(text, at) if text[at] == "/" and (not last or last in BEFORE_PATTERN) else None
        found = found or TOKEN.match(text, at)
        assert found is not None
        at, kind, token = found.end(), found.lastgroup, found[0]
        if kind in ("space", "comment"):
            gap = "\n" if "\n" in gap + token else " "
            continue
        out.append(_between(last, gap, token[0]) + token)
        last, gap = token[-1], ""
    return "".join(out) + "\n"


def _between(last: str, gap: str, first: str) -> str:
    """What must stay of a gap between two signs."""
    if not gap or not last:
        return ""
    if gap == "\n" and last not in ENDS and first not in GOES_ON and (last, first) != ("}", "}"):
        return "\n"
    if (WORD.match(last) and WORD.match(first)) or (last in "+-/" and first in "+-/"):
        return " "
    return ""


def stylesheet(text: str) -> str:
    """A style sheet without comments, line breaks, and spaces around signs that need none."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return (
        re.sub(r" ?([{};,]) ?|(?<=:) (?=[^{}]*[;}])", lambda found: found[1] or "", text).replace(";}", "}").strip()
        + "\n"
    )


def document(text: str) -> str:
    """HTML without indentation; line breaks stay, since they part words."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())
