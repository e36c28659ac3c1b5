"""What happened to the host itself and who was on it: boots, clocks that were set, jobs of cron, logins, sudo."""

from __future__ import annotations

from diagkit.logs.marks import Mark
from diagkit.model import Kind
from diagkit.probes.changes import Boot
from diagkit.probes.marks import Marks
from diagkit.timeline import Happening, Happenings, teller

SHOWN = 160  # characters of a command


@teller
def boot(boot: Boot) -> Happenings:
    """The last boot of the kernel, and whether a shutdown came before it."""
    how = {True: ", after an orderly shutdown", False: " without a shutdown before: crash, reset or power failure"}
    yield Happening(
        kind=Kind.BOOT,
        at=boot.at,
        subject="kernel",
        says=f"the kernel booted{how.get(boot.orderly, '')}" if boot.orderly is not None else "the kernel booted",
        many="{n} boots",
        source="/proc/uptime",
        grave=boot.orderly is False,
        ours=True,
    )


@teller
def clock(marks: Marks) -> Happenings:
    """When something or somebody set the clock; stamps from before are by the clock as it was."""
    for mark in marks.of("clock_set"):
        seconds = next((mark.fields[f] for f in ("seconds", "step", "offset") if f in mark.fields), "")
        says = f"the clock was stepped by {seconds} s" if seconds else "the clock was set"
        yield _happening(mark, Kind.CLOCK, "clock", says, "the clock was set {n} times")


@teller
def cron(marks: Marks) -> Happenings:
    """Jobs that cron started."""
    for mark in marks.of("cron_job", "cron_job_busybox"):
        command = mark.fields["command"][:SHOWN]
        says = f"cron ran, as {mark.fields['user']}: {command}"
        yield _happening(mark, Kind.JOB, command, says, "{n} runs by cron of: {names}")


@teller
def init(marks: Marks) -> Happenings:
    """What the init of busybox started."""
    for mark in marks.of("init_started"):
        command = mark.fields["command"]
        yield _happening(mark, Kind.START, command, f"init started {command}", "{n} starts by init of {names}")


@teller
def logins(marks: Marks) -> Happenings:
    """Who logged in, and from where."""
    for mark in marks.of("ssh_login", "dropbear_login", "console_login"):
        who = mark.fields.get("user", "root")
        whence = mark.fields.get("peer", "the console")
        yield _happening(
            mark, Kind.LOGIN, f"{who} from {whence}", f"{who} logged in from {whence}", "{n} logins of {names}"
        )


@teller
def sudo(marks: Marks) -> Happenings:
    """What people, and programs, did in another's name."""
    for mark in marks.of("sudo"):
        who, command = mark.fields["user"], mark.fields["command"][:SHOWN]
        says = f"{who} ran as {mark.fields['as']}: {command}"
        yield _happening(mark, Kind.SUDO, f"{who}: {command}", says, "{n} runs through sudo, {names}")


def _happening(mark: Mark, kind: Kind, subject: str, says: str, many: str) -> Happening:
    return Happening(
        kind=kind, at=mark.at, subject=subject, says=says, many=many, source=mark.source, assumed=mark.assumed
    )
