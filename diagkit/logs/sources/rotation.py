"""Which files are one log that was rotated, and in which order they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from diagkit.logs.sources.part import Part, Series

LONGEST_NAME = 255  # bytes, as file systems have it; in an archive there may be longer ones
_PACKED = re.compile(r"\.(?:gz|xz|bz2|zst|lz4)$")
_DAY = r"\d{4}(?P<dash>-?)[01]\d(?P=dash)[0-3]\d"
_TIME = r"[-_T.]?\d\d[-:.]?\d\d(?:[-:.]?\d\d)?"
# What rotation puts into a name: logrotate (`.1`, `-20261120`, `-1763762833`), Java and Python (`.2026-11-20`, before
# or after the extension), PostgreSQL and the kubelet (a day with the time).
_MARKS = (
    re.compile(rf"(?P<stem>.*?)[-._](?P<mark>{_DAY}(?:{_TIME})?|1\d{{9}})(?P<rest>\.\D.*|)", re.ASCII),
    re.compile(r"(?P<stem>.+)\.(?P<mark>\d{1,3})(?P<rest>\.(?:log|txt|out|err|json)|)", re.ASCII),
    re.compile(r"(?P<stem>)(?P<mark>\d{1,4})(?P<rest>\.log)", re.ASCII),
    re.compile(r"(?P<stem>.+)\.(?P<mark>old)(?P<rest>)", re.ASCII),
)  # fmt: skip


def series(parts: Iterable[Part]) -> list[Series]:
    """The parts as logs, each in the order of time: by its first stamps where all have one, else by its names."""
    sets: dict[str, list[Part]] = {}
    for part in parts:
        sets.setdefault(str(PurePosixPath(part.name).parent / base(PurePosixPath(part.name).name)), []).append(part)
    return [_in_order(_without_copies(rotated)) for rotated in sets.values()]


def base(name: str) -> str:
    """What a rotated file was called before: `syslog` of `syslog.2.gz`; `app.log` of `app-2026-11-20.log.xz`."""
    return _marks(name)[0]


def _marks(name: str) -> tuple[str, tuple[str, ...]]:
    name = _PACKED.sub("", name[:LONGEST_NAME])
    marks: list[str] = []
    while found := next((match for form in _MARKS if (match := form.fullmatch(name))), None):
        name = found["stem"] + found["rest"]
        marks.append(found["mark"])
    return name, tuple(reversed(marks))


def _without_copies(parts: list[Part]) -> list[Part]:
    """Without a compressed file whose original is still there, as compressing leaves it for a moment or with -k."""
    names = {part.name for part in parts if not part.compression}
    return [part for part in parts if not part.compression or _PACKED.sub("", part.name) not in names]


def _in_order(parts: list[Part]) -> Series:
    if all(part.first or not part.size for part in parts):
        parts = sorted(parts, key=lambda part: (part.first or part.modified, _age(part)))
    else:
        parts = sorted(parts, key=_age)
    return Series(name=parts[-1].name, parts=tuple(parts))


def _age(part: Part) -> tuple[bool, list[tuple[str, int]], float]:
    """Sorts by name alone: days upwards, numbers downwards, what has no mark last."""
    marks = _marks(PurePosixPath(part.name).name)[1]
    order = [("", -int(mark)) if len(mark) <= 4 and mark.isdigit() else (mark, 0) for mark in marks]
    return not marks, order, part.modified.timestamp()
