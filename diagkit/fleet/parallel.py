"""How many targets are asked at the same time."""

from __future__ import annotations

USUAL = 32  # threads that keep one processor busy on a local network
MOST = 256
"""More wait for each other: all threads of a process share one lock."""


def at_once(targets: int, wanted: int = 0) -> int:
    """As many as were wanted, or as suit so many targets."""
    return max(1, min(targets, wanted or USUAL))
