"""What the system's ssh says on its way up: how far it has come, and in the end why it came no farther.

Its words at LogLevel DEBUG1 have been the same for many years; where they are not known, its last words are quoted at
the stage that was reached. With jump hosts each of them has an ssh of its own, and all write into one stream, one after
the other: no ssh says a word of its connection before the jump host has let the one before it in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from diagkit.model import Layer, Silence, WrongKey
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.forwarding import CONNECT_FAILED, PROHIBITED, SHORTAGE, UNKNOWN_TYPE, forward_error, meaning
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts, Marker
from diagkit.transports.ssh.host_keys.public_key import describe
from diagkit.transports.ssh.host_keys.remedies import forget, learn
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
OPEN_FAILED = {
    "administratively prohibited": PROHIBITED,
    "connect failed": CONNECT_FAILED,
    "unknown channel type": UNKNOWN_TYPE,
    "resource shortage": SHORTAGE,
}


class Log:
    """What was said so far. stage: what is being tried, since `since` (monotonic), at machine number `at`."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = routes
        self.stage = Layer.NAME
        self.since = time.monotonic()
        self.at = 0
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
        elif text.startswith("mux_client_request_stdio_fwd"):  # the same at a jump host
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
        return forward_error(OPEN_FAILED.get(reason, CONNECT_FAILED), words)

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
        for pattern, explain in _ENDS.get(self.stage, {}).items():
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


def _no_name(_log: Log, found: re.Match[str]) -> Stopped:
    again = "emporary failure" in found[2]
    detail = f"{found[1]} cannot be resolved just now ({found[2]}): the resolver failed or did not answer"
    if not again:
        detail = f"{found[1]} does not resolve ({found[2]}): check its spelling, the ssh configuration, DNS"
    return Stopped(Layer.NAME, Silence.UNREACHABLE if again else Silence.MISSING, detail)


def _no_connection(_log: Log, found: re.Match[str]) -> Stopped:
    layer, silence = meaning(forward_error(CONNECT_FAILED, found[3]))
    explained = {
        Silence.REFUSED: "the host answers, but nothing listens there or a firewall rejects",
        Silence.TIMEOUT: "the host is down or a firewall drops the packets",
    }.get(silence, "there is no way to it")
    return Stopped(layer, silence, f"{found[3]} by {found[1]} port {found[2]}: {explained}")


def _not_forwarded(log: Log, found: re.Match[str]) -> Stopped:
    error = forward_error(OPEN_FAILED.get(found[1], CONNECT_FAILED), found[2])
    layer, silence = meaning(error)
    jump = log.routes[max(0, log.at - 1)]
    where = f"{log.route.host} port {log.route.port}"
    return Stopped(layer, silence, f"the jump host {jump.name} cannot connect to {where}: {error.strerror or error}")


def _changed(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    name = route.key_names[0]
    lines = [e for e in KnownHosts.load(route.known_hosts).entries(name) if e.marker is Marker.KEY]
    known = tuple(dict.fromkeys(f"{describe(entry.key)} ({entry.where})" for entry in lines))
    detail = (
        f"the host key of {route.name} has changed: it shows {log.shown()}, but known is {', '.join(known)}; "
        f"it was rebuilt, or somebody is in between: ask who runs it, then {forget(name, (e.where for e in lines))}"
    )
    wrong = WrongKey(host=route.name, known_as=name, shown=log.shown(), known=known)
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail, wrong)


def _revoked(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    known = KnownHosts.load(route.known_hosts)
    lines = [e for name in route.key_names for e in known.entries(name) if e.marker is Marker.REVOKED]
    by = tuple(dict.fromkeys(entry.where for entry in lines)) or (route.revoked_keys,)
    detail = f"the host key of {route.name}, {log.shown()}, is revoked in {', '.join(by)}: do not connect"
    wrong = WrongKey(host=route.name, known_as=route.key_names[0], shown=log.shown(), known=by, revoked=True)
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail, wrong)


def _unknown(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    detail = (
        f"the host key of {route.name} is not in known_hosts: check {log.shown()} with whoever runs the machine, "
        f"then {learn(route)}"
    )
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail)


def _unverified(log: Log, _found: re.Match[str]) -> Stopped:
    before = "; ".join(log.said[:-1])
    return Stopped(Layer.HOST_KEY, Silence.DENIED, f"{log.shown()} of {log.route.name} was not accepted: {before}")


