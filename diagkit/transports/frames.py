"""What a round of questions answers with: frames in one stream of bytes, told from their contents by the mark."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_CLOCK = 32  # bytes that an uptime takes, and more


@dataclass(slots=True)
class Frame:
    """One answer. `code` is None while its end has not been seen. `begun`, `ended`: the machine's uptime in seconds."""

    out: bytes
    begun: float
    ended: float = 0.0
    code: int | None = None
    err: bytes = b""


@dataclass(slots=True)
class Stream:
    """The frames of one round, as far as they have arrived. See round.sh for their letters."""

    mark: bytes
    expected: int  # lanes
    data: bytearray = field(default_factory=bytearray)
    started: float | None = None  # the machine's uptime at the start
    noise: bytes = b""  # what came before the start: login scripts, banners
    frames: dict[int, Frame] = field(default_factory=dict)
    lanes: set[int] = field(default_factory=set)

    @property
    def done(self) -> bool:
        """Whether every lane has been delivered."""
        return len(self.lanes) >= self.expected

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        fresh = max(0, len(self.data) - len(self.mark) - 8)
        self.data += data
        if self.started is None:
            self._start(max(0, fresh - LONGEST_CLOCK))
        ends = re.finditer(rb"\n%b L (\d+)\n" % re.escape(self.mark), self.data[fresh:])
        self.lanes.update(int(end[1]) for end in ends)

    def _start(self, fresh: int) -> None:
        start = re.compile(rb"(?:^|\n)%b S ([\d.]+)\n" % re.escape(self.mark)).search(self.data, fresh)
        if start:
            self.started = float(start[1])
            self.noise = bytes(self.data[: start.start()])

    def read(self) -> None:
        """Cut what has arrived into frames. A frame cut short by the end of the stream stays without its code."""
        parts = re.split(rb"\n%b ([SBEL])((?: [\w.]+)*)\n" % re.escape(self.mark), bytes(self.data))
        parts[-1] = self._without_broken_mark(parts[-1])
        current: Frame | None = None
        for letter, words, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            match letter, words.split():
                case b"B", [number, begun]:
                    current = Frame(body, float(begun))
                    self.frames.setdefault(int(number), current)
                case b"E", [_, code, ended] if current:
                    current.code, current.ended, current.err = int(code), float(ended), body
                case _:
                    current = None

    def _without_broken_mark(self, end: bytes) -> bytes:
        """The end of the stream without a mark that was not sent to its end."""
        mark = b"\n" + self.mark
        if mark in end:
            return end[: end.rindex(mark)]
        broken = next((n for n in range(len(mark), 0, -1) if end.endswith(mark[:n])), 0)
        return end[: len(end) - broken]


def cut_files(out: bytes, separator: bytes) -> list[bytes]:
    """The contents of the files in one `files` answer, and what comes after the last separator."""
    return re.split(rb"%b\0PATH=[^\0]*\0" % re.escape(separator), out)


def cut_lines(out: bytes, separator: bytes) -> list[bytes]:
    """The lines for each pattern in one `lines` answer."""
    return re.split(rb"(?m)^/proc/self/environ:%b.*\n" % re.escape(separator), out)
