"""What is said on stderr while targets are asked: live lines on a terminal, else a line for each that is done."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from diagkit.cli import streams
from diagkit.cli.live_table import Brief, LiveTable
from diagkit.fleet.crew import Standing, Visit
from diagkit.model import Untrusted
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import not_reached

CLEAR = "\r\x1b[K"
CLEAR_DOWN = "\r\x1b[J"
BEAT = 0.2  # seconds between two pictures


class Progress:
    """Silent when quiet. The live lines leave no mode of the terminal changed, so there is nothing to restore.

    of: how many targets there are. From two on there is a table of them.
    """

    def __init__(self, *, quiet: bool, of: int = 1) -> None:
        self._quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self._started = self._drawn_at = time.monotonic()
        self._table = LiveTable(of) if of > 1 else None
        self._stopping = False
        self._aside = 0  # prompts that are being shown
        self._drawn = 0  # lines that stand on the screen
        self._drawing = threading.Lock()

    def waiting(self, standing: Standing) -> None:
        """Show who is still being asked, and say it once when a signal has ended that."""
        if standing.stopped and not self._stopping:
            self._stopping = True
            left = len(standing.running) + standing.waiting
            self.say(f"stopping: {left} of {standing.of} targets are not finished")
        now = time.monotonic()
        if not self.live or self._aside or now - self._drawn_at < BEAT:
            return
        self._drawn_at = now
        columns, rows = shutil.get_terminal_size()
        if self._table:
            lines = list(self._table.lines(standing.running, rows - 2))
        else:
            names = " ".join(render(Untrusted(name), Form.TERMINAL) for name in standing.running)
            lines = [f"{now - self._started:3.0f} s  asking {len(standing.running)} of {standing.of}: {names}"]
        with self._drawing:
            self._draw([_cut(line, columns - 1) for line in lines])

    def done(self, visit: Visit[Any], brief: Brief | None) -> None:
        """Say that one target is done and how it went, and what its transport wants the user to know."""
        if self._table and brief:
            self._table.add(visit.target.label, brief)
        missed = visit.missed
        how = not_reached(missed.layer, missed.detail) if missed else f"asked in {visit.took:.1f} s"
        name = render(Untrusted(visit.target.label), Form.TERMINAL)
        for line in (*visit.notes, *(() if self.live else (how,))):
            self.say(f"{name}: {render(Untrusted(line), Form.TERMINAL)}")

    def say(self, text: str) -> None:
        """One line that stays."""
        if self._quiet:
            return
        with self._drawing:
            self._draw([])
            streams.note(text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Room for a prompt: nothing is drawn meanwhile."""
        with self._drawing:
            self._draw([])
            self._aside += 1
        try:
            yield
        finally:
            self._aside -= 1

    def close(self) -> None:
        """Leave the terminal as it was found."""
        with self._drawing:
            self._draw([])

    def _draw(self, lines: Sequence[str]) -> None:
        """Put these lines where the last ones stood; the cursor waits at the end of the last."""
        if not self.live:
            return
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        sys.stderr.write(f"{up}{CLEAR_DOWN}" + "\n".join(lines))
        sys.stderr.flush()
        self._drawn = len(lines)


def _cut(line: str, cells: int) -> str:
    """As much of it as fits on one line of the terminal: some characters are two cells wide."""
    from rich.cells import cell_len, set_cell_size

    return line if cell_len(line) <= cells else set_cell_size(line, cells)
