"""What has changed lately, where it may explain what is wrong now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from diagkit.checks import Findings, check, ok, warn
from diagkit.checks.functional import utc
from diagkit.model import Moment, Site, Unknown
from diagkit.probes.changes import Boot, Packages, Releases
from diagkit.probes.processes import Processes
from diagkit.probes.settings import Settings
from diagkit.probes.systemd import Unit, Units


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
            yield warn(f"its package was changed at {utc(own[-1].at)}: {did}", unit.name, at=own[-1].at)
    if not guilty:
        names = ", ".join(sorted({p.package for p in recent})[:5])
        yield ok(f"{len(recent)} changes of packages in the window" + (f": {names}" if names else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """Seconds a file may be younger than the start of the service that reads it.

    Source: our choice; a slow start reads its files late, and whoever edits twice restarts in between.
    """

    seconds: float = 60


@check(limits=Grace(), noise=(0.03, 0.001), vital=False)
def config_newer(
    settings: Settings, units: Units, processes: Processes | Unknown, moment: Moment, limits: Grace
) -> Findings:
    """No service runs with, or failed after, settings that are newer than its last good start.

    Why: an edited file that was not yet read is a trap for the next start, and the first suspect when that start fails.
    Look-alikes: a reload reads the files too; it shows in systemd's state, or in processes younger than the change.
    """
    newer = False
    for unit in units.of("service"):
        if unit.stale and unit.active == "active":
            newer = True
            yield warn("its unit file changed on disk: `systemctl daemon-reload` was not run", unit.name)
        read = _last_read(unit, processes, moment)
        files = [f for f in settings.all if f.unit == unit.name]
        latest = max(files, key=lambda f: f.changed, default=None)
        if latest and read and latest.changed - read > timedelta(seconds=limits.seconds):
            newer = True
            then = "it has not read it since" if unit.active == "active" else f"it is {unit.active} now"
            say = f"{latest.path} was changed at {utc(latest.changed)}, after the start at {utc(read)}: {then}"
            yield warn(say, unit.name, at=latest.changed)
    if not newer:
        yield ok("no settings are newer than the last start of the service that reads them")


def _last_read(unit: Unit, processes: Processes | Unknown, moment: Moment) -> datetime | None:
    """When the unit last read its files and ran on: its start, a reload, or the birth of its youngest worker."""
    if not unit.started or unit.active != "active":
        return unit.started
    children = [p for p in processes.all if p.parent == unit.pid] if isinstance(processes, Processes) else []
    births = [moment.now - timedelta(seconds=child.age) for child in children if unit.pid]
    return max([unit.started, *([unit.since] if unit.since else []), *births])


@check(noise=(0.03, 0.001), vital=False)
def deploys(releases: Releases, site: Site, moment: Moment) -> Findings:
    """Nothing was deployed in the window.

    Why: the likeliest cause of new errors is the new release.
    Limits: deployments told in diagkit.toml, and those that switch a link `current` to another folder
    in `releases`.
    """
    told = [d for d in site.deploys if moment.since <= d.at <= moment.until]
    for deploy in told:
        yield warn(f"deployed at {utc(deploy.at)}: {deploy.what}", deploy.what, at=deploy.at)
    switched = [r for r in releases.all if r.of > 1 and moment.since <= r.switched <= moment.until]
    for release in switched:
        yield warn(f"new release {release.to} since {utc(release.switched)}", release.link, at=release.switched)
    if not told and not switched:
        yield ok("nothing known to be deployed in the window")


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
