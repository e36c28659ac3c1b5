"""The functional phase: do the services run and answer, and what has changed?"""

from __future__ import annotations

from datetime import datetime


def utc(time: datetime | None) -> str:
    """A time as a sentence wants it, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else "an unknown time"
