"""The bulk path: every line with a signature in a log of any size, counted exactly, in one pass.

What counts is what `occurrences` counts: a line that holds a literal of the signature and that its pattern meets, said
by one of its programs, in the window, and not known to be harmless. A line without a time of its own has that of the
dated line before it.

Lines of a storm differ in little but their digits, so what was found of one holds for all that look the same but for
digits (see `verdicts`). Each of those costs about a microsecond.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from diagkit.logs.dating import Dater
from diagkit.logs.events import Events, Heard, Trace
from diagkit.logs.lines import LOOK_BACK, Log
from diagkit.logs.matching.blindness import MASK
from diagkit.logs.matching.engine import Engine, finder
from diagkit.logs.signatures import Signature, catalogue
from diagkit.logs.tallies import Counts, Sample
from diagkit.logs.timestamps import Clock, micros
from diagkit.logs.verdicts import Judge, Met, Verdict
from diagkit.logs.window import Window

FOLD_AFTER = 8 << 20  # bytes read between two foldings; until then what is met is held as it came
MOST_KINDS = 20_000  # kinds of lines remembered; then all are forgotten, and met anew
LONGEST_KIND = 2048  # bytes of a line that is remembered by its looks, and of a sample


class _Head(NamedTuple):
    """The dated line that lines without a time belong to, and how many lines before the line in question it stands.

    place: where in the log it begins.
    """

    at: int
    program: str
    lines: int
    place: int


_NONE = _Head(0, "", LOOK_BACK + 1, -1)
MOST_OF_A_TRACE = 20  # lines that are looked at to say what went wrong


class Census:
    """Counts the signatures of one log, block by block in their order. `counts` has the result.

    log: what it is; its `raw` is not looked at. heard: is told of every line that has a signature or calls itself an
    error; without it, only signatures are looked for. start: where in the log the first block begins. near: about
    when its first line was written, see `Dater`.
    """

    def __init__(
        self,
        log: Log,
        clock: Clock,
        window: Window,
        *,
        signatures: Iterable[Signature] | None = None,
        engine: Engine = finder,
        heard: Callable[[Heard], None] | None = None,
        start: int = 0,
        near: int | None = None,
    ) -> None:
        known = catalogue().values() if signatures is None else signatures
        self._dater = Dater(clock, near=near)
        self._judge = Judge(log, tuple(known), engine, errors=heard is not None)
        self._heard = heard
        self._since, self._until = micros(window.since), micros(window.until)
        self._counts = Counts(engine=self._judge.engine)
        self._offset = start
        self._unfolded = 0
        self._alike: dict[bytes, Verdict] = {}  # of dated lines
        self._alike_after: dict[tuple[bytes, str], Verdict] = {}  # of others, with the program of their head
        self._pending: list[Verdict] = []
        self._traces: dict[int, Trace] = {}  # by the place of their head
        self._head = _NONE  # of the next block's first line
        self._followed = (-1, _NONE)  # the last line without a time in this block, and its head

    @property
    def counts(self) -> Counts:
        """What was counted so far."""
        self._fold(self._offset)
        return self._counts

    @property
    def assumed(self) -> set[str]:
        """What was filled in on the stamps of any line so far; see `dating`."""
        return self._dater.assumed

    def before(self, block: bytes) -> None:
        """Take note of what stands before the first block, which is not counted: its first lines may belong to it."""
        self._followed = (-1, _NONE)
        self._offset -= len(block)
        self._head = self._head_of(block, len(block))
        self._offset += len(block)

    def read(self, block: bytes) -> None:
        """Count the lines of this block, which begins and ends where lines do."""
        date, end_of, since, until = self._dater.at, self._dater.end, self._since, self._until
        alike, pending = self._alike, self._pending
        self._followed = (-1, _NONE)
        stop = -1
        for place in self._judge.places(block):
            if place < stop:
                continue  # one more literal in the same line
            start = block.rfind(b"\n", 0, place) + 1
            stop = block.find(b"\n", place)
            if stop < 0:
                stop = len(block)
            line = block[start:stop]
            at = date(line)
            if at is None:
                self._follow(block, start, line)
                continue
            if not since <= at <= until:
                continue
            end = end_of(line)
            verdict = alike.get(line.translate(MASK))
            if verdict is None or verdict.end != end:
                verdict = self._judge.of(line, end)
                if len(line) <= LONGEST_KIND:
                    alike[verdict.kind] = verdict
            if verdict.open:
                verdict = self._judge.settled(verdict, verdict.open, line)
            if verdict.counts:
                if not verdict.met:
                    pending.append(verdict)
                verdict.met.append((at, self._offset + start, line))
        self._head = self._head_of(block, len(block))
        self._offset += len(block)
        self._counts.size += len(block)
        self._unfolded += len(block)
        if self._unfolded >= FOLD_AFTER:
            self._fold(self._head.place if self._head is not _NONE else self._offset)

    def _follow(self, block: bytes, start: int, line: bytes) -> None:
        """Count a line that has no time of its own."""
        head = self._head_of(block, start)
        self._followed = (start, head)
        if head.lines > LOOK_BACK:
            self._count_undated(line)
        elif self._since <= head.at <= self._until:
            key = (line.translate(MASK), head.program)
            verdict = self._alike_after.get(key)
            if verdict is None:
                verdict = self._judge.of(line, None, head.program)
                if len(line) <= LONGEST_KIND:
                    self._alike_after[key] = verdict
            if verdict.open:
                verdict = self._judge.settled(verdict, verdict.open, line)
            if verdict.counts:
                if not verdict.met:
                    self._pending.append(verdict)
                verdict.met.append((head.at, self._offset + start, line))
                if self._heard:
                    trace = self._traces.setdefault(head.place, [])
                    if len(trace) >= MOST_OF_A_TRACE:
                        trace.pop(MOST_OF_A_TRACE // 2)
                    trace.append((head.at, verdict, line))

    def _head_of(self, block: bytes, start: int) -> _Head:
        """The head of the line that begins there, or would: `_NONE` where nothing dates it."""
        lines = 0
        while start > 0 and lines < LOOK_BACK:
            end = start - 1
            start = block.rfind(b"\n", 0, end) + 1
            lines += 1
            if start == self._followed[0]:
                return self._farther(self._followed[1], lines)
            line = block[start:end]
            at = self._dater.at(line)
            if at is not None:
                return _Head(at, self._judge.program(line, self._dater.end(line)), lines, self._offset + start)
        return self._farther(self._head, lines) if start == 0 else _NONE

    def _farther(self, head: _Head, lines: int) -> _Head:
        return head._replace(lines=head.lines + lines) if head.lines + lines <= LOOK_BACK else _NONE

    def _count_undated(self, line: bytes) -> None:
        verdict = self._judge.of(line, 0)
        if verdict.open:
            verdict = self._judge.settled(verdict, verdict.open, line)
        for signature in verdict.signatures:
            tally = self._counts.tally(signature)
            tally.undated += 1
            tally.undated_sample = tally.undated_sample or line[:LONGEST_KIND]

    def _taken(self, until: int) -> list[tuple[Verdict, list[Met]]]:
        """Take what was met before this place."""
        taken, left = [], []
        for verdict in self._pending:
            met, verdict.met = verdict.met, []
            while met and met[-1][1] >= until:
                verdict.met.insert(0, met.pop())
            if verdict.met:
                left.append(verdict)
            if met:
                taken.append((verdict, met))
        self._pending[:] = left
        return taken

    def _fold(self, until: int) -> None:
        """Add what was met since the last time to the counts, up to this place: the last record may go on."""
        times: defaultdict[str, list[int]] = defaultdict(list)
        samples: defaultdict[str, list[Sample]] = defaultdict(list)
        named: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
        events = Events(self._judge, {place: trace for place, trace in self._traces.items() if place < until})
        self._traces = {place: trace for place, trace in self._traces.items() if place >= until}
        for verdict, met in self._taken(until):
            first, youngest = min(met), max(met)
            said = self._judge.message(verdict, first[2])[0]
            ends = [Sample(*first[:2], said[:LONGEST_KIND], verdict.kind)]
            if youngest is not first:
                last = self._judge.message(verdict, youngest[2])[0]
                ends.append(Sample(*youngest[:2], last[:LONGEST_KIND], verdict.kind))
            stamps = [at for at, _, _ in met]
            for signature in verdict.signatures:
                times[signature] += stamps
                samples[signature] += ends
                if verdict.program:
                    self._counts.tally(signature).programs[verdict.program] += len(met)
            for signature, field, start, end, value in verdict.names:
                whole = value.encode("utf-8", "surrogateescape")
                named[signature, field] += [whole or line[start:end] for _, _, line in met]
            events.add(verdict, met)
            verdict.first = None
        for signature, stamps in times.items():
            self._counts.tally(signature).add(stamps, samples[signature])
        for (signature, field), values in named.items():
            counted = {value.decode("utf-8", "surrogateescape"): n for value, n in Counter(values).items()}
            self._counts.tally(signature).name(field, counted)
        if self._heard:
            events.tell(self._heard)
        self._unfolded = 0
        if len(self._alike) + len(self._alike_after) > MOST_KINDS:
            self._alike.clear()
            self._alike_after.clear()
