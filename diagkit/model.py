"""The nouns. Everything here is frozen data; nothing here acts.

target --open--> transport --ask--> Tape --learn--> facts --judge--> findings --weigh--> diagnosis --say--> report

A `Tape` is every question put to one machine with every answer. All that follows it is pure, so a live host, a
replayed capture and a test are the same thing.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn, Protocol

SCHEMA_VERSION = "1.0"
TAPE_VERSION = 1

# ---------------------------------------------------------------- text from outside


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Text that may hold bytes somebody else chose: a log line, a host name, a path, a banner.

    It has one way out, `outputs.rendering.render(text, form)`, which escapes it by the rules of the form it goes to.
    `str()` and f-strings refuse it, so nothing can reach a screen by accident.
    """

    raw: str

    def __str__(self) -> NoReturn:
        raise TypeError("text from outside becomes text only through outputs.rendering.render()")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("text from outside becomes text only through outputs.rendering.render()")


# ---------------------------------------------------------------- how things stand


class Status(Enum):
    """How a check came out, mildest first.

    Not an IntEnum: comparing with `<` would invite reading UNKNOWN as a grade of OK.
    """

    OK = "ok"
    SKIP = "skip"  # does not apply to this machine, and we know that
    UNKNOWN = "unknown"  # could not be judged
    WARN = "warn"
    FAIL = "fail"

    @classmethod
    def worst(cls, statuses: Iterable[Status]) -> Status:
        """The worst of them; of none at all we know nothing."""
        return max(statuses, key=list(cls).index, default=cls.UNKNOWN)


class Silence(Enum):
    """Why there is no usable answer to a question."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DENIED = "denied"
    MISSING = "missing"
    GARBLED = "garbled"
    TRUNCATED = "truncated"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not_run"


class Layer(Enum):
    """The layers between us and an answering shell, lowest first."""

    NAME = "name"
    ROUTE = "route"
    TCP = "tcp"
    BANNER = "banner"
    HOST_KEY = "host_key"
    AUTHENTICATION = "authentication"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why a machine could not be asked anything: the first layer that failed, and how."""

    layer: Layer
    silence: Silence
    detail: str = ""


# ---------------------------------------------------------------- targets


@dataclass(frozen=True, slots=True)
class Target:
    """One machine, or one tape of a machine. `label` is what the user typed and reads again in the report."""

    scheme: str  # local, ssh, replay
    host: str = ""
    user: str = ""
    port: int = 0  # 0: whatever the ssh configuration says
    path: str = ""  # of a tape
    label: str = ""
    tags: tuple[str, ...] = ()


# ---------------------------------------------------------------- questions


@dataclass(frozen=True, slots=True)
class Run:
    """Run a read-only command, never through a shell.

    `timeout` in seconds; `cap` in bytes of output kept (the first ones); `root` asks for `sudo -n` where the login
    user is not root.
    """

    argv: tuple[str, ...]
    timeout: float = 5.0
    cap: int = 262_144
    root: bool = False

    def __str__(self) -> str:
        return ("sudo -n " if self.root else "") + shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Read:
    """Read one regular file or file of /proc or /sys. `tail` > 0 keeps only that many last bytes."""

    path: str
    tail: int = 0
    cap: int = 262_144
    root: bool = False

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class Glob:
    """Read many small files at once. The answer has one line `path:line` per line of each file, like `grep -H ''`."""

    pattern: str  # shell glob; no spaces or quotes
    cap: int = 524_288
    root: bool = False

    def __str__(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True)
class Native:
    """Ask psutil on this machine; other machines answer UNSUPPORTED. The answer is JSON."""

    name: str

    def __str__(self) -> str:
        return f"psutil.{self.name}"


class Vantage(Enum):
    """Where a reach test starts."""

    HERE = "here"  # the workstation diagkit runs on
    TARGET = "target"  # the machine under test, through its ssh connection


@dataclass(frozen=True, slots=True)
class Reach:
    """Test a way over the network, from a vantage. The answer is JSON; see `transports/wire` for each kind.

    kind: resolve, dns, ping, trace, mtu, tcp, banner, tls, http
    to: host name or address; `name`: what is asked for there (DNS name and type, TLS server name, URL).
    """

    kind: str
    to: str
    port: int = 0
    name: str = ""
    vantage: Vantage = Vantage.HERE

    def __str__(self) -> str:
        where = f"{self.to}:{self.port}" if self.port else self.to
        return f"{self.kind} {where}{' ' + self.name if self.name else ''} from {self.vantage.value}"


@dataclass(frozen=True, slots=True)
class Scan:
    """Read one log; where it is longer than the cap, the newest part of it.

    source, and what its answer looks like:
    `journal`: the incident window alone, newest line first, `1763762833.123456 host name[pid]: message`; lines that
    start with a space continue the one above, lines that start with `--` are the journal's own. DENIED, with what there
    is, where we may see only our own session's messages; MISSING where no journal is kept.
    `kernel`: since boot, oldest first, `[12345.678901] message`, seconds since boot (busybox may put `<6>` before it).
    the absolute path of a log file: its last bytes, whatever their time; the first line may be cut.
    """

    source: str
    cap: int = 524_288
    root: bool = False

    def __str__(self) -> str:
        return f"scan {self.source}"


