"""When the trouble began, as far as counts of lines tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from diagkit.digest.buckets import Grid, rise

TOGETHER = timedelta(minutes=15)  # troubles further apart are not of one beginning; as the window of `--at` before it


def began(rows: Mapping[str, Sequence[int]], firsts: Mapping[str, Sequence[datetime]], grid: Grid) -> datetime | None:
    """When the trouble did: where the gravest lines become many, or what came shortly before and belongs to it.

    firsts: when each kind of line of a severity was first said. A few grave lines make no rise; then the first of them.
    What is there from the first bucket on began before the window, nobody knows when.
    """
    begins = []
    for severity, counts in rows.items():
        bucket = rise(counts)
        if bucket is None and severity == "fail" and firsts[severity]:
            bucket = grid.bucket(min(firsts[severity]))
        if bucket:
            inside = [at for at in firsts[severity] if grid.bucket(at) == bucket]
            begins.append(min(inside, default=grid.begin(bucket)))
    if not begins:
        return None
    found = begins[0]
    for earlier in sorted(begins[1:], reverse=True):
        if timedelta(0) <= found - earlier <= TOGETHER:
            found = earlier
    return found
