"""Journals in their own binary form, read by the journalctl of this machine, which cuts the window out by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.logs.sources import About, Form, Lost, Note, Part, Series
from diagkit.model import epoch
from diagkit.transports.allowed import Forbidden, refuse_unless_allowed
from diagkit.transports.child import CHUNK, Child

SHORT = ("-o", "short-unix", "--no-pager", "--quiet")
LONGEST_COMPLAINT = 200  # characters


@frozen
class Journal:
    """The lines that journalctl makes of one journal file, as a source of logs. options: which of them."""

    path: str
    options: tuple[str, ...] = ()

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """Its lines, the oldest first."""
        argv = ("journalctl", f"--file={self.path}", *SHORT, *self.options)
        try:
            refuse_unless_allowed(argv)
            child = Child(argv)
        except (Forbidden, OSError) as error:
            notes.append(Lost(f"journalctl could not be run: {getattr(error, 'strerror', None) or error}."))
            return
        try:
            os.set_blocking(child.err, False)
            while chunk := os.read(child.out, CHUNK):
                yield chunk
            complaint = b""
            with suppress(OSError):
                complaint = os.read(child.err, CHUNK)
            if said := complaint.decode("utf-8", "replace").strip()[:LONGEST_COMPLAINT]:
                notes.append(f"journalctl said: {said}.")
        finally:
            child.end()

    def end(self, *options: str) -> datetime | None:
        """The time of the first line that it then says."""
        head = next(replace(self, options=options).chunks([]), b"")
        with suppress(ValueError):
            return epoch(float(head.split(b" ", 1)[0]))
        return None


def journals(notes: Sequence[Note]) -> tuple[list[Series], list[Note]]:
    """The journals among what was found, as logs that can be read here, and the notes that remain."""
    logs, left = [], []
    for note in notes:
        part = _part(note) if note.about is About.JOURNAL else None
        if part:
            logs.append(Series(name=part.name, parts=(part,)))
        else:
            left.append(note)
    return logs, left


def _part(note: Note) -> Part | None:
    """One of them; None where there is no journalctl that reads it, or where it lies in an archive."""
    name = note.path.raw
    file = Path(name).absolute()
    if not file.is_file() or set(name) & set("*?["):  # journalctl takes patterns
        return None
    origin = Journal(str(file))
    first, last = origin.end(), origin.end("-n", "1")
    if first is None or last is None:
        return None
    size = file.stat().st_size
    return Part(name=name, path=str(file), size=size, modified=last, form=Form.SYSLOG, first=first, origin=origin)


def within(series: Sequence[Series], since: datetime, until: datetime) -> list[Series]:
    """The same logs, of the journals among them only this window."""
    options = (f"--since=@{since.timestamp():.0f}", f"--until=@{until.timestamp() + 1:.0f}")

    def cut(part: Part) -> Part:
        return replace(part, origin=replace(part.origin, options=options)) if isinstance(part.origin, Journal) else part

    return [replace(log, parts=tuple(map(cut, log.parts))) for log in series]
