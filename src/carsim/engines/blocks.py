"""Patients in blocks, blocks on threads: who works beside whom changes no result."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

BLOCKS = 8  # for each thread at least, so that none waits long for another at the end


def share_out(
    simulate: Callable[[int, int], None],
    count: int,
    threads: int,
    *,
    least: int,
    most: int,
    interrupt: Callable[[], None] | None = None,
) -> bool:
    """Call `simulate(first, last)` for blocks of `least` to `most` patients, on so many threads (0: all processors).

    At Ctrl-C no further block is begun; `interrupt` is called, which may end those that run, and these are waited for.
    True where that happened.
    """
    threads = max(1, min(threads or os.cpu_count() or 1, -(-count // least)))
    block = max(least, min(most, count // (threads * BLOCKS)))
    with ThreadPoolExecutor(threads) as pool:
        blocks = [pool.submit(simulate, k, min(k + block, count)) for k in range(0, count, block)]
        try:
            for finished in wait(blocks).done:
                finished.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            if interrupt is not None:
                interrupt()
            return True
    return False
