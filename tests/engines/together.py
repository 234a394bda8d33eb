"""Processes that start at the same moment on one empty cache; prints what went wrong, as JSON.

    tries N    N times: two processes compile the same small kernel for the same numbers, one for others, and all of
               them in some tries the laws of one small network, let go together
    staged     two processes compile it for different numbers, the second while the first holds numba's index read and
               not yet written: what is left to chance above is certain here
    unlocked   the same without our locks, to show that this is seen

All of it goes through the functions that carsim's own kernels go through. Afterwards one more process must find
everything compiled, and right. Processes are forks of one that has imported everything and compiled none of this.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import sympy
from numba import njit
from numba.core.caching import IndexDataCacheFile

from carsim.derive.expressions import law_of_expression
from carsim.engines import cache, locks
from carsim.engines.compiled import compiled, evaluator_of

ONE, OTHER = np.float64, np.float32  # of the numbers that a process adds up
READY = 0.05  # s, in which all processes come to the line from which they start
LONGER = 3.0  # s, than compiling the kernel takes
LAWS_EACH = 5  # tries: compiling them takes longer than all else
A, B = sympy.symbols("a b", real=True)
LAW, _ = law_of_expression(A / (1 + B), "rate")
SAVE_INDEX = IndexDataCacheFile._save_index


def total(numbers, out):
    """A kernel like the solver: arrays in, arrays out."""
    for k in range(len(numbers)):
        out[0] += numbers[k] * numbers[k]


def use(kind: type, laws: bool = False) -> list[int]:
    """Compile, or read back, and run; how often numba read each piece from the cache."""
    numbers, out = np.arange(4, dtype=kind), np.zeros(1, dtype=kind)
    kernel = compiled(total, (numbers, out), 1)
    kernel(numbers, out)
    if out[0] != 14.0:
        raise AssertionError(f"got {out[0]}; expected 14")
    hits = sum(kernel.stats.cache_hits.values())
    if not laws:
        return [hits]
    evaluator = evaluator_of([LAW], 1)
    if not all(evaluator.addresses()):
        raise AssertionError("laws without an address")
    return [hits, *(piece.cache_hits for piece in evaluator.make())]


def forked(work: Callable[[], object]) -> int:
    """A process that does this and ends; what it raises is printed to standard error."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:  # whatever it was, the tests of the parent process must not go on here
            if status:
                traceback.print_exc()
            os._exit(status)
    return child


def wrong_after(works: list[Callable[[], object]], laws: bool) -> list[str]:
    """What goes wrong with one empty cache, used by so many processes side by side."""

    def after() -> None:
        hits = [hit for kind in (ONE, OTHER) for hit in use(kind, laws)]
        if not all(hits):
            raise AssertionError(f"not found in the cache: {hits}")

    crashed = failed([forked(work) for work in works])
    wrong = [f"{crashed} of the processes crashed"] if crashed else []
    wrong += ["the cache is not whole"] if failed([forked(after)]) else []
    return wrong + [f"left behind: {file.name}" for file in cache.path().rglob("*.tmp*")]


def failed(children: list[int]) -> int:
    """Wait for processes; how many of them did not end well."""
    return sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children)


def one_try(laws: bool) -> list[str]:
    """What goes wrong where all start at one moment."""
    begin = time.monotonic() + READY

    def together(kind: type) -> None:
        time.sleep(max(0.0, begin - time.monotonic()))
        use(kind, laws)

    return wrong_after([partial(together, kind) for kind in (ONE, ONE, OTHER)], laws)


def staged() -> list[str]:
    """What goes wrong where one writes the index while another has read it."""
    inside, finished = (cache.root() / name for name in ("inside", "finished"))

    def await_file(file: Path) -> None:
        until = time.monotonic() + LONGER
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.01)

    def slowly(file: IndexDataCacheFile, overloads: dict[Any, str]) -> None:
        inside.touch()
        await_file(finished)
        SAVE_INDEX(file, overloads)

    def first() -> None:
        with mock.patch.object(IndexDataCacheFile, "_save_index", slowly):
            use(ONE)

    def second() -> None:
        await_file(inside)
        use(OTHER)
        finished.touch()

    return wrong_after([first, second], laws=False)


def main(how: str, tries: int = 1) -> None:
    """Try so often, each time with an empty cache."""
    njit(lambda numbers: numbers.sum())(np.zeros(1))  # what the compiler does once is done before the forks
    wrong: list[str] = []
    for k in range(tries):
        os.environ[cache.VARIABLE] = folder = tempfile.mkdtemp()
        try:
            if how == "unlocked":
                with mock.patch.object(locks, "_lock", return_value=True):
                    wrong += staged()
            else:
                wrong += staged() if how == "staged" else one_try(laws=k % LAWS_EACH == 0)
        finally:
            shutil.rmtree(folder)
    print(json.dumps(wrong))


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
