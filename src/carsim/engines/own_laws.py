"""Compile carsim's own laws into the cache, in a process of its own: `python -m carsim.engines.own_laws WIDTH`."""

from __future__ import annotations

import sys

from carsim.engines.compiled import compile_own_laws

if __name__ == "__main__":
    compile_own_laws(int(sys.argv[1]))
