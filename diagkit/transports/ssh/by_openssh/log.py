"""What the system's ssh says on its way up: how far it has come, and in the end why it came no farther.

Its words at LogLevel DEBUG1 have been the same for many years; where they are not known, its last words are quoted at
the stage that was reached. With jump hosts each of them has an ssh of its own, and all write into one stream, one after
the other: no ssh says a word of its connection before the jump host has let the one before it in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Protocol

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.by_openssh.ends import ENDS, refused
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.switchboard import at_jump_host

MOST_LINES = 200  # without those for debugging; the rest of what a server says before it lets us in is not kept
LINE_BYTES = 4096

STEPS = {  # what ssh says when a stage begins
    "Connecting to ": Layer.TCP,
    "Executing proxy command": Layer.TCP,
    "Connection established": Layer.BANNER,
    "Remote protocol version": Layer.HOST_KEY,
    "SSH2_MSG_SERVICE_ACCEPT received": Layer.AUTHENTICATION,
}
SILENT = {  # what it waits for when nothing comes any more
    Layer.NAME: "the name was not resolved: the resolver does not answer",
    Layer.TCP: "no answer: the host is down or a firewall drops the packets",
    Layer.BANNER: "connected, but no SSH version came: sshd hangs, or something else listens",
    Layer.HOST_KEY: "the key exchange did not finish: the server is stuck",
    Layer.AUTHENTICATION: "no answer to the log-in: PAM, or a directory service behind it, may hang; "
    "or a key waits for somebody to touch it",
}
STATISTICS = ("Transferred: ", "Bytes per second: ", "Killed by signal")  # at its end, and of nobody's interest
OPEN_FAILURE = re.compile(r"channel (\d+): open failed: ([a-z ]+?)(?:: (.*))?")


class Lender(Protocol):
    """The connection to the machine before the last, where that is shared by all who lie behind it."""

    def refusal(self, host: str, port: int, /) -> OSError:
        """Why that machine made no connection to there."""
        ...


class Log:
    """What was said so far. stage: what is being tried, since `since` (monotonic), at machine number `at`."""

    def __init__(self, routes: Sequence[Route], lender: Lender | None = None) -> None:
        self.routes = routes
        self.lender = lender
        self.stage = Layer.NAME
        self.since = time.monotonic()
        self.at = len(routes) - 1 if lender else 0
        self.said: list[str] = []  # since the stage of this machine began, without what is for debugging
        self.offered: list[str] = []
        self.key = ""  # what the server shows: `ssh-ed25519 SHA256:…`
        self.notes = [note for route in routes for note in route.notes]
        self.status: int | None = None  # how the command at the other end ended
        self._forwards: dict[str, tuple[str, int]] = {}  # number of a channel -> where it is to lead
        self._last_forward = "", 0
        self._refusals: dict[tuple[str, int], tuple[str, str]] = {}
        self._rest = b""

    @property
    def let_in(self) -> bool:
        """Whether the last of the machines has let us in."""
        return self.stage is Layer.SHELL

    def feed(self, data: bytes) -> None:
        """Take what has come on standard error."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-LINE_BYTES:]
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            if text.startswith("debug1: "):
                self._note(text.removeprefix("debug1: "))
            elif text.startswith("Authenticated to "):
                self._pass()
            elif (found := OPEN_FAILURE.fullmatch(text)) and found[1] in self._forwards:
                self._refusals[self._forwards[found[1]]] = found[2], found[3] or ""
            elif not text.startswith(STATISTICS) and text.strip() and len(self.said) < MOST_LINES:
                self.said.append(text.strip())

    def _note(self, text: str) -> None:
        if self.let_in:
            if found := re.fullmatch(r"Exit status (\d+)", text):
                self.status = int(found[1])
            elif found := re.fullmatch(r"channel_connect_stdio_fwd:? (.+):(\d+)", text):
                self._last_forward = found[1], int(found[2])
            elif found := re.match(r"channel (\d+): new .*\[stdio-forward\]", text):
                self._forwards[found[1]] = self._last_forward
            return
        for words, stage in STEPS.items():
            if text.startswith(words):
                self._step(stage)
        if text.startswith("Server host key: "):
            self.key = text.removeprefix("Server host key: ")
        elif text.startswith("Offering public key: "):
            self.offered.append(text.removeprefix("Offering public key: "))
        elif text.startswith("mux_client_request_session"):  # through a master of the user's, whatever the way is
            self.at = len(self.routes) - 1
            self._pass()
        elif text.startswith("mux_client_request_stdio_fwd") and not self.lender:  # the same at a jump host
            self._pass()
        elif found := re.match(r"(?:kex|ssh)_exchange_identification: banner line [0-7]: (.*)", text):
            self.said.append(found[1])

    def _pass(self) -> None:
        """The machine has let us in."""
        if any("Permanently added" in line for line in self.said):
            self.notes.append(f"first contact with {self.route.name}: ssh accepted {self.shown()}, and wrote it down")
        self.said.clear()
        self.offered.clear()
        if self.at == len(self.routes) - 1:
            self._step(Layer.SHELL)
        else:
            self.at += 1
            self._step(Layer.TCP)

    def refusal(self, host: str, port: int) -> OSError:
        """Why the machine, asked by way of our control socket, made no connection to there the last time."""
        reason, words = self._refusals.get((host, port), ("", "its ssh does not say why"))
        return refused(reason, words)

    def _step(self, stage: Layer) -> None:
        self.stage = stage
        self.since = time.monotonic()

    # ------------------------------------------------------------ why it came no farther

    def silent(self, seconds: float) -> Stopped:
        """Nothing has come for so long."""
        return self._there(Stopped(self.stage, Silence.TIMEOUT, f"{SILENT[self.stage]} ({seconds:.0f} s)"))

    def ended(self, code: int | None) -> Stopped:
        """Ssh has ended by itself before we were let in."""
        everything = "\n".join(self.said)
        for pattern, explain in ENDS.get(self.stage, {}).items():
            if found := re.search(pattern, everything):
                return self._there(explain(self, found))
        words = "; ".join(self.said[-2:]) or "nothing"
        how = f"ssh ended with status {code}" if code is not None else "ssh closed its output"
        return self._there(Stopped(self.stage, Silence.UNREACHABLE, f"{how}, saying: {words[:300]}"))

    def _there(self, stop: Stopped) -> Stopped:
        return stop if self.at == len(self.routes) - 1 else at_jump_host(self.routes[self.at].name, stop)

    @property
    def route(self) -> Route:
        """The machine that is being tried."""
        return self.routes[self.at]

    def shown(self) -> str:
        """The key that the server shows, in the words of ssh-keygen -l."""
        kind, _, digest = self.key.partition(" ")
        return f"{kind.removeprefix('ssh-').split('-')[0].upper()} {digest}" if digest else "a key"
