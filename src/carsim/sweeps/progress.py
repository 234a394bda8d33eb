"""How far a sweep is: what an executor tells it, and one line on rate and time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from carsim.errors import ResourceRefused
from carsim.sweeps.store import Store, StoreInconsistent
from carsim.sweeps.worker import NO_ACCESS, NO_SPACE

Notify = Callable[[str], None]
TRIES = 3  # of a block that fails or kills its worker, before it is set aside


@dataclass
class Progress:
    """Counts of one drive of a sweep; `set_aside` are the blocks given up, with the last reason."""

    store: Store
    blocks: int
    notify: Notify | None = None
    done: int = 0
    set_aside: dict[int, str] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def finished(self, number: int) -> None:
        """A block is committed."""
        self.done += 1
        if self.notify is not None:
            self.notify(self.line())

    def failed(self, number: int, kind: str, reason: str) -> bool:
        """A block failed; whether it is to be tried again.

        Raises ResourceRefused without space, and StoreInconsistent where the store cannot be written: no other block
        would fare better.
        """
        if kind == NO_SPACE:
            raise ResourceRefused(
                f"{self.store.path}: no space left ({reason}); {self.done} blocks were written. Free some, and go on "
                "with --resume"
            )
        if kind == NO_ACCESS:
            raise StoreInconsistent(f"{self.store.path} cannot be written ({reason}); allow it, and use --resume")
        self.tries[number] = self.tries.get(number, 0) + 1
        if self.tries[number] < TRIES:
            return True
        self.set_aside[number] = reason
        if self.notify is not None:
            self.notify(f"Set aside block {number} after {TRIES} tries: {reason}")
        return False

    def line(self) -> str:
        """Blocks done, points per second, time left."""
        taken = time.monotonic() - self.begun
        each = taken / max(self.done, 1)
        points = self.done * self.store.plan.points.n / self.store.plan.blocks
        left = duration(each * (self.blocks - self.done - len(self.set_aside)))
        return f"{self.done} of {self.blocks} blocks, {points / max(taken, 1e-9):.3g} points/s, {left} left"


def size(count: int) -> str:
    """Bytes as people say them: `3.7 KB`, `12 GB`."""
    power = min(len(f"{count}") - 1, 14) // 3
    return f"{count / 1000**power:.3g} {('bytes', 'KB', 'MB', 'GB', 'TB')[power]}"


def duration(seconds: float) -> str:
    """A time as people say it: `40 s`, `12 min`, `3.5 h`, `2.1 d`."""
    for limit, unit, size in ((90.0, "s", 1.0), (5400.0, "min", 60.0), (172800.0, "h", 3600.0)):
        if seconds < limit:
            return f"{seconds / size:.2g} {unit}" if seconds / size < 10 else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400.0:.3g} d"
