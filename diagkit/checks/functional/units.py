"""Do the units of systemd run?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.functional import utc
from diagkit.checks.functional.complaints import last_words
from diagkit.checks.functional.known_units import BACKUP, HOUSEKEEPING, IN_CONTAINERS
from diagkit.frozen import frozen
from diagkit.model import Moment, Unknown
from diagkit.probes.enabled import Resting
from diagkit.probes.logs import Occurrences
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import Before, Jobs, LastWords, Unloaded

MATTER = ("service", "mount", "swap")
DAEMONS = ("simple", "exec", "forking", "notify", "notify-reload", "dbus")


@check(noise=(0.02, 0.001))
def failed(units: Units, words: LastWords | Unknown) -> Findings:
    """No unit has failed; backups have a check of their own.

    Why: a unit fails when its process exits with an error, is killed or times out; it stays down until somebody
    starts it. The job of a timer is tried again at its next time, and only warned about.
    Look-alikes: inside containers some units fail by nature; those are named and passed.
    """
    down = [u for u in units.all if u.failed and not BACKUP.search(u.name)]
    for unit in down:
        said = last_words(unit.name, words)
        say = f"failed ({unit.ending}) since {utc(unit.since)}" + (f": {said}" if said else "")
        scheduled = any(name.endswith(".timer") for name in unit.triggered_by)
        if units.container and IN_CONTAINERS.match(unit.name):
            yield ok(f"{say}; as usual inside a container", unit.name)
        elif unit.kind in MATTER and unit.load == "loaded" and not scheduled and not HOUSEKEEPING.match(unit.name):
            yield fail(say, unit.name, quote=said, at=unit.since)
        else:
            yield warn(say, unit.name, quote=said, at=unit.since)
    if not down:
        yield ok(f"none of {len(units.all)} units has failed")


@check(noise=(0.002, 0.001))
def backup_failed(units: Units, words: LastWords | Unknown) -> Findings:
    """No backup has failed.

    Why: a backup that fails hurts nobody until the day it is needed.
    Limits: only backups that systemd runs, known by their unit's name.
    """
    failures = [u for u in units.of("service") if u.failed and BACKUP.search(u.name)]
    for unit in failures:
        said = last_words(unit.name, words)
        say = f"backup failed ({unit.ending}) at {utc(unit.since)}" + (f": {said}" if said else "")
        yield fail(say, unit.name, quote=said, at=unit.since)
    if not failures:
        yield ok("no backup unit has failed")


@frozen(kw_only=True)
class Crashes:
    """Automatic restarts inside the window at which we speak up; `recent` in seconds.

    A unit that was started by hand since, or whose last restart is older than `recent`, has settled and is no more than
    warned about.

    Source: systemd itself gives up after 5 starts in 10 s (DefaultStartLimitBurst), but loops slower than that never
    end.
    """

    warn: int = 2
    fail: int = 3
    recent: float = 300


@check(limits=Crashes(), noise=(0.01, 0.001))
def restarting(
    units: Units, jobs: Jobs | Unknown, words: LastWords | Unknown, moment: Moment, limits: Crashes
) -> Findings:
    """No service crashes and is restarted again and again.

    Why: a crash loop is down most of the time, yet looks `active` or `activating` whenever one happens to look.
    Look-alikes: a restart by hand is no crash: it resets the counter and is not counted here.
    """
    loops = False
    for unit in units.of("service"):
        times = jobs.restarts_of(unit.name) if isinstance(jobs, Jobs) else []
        times = [t for t in times if moment.since <= t <= moment.until]
        looping = unit.looping(moment.now)
        count = max(len(times), unit.restarts if looping or unit.failed else 0)
        by_hand = unit.restarts == 0  # such a start resets systemd's count
        quiet = not times or moment.now - times[-1] > timedelta(seconds=limits.recent)
        settled = unit.active == "active" and not looping and (by_hand or quiet)
        if not (looping or count >= limits.warn):
            continue
        loops = True
        said = last_words(unit.name, words)
        if settled:
            say = f"was restarted {count} times because it had ended by itself; runs since {utc(unit.started)}"
        else:
            say = f"crash loop: restarted {count} times, {'given up' if unit.failed else f'now {unit.sub}'}"
        say += f": {said}" if said else ""
        verdict = fail if not settled and (looping or count >= limits.fail) else warn
        yield verdict(say, unit.name, quote=said, measured={"restarts": count}, at=times[-1] if times else unit.since)
    if not loops:
        yield ok("no service is restarted again and again")


@frozen(kw_only=True)
class Stops:
    """ran: seconds after which a service that ends is no longer one that had nothing to do on this machine.

    forget: hours after which a service that was stopped and is not enabled counts as taken out of use.

    Source: our choice; irqbalance, thermald and their like look at the hardware and end within a second.
    """

    ran: float = 60
    forget: float = 24


@check(limits=Stops(), noise=(0.02, 0.001))
def stopped(
    units: Units,
    jobs: Jobs | Unknown,
    unloaded: Unloaded | Unknown,
    resting: Resting | Unknown,
    occurrences: Occurrences | Unknown,
    moment: Moment,
    limits: Stops,
) -> Findings:
    """Every enabled service that ran in this boot still runs, and none was stopped lately.

    Why: a service that somebody or something stopped is not failed: systemd calls it inactive and is content. One that
    is not enabled may have been taken out of use; then the stop counts for as much as it is recent.
    Limits: stopped services that are not enabled are seen only by whoever may read the system's journal; without it,
    of the enabled ones those that are wanted by multi-user.target.
    Look-alikes: one-shot jobs, services that wait for their socket, and those that end within a minute of their start;
    one that was to start again and whose dependency failed: `functional.starts.dependency`.
    """
    gone = False
    failed = occurrences.of("unit_dependency_failed") if isinstance(occurrences, Occurrences) else []
    refused = {name for line in failed for name in line.fields.get("unit", ())}
    for unit in _resting_daemons(units, unloaded, resting):
        if unit.name in refused:
            continue
        job = jobs.stop_of(unit.name) if isinstance(jobs, Jobs) else None
        enabled = unit.file_state.startswith("enabled")
        ended = job.at if job else unit.since
        if job and enabled:
            gone = True
            yield fail(f"inactive though {unit.file_state}: stopped at {utc(job.at)}", unit.name, at=job.at)
        elif job and moment.now - job.at < timedelta(hours=limits.forget):
            gone = True
            verdict = fail if moment.since <= job.at <= moment.until else warn
            yield verdict(f"inactive and {unit.file_state}: stopped at {utc(job.at)}", unit.name, at=job.at)
        elif enabled and unit.started and ended and (ended - unit.started).total_seconds() >= limits.ran:
            gone = True
            say = f"inactive though {unit.file_state}: ran since {utc(unit.started)}, ended at {utc(ended)}"
            yield fail(say, unit.name, at=ended)
    if not gone:
        yield ok("every enabled service that was started in this boot still runs")


def _resting_daemons(units: Units, unloaded: Unloaded | Unknown, enabled: Resting | Unknown) -> Iterator[Unit]:
    """Inactive services that would run all the time if they ran: neither one-shot jobs, nor started on demand."""
    waking = {u.name for u in units.all if u.active == "active" and u.kind in ("socket", "timer", "path")}
    known = {u.name: u for u in enabled.all} if isinstance(enabled, Resting) else {}
    known |= {u.name: u for u in unloaded.all if u.kind == "service"} if isinstance(unloaded, Unloaded) else {}
    known |= {u.name: u for u in units.of("service")}
    for unit in known.values():
        resting = unit.active == "inactive" and unit.load == "loaded" and not unit.transient
        if resting and unit.type in DAEMONS and not waking & set(unit.triggered_by):
            yield unit


@check(noise=(0.0005, 0.0003), vital=False)
def masked(units: Units, jobs: Jobs, unloaded: Unloaded) -> Findings:
    """No service that ran in this boot has been masked since.

    Why: a masked unit cannot be started, not even by hand or as a dependency.
    """
    gone = (u for u in unloaded.all if u.kind == "service")
    away = [u for u in (*units.of("service"), *gone) if u.load == "masked" and u.active != "active"]
    forbidden = [(unit, job) for unit in away if (job := jobs.stop_of(unit.name))]
    for unit, job in forbidden:
        yield fail(f"masked, and stopped at {utc(job.at)}", unit.name, at=job.at)
    if not forbidden:
        yield ok("no service that ran in this boot is masked")


@check(noise=(0.0005, 0.0005), vital=False)
def not_enabled(units: Units, before: Before) -> Findings:
    """Every service that ran before the last reboot was started again.

    Why: what was only ever started by hand, and never enabled, is gone after a reboot.
    Limits: only after a boot in the window, and where the journal of the boot before was kept.
    Look-alikes: a service that was removed, or disabled on purpose before the reboot, was stopped in that boot.
    """
    lost = []
    for name in before.running:
        unit = units.named(name)
        if unit is None or (unit.active == "inactive" and unit.file_state == "disabled" and not unit.started):
            lost.append(name)
    for name in lost:
        yield fail("ran before the reboot and was not started at boot: it is not enabled", name)
    if not lost:
        yield ok("every service that ran before the reboot runs again" if before.running else "no reboot in the window")
