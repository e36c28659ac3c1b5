"""Lines that belong together heard as one event: a stack trace with the line that it follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from diagkit.logs.templates.records import essential
from diagkit.logs.verdicts import Judge, Met, Verdict

LONGEST = 2048  # bytes of a message
Trace = list[tuple[int, Verdict, bytes]]  # of one record, the lines after its head that say something, and when


class Heard(NamedTuple):
    """Events that differ in digits alone, and that have signatures or call themselves an error.

    message: of the first of them; of one of several lines, what its head says and what went wrong. times: of all,
    microseconds since the epoch, UTC.
    """

    message: bytes
    times: list[int]
    program: str
    signatures: tuple[str, ...]


class Events:
    """Joins lines. traces: of the records that have some, by where in the log their heads begin."""

    def __init__(self, judge: Judge, traces: Mapping[int, Trace]) -> None:
        self._judge = judge
        self._traces = traces
        self._heads: dict[int, tuple[Verdict, bytes]] = {}
        self._lone: list[Heard] = []

    def add(self, verdict: Verdict, met: list[Met]) -> None:
        """Take lines in, which share a verdict."""
        if verdict.end is None:
            return  # they are in the traces
        alone = met
        if self._traces:
            alone = [each for each in met if each[1] not in self._traces]
            if len(alone) < len(met):
                self._heads |= {place: (verdict, line) for _, place, line in met if place in self._traces}
        if alone:
            _, said = self._judge.message(verdict, min(alone)[2])
            times = [at for at, _, _ in alone]
            self._lone.append(Heard(said[:LONGEST], times, verdict.program, verdict.signatures))

    def tell(self, heard: Callable[[Heard], None]) -> None:
        """Tell of all of them."""
        for event in (*self._lone, *self._of_many_lines()):
            heard(event)

    def _of_many_lines(self) -> Iterator[Heard]:
        alike: dict[tuple[bytes, bytes], Heard] = {}
        for place, trace in self._traces.items():
            head = self._heads.get(place)
            at, first, _ = trace[0]
            text, kind = self._what_went_wrong(trace)
            key = (head[0].kind if head else b"", kind)
            if key in alike:
                alike[key].times.append(at)
                continue
            message, program = text, first.program
            signatures = {name for _, verdict, _ in trace for name in verdict.signatures}
            if head:
                said = self._judge.message(*head)[1]
                message = said if text in said else b"%b: %b" % (said.rstrip(b": "), text)
                signatures.update(head[0].signatures)
            alike[key] = Heard(message[:LONGEST], [at], program, tuple(sorted(signatures)))
        yield from alike.values()

    def _what_went_wrong(self, trace: Trace) -> tuple[bytes, bytes]:
        """The line of a trace that says so, without what leads to it, and its kind."""
        lines = {self._judge.message(verdict, line)[1]: verdict.kind for _, verdict, line in trace}
        said = essential(b"\n".join(lines))
        return said, next((kind for line, kind in lines.items() if said in line), b"")
