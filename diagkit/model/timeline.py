"""What happened when: the events of the incident window, and since when it seems to have hurt."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from diagkit.frozen import frozen
from diagkit.model.words import Untrusted


class Kind(Enum):
    """What kind of thing happened."""

    DEPLOY = "deploy"
    PACKAGE = "package"
    CONFIG = "config"
    BOOT = "boot"
    CLOCK = "clock"  # somebody or something set it
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELOAD = "reload"
    FAIL = "fail"
    OOM = "oom"
    LOG = "log"  # a burst of lines that tell of trouble
    JOB = "job"  # started by the clock: cron, a timer
    LOGIN = "login"
    SUDO = "sudo"


@frozen(kw_only=True)
class Event:
    """Something that happened, once or several times; `until` is when it last did, `at` when first.

    Times are by our clock: where the host's is off by a second or more, that is taken out (`HostClock`). subject: the
    unit, process, package, file or person concerned. source: where it was read. assumed: parts of its time that the
    source does not say (`year`, `zone`). grave: whether it tells of trouble, and is no mere change.
    """

    at: datetime
    until: datetime
    count: int
    kind: Kind
    target: Untrusted
    subject: Untrusted
    summary: Untrusted
    source: Untrusted
    assumed: tuple[str, ...] = ()
    grave: bool = False


@frozen(kw_only=True)
class Onset:
    """Since when something hurts, as far as that can be told: most likely `at`, between `earliest` and `latest`."""

    target: Untrusted
    what: str  # CPU pressure, memory pressure, I/O pressure, load, logs
    at: datetime
    earliest: datetime
    latest: datetime
    summary: Untrusted


@frozen(kw_only=True)
class Relief:
    """Something that hurt and eases already."""

    target: Untrusted
    summary: Untrusted


@frozen(kw_only=True)
class HostClock:
    """A clock that is wrong by a second or more: seconds ahead of ours. It is taken out of that host's times."""

    target: Untrusted
    offset: float
    uncertainty: float


@frozen(kw_only=True)
class Timeline:
    """The events of all targets in the order of time, out of `of` that were seen."""

    events: tuple[Event, ...] = ()
    of: int = 0
    onsets: tuple[Onset, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    clocks: tuple[HostClock, ...] = ()
