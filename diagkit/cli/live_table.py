"""What is seen of a fleet while it is asked: how many are done, what is wrong with whom, and who takes long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from diagkit.frozen import frozen
from diagkit.model import Status, TargetResult, Untrusted
from diagkit.outputs.overview import so_far
from diagkit.outputs.rendering import Form, render

ROWS = 12  # of targets that are not well; what is worse pushes out what is less bad
SLOWEST = 3  # of those that are being asked
ORDER = (Status.FAIL, Status.UNKNOWN, Status.WARN)


@frozen
class Brief:
    """One target in one line: how it is, and what is the matter with it."""

    target: TargetResult
    matter: Untrusted


class LiveTable:
    """Collects what is known of the targets, and says it in lines of a given width. It draws nothing."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._started = time.monotonic()
        self._briefs: dict[str, Brief] = {}

    def add(self, label: str, brief: Brief) -> None:
        """One more is done."""
        self._briefs[label] = brief

    def lines(self, running: Mapping[str, float], height: int) -> Iterator[str]:
        """At most `height` lines. running: who is being asked, and for how many seconds already."""
        done = so_far((brief.target for brief in self._briefs.values()), self._of)
        yield f"{time.monotonic() - self._started:3.0f} s  {done}"
        if running and height > 1:
            slowest = sorted(running.items(), key=lambda item: -item[1])[:SLOWEST]
            names = ", ".join(f"{_shown(label)} {seconds:.0f} s" for label, seconds in slowest)
            more = f" and {len(running) - len(slowest)} more" if len(running) > len(slowest) else ""
            yield f"       asking {names}{more}"
        sick = [item for status in ORDER for item in self._briefs.items() if item[1].target.status is status]
        room = min(ROWS, height - 3)
        width = max((len(_shown(label)) for label, _ in sick[:room]), default=0)
        for label, brief in sick[: max(0, room)]:
            word = brief.target.status.value.upper() if brief.target.reached else "LOST"
            yield f"       {_shown(label):<{width}}  {word:<7}  {render(brief.matter, Form.TERMINAL)}"
        if len(sick) > room > 0:
            yield f"       and {len(sick) - room} more that are not well"


def _shown(label: str) -> str:
    return render(Untrusted(label), Form.TERMINAL)
