"""How a run is stopped: the first signal ends the asking and the partial report is said, the second ends at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """While it is entered, `number` is the signal that asked us to stop; 0 as long as none has.

    The handler raises nothing, so no signal can tear an answer or a report in the middle. `wake` is called once.
    """

    def __init__(self) -> None:
        self.number = 0
        self.wake: Callable[[], None] = lambda: None
        self._before: dict[signal.Signals, Any] = {}

    @property
    def code(self) -> int:
        """The exit code of a run that was stopped."""
        return 128 + self.number

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
                self._before[number] = signal.signal(number, self._heed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def unread(self) -> None:
        """Stop because nobody reads what we say any more: as if the signal for that had come."""
        if not self.number:
            self._heed(signal.SIGPIPE, None)

    def _heed(self, number: int, _frame: FrameType | None) -> None:
        if self.number:
            os._exit(128 + number)
        self.number = number
        self.wake()
