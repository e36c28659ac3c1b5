"""What was read of files that somebody sent: the one thing that their report is made of."""

from __future__ import annotations

from collections.abc import Mapping

from diagkit.frozen import frozen
from diagkit.logs.reading import Found
from diagkit.logs.sources import Note, Series
from diagkit.logs.templates.novelty import Watched
from diagkit.logs.timestamps import Clock
from diagkit.model import Moment, Untrusted


@frozen(kw_only=True)
class Sent:
    """All that was read of the files that somebody named, in one window.

    words: as they were named. before: the lines that the window is compared with; baseline: what was named for that,
    empty: what lies before the window in the same files. zone: what stamps without one were read in. left_out: how many
    files of each log lie outside of the window. asked: whether the window was; else it is all that there is.
    """

    words: tuple[str, ...]
    series: tuple[Series, ...]
    notes: tuple[Note, ...]
    found: Found
    moment: Moment
    asked: bool
    zone: str
    clock: Clock
    left_out: Mapping[int, int]
    before: Watched | None = None
    baseline: str = ""

    @property
    def target(self) -> Untrusted:
        """What the report calls them."""
        more = f" and {len(self.words) - 1} more" if self.words[1:] else ""
        return Untrusted(("standard input" if self.words[0] == "-" else self.words[0]) + more)

    @property
    def names(self) -> list[str]:
        """Of the logs, by their number."""
        return [log.name for log in self.series]
