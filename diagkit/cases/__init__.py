"""Cases: recorded incidents whose cause is known, so that knowledge can be tried on them again and again.

DIR/INCIDENT/HOST.tape.gz     one or more tapes of it
DIR/INCIDENT/expect.toml      recorded = "Debian 12, systemd 252"     what machine
                              truth = "The root file system is full"  what was wrong, in words
                              cause = "disk_full"                     its id
                              entity = "/"                            what it concerns, where that must be right too
                              also = ["cpu_saturated"]                other causes at work at the same time
DIR/healthy/HOST.tape.gz      hosts with nothing wrong; no expect.toml
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from diagkit import catalog
from diagkit.conclusions import Settings
from diagkit.frozen import frozen
from diagkit.model import Report, RunInfo, Tape, epoch
from diagkit.probes import Facts
from diagkit.probes.host import Identity
from diagkit.session import diagnose
from diagkit.spelling import nearest
from diagkit.transports.replay import read_tape

HEALTHY = "healthy"
KEYS = {"recorded": str, "truth": str, "cause": str, "entity": str, "also": list}


class BadCase(ValueError):
    """A folder of cases, or what it expects, cannot be used; one sentence with the file."""


@frozen(kw_only=True)
class Expected:
    """What was wrong. No causes: nothing. `entity` of the first cause; None where any is right."""

    causes: tuple[str, ...] = ()
    entity: str | None = None
    recorded: str = ""
    truth: str = ""


@frozen
class Case:
    """One tape and what was wrong when it was made."""

    tape: Path
    expected: Expected

    @property
    def name(self) -> str:
        """incident/host."""
        return f"{self.tape.parent.name}/{self.tape.name.partition('.')[0]}"


def find(folder: Path, causes: Collection[str]) -> Iterator[Case]:
    """Every case in a folder, in order. Raises `BadCase`, for a cause that is not among these as well."""
    if not folder.is_dir():
        raise BadCase(f"{folder}: there is no such folder of cases")
    for incident in sorted(path for path in folder.iterdir() if path.is_dir()):
        tapes = sorted(path for path in incident.iterdir() if re.search(r"\.tape(\.gz)?$", path.name))
        if tapes:
            expected = Expected() if incident.name == HEALTHY else read(incident / "expect.toml", causes)
            yield from (Case(tape, expected) for tape in tapes)


def read(path: Path, causes: Collection[str]) -> Expected:
    """What a file says was wrong. Raises `BadCase`."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadCase(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadCase(f"{path}: is not TOML: {error}") from error
    for key, value in said.items():
        if key not in KEYS:
            raise BadCase(f"{path}: there is no key {key!r}{nearest(key, KEYS)}")
        if not isinstance(value, KEYS[key]):
            raise BadCase(f"{path}: {key} has a value of the wrong kind: {value!r}")
    if "cause" not in said:
        raise BadCase(f"{path}: it does not say the cause")
    named = (said["cause"], *said.get("also", ()))
    for cause in named:
        if cause not in causes:
            raise BadCase(f"{path}: there is no cause {cause!r}{nearest(str(cause), causes)}")
    return Expected(
        causes=named, entity=said.get("entity"), recorded=said.get("recorded", ""), truth=said.get("truth", "")
    )


def replay(tapes: Sequence[Tape], settings: Settings) -> Report:
    """What is said now of the hosts of one incident. When that is makes no difference."""
    run = RunInfo(
        id="",
        version="",
        started_at=epoch(0),
        finished_at=epoch(0),
        since=min(tape.moment.since for tape in tapes),
        until=max(tape.moment.until for tape in tapes),
    )
    return diagnose(tapes, settings, run)


def reports(cases: Sequence[Case], settings: Settings) -> Iterator[tuple[Case, Report]]:
    """Each case with what is said of it now. Raises `NoTape` or `BadTape`."""
    for case in cases:
        yield case, replay([read_tape(case.tape)], settings)


def machine(tape: Tape) -> str:
    """What machine a tape was made of, in words; empty where it does not tell."""
    identity = Facts(catalog.all_probes().values(), tape)[Identity]
    if not isinstance(identity, Identity):
        return ""
    return ", ".join(filter(None, (identity.system, f"Linux {identity.kernel}", identity.init)))
