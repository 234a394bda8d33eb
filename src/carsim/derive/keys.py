"""What identifies a law: its name and a digest of what it says. Equal digests, equal code.

A law of carsim itself is known by its source text, so that runs find its committed code without SymPy. Any other is
known by the expression that it gives: closures of one text, a law stated anew in a session, and constants that the text
only names are then told apart, and no source file is needed.
"""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

from carsim.model.law import Law


def key_of(law: Law) -> tuple[str, str]:
    """(name, digest): module and name of the law's function; with the digest, or the digest alone, if not carsim's."""
    function: Any = law.function
    if not inspect.isfunction(function):
        return law.name, law.name
    module = function.__module__ or "session"  # none for code that `exec` runs
    averaged = "" if law.trait is None else f" over {law.trait}"
    name = f"{module}.{function.__qualname__}{averaged}"
    if module.partition(".")[0] == "carsim":
        return name, _digest(f"{inspect.getsource(function)}|trait={law.trait}")
    import sympy

    from carsim.derive.symbolic import formula_of_cell

    digest = _digest(f"{sympy.srepr(formula_of_cell(law))}|{','.join(law.slots)}|trait={law.trait}")
    return f"{name}.{digest}", digest


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
