"""The part of time whose log lines count: the incident window, in the current boot."""

from __future__ import annotations

from datetime import UTC, datetime

from diagkit.frozen import frozen
from diagkit.model import Moment, epoch

NEVER = datetime.max.replace(tzinfo=UTC)


@frozen(kw_only=True)
class Window:
    """From when to when lines count, both ends included."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, moment: Moment, booted: datetime) -> Window:
        """The incident window, shortened to the current boot unless all of it lies before that boot.

        What was logged before a reboot is over and done with, except for somebody who asks about that very time. A
        window that ends now has no end: the host's clock may be ahead of ours.
        """
        since = max(moment.since, booted) if booted < moment.until else moment.since
        return cls(since=since, until=NEVER if moment.until >= moment.now else moment.until)

    def holds(self, at: datetime) -> bool:
        """Whether that time lies in the window."""
        return self.since <= at <= self.until


ALWAYS = Window(since=epoch(0), until=NEVER)