def _denied(log: Log, found: re.Match[str]) -> Stopped:
    offered = f"offered {', '.join(log.offered)}" if log.offered else "no key to offer"
    banner = " ".join(line for line in log.said if line != found[0] and "no such identity" not in line)
    said = f'; it said "{banner[:200]}"' if banner else ""
    return Stopped(Layer.AUTHENTICATION, Silence.DENIED, f"{found[0]}: {offered}{said}".replace(".:", ":"))


def _no_algorithm(_log: Log, found: re.Match[str]) -> Stopped:
    return Stopped(Layer.HOST_KEY, Silence.UNSUPPORTED, f"no common algorithm with the server: {found[0]}")


def _hung_up(log: Log, found: re.Match[str]) -> Stopped:
    words = f', saying "{log.said[0][:200]}"' if log.said[0] != found[0] else ""
    if log.stage is Layer.TCP and log.route.proxy_command:
        detail = f"the ProxyCommand `{log.route.proxy_command}` ended before the host had said a word{words}"
        return Stopped(Layer.TCP, Silence.UNREACHABLE, detail)
    detail = (
        f"the server hung up before its SSH version{words}: too many connections (MaxStartups), a ban, or no memory "
        "for another sshd"
    )
    return Stopped(Layer.BANNER, Silence.REFUSED, detail)


def _cut(log: Log, found: re.Match[str]) -> Stopped:
    during = "log-in" if log.stage is Layer.AUTHENTICATION else "the key exchange"
    return Stopped(log.stage, Silence.UNREACHABLE, f"the connection ended during {during}: {found[0]}")


def _no_ssh(log: Log, found: re.Match[str]) -> Stopped:
    heard = f', but says "{log.said[0][:200]}"' if log.said[0] != found[0] else ""
    return Stopped(Layer.BANNER, Silence.GARBLED, f"what listens there does not speak SSH{heard}: {found[0]}")


def _misconfigured(log: Log, _found: re.Match[str]) -> Stopped:
    words = "; ".join(log.said)
    return Stopped(Layer.NAME, Silence.GARBLED, f"ssh does not accept its configuration for {log.route.name}: {words}")


Explain = Callable[[Log, re.Match[str]], Stopped]

_NOT_REACHED: dict[str, Explain] = {
    r"terminating, \d+ bad configuration|Bad owner or permissions|Bad configuration option": _misconfigured,
    r"Could not resolve hostname (\S+): (.*)": _no_name,
    r"connect to (?:host|address) (\S+) port (\d+): (.*)": _no_connection,
    r"open failed: ([a-z ]+): (.*)": _not_forwarded,
}
_NO_SERVER: dict[str, Explain] = {
    r".*(?:invalid (?:format|characters)|[Pp]rotocol (?:mismatch|major versions)|too long|No SSH version).*": _no_ssh,
    r"(?:kex|ssh)_exchange_identification: .*": _hung_up,
}
_BROKEN: dict[str, Explain] = {
    r".*(?:[Cc]onnection (?:to \S+ )?(?:closed|reset)|Broken pipe|Connection corrupted|Bad packet).*": _cut,
}
# What each stage can say of its failure. Words of later ones are not looked for: a server may say anything before it
# lets us in, and would tell us of a changed key that nobody has.
_ENDS: dict[Layer, dict[str, Explain]] = {
    Layer.NAME: _NOT_REACHED | _NO_SERVER,
    Layer.TCP: _NOT_REACHED | _NO_SERVER,
    Layer.BANNER: _NO_SERVER,
    Layer.HOST_KEY: {
        r"Protocol major versions differ.*": _no_ssh,
        r"REMOTE HOST IDENTIFICATION HAS CHANGED": _changed,
        r"REVOKED HOST KEY DETECTED|Host key \S+ .* revoked": _revoked,
        r"No \S+ host (?:key|certificate) is known for|not in the list of known hosts": _unknown,
        r"Host key verification failed": _unverified,
        r"Unable to negotiate with .*|no matching .* found.*": _no_algorithm,
    }
    | _BROKEN,
    Layer.AUTHENTICATION: {
        r"(?:\S+: )?Permission denied .*|.*Too many authentication failures.*": _denied,
    }
    | _BROKEN,
}
