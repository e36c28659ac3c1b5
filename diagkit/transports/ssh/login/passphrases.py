"""Passphrases of key files: each asked for once per run, on the terminal, by one thread while the others wait.

Nothing is asked where nobody is there to answer: without a terminal, in the background, or under BatchMode. What is
unlocked stays in memory until the run ends; nothing is handed to an agent.
"""

from __future__ import annotations

import atexit
import os
import selectors
import termios
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Generic, TypeVar

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.stages import Stopped

Key = TypeVar("Key")
TERMINAL = "/dev/tty"
TRIES = 3  # NumberOfPasswordPrompts of ssh
LONGEST = 1024  # bytes, as ssh has it
PARTING_SECONDS = 2.0  # for whoever asks to notice that the run is over
TICK = 0.2  # seconds between looks at whether the run is over


class Passphrases(Generic[Key]):
    """Unlocks the key files of one run.

    aside: a context in which a prompt may be shown, for whoever else writes to the terminal. It is entered for each
    prompt, by the thread that asks.
    """

    def __init__(self, aside: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self.aside = aside
        self._outcomes: dict[str, Future[Key | None]] = {}
        self._lock = threading.Lock()
        self._asking = threading.Lock()  # one question at a time
        self._over = threading.Event()

    def unlock(self, path: str, unlocked: Callable[[bytes], Key | None], deadline: float) -> Key | None:
        """The key there; None when nobody unlocks it.

        unlocked: the key by a passphrase, None for a wrong one. Raises Stopped when the time for this machine is over
        before it was entered; the question stands, for others may still have time.
        """
        with self._lock:
            outcome = self._outcomes.get(path)
            if outcome is None:
                outcome = self._outcomes[path] = Future()
                ask = threading.Thread(target=self._ask, args=(path, unlocked, outcome), daemon=True, name="passphrase")
                ask.start()
        try:
            return outcome.result(max(0.0, deadline - time.monotonic()))
        except NotYet:
            detail = f"the passphrase of {path} had not been entered when the time for this machine was over"
            raise Stopped(Layer.AUTHENTICATION, Silence.TIMEOUT, detail) from None

    def close(self) -> None:
        """End a question that is still open, and leave the terminal as it was."""
        self._over.set()
        if self._asking.acquire(timeout=PARTING_SECONDS):
            self._asking.release()

    def _ask(self, path: str, unlocked: Callable[[bytes], Key | None], outcome: Future[Key | None]) -> None:
        key = None
        try:
            with self._asking, self.aside():
                prompt = f"Enter passphrase for key '{path}': "
                for _ in range(TRIES):
                    passphrase = None if self._over.is_set() else ask_on_terminal(prompt, self._over)
                    if not passphrase or (key := unlocked(passphrase)):
                        break
                    prompt = f"Bad passphrase, try again for {path}: "
        except BaseException as error:  # noqa: BLE001 - raised again by those who wait
            outcome.set_exception(error)
        else:
            outcome.set_result(key)


def somebody_is_there() -> bool:
    """Whether there is a terminal, and this process may read from it."""
    try:
        terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()  # else the kernel would stop us
    except OSError:
        return False
    finally:
        os.close(terminal)


def ask_on_terminal(prompt: str, over: threading.Event) -> bytes | None:
    """A line typed on the terminal, unseen; None when there is none, at its end, or when `over` is set."""
    if not somebody_is_there():
        return None
    terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    before = termios.tcgetattr(terminal)
    unseen = [*before]
    unseen[3] &= ~termios.ECHO

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    atexit.register(restore)
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, unseen)
        os.write(terminal, prompt.encode("utf-8", "replace"))
        return _line(terminal, over)
    finally:
        restore()
        atexit.unregister(restore)
        os.write(terminal, b"\n")
        os.close(terminal)


def _line(terminal: int, over: threading.Event) -> bytes | None:
    with selectors.DefaultSelector() as ready:
        ready.register(terminal, selectors.EVENT_READ)
        while not over.is_set():
            if ready.select(TICK):
                line = os.read(terminal, LONGEST)  # the kernel hands over whole lines
                return line.rstrip(b"\r\n") if line else None
    return None
