"""How the C library keeps what was freed: for a fleet, as little of it as can be."""

from __future__ import annotations

import ctypes
from contextlib import suppress

MMAP_THRESHOLD, ARENA_MAX = -3, -8  # of mallopt(3)
LARGE = 128 << 10  # bytes from which a block is given back as soon as it is freed: what a host answers is larger
ARENAS = 2  # heaps that threads share; glibc makes eight for each core, and each keeps what its busiest moment took


def keep_little() -> None:
    """Hold glibc to its first threshold, which it raises whenever a large block is freed. Others are as they are.

    With some thirty hosts at the same time, it otherwise keeps three times as much as is ever used.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(ARENA_MAX, ARENAS)


def give_back() -> None:
    """Let go of what is free between things that are not, once all were asked: the report needs room too."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
