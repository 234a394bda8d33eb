"""The command line: `carsim COMMAND`. Each command lives in a file of its own that is imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from carsim.cli.exits import guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 unexpected error, 2 usage or scenario error, 3 some patients failed,
    4 refused by a resource limit, 5 store inconsistent or locked, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)

    def call() -> int:
        from carsim.cli.commands import root

        status = root.main(args=words, prog_name="carsim", standalone_mode=False)
        return status if isinstance(status, int) else 0

    return guarded(call, debug="--debug" in words)
