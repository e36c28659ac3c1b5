"""What the logs tell of the ordinary run of things: units that start and stop, jobs, logins."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.logs import marks as found
from diagkit.model import Silence
from diagkit.probes import Withheld, probe
from diagkit.probes.log_files import OPENS
from diagkit.probes.logs import LogTexts


@frozen(kw_only=True)
class Marks:
    """The moments that lines of the window mark, in the order of time."""

    all: tuple[found.Mark, ...]

    def of(self, *ids: str) -> list[found.Mark]:
        """Those of these ids."""
        return [mark for mark in self.all if mark.id in ids]


@probe(opens=OPENS)
def marks(texts: LogTexts) -> Marks:
    """Lines that mark a moment and tell of no trouble. Unknown where what the system's services say is not for us."""
    if not texts.system_seen:
        silences = [reading.silence for reading in texts.readings if reading.source == "journal"]
        raise Withheld(next(filter(None, silences), Silence.MISSING), texts.why_not("journal"))
    return Marks(all=found.marks(texts.logs, texts.clock, texts.window))
