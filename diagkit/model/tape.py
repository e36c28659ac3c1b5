"""Answers, tapes, the facts that are given and not asked, and what a transport is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol

from diagkit.frozen import frozen
from diagkit.model.asks import Ask
from diagkit.model.history import History
from diagkit.model.words import Layer, Silence

TAPE_VERSION = 1


@frozen
class Target:
    """One machine, or one tape of a machine. `label` is what the user typed and reads again in the report.

    Where `host` is an alias of the ssh configuration, that says what it means: `found_at`, `found_port`, and `behind`
    which other machines (or a ProxyCommand) it is reached.
    """

    scheme: str  # local, ssh, replay
    host: str = ""
    user: str = ""
    port: int = 0  # 0: whatever the ssh configuration says
    path: str = ""  # of a tape
    label: str = ""
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()  # targets, or host:port, whose services it uses, as far as somebody declared them
    identity: str = ""  # path of a private key to offer before those of the ssh configuration
    jump: str = ""  # jump hosts as ProxyJump has them; empty: whatever the ssh configuration says
    found_at: str = ""
    found_port: int = 0
    behind: tuple[str, ...] = ()
    barred: str = ""  # why it cannot be asked, where its inventory wants what only Ansible can do

    @property
    def address(self) -> str:
        """Its name or address in the network."""
        return self.found_at or self.host

    @property
    def elsewhere(self) -> bool:
        """Whether packets from here go to it: it is not this machine, and not behind others."""
        return self.scheme != "local" and not self.behind


@frozen(kw_only=True)
class WrongKey:
    """A host key that nobody's setting may let pass: not the one its host is known by, or one that was revoked.

    shown: its type and fingerprint, as `ssh-keygen -l` says them. known: those on file instead, or what revokes it,
    each with its file and line. known_as: the name of the host in those files. host: whose key it is, perhaps a jump
    host's.
    """

    host: str
    known_as: str
    shown: str
    known: tuple[str, ...]
    revoked: bool = False


@frozen
class Unreached:
    """Why a machine could not be asked anything: the first layer that failed, and how.

    layer: None where none failed: nobody tried, or whoever did was not let finish.
    """

    layer: Layer | None
    silence: Silence
    detail: str = ""
    wrong_key: WrongKey | None = None


@frozen
class Reply:
    """What came back, byte for byte (secrets redacted), or why nothing did.

    An exit code is data for the parser, not a verdict. `at`: seconds since the epoch, by our clock; `took`: seconds;
    `cut`: the output was longer than its cap.
    """

    out: bytes = b""
    err: bytes = b""
    code: int = 0
    at: float = 0.0
    took: float = 0.0
    silence: Silence | None = None
    cut: bool = False

    @property
    def text(self) -> str:
        """The output as text; bytes that are not UTF-8 become lone surrogates and are escaped on the way out."""
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def lines(self) -> list[str]:
        """The output's lines, split at newlines only."""
        lines = self.text.split("\n")
        return lines[:-1] if lines[-1] == "" else lines

    @property
    def complaint(self) -> str:
        """What was said on standard error."""
        return self.err.decode("utf-8", "surrogateescape").strip()


@frozen
class Moment:
    """When we look, and at which window of time. All are aware and in UTC."""

    now: datetime
    since: datetime
    until: datetime


@frozen(kw_only=True)
class Service:
    """A service that ought to work, as declared in `[services.NAME]` of diagkit.toml."""

    name: str
    on: tuple[str, ...] = ()  # targets it runs on; empty: all
    url: str = ""
    expect: int | str = 200  # HTTP status, or text the body must contain
    tcp: str = ""  # host:port, or :port on the target itself
    unit: str = ""
    process: str = ""
    command: tuple[str, ...] = ()


@frozen(kw_only=True)
class Deploy:
    """A deployment somebody told us about."""

    at: datetime
    what: str


@frozen(kw_only=True)
class Site:
    """What ought to be, from the configuration."""

    services: tuple[Service, ...] = ()
    logs: tuple[str, ...] = ()  # more log files to look at
    deploys: tuple[Deploy, ...] = ()


@frozen(kw_only=True)
class Tape:
    """All we asked one machine and all it said: the only thing analysis may look at.

    history: what earlier runs measured there; None where nobody chose to keep it.
    """

    target: Target
    moment: Moment
    replies: Mapping[Ask, Reply]
    site: Site = field(default_factory=Site)
    unreached: Unreached | None = None
    history: History | None = None
    version: int = TAPE_VERSION


@frozen
class Unknown:
    """A fact we failed to learn, and why. It stands where the fact would stand."""

    probe: str
    silence: Silence
    detail: str = ""


class Transport(Protocol):
    """A way to ask one machine. Never raises for the machine's faults: those are replies.

    `ask` answers every ask it is given. `unreached` is set when the machine could not be asked at all; `dial` opens a
    TCP connection from that machine's vantage and raises OSError when it cannot. `located` is the target with what is
    known of where it is, without asking it.
    """

    @property
    def unreached(self) -> Unreached | None: ...

    def ask(self, asks: Collection[Ask], moment: Moment, /) -> Mapping[Ask, Reply]: ...

    def dial(self, host: str, port: int, timeout: float, /) -> Connection: ...

    def located(self, target: Target, /) -> Target: ...

    def close(self) -> None: ...


class Connection(Protocol):
    """The part of a socket that reach tests use."""

    def sendall(self, data: bytes, /) -> object: ...

    def recv(self, size: int, /) -> bytes: ...

    def settimeout(self, seconds: float, /) -> object: ...

    def close(self) -> object: ...
