"""Time stamps of log lines, of known forms only, read strictly.

What a form leaves out is filled in and said: `assumed` names it. `year`: taken from the latest time the line can be of.
`zone`: taken from the host that wrote it. `date`: only the time of day is said. `order`: of day and month, which the
line could have either way. `fold`: a local time that came twice as clocks went back, or never as they went forward.
Nothing here guesses in silence, and nothing depends on the clock or zone of the machine diagkit runs on.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from diagkit.frozen import frozen
from diagkit.logs.timestamps.clock import DAY, Clock, micros, moment, offset
from diagkit.logs.timestamps.reading import Known, read

__all__ = ["DAY", "Clock", "Stamp", "micros", "moment", "offset", "read_stamp"]


@frozen
class Stamp:
    """When a line says it was written, and where the rest of the line begins."""

    at: datetime
    end: int
    assumed: tuple[str, ...] = ()


@lru_cache(maxsize=2048)  # whoever looks for the stamp above an undated line meets the same lines again and again
def read_stamp(line: str, clock: Clock) -> Stamp | None:
    """The time stamp of this line by itself; None where it has none of a known form, or an impossible one.

    `dating.Dater` does so for the lines of a whole file, each in the light of those before, and much faster.
    """
    found = read(line, clock, Known())
    return Stamp(moment(found.us), found.end, found.assumed) if found else None
