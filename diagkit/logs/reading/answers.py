"""What a web server answered, counted in access logs of any size: all requests, and those that it failed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from diagkit.logs.access import REQUEST, Requests
from diagkit.logs.dating import Dater
from diagkit.logs.tallies import MINUTE
from diagkit.logs.timestamps import moment

FAILED = re.compile(rb'" 5[0-9]{2} ')  # the status follows the request, which stands in quotes
HEAD = 4096  # bytes in which an access log shows that it is one
MOST_PAGES = 5000  # that are counted one by one


@dataclass(slots=True)
class Answered:
    """Of one access log in the window. first, last: of the failed, in microseconds since the epoch, UTC.

    minutes: failed ones in each minute since the epoch.
    """

    requests: int = 0
    failed: int = 0
    first: int = 0
    last: int = 0
    pages: Counter[tuple[str, int]] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    sample: bytes = b""

    def merge(self, other: Answered) -> None:
        """Add those of another stretch of the log."""
        self.requests += other.requests
        if other.failed:
            self.first = min(self.first, other.first) if self.failed else other.first
            if not self.failed or other.last >= self.last:
                self.last, self.sample = other.last, other.sample
        self.failed += other.failed
        self.pages.update(other.pages)
        self.minutes.update(other.minutes)

    def read(self, block: bytes, dater: Dater, since: int, until: int) -> None:
        """Count the requests of this block."""
        stop = 0
        for found in FAILED.finditer(block):
            if found.start() < stop:
                continue
            start = block.rfind(b"\n", 0, found.start()) + 1
            stop = block.find(b"\n", found.start())
            stop = len(block) if stop < 0 else stop
            line = block[start:stop]
            at, request = dater.at(line), REQUEST.search(line.decode("utf-8", "surrogateescape"))
            if at is None or not request or not since <= at <= until:
                continue
            page = (request["path"], int(request["status"]))
            if page[1] >= 500:
                self.first = min(self.first, at) if self.failed else at
                if at >= self.last:
                    self.last, self.sample = at, line
                self.failed += 1
                self.minutes[at // MINUTE] += 1
                if page in self.pages or len(self.pages) < MOST_PAGES:
                    self.pages[page] += 1

    def count(self, block: bytes, dater: Dater, since: int, until: int, *, inside: bool) -> None:
        """Count all requests of this block. inside: all of it lies in the window, so that no line has to be dated."""
        stamps = () if inside else (dater.at(line) for line in block.splitlines())
        self.requests += block.count(b"\n") if inside else sum(at is not None and since <= at <= until for at in stamps)

    def told(self, source: str, sample: str) -> Requests:
        """The same as a fact. Which page was answered well since is not followed."""
        worst = ((*page, count) for page, count in self.pages.most_common(1))
        return Requests(
            source=source,
            count=self.requests,
            failed=self.failed,
            first_failed=moment(self.first) if self.failed else None,
            last_failed=moment(self.last) if self.failed else None,
            minutes=self.minutes,
            worst=next(worst, ("", 0, 0)),
            sample=sample,
        )


def is_access_log(block: bytes) -> bool:
    """Whether a log that begins so is one."""
    return bool(REQUEST.search(block[:HEAD].decode("utf-8", "surrogateescape")))
