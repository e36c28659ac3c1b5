"""What the logs tell of the ordinary run of things: units that start and stop, jobs, logins."""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.logs import marks as reading
from diagkit.probes import probe
from diagkit.probes.logs import LogTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The moments that lines of the window mark, in the order of time."""

    all: tuple[reading.Mark, ...]

    def of(self, *ids: str) -> list[reading.Mark]:
        """Those of these ids."""
        return [mark for mark in self.all if mark.id in ids]


@probe()
def marks(texts: LogTexts) -> Marks:
    """Lines that mark a moment and tell of no trouble."""
    return Marks(all=reading.marks(texts.logs, texts.clock, texts.window))
