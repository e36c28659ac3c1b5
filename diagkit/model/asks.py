"""Questions to a machine. Frozen and hashable: they are the keys of a tape."""

from __future__ import annotations

import shlex

from diagkit.frozen import frozen
from diagkit.model.words import Vantage


@frozen
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


@frozen
class Read:
    """Read one regular file or file of /proc or /sys. `tail` > 0 keeps only that many last bytes.

    unless: a command that tells the same for less. Where the machine has it, the file is not read: UNSUPPORTED.
    """

    path: str
    tail: int = 0
    cap: int = 262_144
    root: bool = False
    unless: str = ""

    def __str__(self) -> str:
        return self.path


@frozen
class Glob:
    """Read many small files at once. The answer has one line `path:line` per line of each file, like `grep -H ''`."""

    pattern: str  # shell glob; no spaces or quotes
    cap: int = 524_288
    root: bool = False

    def __str__(self) -> str:
        return self.pattern


@frozen
class Native:
    """Ask psutil on this machine; other machines answer UNSUPPORTED. The answer is JSON."""

    name: str

    def __str__(self) -> str:
        return f"psutil.{self.name}"


@frozen
class Reach:
    """Test a way over the network, from a vantage. The answer is JSON; see `transports/wire` for each kind.

    kind: resolve, dns, ping, long_ping, trace, mtu, tcp, banner, tls, http, redis
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


@frozen
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


@frozen
class Sift:
    """Of what a `Scan` leaves behind of the incident window: those lines that may matter, selected on the machine.

    source, and what its answer looks like:
    the absolute path of a log file, compressed or not: first a line of JSON with the file's `size`, the `start` and
    `end` of the window in it, and from where on it was `read`; in bytes, and 0 where the file had to be unpacked. Then
    the lines, oldest first, each cut to 4096 bytes. Those of full minutes are among them: they date what follows them.
    `warnings`: of the journal, what is of that priority or a worse one, in the form of `Scan`, newest line first.
    `words`: of the journal, what else has a word that may matter.

    newest: the last bytes of the file, which are known. before: the journal is known from then on, in seconds since the
    epoch. read: how many bytes may be read (of the journal: said) at most, the newest of them first. cap: bytes of the
    answer on its way here, compressed where the machine can.
    """

    source: str
    newest: int = 0
    before: float = 0.0
    read: int = 16_777_216
    cap: int = 393_216
    root: bool = False

    def __str__(self) -> str:
        return f"sift {self.source}"


@frozen
class Again:
    """Ask the same a second time, at least `gap` seconds after the first, to see it move."""

    first: Run | Read | Glob | Native
    gap: float = 2.0

    def __str__(self) -> str:
        return f"{self.first} (again after {self.gap:g} s)"


Ask = Run | Read | Glob | Native | Reach | Scan | Sift | Again
