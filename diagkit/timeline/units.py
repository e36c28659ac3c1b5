"""What services did: starts, stops, restarts, failures, reloads, and jobs that a timer started."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from diagkit.logs.marks import Mark
from diagkit.model import Kind, Unknown
from diagkit.probes.marks import Marks
from diagkit.probes.systemd import Unit, Units
from diagkit.timeline import Happening, Happenings, teller

# Sessions, points in the boot, and daemons that D-Bus starts for a minute whenever somebody asks them something.
PASSING = re.compile(
    r"\.(?:target|slice|scope|device)$|^(?:user@|user-runtime-dir@|run-|initrd-|modprobe@|getty|systemd-update-utmp"
    r"|systemd-(?:timedated|hostnamed|localed|exit)|packagekit|polkit)"
)
AT_ONCE = timedelta(seconds=30)  # between a stop and a start that are one restart; our choice: slow stops take that
LONGEST_BOOT = timedelta(minutes=5)
PAUSE = timedelta(seconds=5)  # without a unit coming up ends the boot, where only the units themselves tell
SAME = timedelta(seconds=3)  # between what the journal and what systemctl say of one thing


@teller
def units(marks: Marks, units: Units | Unknown) -> Happenings:
    """What the log says that systemd did, told unit by unit: a crash and the restart it brought are one thing."""
    timers = _timed(units)
    boots = marks.of("boot_finished")
    for boot in boots:
        came_up = [
            m
            for m in marks.of("unit_started")
            if boot.at - LONGEST_BOOT <= m.at <= boot.at and m.fields["unit"].endswith(".service")
        ]
        begun = min((m.at for m in came_up), default=boot.at)
        yield _boot(begun, len({m.fields["unit"] for m in came_up}), boot.source)
    by_unit: dict[str, list[Mark]] = {}
    for mark in marks.all:
        name = mark.fields.get("unit", "")
        if name and not PASSING.search(name) and not _in_a_boot(mark, boots):
            by_unit.setdefault(name, []).append(mark)
    for name, said in by_unit.items():
        yield from _history(said, timers.get(name, ""))


@teller
def states(marks: Marks | Unknown, units: Units) -> Happenings:
    """Since when units are as they are, where the log does not say: systemd tells that to everybody."""
    said = [] if isinstance(marks, Unknown) else marks.all
    booted = list(_came_up(units))
    if booted and not any(mark.id == "boot_finished" for mark in said):
        services = sum(unit.kind == "service" for unit in booted)
        yield _boot(min(u.started for u in booted if u.started), services, "systemctl")
    heard: dict[str, list[datetime]] = {}
    for mark in said:
        heard.setdefault(mark.fields.get("unit", ""), []).append(mark.at)
    for unit in units.of("service"):
        for kind, at, how in () if PASSING.search(unit.name) else _last_changes(unit):
            known = any(abs(at - other) <= SAME for other in heard.get(unit.name, ()))
            if not known and not (kind is Kind.START and unit in booted):
                yield _happening(Mark(id="", at=at, source="systemctl", fields={"unit": unit.name}), kind, how)


def _came_up(units: Units) -> Iterator[Unit]:
    """The units that came up with the system: one after the other from the first on, until there was a pause."""
    last: datetime | None = None
    for unit in sorted((u for u in units.all if u.started), key=lambda u: (u.started, u.name)):
        if last and unit.started and unit.started - last > PAUSE:
            return
        last = unit.started
        yield unit


def _boot(at: datetime, services: int, source: str) -> Happening:
    says = f"the system came up; {services} services started"
    return Happening(
        kind=Kind.BOOT, at=at, subject="system", says=says, many="the system came up {n} times", source=source
    )


def _timed(units: Units | Unknown) -> dict[str, str]:
    """The timer of each unit that has one: of the same name, unless systemd says otherwise."""
    known = () if isinstance(units, Unknown) else units.all
    namesakes = {f"{unit.name.removesuffix('.timer')}.service": unit.name for unit in known if unit.kind == "timer"}
    told = {unit.name: timer for unit in known for timer in unit.triggered_by if timer.endswith(".timer")}
    return namesakes | told


def _in_a_boot(mark: Mark, boots: Iterable[Mark]) -> bool:
    starts = mark.id in ("unit_started", "unit_starting", "unit_finished")
    return starts and any(boot.at - LONGEST_BOOT <= mark.at <= boot.at for boot in boots)


def _history(said: list[Mark], timer: str) -> Iterator[Happening]:
    """The marks of one unit, in the order of time, as what happened to it."""
    ended = ""  # how its main process ended, until that is told
    starting = False
    told: datetime | None = None  # until when all that is said belongs to what was told already
    for i, mark in enumerate(said):
        rest = said[i + 1 :]
        if mark.id == "unit_main_exited":
            ended = f"{mark.fields['code']}, status {mark.fields['status']}"
        elif mark.id == "unit_restart_scheduled":
            yield _happening(mark, Kind.RESTART, f" by systemd, for it had ended ({ended})" if ended else " by systemd")
            ended, told = "", _next_start(rest) or mark.at + AT_ONCE
        elif mark.id == "unit_failed":
            ended = ended or mark.fields["result"]
            if _first_of(rest, "unit_restart_scheduled", "unit_started") != "unit_restart_scheduled":
                yield _happening(mark, Kind.FAIL, f" ({ended})")
        elif mark.id == "unit_reloaded":
            yield _happening(mark, Kind.RELOAD)
        elif told and mark.at <= told:
            continue
        elif mark.id == "unit_stopped":
            again = _next_start(rest)
            told = again if again and again - mark.at <= AT_ONCE else None
            yield _happening(mark, Kind.RESTART if told else Kind.STOP)
        elif timer and not starting:
            yield _job(mark, rest, timer)
        elif not timer and mark.id in STARTED:
            yield _happening(mark, Kind.START)
        starting = mark.id == "unit_starting"


STARTED = ("unit_started", "unit_finished")


def _first_of(marks: list[Mark], *ids: str) -> str:
    return next((mark.id for mark in marks if mark.id in ids), "")


def _next_start(marks: list[Mark]) -> datetime | None:
    return next((mark.at for mark in marks if mark.id in STARTED), None)


SAYINGS = {
    Kind.START: ("started", "{n} starts of {names}"),
    Kind.STOP: ("stopped", "{n} stops of {names}"),
    Kind.RESTART: ("restarted", "{n} restarts of {names}"),
    Kind.RELOAD: ("reloaded", "{n} reloads of {names}"),
    Kind.FAIL: ("failed", "{n} failures of {names}"),
}


def _happening(mark: Mark, kind: Kind, how: str = "") -> Happening:
    unit = mark.fields["unit"]
    word, many = SAYINGS[kind]
    return Happening(
        kind=kind,
        at=mark.at,
        subject=unit,
        says=f"{unit} {word}{how}",
        many=f"{many} by systemd" if how and kind is Kind.RESTART else many,
        source=mark.source,
        group=f"{unit}{' by itself' if how else ''}",
        assumed=mark.assumed,
        grave=bool(how),
    )


def _job(mark: Mark, rest: list[Mark], timer: str) -> Happening:
    """A run of what a timer starts (or somebody by hand), and how it went."""
    unit, how = mark.fields["unit"], ""
    end = next((m for m in rest if m.id in (*STARTED, "unit_failed", "unit_starting")), None)
    if mark.id == "unit_starting" and end and end.id != "unit_starting":
        took = (end.at - mark.at).total_seconds()
        how = "; it failed" if end.id == "unit_failed" else f"; it took {took:.0f} s"
    return Happening(
        kind=Kind.JOB,
        at=mark.at,
        subject=unit,
        says=f"{unit} ran, which {timer} starts{how}",
        many="{n} runs of {names}",
        source=mark.source,
        assumed=mark.assumed,
    )


def _last_changes(unit: Unit) -> Iterator[tuple[Kind, datetime, str]]:
    """The moments that systemd keeps of a unit: its last start, and since when it is down."""
    if unit.started:
        yield Kind.START, unit.started, ""
    if unit.since and unit.failed:
        yield Kind.FAIL, unit.since, f" ({unit.ending})"
    elif unit.since and unit.started and unit.active == "inactive":
        yield Kind.STOP, unit.since, ""
