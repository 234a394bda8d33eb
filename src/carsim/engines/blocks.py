"""Patients in blocks, blocks on threads: who works beside whom changes no result."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait


def processors() -> int:
    """How many processors this process may use, which a container or a batch system can make fewer than there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def share_out(
    simulate: Callable[[int, int], None],
    count: int,
    threads: int,
    *,
    least: int,
    most: int,
    each: int,
    interrupt: Callable[[], None] | None = None,
) -> bool:
    """Call `simulate(first, last)` for blocks of `least` to `most` patients, on so many threads (0: all processors).

    `each` is how many blocks there are for each thread, if there are patients enough: with more of them none waits long
    for another at the end.
    At Ctrl-C no further block is begun; `interrupt` is called, which may end those that run, and these are waited for.
    True where that happened.
    """
    threads = max(1, min(threads or processors(), -(-count // least)))
    block = max(least, min(most, -(-count // (threads * each))))
    with ThreadPoolExecutor(threads) as pool:
        try:
            blocks = [pool.submit(simulate, k, min(k + block, count)) for k in range(0, count, block)]
            for finished in wait(blocks).done:
                finished.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            if interrupt is not None:
                interrupt()
            return True
    return False
