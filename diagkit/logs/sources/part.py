"""What was found, as streams of lines. A `Part` is one file, a `Series` one log in all files it was rotated into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from enum import Enum

from diagkit.frozen import frozen
from diagkit.logs.sources import containers, journals
from diagkit.logs.sources.compression import decoded
from diagkit.logs.sources.forms import Form
from diagkit.logs.sources.streams import Origin, Slice
from diagkit.logs.sources.text import cleaned, transcoded, whole_lines
from diagkit.model import Untrusted


class About(Enum):
    """What a note is about."""

    UNREAD = "unread"  # it could not be read, or not all of it
    SKIPPED = "skipped"  # files that are no logs
    JOURNAL = "journal"  # a journal in its own binary form: `journalctl --file` reads it


@frozen(kw_only=True)
class Note:
    """What has to be said of a path besides what was found there. `says` is a plain sentence of ours."""

    about: About
    path: Untrusted
    says: str


@frozen(kw_only=True)
class Part:
    """One file of a log: on disk, in an archive, or standard input.

    name: as it was found, `ARCHIVE:MEMBER` within an archive; text from outside. path: the file on disk that holds it.
    size: bytes as stored there. compression: empty if there is none. encoding: empty where its bytes stay as they are.
    first: what its first dated line says, in UTC; None where none says it. notes: sentences about what could not be
    read as it stands, more of them after reading.
    """

    name: str
    path: str
    size: int
    modified: datetime
    compression: str = ""
    encoding: str = ""
    form: Form
    first: datetime | None = None
    origin: Origin
    notes: list[str] = field(default_factory=list, compare=False)

    @property
    def plain(self) -> bool:
        """Whether the file itself is its lines, so that reading may begin at any line. JOURNAL_* and UTF-16 are not."""
        whole_file = isinstance(self.origin, Slice) and self.origin.size is None
        return whole_file and not self.compression and self.encoding in {"", "utf-8"} and self.form in _BY_LINE

    def blocks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its lines, in blocks of whole lines of at most 1 MiB, each with its newline.

        Where the part is `plain`, those between the two offsets in the file, which must be beginnings of lines.
        """
        if self.plain and isinstance(self.origin, Slice):
            chunks = self.origin.between(self.notes, start, end)
        else:
            chunks = self.origin.chunks(self.notes)
        if self.compression:
            chunks = decoded(chunks, self.compression, self.notes)
        yield from lines(chunks, self.encoding, self.form, self.notes)


@frozen(kw_only=True)
class Series:
    """One log: its parts in the order of time, the youngest last. `name` is that of the youngest."""

    name: str
    parts: tuple[Part, ...]


_BY_LINE = {Form.TEXT, Form.SYSLOG, Form.KERNEL, Form.JSON, Form.DOCKER, Form.CRI}


def lines(chunks: Iterator[bytes], encoding: str, form: Form, notes: list[str]) -> Iterator[bytes]:
    """Decoded chunks as blocks of plain lines."""
    if encoding:
        chunks = transcoded(chunks, encoding)
    if form is Form.JOURNAL_EXPORT:
        return cleaned(whole_lines(journals.export(chunks, notes), notes))
    blocks = whole_lines(chunks, notes)
    match form:
        case Form.DOCKER:
            blocks = containers.docker(blocks)
        case Form.CRI:
            blocks = containers.cri(blocks)
        case Form.JOURNAL_JSON:
            blocks = journals.from_json(blocks)
        case Form.JOURNAL_VERBOSE:
            blocks = journals.verbose(blocks)
    return cleaned(blocks)
