"""How far the reading of files is, said on stderr once it takes more than a second."""

from __future__ import annotations

import shutil
import sys
import time

from diagkit.cli.progress import CLEAR
from diagkit.outputs.logs import size

PATIENCE = 1.0  # seconds after which somebody wants to know
BEAT = 0.2  # seconds between two lines


class Meter:
    """One live line: bytes of how many, how fast, lines met so far, time left. `total` 0: nobody knows how many."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._live = not quiet and sys.stderr.isatty()
        self._started = time.monotonic()
        self._said = self._started + PATIENCE - BEAT
        self._shown = False

    def show(self, read: int, hits: int) -> None:
        """Say how far it is, if it is time to."""
        now = time.monotonic()
        if not self._live or now - self._said < BEAT:
            return
        self._said = now
        self._shown = True
        sys.stderr.write(CLEAR + self._line(read, hits, now - self._started)[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()

    def _line(self, read: int, hits: int, took: float) -> str:
        rate = read / took if took else 0.0
        of = f" of {size(self._total)} ({min(read / self._total, 1):.0%})" if self._total else ""
        left = f", {max(self._total - read, 0) / rate:.0f} s left" if self._total and rate else ""
        return f"{took:3.0f} s  read {size(read)}{of}, {size(rate)}/s, {hits:,} lines that tell{left}"

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self._shown:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()