@dataclass(frozen=True, slots=True)
class Again:
    """Ask the same a second time, at least `gap` seconds after the first, to see it move."""

    first: Run | Read | Glob | Native
    gap: float = 2.0

    def __str__(self) -> str:
        return f"{self.first} (again after {self.gap:g} s)"


Ask = Run | Read | Glob | Native | Reach | Scan | Again


@dataclass(frozen=True, slots=True)
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


# ---------------------------------------------------------------- facts that are given, not asked


@dataclass(frozen=True, slots=True)
class Moment:
    """When we look, and at which window of time. All are aware and in UTC."""

    now: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """A deployment somebody told us about."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What ought to be, from the configuration."""

    services: tuple[Service, ...] = ()
    logs: tuple[str, ...] = ()  # more log files to look at
    deploys: tuple[Deploy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """All we asked one machine and all it said: the only thing analysis may look at."""

    target: Target
    moment: Moment
    replies: Mapping[Ask, Reply]
    site: Site = field(default_factory=Site)
    unreached: Unreached | None = None
    version: int = TAPE_VERSION


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact we failed to learn, and why. It stands where the fact would stand."""

    probe: str
    silence: Silence
    detail: str = ""


class Transport(Protocol):
    """A way to ask one machine. Never raises for the machine's faults: those are replies.

    `ask` answers every ask it is given. `unreached` is set when the machine could not be asked at all; `dial` opens a
    TCP connection from that machine's vantage and raises OSError when it cannot.
    """

    @property
    def unreached(self) -> Unreached | None: ...

    def ask(self, asks: Collection[Ask], moment: Moment, /) -> Mapping[Ask, Reply]: ...

    def dial(self, host: str, port: int, timeout: float, /) -> Connection: ...

    def close(self) -> None: ...


class Connection(Protocol):
    """The part of a socket that reach tests use."""

    def sendall(self, data: bytes, /) -> object: ...

    def recv(self, size: int, /) -> bytes: ...

    def settimeout(self, seconds: float, /) -> object: ...

    def close(self) -> object: ...


# ---------------------------------------------------------------- findings


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a finding was read: the question, and the words of the answer that matter."""

    ask: Untrusted
    excerpt: Untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found about one subject (a mount, a unit, a port; empty: the host itself)."""

    check: str = ""
    target: Untrusted = Untrusted("")
    subject: Untrusted = Untrusted("")
    status: Status
    summary: Untrusted
    measured: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    at: datetime | None = None
    hint: Untrusted = Untrusted("")  # for UNKNOWN: what would let us see
    probe: str = ""  # for UNKNOWN: whose fact could not be learned, and why
    silence: Silence | None = None


# ---------------------------------------------------------------- the diagnosis


class Verdict(Enum):
    """What we dare to say."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    INCONCLUSIVE = "inconclusive"
    RECOVERED = "recovered"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A finding and how much it speaks for (+) or against (-) a cause, in decibans (10 log10 of the odds)."""

    check: str
    subject: Untrusted
    summary: Untrusted
    decibans: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One possible root cause, weighed. `confidence` is its probability given everything that was seen."""

    id: str
    title: str
    verdict: Verdict
    confidence: float
    target: Untrusted
    entity: Untrusted  # the mount, unit, address … it concerns; empty: the host
    because: tuple[Weighed, ...] = ()
    despite: tuple[Weighed, ...] = ()
    missing: tuple[str, ...] = ()  # checks that could have spoken but could not be judged
    explains: tuple[Untrusted, ...] = ()  # findings downstream of it, one line each
    next: tuple[Untrusted, ...] = ()  # verify, act, roll back
    runbook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The verdict over all targets and the causes behind it, likeliest first.

    `condition` is the deepest state that is established when no cause is ("the database does not answer").
    """

    verdict: Verdict
    causes: tuple[Suspect, ...] = ()
    unexplained: tuple[Weighed, ...] = ()
    condition: Untrusted = Untrusted("")


# ---------------------------------------------------------------- the report


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """This run of diagkit. The only part of a report that differs between a live run and its replay."""

    id: str
    version: str
    started_at: datetime
    finished_at: datetime
    since: datetime
    until: datetime
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the checklist could be judged: checks judged, of checks that apply."""

    judged: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """One target's outcome. `reached` is false when no shell answered; `unreached` says which layer failed."""

    name: Untrusted
    status: Status
    reached: bool
    coverage: Coverage
    layer: Layer | None = None
    detail: Untrusted = Untrusted("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceNote:
    """Something that could not be looked at, which checks wanted it, and what would open it.

    probe: whose fact was wanted; empty where a check could see a part and not judge it, or where it kept several.
    """

    target: Untrusted
    probe: str
    silence: Silence | None
    detail: Untrusted
    opens: Untrusted
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A bug of ours that was met on the way. Never hidden."""

    where: str
    error: Untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The worst status, and how many findings have each."""

    status: Status
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one run has to say. Everything but `run` is a pure function of the tapes and the configuration."""

    run: RunInfo
    targets: tuple[TargetResult, ...]
    findings: tuple[Finding, ...]
    diagnosis: Diagnosis
    silences: tuple[SilenceNote, ...] = ()
    faults: tuple[Fault, ...] = ()
    summary: Summary
    schema_version: str = SCHEMA_VERSION


def epoch(seconds: float) -> datetime:
    """Seconds since the epoch as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)
