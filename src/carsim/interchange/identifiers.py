"""Names of a network's rows as SBML identifiers (SId: letters, digits and `_`, no digit first), and back.

    .                     __
    _                     _     between a letter or digit and a letter or digit other than x
    anything else         _x2d_ the character's code point in hexadecimal, here of `-`

Two names never share an identifier, since `name_of` reads each identifier back. What is no row of the network (a
reaction, a law, an event, what an event remembers) is `_kind_name`: no row's identifier begins with one underscore and
a letter other than x, so a reaction may have the name of a parameter.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-wyz0-9])")
_PARTS = re.compile(r"__|_x([0-9a-f]+)_|(.)", flags=re.DOTALL)


def sid(name: str) -> str:
    """The identifier of a row."""
    plain = {match.start() for match in _PLAIN.finditer(name)}
    return "".join(_spelled(character, plain=place in plain, first=place == 0) for place, character in enumerate(name))


def sid_of(kind: str, name: str) -> str:
    """The identifier of what is no row: a `kind` of lower-case letters, not beginning with x, and its name."""
    return f"_{kind}_{sid(name)}"


def name_of(identifier: str) -> str:
    """The name of the row that has this identifier."""
    return "".join(match[2] or (chr(int(match[1], 16)) if match[1] else ".") for match in _PARTS.finditer(identifier))


def _spelled(character: str, *, plain: bool, first: bool) -> str:
    is_word = character.isascii() and character.isalnum() and not (first and character.isdigit())
    if is_word or plain:
        return character
    return "__" if character == "." else f"_x{ord(character):x}_"
