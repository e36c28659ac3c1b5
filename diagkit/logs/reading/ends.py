"""From when to when logs reach, as far as that can be told without reading all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from diagkit.logs.dating import Dater
from diagkit.logs.sources import Form, Part, Series
from diagkit.logs.sources.streams import Pipe, Slice
from diagkit.logs.timestamps import Clock, moment
from diagkit.logs.timestamps.clock import EPOCH

TAIL = 1 << 16  # bytes at either end of a file in which a stamp is looked for

_UPTIME = re.compile(rb"(?m)^(?:<[0-9]{1,3}>)?\[ *([0-9]{1,9}\.[0-9]{6})\]")

Span = tuple[datetime, datetime]


def spans(series: Iterable[Series], clock: Callable[[Part], Clock]) -> list[Span | None]:
    """Stamps of the oldest and of the newest line of each log; None where none can be told.

    Of a compressed log the last line cannot be seen: the time the file was last written stands for it. Of standard
    input nothing is known before it is read.
    """
    return [_span(log, clock) for log in series]


def ends(of: Iterable[Span | None]) -> Span | None:
    """From the oldest line of all to the newest."""
    known = [span for span in of if span]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def booted(part: Part) -> datetime:
    """When the kernel started whose lines these are, if the last of them was written when the file was; see `Clock`.

    It was earlier if the kernel had been silent. The epoch, where the end of the file cannot be seen.
    """
    uptimes = _UPTIME.findall(_tail(part)) if part.form is Form.KERNEL and part.plain else []
    return part.modified - timedelta(seconds=float(uptimes[-1])) if uptimes else EPOCH


def _span(log: Series, clock: Callable[[Part], Clock]) -> Span | None:
    youngest = log.parts[-1]
    if isinstance(youngest.origin, Pipe):
        return None
    firsts = [at for part in log.parts if (at := _first(part, clock(part)))]
    if not firsts:
        return None
    last = _last(youngest, clock(youngest)) if youngest.plain else youngest.modified
    return min(firsts), max(*firsts, last or firsts[-1])


def _first(part: Part, clock: Clock) -> datetime | None:
    """Its first stamp in the zone of this clock; in UTC where it lies deep in an archive."""
    if part.first is None or not isinstance(part.origin, Slice):
        return part.first
    dater = Dater(clock)
    head = next(iter(part.blocks(0, min(part.size, TAIL) if part.plain else None)), b"")
    return next((moment(at) for line in head.splitlines() if (at := dater.at(line)) is not None), part.first)


def _last(part: Part, clock: Clock) -> datetime | None:
    """The last stamp of a file that can be read from its end."""
    dater = Dater(clock)
    found = [at for line in _tail(part).splitlines() if (at := dater.at(line)) is not None]
    return moment(max(found)) if found else None


def _tail(part: Part) -> bytes:
    """The end of a plain file; nothing where it cannot be read, which reading it will say."""
    try:
        with Path(part.path).open("rb") as file:
            file.seek(max(part.size - TAIL, 0))
            return file.read(TAIL)
    except OSError:
        return b""
