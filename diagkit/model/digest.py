"""What logs say, in numbers: how often, since when, what is new; the histogram that a report draws."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from diagkit.frozen import frozen
from diagkit.model.words import NO_TEXT, Status, Untrusted


class Novelty(Enum):
    """How a kind of line in the window compares with the baseline."""

    NEW = "new"  # never in the baseline, which had its chance to say it
    BURST = "burst"  # far more often than in the baseline
    STOPPED = "stopped"  # regular in the baseline, and gone
    STEADY = "steady"
    UNKNOWN = "no baseline"


@frozen(kw_only=True)
class LogSource:
    """One log that was read: a file, a rotated set in the order of time, a member of an archive, standard input.

    size: bytes that are there, as they lie on disk; 0 where that is not known before the end. read: bytes of plain text
    that were read. first, last: stamps of the oldest and youngest line that counted. zone: in which stamps without one
    were read. assumed: parts of the times that its lines do not say (`year`, `zone`, `fold`, `boot`). notes: what
    has to be said of it. unread: why it could not be read at all, or to its end; empty if it could.
    """

    name: Untrusted
    size: int
    read: int
    first: datetime | None
    last: datetime | None
    zone: str
    assumed: tuple[str, ...] = ()
    notes: tuple[Untrusted, ...] = ()
    unread: Untrusted = NO_TEXT


@frozen(kw_only=True)
class LogSignature:
    """One kind of line whose meaning is known. status: OK for a kind that is counted and no trouble by itself.

    too_few: it would be trouble from so many lines on, which these are not; 0 for any other.

    causes: what it speaks for, the strongest first. per_bucket: lines in each bucket of the window, the first lines
    first. names: what the lines are about (`unit`, `device`, `peer`, …), the commonest first.
    """

    id: str
    title: str
    status: Status
    causes: tuple[str, ...]
    count: int
    first: datetime
    last: datetime
    per_bucket: tuple[int, ...]
    names: Mapping[str, tuple[Untrusted, ...]]
    samples: tuple[Untrusted, ...]
    source: Untrusted
    too_few: int = 0


@frozen(kw_only=True)
class LogTemplate:
    """Error-like lines that differ only in what varies. `id` stays the same from run to run.

    before: lines of it in the baseline. signature: id of the signature that its lines have, if they have one. first,
    last: of the lines in the window; of the baseline for one that has stopped.
    """

    id: str
    template: Untrusted
    novelty: Novelty
    count: int
    before: int
    first: datetime
    last: datetime
    per_bucket: tuple[int, ...]
    samples: tuple[Untrusted, ...]
    source: Untrusted
    signature: str = ""


@frozen(kw_only=True)
class LogDigest:
    """What the logs of one target say in the window `since` to `until`.

    files: the words that named them, where they are files that somebody sent and nothing else is known of the host they
    come from; empty where a host was asked. step_seconds: width of a bucket; the first begins at `origin`.
    per_severity: lines in each bucket that have a signature whose finding would be `fail` or `warn`, and each other
    `error`: a line that calls itself one, or a request answered with 5xx. began: when the trouble did, as far as the
    counts tell. error_lines: all that call themselves an error, `explained` of them by the templates listed here.
    baseline: what the window was compared with; empty if there was nothing. engine: what searched files; empty where
    a host was asked. unread: what was left out, one sentence each.
    """

    target: Untrusted
    files: tuple[Untrusted, ...]
    since: datetime
    until: datetime
    origin: datetime
    step_seconds: float
    per_severity: Mapping[str, tuple[int, ...]]
    began: datetime | None
    sources: tuple[LogSource, ...]
    signatures: tuple[LogSignature, ...]
    templates: tuple[LogTemplate, ...]
    error_lines: int
    explained: int
    baseline: Untrusted
    engine: str
    unread: tuple[Untrusted, ...] = ()
