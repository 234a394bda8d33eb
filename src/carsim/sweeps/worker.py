"""A process that works on blocks of a store: `python -m carsim.sweeps.worker STORE`.

Of the local executor: numbers of blocks come on standard input, one a line; for each, one line of JSON goes out: the
number, and an error where there was one. Of a job array: `--list FILE --task K --tasks N` works on every N-th block of
the list from the K-th on that is not committed yet. It ends when its input does, so no worker outlives its driver.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from carsim.errors import CarsimError
from carsim.sweeps.block import compute_block
from carsim.sweeps.store import Store, open_store

NO_SPACE, NO_ACCESS, FAILED = "no space", "no access", "failed"
KINDS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), NO_SPACE),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), NO_ACCESS),
}


def work(store: Store, number: int, threads: int = 1) -> dict[str, Any]:
    """Simulate a block and commit it: the answer of a worker, {block} or {block, error, reason}."""
    block = store.plan.block_of(number)
    try:
        store.commit(block, compute_block(store.plan, block, threads))
    except OSError as error:
        kind = KINDS.get(error.errno or 0, FAILED)
        return {"block": number, "error": kind, "reason": str(error)}
    except (CarsimError, ValueError, ArithmeticError, MemoryError, RuntimeError, LookupError, TypeError) as error:
        return {"block": number, "error": FAILED, "reason": f"{type(error).__name__}: {error}"}
    return {"block": number}


def main(arguments: list[str] | None = None) -> int:
    """Work on blocks as asked for; the exit status is 0 where every one was committed."""
    parser = argparse.ArgumentParser(prog="carsim.sweeps.worker", description="Work on blocks of a sweep's store.")
    parser.add_argument("store", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--task", type=int, default=0)
    parser.add_argument("--tasks", type=int, default=1)
    given = parser.parse_args(arguments)
    if given.list is None:
        with _lines_out() as say:
            return _serve(given.store, (int(line) for line in sys.stdin), given.threads, say)
    numbers = json.loads(given.list.read_text(encoding="utf-8"))[given.task :: given.tasks]
    return _serve(given.store, numbers, given.threads, partial(_line, sys.stdout), skip=True)


def _serve(
    path: Path, numbers: Iterable[int], threads: int, say: Callable[[str], object], *, skip: bool = False
) -> int:
    store = open_store(path)
    failed = 0
    for number in numbers:
        if skip and store.record(number) is not None:
            continue
        answer = work(store, number, threads)
        failed += "error" in answer
        say(json.dumps(answer))
    return 1 if failed else 0


@contextmanager
def _lines_out() -> Iterator[Callable[[str], object]]:
    """Lines on what was standard output; whatever else is printed meanwhile goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        yield partial(_line, out)


def _line(out: IO[str], text: str) -> None:
    out.write(f"{text}\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
