"""Text from outside, and the words for how things stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn

from diagkit.frozen import frozen


@frozen
class Untrusted:
    """Text that may hold bytes somebody else chose: a log line, a host name, a path, a banner.

    It has one way out, `outputs.rendering.render(text, form)`, which escapes it by the rules of the form it goes to.
    `str()` and f-strings refuse it, so nothing can reach a screen by accident.
    """

    raw: str

    def __str__(self) -> NoReturn:
        raise TypeError("text from outside becomes text only through outputs.rendering.render()")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("text from outside becomes text only through outputs.rendering.render()")


NO_TEXT = Untrusted("")


class Status(Enum):
    """How a check came out, mildest first.

    Not an IntEnum: comparing with `<` would invite reading UNKNOWN as a grade of OK.
    """

    OK = "ok"
    SKIP = "skip"  # does not apply to this machine, and we know that
    UNKNOWN = "unknown"  # could not be judged
    WARN = "warn"
    FAIL = "fail"

    @classmethod
    def worst(cls, statuses: Iterable[Status]) -> Status:
        """The worst of them; of none at all we know nothing."""
        return max(statuses, key=list(cls).index, default=cls.UNKNOWN)


class Silence(Enum):
    """Why there is no usable answer to a question."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DENIED = "denied"
    MISSING = "missing"
    GARBLED = "garbled"
    TRUNCATED = "truncated"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not_run"


class Layer(Enum):
    """The layers between us and an answering shell, lowest first."""

    NAME = "name"
    ROUTE = "route"
    TCP = "tcp"
    BANNER = "banner"
    HOST_KEY = "host_key"
    AUTHENTICATION = "authentication"
    SHELL = "shell"


class Vantage(Enum):
    """Where a reach test starts."""

    HERE = "here"  # the workstation diagkit runs on
    TARGET = "target"  # the machine under test, through its ssh connection


class Verdict(Enum):
    """What we dare to say."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    INCONCLUSIVE = "inconclusive"
    RECOVERED = "recovered"
    HEALTHY = "healthy"


def epoch(seconds: float) -> datetime:
    """Seconds since the epoch as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)
