"""How much memory this machine has."""

from __future__ import annotations

import os

DEFAULT = 8 * 2**30  # bytes, where the system does not say


def memory() -> int:
    """Bytes of memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return DEFAULT
