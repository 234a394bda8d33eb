"""What identifies a law: its name and a digest of its source. Equal digests, equal code."""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

from carsim.model.law import Law


def key_of(law: Law) -> tuple[str, str]:
    """(module and name of the law's function, digest of its source); an anonymous law's name is its digest."""
    function: Any = law.function
    if not inspect.isfunction(function):
        return law.name, law.name
    text = f"{inspect.getsource(function)}|trait={law.trait}"
    return f"{function.__module__}.{function.__qualname__}", hashlib.sha256(text.encode()).hexdigest()[:16]
