"""What is said on stderr while targets are asked: one live line on a terminal, else a line for each that is done."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from diagkit.cli import streams
from diagkit.fleet.crew import Standing, Visit
from diagkit.model import Untrusted
from diagkit.outputs.rendering import Form, render

CLEAR = "\r\x1b[K"


class Progress:
    """Silent when quiet. The live line leaves no mode of the terminal changed, so there is nothing to restore."""

    def __init__(self, *, quiet: bool, of: int = 1) -> None:
        self._quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self._of = of
        self._started = time.monotonic()

    def waiting(self, standing: Standing) -> None:
        """Show who is still being asked."""
        if self.live:
            open_ = [render(Untrusted(name), Form.TERMINAL) for name in standing.running]
            said = f"{time.monotonic() - self._started:3.0f} s  asking {len(open_)} of {self._of}: {' '.join(open_)}"
            sys.stderr.write(CLEAR + said[: shutil.get_terminal_size().columns - 1])
            sys.stderr.flush()

    def done(self, visit: Visit[Any]) -> None:
        """Say that one target is done and how it went, and what its transport wants the user to know."""
        missed = visit.missed
        how = f"not reached ({missed.layer.value}: {missed.detail})" if missed else f"asked in {visit.took:.1f} s"
        for line in (*visit.notes, *(() if self.live else (how,))):
            self.say(
                f"{render(Untrusted(visit.target.label), Form.TERMINAL)}: {render(Untrusted(line), Form.TERMINAL)}"
            )

    def say(self, text: str) -> None:
        """One line that stays."""
        if not self._quiet:
            streams.note((CLEAR if self.live else "") + text)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self.live:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()
