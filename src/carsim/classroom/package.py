"""The model as one JavaScript text: laws and rows made by `generate`, the engine, and what a page calls.

A page, a worker and a test run the same text. It needs no network, evaluates no text as code, and names no module.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from functools import cache
from importlib.resources import files

from carsim.classroom.squeeze import javascript

ENGINE = ("lower.js", "integrator.js", "happenings.js", "philox.js", "twins.js", "outcome.js", "model.js", "worker.js")


@cache
def bundle() -> str:
    """The text that defines `CarsimModel`, in a page and in a worker alike."""
    data = _read("data.json")
    digest = hashlib.sha256(data.encode()).hexdigest()[:16]
    table = f'const DATA = JSON.parse(inflated("{deflated(data)}"));\nDATA.digest = "{digest}";'
    body = "\n".join([_read("inflate.js"), table, _read("laws.js"), *(_read(name) for name in ENGINE)])
    return (
        f'"use strict";\nvar CarsimModel = (() => {{\n{javascript(body)}return CarsimModel;\n}})();\n'
        "globalThis.CarsimModel = CarsimModel;\n"
    )


def _read(name: str) -> str:
    return (files(__package__) / "model" / name).read_text(encoding="utf-8")


def deflated(text: str) -> str:
    """A text of ASCII as base64 of a raw deflate stream, for `CarsimModel.inflated`."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(packed.compress(text.encode()) + packed.flush()).decode("ascii")
