"""Tapes for runs that must come out the same on every machine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from diagkit.model import Moment, Read, Reply, Silence, Tape, Target
from diagkit.transports.record import dumps

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
CHECK = "resources.files.system_limit"  # it needs one small answer: open files, 0, the limit
QUESTION = Read("/proc/sys/fs/file-nr")


def host(used_percent: int | None, label: str = "web1") -> Tape:
    """A host that has so many of its file handles open; None: it would not say."""
    reply = Reply(silence=Silence.DENIED, err=b"Permission denied", at=NOW.timestamp())
    if used_percent is not None:
        reply = Reply(out=f"{used_percent * 10_000}\t0\t1000000\n".encode(), at=NOW.timestamp(), took=0.01)
    moment = Moment(now=NOW, since=NOW - timedelta(hours=1), until=NOW)
    return Tape(target=Target("ssh", host=label, label=label), moment=moment, replies={QUESTION: reply})


def keep(tape: Tape, path: Path) -> Path:
    """The tape in a file."""
    path.write_text(dumps(tape))
    return path
