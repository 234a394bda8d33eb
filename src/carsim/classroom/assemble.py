"""The classroom page from its parts: as one self-contained file, or as the few files that `carsim lab` serves.

The page's JavaScript is written as modules and joined into one classic script, dependencies first, each a function that
returns what it exports, without comments and indentation; the model (`package`) is a script of its own, since workers
run it too. The one file forbids by its content security policy everything that is not in it: scripts and style are
allowed by their SHA-256, and no connection to anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from carsim.classroom import squeeze
from carsim.classroom.package import bundle, deflated

ENTRY = "page"
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', flags=re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async function|const|function|class) (\w+))", flags=re.MULTILINE)


@dataclass(frozen=True)
class Parts:
    """What a page consists of: a document with places for the rest, its style, the model and the page's own script."""

    document: str
    style: str
    model: str
    script: str


def parts(start: str = "") -> Parts:
    """The parts of the page; it begins with `start`, the part of a link after `#`, where its own link says nothing."""
    document = squeeze.document(_text("index.html")).replace("<html ", f'<html data-start="{html.escape(start)}" ', 1)
    return Parts(document, squeeze.stylesheet(_text("style.css")), bundle(), script())


def one_file(start: str = "") -> str:
    """The page as one HTML file that needs nothing else and connects to nothing; it begins with `start`."""
    page = parts(start)
    policy = (
        f"default-src 'none'; script-src {_hash(page.model)} {_hash(page.script)}; style-src {_hash(page.style)}; "
        "worker-src blob:; img-src blob: data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    return _filled(
        page.document,
        policy=f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        style=f"<style>{page.style}</style>",
        script=f'<script id="model">{page.model}</script>\n<script>{page.script}</script>',
    )


def linked(document: str) -> str:
    """The document for a server, which sends the policy itself and the other parts from routes beside it."""
    return _filled(
        document,
        policy="",
        style='<link rel="stylesheet" href="style.css">',
        script='<script id="model" src="model.js"></script>\n<script src="page.js"></script>',
    )


@cache
def script() -> str:
    """The modules of the page as one script; raises ValueError where imports go round in a circle."""
    order: list[str] = []
    _visit(ENTRY, (), order)
    words = json.dumps(json.loads(_text("words.json")), separators=(",", ":"))  # in ASCII
    begin = f'"use strict";(() => {{\nconst PACKED_WORDS="{deflated(words)}";\n'
    return begin + "".join(squeeze.javascript(_module(name)) for name in order) + "})();\n"


def _module(name: str) -> str:
    """A module as a constant: what it exports, by name; what it imports is taken out of such constants."""
    text = _text(f"{name}.js")
    exported = ", ".join(found[1] for found in EXPORT.findall(text))
    body = IMPORT.sub(lambda found: f"const {found[1].replace(' as ', ': ')} = ${found[2]};", text)
    body = EXPORT.sub(lambda found: found[1], body)
    return f"const ${name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();\n"


def _visit(name: str, above: tuple[str, ...], order: list[str]) -> None:
    """Put a module behind all those that it imports."""
    if name in above:
        raise ValueError(f"modules of the page import each other in a circle: {' -> '.join((*above, name))}")
    if name in order:
        return
    for _, needed in IMPORT.findall(_text(f"{name}.js")):
        _visit(needed, (*above, name), order)
    order.append(name)


def _filled(document: str, **places: str) -> str:
    for place, text in places.items():
        document = document.replace(f"<!--{place}-->", text, 1)
    return document


def _hash(text: str) -> str:
    """The source expression that allows exactly this text of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return resources.files("carsim.classroom").joinpath("page", name).read_text(encoding="utf-8")
