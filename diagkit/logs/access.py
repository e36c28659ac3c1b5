"""Access logs of web servers, in the common or combined format: which requests failed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from diagkit.frozen import frozen
from diagkit.logs.lines import Log, line_at, starts
from diagkit.logs.occurrences import by_minute
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window

REQUEST = re.compile(r'\] "(?P<method>[A-Z]{3,10}) (?P<path>[^ "?]*)[^"]*" (?P<status>[1-5][0-9]{2}) ', re.ASCII)


@frozen(kw_only=True)
class Requests:
    """The requests of one access log in the window. `failed`: answered with a status of 500 to 599.

    minutes: failed ones in each minute since the epoch.
    worst: the path with most failures, as (path, status, how many); empty where none failed.
    stuck: of the paths whose last requests all failed, the one with most of them, in the same form.
    """

    source: str
    count: int
    failed: int
    first_failed: datetime | None
    last_failed: datetime | None
    minutes: Mapping[int, int]
    worst: tuple[str, int, int] = ("", 0, 0)
    stuck: tuple[str, int, int] = ("", 0, 0)
    sample: str = ""


def requests(logs: Iterable[Log], clock: Clock, window: Window) -> tuple[Requests, ...]:
    """What every access log among these says; other logs say nothing here."""
    whole = (log for log in logs if log.source.startswith("/") and not log.sifted)
    return tuple(found for log in whole if (found := _of_one_log(log, clock, window)))


def _of_one_log(log: Log, clock: Clock, window: Window) -> Requests | None:
    if not REQUEST.search(log.raw[:4096].decode("utf-8", "surrogateescape")):
        return None
    seen = list(_seen(log, clock, window))
    bad = [(at, path, status, text) for at, path, status, text in seen if status >= 500]
    if not bad:
        return Requests(source=log.source, count=len(seen), failed=0, first_failed=None, last_failed=None, minutes={})
    (path, status), number = Counter((path, status) for _, path, status, _ in bad).most_common(1)[0]
    return Requests(
        source=log.source,
        count=len(seen),
        failed=len(bad),
        first_failed=min(at for at, *_ in bad),
        last_failed=max(at for at, *_ in bad),
        minutes=by_minute(at for at, *_ in bad),
        worst=(path, status, number),
        stuck=_stuck([(path, status) for _, path, status, _ in sorted(seen, key=lambda one: one[0])]),
        sample=bad[-1][3],
    )


def _stuck(answers: Iterable[tuple[str, int]]) -> tuple[str, int, int]:
    """The path that has failed most often since it last succeeded."""
    failing: dict[str, tuple[int, int]] = {}
    for path, status in answers:
        if status >= 500:
            failing[path] = (failing.get(path, (0, 0))[0] + 1, status)
        else:
            failing.pop(path, None)
    path, (number, status) = max(failing.items(), key=lambda one: one[1][0], default=("", (0, 0)))
    return path, status, number


def _seen(log: Log, clock: Clock, window: Window) -> Iterator[tuple[datetime, str, int, str]]:
    for start in starts(log.raw):
        line = line_at(log, start, clock)
        if line and window.holds(line.at) and (match := REQUEST.search(line.message)):
            yield line.at, match["path"], int(match["status"]), line.message
