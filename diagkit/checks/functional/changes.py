"""What has changed lately, where it may explain what is wrong now?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.functional import utc
from diagkit.checks.functional.complaints import Reason, complaint
from diagkit.frozen import frozen
from diagkit.logs.errors import ErrorLine
from diagkit.model import Moment, Site, Unknown
from diagkit.probes.changes import Boot, Packages, Releases
from diagkit.probes.logs import ErrorLines, LogTexts, Occurrences
from diagkit.probes.processes import Processes
from diagkit.probes.settings import DAYS, DEPLOYED, Settings
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import LastWords

LEAST_CHANCE = 0.03  # a coincidence in time proves no more than this, however seldom things change; our choice
WEEK = timedelta(days=7)  # one change in it is what we expect of a host whose history we do not know


def chance(changes: Iterable[datetime], moment: Moment, since: datetime) -> float:
    """How probable it is that something changes in the window with nothing wrong, from the host's own changes so far.

    Those of one hour count as one: an upgrade is a single event, however many packages it has.
    """
    before = {at.replace(minute=0, second=0, microsecond=0) for at in changes if since <= at < moment.since}
    watched = WEEK + max(timedelta(0), moment.since - since)
    expected = (1 + len(before)) * ((moment.until - moment.since) / watched)
    return max(LEAST_CHANCE, 1 - math.exp(-expected))


@check(noise=(0.005, 0.001), vital=False)
def packages(packages: Packages, units: Units, moment: Moment) -> Findings:
    """No service is down whose own package was changed in the window.

    Why: most incidents begin with a change; but packages change every night, and only that of the failing part counts.
    What was newly installed did not work before either.
    """
    recent = [p for p in packages.all if moment.since <= p.at <= moment.until]
    guilty = False
    for unit in units.of("service"):
        stem = unit.name.partition(".")[0].partition("@")[0]
        own = [p for p in recent if stem in p.package and "install" not in p.action]
        own = own if unit.failed or unit.looping(moment.now) else []
        if own:
            guilty = True
            did = ", ".join(f"{p.action} {p.package}" for p in own[:3])
            found = warn(f"its package was changed at {utc(own[-1].at)}: {did}", unit.name, at=own[-1].at)
            yield replace(found, background=chance((p.at for p in packages.all), moment, packages.all[0].at))
    if not guilty:
        names = ", ".join(sorted({p.package for p in recent})[:5])
        yield ok(f"{len(recent)} changes of packages in the window" + (f": {names}" if names else ""))


@frozen(kw_only=True)
class Grace:
    """Seconds a file may be younger than the start of the service that reads it.

    Source: our choice; most services read their files within seconds of their start.
    """

    seconds: float = 3


@check(limits=Grace(), noise=(0.03, 0.001), vital=False)
def config_newer(
    settings: Settings, units: Units, processes: Processes | Unknown, moment: Moment, limits: Grace
) -> Findings:
    """No service runs with, or failed after, settings that are newer than its last good start.

    Why: an edited file that was not yet read is a trap for the next start, and the first suspect when that start fails.
    Look-alikes: a reload reads the files too; it shows in systemd's state, or in processes younger than the change.
    """
    newer = False
    usual = chance((file.changed for file in settings.all), moment, moment.until - timedelta(days=DAYS))
    for unit in units.of("service"):
        if unit.stale and unit.active == "active":
            newer = True
            yield warn("its unit file changed on disk: `systemctl daemon-reload` was not run", unit.name)
        read = _last_read(unit, processes, moment)
        files = [f for f in settings.all if f.unit == unit.name and not DEPLOYED.match(f.path)]
        latest = max(files, key=lambda f: f.changed, default=None)
        if latest and read and latest.changed - read > timedelta(seconds=limits.seconds):
            newer = True
            then = "it has not read it since" if unit.active == "active" else f"it is {unit.active} now"
            say = f"{latest.path} was changed at {utc(latest.changed)}, after the start at {utc(read)}: {then}"
            yield replace(warn(say, unit.name, at=latest.changed), background=usual)
    if not newer:
        yield ok("no settings are newer than the last start of the service that reads them")


@check(noise=(0.003, 0.001), vital=False)
def config_failed(settings: Settings, units: Units, words: LastWords, moment: Moment) -> Findings:
    """No service ends in an error that it does not explain since its settings were changed.

    Why: the file that was edited just before is the first suspect.
    Limits: only what was changed while the machine was up; files that came with it are no change.
    Look-alikes: last words that say what is wrong (a denied file, a taken port) need no such suspicion.
    """
    vague = {said.unit for said in words.all if complaint(said)[0] is Reason.PROGRAM}
    mine = {f.unit: f for f in sorted(settings.all, key=lambda f: f.changed) if not DEPLOYED.match(f.path)}
    suspects = [mine[unit] for unit in sorted(vague & set(mine))]
    suspects = [f for f in suspects if max(moment.since, up_since(units)) < f.changed <= moment.until]
    for file in suspects:
        say = f"{file.path} was changed at {utc(file.changed)}, and it does not start now"
        yield warn(say, file.unit, at=file.changed)
    if not suspects:
        yield ok("no service fails since its settings were changed")


def _last_read(unit: Unit, processes: Processes | Unknown, moment: Moment) -> datetime | None:
    """When the unit last read its files and ran on: its start, a reload, or the birth of its youngest worker."""
    if not unit.started or unit.active != "active":
        return unit.started
    children = [p for p in processes.all if p.parent == unit.pid] if isinstance(processes, Processes) else []
    births = [moment.now - timedelta(seconds=child.age) for child in children if unit.pid]
    return max([unit.started, *([unit.since] if unit.since else []), *births])


@check(noise=(0.03, 0.001), vital=False)
def deploys(
    releases: Releases, settings: Settings | Unknown, units: Units | Unknown, site: Site, moment: Moment
) -> Findings:
    """Nothing was deployed in the window.

    Why: the likeliest cause of new errors is the new release.
    Limits: deployments told in diagkit.toml, those that switch a link `current` to another folder in `releases`, and
    programs below /opt, /srv, /app, /home or /var that were changed in place while the machine was up.
    """
    found = list(deployments(releases, settings, units, site, moment))
    for at, subject, say in found:
        change = warn(say, subject, at=at)
        yield replace(change, background=chance([], moment, moment.until - timedelta(days=DAYS)))
    if not found:
        yield ok("nothing known to be deployed in the window")


def deployments(
    releases: Releases, settings: Settings | Unknown, units: Units | Unknown, site: Site, moment: Moment
) -> Iterator[tuple[datetime, str, str]]:
    """What was deployed in the window: when, what it concerns, and in words."""
    for deploy in site.deploys:
        if moment.since <= deploy.at <= moment.until:
            yield deploy.at, deploy.what, f"deployed at {utc(deploy.at)}: {deploy.what}"
    links = []
    for release in releases.all:
        if release.of > 1 and moment.since <= release.switched <= moment.until:
            links.append(f"{release.link}/")
            yield release.switched, release.link, f"new release {release.to} since {utc(release.switched)}"
    up = up_since(units)
    for path, at in sorted(_programs(settings).items()):
        if max(moment.since, up) < at <= moment.until and not path.startswith(tuple(links) or " "):
            yield at, path, f"program changed in place at {utc(at)}"


def _programs(settings: Settings | Unknown) -> dict[str, datetime]:
    """The programs of services that no package brought, and when they were changed."""
    return {f.path: f.changed for f in settings.all if DEPLOYED.match(f.path)} if isinstance(settings, Settings) else {}


def up_since(units: Units | Unknown) -> datetime:
    """When the first unit was started: what was written before that was installed with the machine, not changed."""
    started = [unit.started for unit in units.all if unit.started] if isinstance(units, Units) else []
    return min(started, default=datetime.min.replace(tzinfo=UTC))


@check(noise=(0.003, 0.002), vital=False)
def errors_since(
    releases: Releases,
    settings: Settings | Unknown,
    units: Units | Unknown,
    site: Site,
    error_lines: ErrorLines | Unknown,
    occurrences: Occurrences | Unknown,
    words: LastWords | Unknown,
    moment: Moment,
) -> Findings:
    """No application fails in a new way since something was deployed.

    Why: errors that begin with a release, in a log that had none of them before it, are the release's.
    Look-alikes: where the same log has lines with a known meaning since then (too many open files, connection refused),
    those tell what is wrong, and the errors only follow from it.
    """
    guilty = False
    for at, subject, say in deployments(releases, settings, units, site, moment):
        new = [e for e in error_lines.all if _begins_with(e, at)] if isinstance(error_lines, ErrorLines) else []
        new = [e for e in new if not (isinstance(occurrences, Occurrences) and _explained(e, occurrences))]
        broken = list(_fails_since(at, units, words))
        for what in [f"{e.program}: {e.sample}" for e in new[:1]] + broken[:1]:
            guilty = True
            yield fail(f"{say}; since then: {what}", subject, quote=what, at=at)
    if not guilty:
        yield ok("no new kind of error since anything was deployed")


@check(noise=(0.001, 0.0005), vital=False)
def errors_since_upgrade(packages: Packages, error_lines: ErrorLines, texts: LogTexts, moment: Moment) -> Findings:
    """No application fails in a new way that names a package upgraded just before.

    Why: a new version may change what programs rely on; the stack trace then leads into its files.
    Limits: the package is known by its name alone, in the lines around the error (`python3-shop-tax`: `shop_tax`).
    Look-alikes: many packages are upgraded at once on a usual night; one that no error names is not suspected.
    """
    guilty = False
    for package in packages.all:
        if not moment.since <= package.at <= moment.until or "install" in package.action:
            continue
        for error in error_lines.all:
            if _begins_with(error, package.at) and texts.mentions(error.source, package.at, stems(package.package)):
                guilty = True
                say = f"{package.action} at {utc(package.at)}; since then {error.program} fails: {error.sample}"
                yield fail(say, package.package, quote=error.sample, at=package.at)
                break
    if not guilty:
        yield ok("no new kind of error names a package that was changed in the window")


_PREFIXES = re.compile(r"^(?:python3?-|lib|node-|ruby-|golang-|php\d*[.\d]*-)|(?:-perl|-java|-dev|-common|[\d.]+)$")


def stems(package: str) -> tuple[str, ...]:
    """How a package may be written in a stack trace; nothing for a name too short to mean anything."""
    stem = _PREFIXES.sub("", package.partition(":")[0])
    return tuple(dict.fromkeys((stem, stem.replace("-", "_")))) if len(stem) > MEANINGLESS else ()


MEANINGLESS = 4  # letters; `apt`, `file`, `perl` stand in many lines that do not mean the package
LEAST = 3  # lines that make a kind of error; our choice: one or two come with any restart


def _begins_with(error: ErrorLine, at: datetime) -> bool:
    """Whether this kind of error came with the deployment: the log reaches back before it, and had none."""
    reaches_back = error.first - timedelta(seconds=error.watched) < at
    return error.count >= LEAST and error.before == 0 and error.first >= at and reaches_back


def _explained(error: ErrorLine, occurrences: Occurrences) -> bool:
    """Whether the same log says something of known meaning while these errors come."""
    return any(o.source == error.source and o.last >= error.first and o.first <= error.last for o in occurrences.all)


def _fails_since(at: datetime, units: Units | Unknown, words: LastWords | Unknown) -> Iterator[str]:
    """The services whose own program ends in an error since then, and that were up before."""
    if not isinstance(units, Units) or not isinstance(words, LastWords) or at <= up_since(units):
        return
    for said in words.all:
        reason, line = complaint(said)
        unit = units.named(said.unit)
        if not unit or not unit.since or unit.since < at or reason is not Reason.PROGRAM:
            continue
        if any(DEPLOYED.match(file) for file in unit.files):
            yield f"{unit.name} does not start: {line}"


@check(noise=(0.002, 0.001), vital=False)
def reboot(boot: Boot, moment: Moment) -> Findings:
    """The machine did not go down unexpectedly in the window.

    Why: after a panic, a reset or a power failure the journal breaks off without a shutdown.
    """
    if boot.at < moment.since:
        yield ok(f"up since {utc(boot.at)}")
    elif boot.orderly is False:
        yield warn(f"rebooted at {utc(boot.at)} without a shutdown: crash, reset or power failure", at=boot.at)
    else:
        how = "after an orderly shutdown" if boot.orderly else "how it went down is not recorded"
        yield ok(f"up since {utc(boot.at)}; {how}")
