"""The compiled pieces: the solver, once for all networks and widths, and the evaluators of laws.

A network whose laws are all carsim's own uses the committed module `kernels.generated_laws`. Any other gets a module of
its own, printed by SymPy, written into the cache folder under the digest of its content, and compiled there. Evaluators
are plain C functions; the solver knows them by address, so it never has to be compiled again.

With an empty cache carsim's laws are compiled by a process beside this one, while this one compiles the solver: each
takes about as long as the other, and numba compiles one thing at a time in a process (37 s became 22 s on two cores).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from carsim.engines import cache
from carsim.model.law import Law

Notify = Callable[[str], None]
OWN_LAWS = "carsim.engines.kernels.generated_laws"
PREFIX = "carsim_"  # of the modules of users' laws


@dataclass(frozen=True)
class Evaluator:
    """Each law's index in the compiled values and partial derivatives of a set of laws."""

    index: Mapping[Law, int]
    make: Callable[[], tuple[Any, Any]]

    def addresses(self) -> tuple[int, int]:
        """Addresses of values and partial derivatives, compiled now where they are not yet."""
        values, partials = self.make()
        return values.address, partials.address


_evaluators: dict[tuple[str, int], tuple[Any, Any]] = {}
_kernels: dict[tuple[Any, ...], Any] = {}
_texts: dict[str, str] = {}  # of the modules of users' laws, which can be removed from the cache at any time


def evaluator_of(laws: Sequence[Law], width: int, notify: Notify | None = None) -> Evaluator:
    """The compiled evaluator of these laws, from the committed module, the cache, or made now."""
    from carsim.derive.keys import key_of

    keys = {law: key_of(law) for law in laws}
    own = importlib.import_module(OWN_LAWS)
    if all(name in own.INDEX and own.INDEX[name][1] == digest for name, digest in keys.values()):
        module, whose = own, "carsim's rate laws"
    else:
        module, whose = _user_module(laws), "this network's rate laws"
    beside = _begin_beside(width) if module is own else None
    index = {law: module.INDEX[name][0] for law, (name, _) in keys.items()}
    return Evaluator(index, partial(_compiled, module, width, whose, notify, beside))


def compile_own_laws(width: int) -> None:
    """Compile carsim's own laws into the cache."""
    _compiled(importlib.import_module(OWN_LAWS), width, "carsim's rate laws", None, None)


def _begin_beside(width: int) -> subprocess.Popen[bytes] | None:
    """A process that compiles carsim's laws, where they are not in the cache; it may fail."""
    own = importlib.import_module(OWN_LAWS)
    cold = not cache.is_warm(*_place(own, width))
    if not cold or not sys.executable or (os.cpu_count() or 1) < 2 or (OWN_LAWS, width) in _evaluators:
        return None
    command = [sys.executable, "-m", "carsim.engines.own_laws", str(width)]
    environment = {**os.environ, cache.VARIABLE: str(cache.root())}
    try:
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def compiled(function: Callable[..., None], arguments: Sequence[Any], width: int, notify: Notify | None = None) -> Any:
    """A kernel compiled for arguments of these types, from the cache or now."""
    from numba import njit, typeof

    signature = tuple(typeof(argument) for argument in arguments)
    key = (function, signature)
    if key not in _kernels:
        part, piece = function.__name__, _piece(function.__code__.co_filename, width, signature)
        sentence = f"Compiling the kernel `{part}`, once for all networks (half a minute, `hybrid` more than one)."
        _tell(notify, part, piece, sentence)
        with cache.in_use(part, piece):
            made = njit(cache=True, error_model="numpy", nogil=True)(function)
            made.compile(signature)
        _kernels[key] = made
    return _kernels[key]


def _tell(notify: Notify | None, part: str, piece: str, sentence: str) -> None:
    if notify is not None and not cache.is_warm(part, piece):
        notify(sentence)


def _piece(source: str | None, width: int, signature: object = "") -> str:
    """Name of one compiled piece of a part: what numba looks up in its index, and whether that is of this source."""
    file = Path(str(source))
    stat = file.stat()
    return f"{width}-{_digest(f'{signature} {file} {stat.st_mtime_ns} {stat.st_size}')}"


def _place(module: ModuleType, width: int) -> tuple[str, str]:
    """Part of the cache that holds a module of laws, and the piece in it."""
    if module.__name__ in _texts:
        return module.__name__.removeprefix(PREFIX), str(width)
    file = str(module.__file__)
    return f"laws_{_digest(Path(file).read_text(encoding='utf-8'))}", _piece(file, width)


def _compiled(
    module: ModuleType, width: int, whose: str, notify: Notify | None, beside: subprocess.Popen[bytes] | None
) -> tuple[Any, Any]:
    """Values and partial derivatives of a module of laws; waits for the process that compiles them, if there is one."""
    from numba import cfunc, types

    key = (module.__name__, width)
    if key not in _evaluators:
        if beside is not None:
            beside.wait()
        part, piece = _place(module, width)
        _tell(notify, part, piece, f"Compiling {whose} (some seconds, once).")
        pointers = (types.CPointer(types.float64), types.CPointer(types.int64))
        signature = types.void(*pointers, types.int64, types.int64, types.int64)
        with cache.in_use(part, piece):
            _put(module)
            make = cfunc(signature, cache=True, error_model="numpy")
            pair = make(getattr(module, f"values_{width}")), make(getattr(module, f"partials_{width}"))
        _evaluators[key] = pair
    return _evaluators[key]


def _user_module(laws: Sequence[Law]) -> ModuleType:
    from carsim.derive.codegen import source_of

    text = source_of(laws, "Rate laws of one network.")
    part = f"laws_{_digest(text)}"
    name = PREFIX + part
    if name in sys.modules:
        return sys.modules[name]
    file = cache.path() / part / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # compiled code names its module when it is read back from the cache
    with cache.held(part, shared=file.exists()):
        _texts[name] = text
        _put(module)
        spec.loader.exec_module(module)
    return module


def _put(module: ModuleType) -> None:
    """Write the text of a user's laws to where numba looks for it, unless it is there."""
    file, text = Path(str(module.__file__)), _texts.get(module.__name__)
    if text is not None and not file.exists():
        _write_whole(file, text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that another process sees all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, file)
