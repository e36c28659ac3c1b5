"""The resources phase: do the resources suffice, or which ran out?"""

from __future__ import annotations


def size(count: float) -> str:
    """Bytes as a sentence wants them, in binary units."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
