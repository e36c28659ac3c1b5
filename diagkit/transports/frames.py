"""What a round of questions answers with: frames in one stream of bytes, told from their contents by the mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_CLOCK = 32  # bytes that an uptime takes, and more
# Marks are new in every round, and compiling a pattern takes longer than reading most answers: so they are looked for
# as they are, and only what follows them is matched.
LETTER = re.compile(rb" ([SBEL])((?: [\w.]+)*)\n")
DELIVERED = re.compile(rb" L (\d+)\n")
BEGUN = re.compile(rb" S ([\d.]+)\n")


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
        line = b"\n" + self.mark
        while (fresh := self.data.find(line, fresh)) >= 0:
            fresh += len(line)
            if delivered := DELIVERED.match(self.data, fresh):
                self.lanes.add(int(delivered[1]))

    def _start(self, fresh: int) -> None:
        at = self.data.find(self.mark, fresh)
        while at >= 0:
            begun = BEGUN.match(self.data, at + len(self.mark))
            if begun and (at == 0 or self.data[at - 1] == ord("\n")):
                self.started = float(begun[1])
                self.noise = bytes(self.data[: max(0, at - 1)])
                return
            at = self.data.find(self.mark, at + 1)

    def _marks(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Where each line with a mark begins and ends, with its letter and its words."""
        line, at = b"\n" + self.mark, 0
        while (at := self.data.find(line, at)) >= 0:
            if found := LETTER.match(self.data, at + len(line)):
                yield at, found.end(), found[1], found[2]
                at = found.end()
            else:
                at += 1

    def read(self) -> None:
        """Cut what has arrived into frames, which it then is in alone: of a fleet, many are read at the same time.

        A frame cut short by the end of the stream stays without its code.
        """
        current: Frame | None = None
        marks = list(self._marks())
        ends = (*(at for at, *_ in marks[1:]), len(self.data))
        for (_, begins, letter, words), end in zip(marks, ends, strict=False):
            body = bytes(self.data[begins:end])
            if end == len(self.data):
                body = self._without_broken_mark(body)
            match letter, words.split():
                case b"B", [number, begun]:
                    current = Frame(body, float(begun))
                    self.frames.setdefault(int(number), current)
                case b"E", [_, code, ended] if current:
                    current.code, current.ended, current.err = int(code), float(ended), body
                case _:
                    current = None
        self.data.clear()

    def _without_broken_mark(self, end: bytes) -> bytes:
        """The end of the stream without a mark that was not sent to its end."""
        mark = b"\n" + self.mark
        if mark in end:
            return end[: end.rindex(mark)]
        broken = next((n for n in range(len(mark), 0, -1) if end.endswith(mark[:n])), 0)
        return end[: len(end) - broken]


def cut_files(out: bytes, separator: bytes) -> list[bytes]:
    """The contents of the files in one `files` answer, and what comes after the last separator."""
    contents, begun, at, head = list[bytes](), 0, 0, separator + b"\0PATH="
    while (at := out.find(head, at)) >= 0:
        if (end := out.find(b"\0", at + len(head))) < 0:
            break
        contents.append(out[begun:at])
        begun = at = end + 1
    return [*contents, out[begun:]]


def cut_lines(out: bytes, separator: bytes) -> list[bytes]:
    """The lines for each pattern in one `lines` answer."""
    lines, begun, at, head = list[bytes](), 0, 0, b"/proc/self/environ:" + separator
    while (at := out.find(head, at)) >= 0:
        end = out.find(b"\n", at + len(head)) + 1
        if not end:
            break
        if at == 0 or out[at - 1 : at] == b"\n":
            lines.append(out[begun:at])
            begun = at = end
        else:
            at += 1
    return [*lines, out[begun:]]
