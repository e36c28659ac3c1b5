"""Why does a service not start? What its last words, or systemd's record of its last run, give as the reason."""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, unknown
from diagkit.checks.functional.complaints import Reason, complaint, ending
from diagkit.model import Unknown
from diagkit.probes.logs import Occurrences
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import LastWords

REFUSED = "unit_dependency_failed"  # the signature of what systemd says of such a unit


@check(noise=(0.0005, 0.0005), vital=False)
def configuration(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its configuration is refused.

    Why: a service with a broken configuration runs on until its next start, and is down from then on.
    """
    for unit in units.all:
        if unit.load in ("bad-setting", "error"):
            yield fail(f"systemd cannot load its unit file: {unit.load}", unit.name)
    yield from _down_because(Reason.CONFIGURATION, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def key_pair(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its certificate and key do not belong together, or cannot be loaded.

    Why: a renewal that replaced one of the two shows at the next start, which may be weeks later.
    """
    yield from _down_because(Reason.KEY_PAIR, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def permission(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because it was denied a file, a directory or a port.

    Why: a rotation, a restore or a deployment as root leaves files behind that the service's own user may not touch.
    """
    yield from _down_because(Reason.DENIED, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def port(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because another one has its port (Address already in use).

    Why: a port has one owner; a second instance, a leftover process or a new package takes it first.
    """
    yield from _down_because(Reason.PORT_TAKEN, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def executable(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its program cannot be executed (status=203/EXEC).

    Why: the path is wrong, the interpreter after #! is not there ("No such file" although the script is), or the file
    is no program for this machine ("Exec format error").
    """
    yield from _down_because(Reason.NOT_EXECUTABLE, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def library(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because a library or module that it loads is not there.

    Why: upgrades and half-finished deployments take away what a running program has long loaded.
    """
    yield from _down_because(Reason.LIBRARY, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def account(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because the user or group it runs as does not exist (status=217/USER, 216/GROUP).

    Why: a misspelt User=, an account that was removed, or a directory service that does not answer.
    """
    yield from _down_because(Reason.ACCOUNT, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def directory(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its working directory is not there (status=200/CHDIR).

    Why: a release or a home that was moved, or a mount that is missing; the program itself never ran.
    """
    yield from _down_because(Reason.DIRECTORY, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def environment(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its environment file, or a variable in it, is missing.

    Why: the variables of whoever tests it by hand are not those of the unit.
    """
    yield from _down_because(Reason.ENVIRONMENT, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def sandbox(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its unit's own sandbox denies what it needs (ProtectSystem=, status=226/NAMESPACE).

    Why: a directory under ProtectSystem=strict is read-only for this service alone; everybody else can write there.
    Look-alikes: a file system that is read-only for all: `resources.disk.read_only`.
    """
    yield from _down_because(Reason.SANDBOX, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def file(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because a file or directory that it reads or writes is not there.

    Why: a wrong path in its settings, a mount that is missing, a folder that was cleaned up.
    """
    yield from _down_because(Reason.FILE_MISSING, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def dependency(units: Units, occurrences: Occurrences) -> Findings:
    """No service is down because a unit that it requires did not start.

    Why: systemd then does not even try it, and calls it inactive; starting it alone will not mend it.
    """
    refused = {name: line for line in occurrences.of(REFUSED) for name in line.fields.get("unit", ())}
    waiting = {
        name: line for name, line in refused.items() if not ((unit := units.named(name)) and unit.active == "active")
    }
    for name, line in waiting.items():
        yield fail(f"not started: {line.sample}", name, quote=line.sample, at=line.last)
    if not waiting:
        yield ok("no service waits for a unit that failed")


@check(noise=(0.0005, 0.0005), vital=False)
def peer(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because something that it connects to at its start does not answer.

    Why: the fault is then elsewhere, and starting this service again will not mend it.
    Look-alikes: a service that waits for its peer at every start looks like a crash loop until the peer is back.
    """
    yield from _down_because(Reason.PEER, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def tasks(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because no process or thread could be made for it (Resource temporarily unavailable).

    Why: at step EXEC it is the limit of its user (LimitNPROC=), afterwards that of its unit (TasksMax=) or the host's.
    """
    yield from _down_because(Reason.TASKS, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def watchdog(units: Units, words: LastWords | Unknown) -> Findings:
    """No service was killed because it gave no sign of life (WatchdogSec=).

    Why: it hangs, or its unit expects signs of life that it never sends.
    """
    yield from _down_because(Reason.WATCHDOG, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def in_time(units: Units, words: LastWords | Unknown) -> Findings:
    """No service was killed because its start took longer than it may (TimeoutStartSec=).

    Why: it waits for something, has too much to recover, or never reports READY=1 though its unit is Type=notify.
    """
    yield from _down_because(Reason.START_TIMEOUT, units, words)


@check(noise=(0.0005, 0.0005), vital=False)
def program(units: Units, words: LastWords | Unknown) -> Findings:
    """No service is down because its own program fails with an error that it does not handle.

    Why: an uncaught exception at the start is a defect of the release, or a value that it did not expect.
    """
    yield from _down_because(Reason.PROGRAM, units, words)


def _down_because(reason: Reason, units: Units, words: LastWords | Unknown) -> Findings:
    """A failure for each service that is down for this reason; one that left no reason cannot be judged."""
    down = [(unit, *_why(unit, words)) for unit in units.of("service") if _asked(unit, words)]
    spoke = False
    for unit, why, line in down:
        if why is reason:
            yield fail(f"does not start: {line}" if line else f"does not start ({unit.ending})", unit.name, quote=line)
        elif not why and not line:
            yield unknown("nothing of it is in the journal", unit.name, hint="look into the service's own log")
        else:
            continue
        spoke = True
    if not spoke:
        yield ok("no service is down for this reason") if down else skip("no service is down")


def _asked(unit: Unit, words: LastWords | Unknown) -> bool:
    """Whether it is one of those that are down and whose words we wanted to hear."""
    return (
        words.of(unit.name) is not None if isinstance(words, LastWords) else unit.failed or unit.sub == "auto-restart"
    )


def _why(unit: Unit, words: LastWords | Unknown) -> tuple[Reason | None, str]:
    said = words.of(unit.name) if isinstance(words, LastWords) else None
    why, line = complaint(said) if said else (None, "")
    return why or ending(unit), line
