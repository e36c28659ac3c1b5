"""systemd: every unit it has loaded, and how each fares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from signal import Signals
from typing import NoReturn

from diagkit.frozen import frozen
from diagkit.model import Read, Reply, Run
from diagkit.probes import Absent, Garbled, perhaps, probe

PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Result,UnitFileState,Type,NRestarts,ExecMainCode,ExecMainStatus,MainPID,"
    "StateChangeTimestamp,ActiveEnterTimestamp,ConditionResult,NeedDaemonReload,Transient,TriggeredBy,ExecStart,"
    "EnvironmentFiles"
)
KINDS = ("*.service", "*.mount", "*.swap", "*.socket", "*.timer", "*.path")


def show(*patterns: str) -> Run:
    """The question for these units: one process for all of them. TZ makes the times readable from any time zone."""
    argv = ("env", "TZ=UTC", "systemctl", "show", "--no-pager", "-p", PROPERTIES, "--", *patterns)
    return Run(argv, cap=1_048_576)


@frozen(kw_only=True)
class Unit:
    """One unit of systemd. The words are systemd's own: `loaded`, `masked`; `active`, `failed`; `auto-restart`.

    result: how the last run ended: success, exit-code, signal, timeout, oom-kill, dependency, …
    code, status: of the main process' end: `exited` and its exit status, or `killed`/`dumped` and the signal's number.
    restarts: automatic ones since the last start by hand.
    since: when its state last changed; started: when it last became active. None where it never did in this boot.
    conditions: whether its start conditions held when they were last tried; false where they never were.
    stale: its unit files are newer than what systemd has loaded.
    files: the absolute paths on its command line, the program first.
    """

    name: str
    load: str
    active: str
    sub: str
    result: str = "success"
    file_state: str = ""
    type: str = ""
    restarts: int = 0
    code: str = ""
    status: int = 0
    pid: int = 0
    since: datetime | None = None
    started: datetime | None = None
    conditions: bool = True
    stale: bool = False
    transient: bool = False
    triggered_by: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    environment_files: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The suffix of its name: service, mount, timer."""
        return self.name.rpartition(".")[2]

    @property
    def failed(self) -> bool:
        """Whether systemd has given it up."""
        return self.active == "failed"

    @property
    def ending(self) -> str:
        """How its last run ended: the result, with the exit status or the signal of the main process."""
        if self.code == "exited" and self.status:
            return f"{self.result}, status {self.status}"
        if self.code in ("killed", "dumped") and self.status in set(Signals):
            return f"{self.result}, {self.code} by {Signals(self.status).name}"
        return self.result

    def looping(self, now: datetime) -> bool:
        """Whether it waits for yet another automatic start, is in the midst of one, or had one within a minute."""
        fresh = self.since is not None and abs((now - self.since).total_seconds()) < 60
        starting = self.active == "activating" or (self.active == "active" and fresh)
        return self.sub == "auto-restart" or (starting and self.restarts > 0)


@frozen(kw_only=True)
class Units:
    """Every unit that systemd has loaded. One that is disabled, stopped and wanted by nobody is not among them.

    container: the kind of container this is (lxc, docker, …); empty where systemd does not think so.
    """

    all: tuple[Unit, ...]
    container: str = ""

    def named(self, name: str) -> Unit | None:
        """The unit of this name; `.service` may be left out."""
        return next((u for u in self.all if u.name in (name, f"{name}.service")), None)

    def of(self, kind: str) -> Iterator[Unit]:
        """The units of one kind."""
        return (u for u in self.all if u.kind == kind)

    def owning(self, pid: int) -> Unit | None:
        """The service whose main process this is."""
        return next((u for u in self.all if u.pid == pid), None) if pid else None


def _no_systemctl() -> Units:
    raise Absent("no systemd here")


@probe(show(*KINDS), perhaps(Read("/run/systemd/container")), otherwise=[((), _no_systemctl)])
def units(reply: Reply, container: Reply) -> Units:
    """Every loaded unit with its state, from one `systemctl show`."""
    return Units(all=tuple(parse_units(reply)), container=container.text.strip())


def parse_units(reply: Reply) -> Iterator[Unit]:
    """The blocks of `systemctl show` as units. Names without a unit file are left out, unless they have failed."""
    if reply.code:
        _complain(reply.complaint)
    if reply.cut:
        raise Garbled("longer than its cap")
    for block in reply.text.strip("\n").split("\n\n"):
        said = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        if not said.get("Id"):
            raise Garbled(block[:60])
        if said["LoadState"] != "not-found" or said["ActiveState"] == "failed":
            yield _unit(said, block)


def _complain(complaint: str) -> NoReturn:
    if "not been booted with systemd" in complaint:
        raise Absent("PID 1 is not systemd")
    raise Garbled(complaint[:120])


def _unit(said: Mapping[str, str], block: str) -> Unit:
    code = int(said.get("ExecMainCode", 0))
    command = re.search(r"argv\[\]=(.*?) ; ignore_errors", said.get("ExecStart", ""))
    return Unit(
        name=said["Id"],
        load=said["LoadState"],
        active=said["ActiveState"],
        sub=said["SubState"],
        result=said.get("Result", "success"),
        file_state=said.get("UnitFileState", ""),
        type=said.get("Type", ""),
        restarts=int(said.get("NRestarts", 0)),
        code={1: "exited", 2: "killed", 3: "dumped"}.get(code, ""),
        status=int(said.get("ExecMainStatus", 0)),
        pid=int(said.get("MainPID", 0)),
        since=_time(said.get("StateChangeTimestamp", "")),
        started=_time(said.get("ActiveEnterTimestamp", "")),
        conditions=said.get("ConditionResult") == "yes",
        stale=said.get("NeedDaemonReload") == "yes",
        transient=said.get("Transient") == "yes",
        triggered_by=tuple(said.get("TriggeredBy", "").split()),
        files=tuple(word for word in command[1].split() if word.startswith("/")) if command else (),
        environment_files=tuple(re.findall(r"^EnvironmentFiles=(/\S+)", block, re.MULTILINE)),
    )


def _time(text: str) -> datetime | None:
    """`Sat 2026-11-21 22:11:02 UTC`; empty for never."""
    if text in ("", "n/a"):
        return None
    # a host has hundreds of them, and strptime takes ten times as long
    return datetime.fromisoformat(text[4:].removesuffix(" UTC")).replace(tzinfo=UTC)
