"""Changes that may explain what is wrong, and those that need not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import changes
from diagkit.model import Deploy, Moment, Silence, Site, Status, Unknown
from diagkit.probes.changes import Boot, PackageChange, Packages, Release, Releases
from diagkit.probes.processes import Process, Processes
from diagkit.probes.settings import Settings, SettingsFile
from diagkit.probes.systemd import Unit, Units

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
HIDDEN = Unknown("processes.processes", Silence.DENIED)


def ago(minutes):
    return NOON - timedelta(minutes=minutes)


RUNS = Unit(
    name="nginx.service", load="loaded", active="active", sub="running", pid=7, since=ago(600), started=ago(600)
)
FAILED = replace(RUNS, active="failed", sub="failed", pid=0, since=ago(3))
WORKER = Process(
    pid=8, parent=7, name="nginx", state="S", stuck=False, threads=1, kernel=False, age=60.0, nice=0,
    cpu=0.0, system=0.0, children_cpu=0.0, lifetime_cpu=0.0, rss=0, growth=0.0,
    uid=0, fd_slots=0, fd_limit=0, task_limit=0,
)  # fmt: skip


def judged(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("unit", "package", "action", "minutes", "status"),
    [
        (FAILED, "nginx-common", "upgrade", 5, Status.WARN),
        (FAILED, "nginx-common", "upgrade", 500, Status.OK),
        (FAILED, "nginx", "install", 5, Status.OK),
        (FAILED, "tzdata", "upgrade", 5, Status.OK),
        (RUNS, "nginx-common", "upgrade", 5, Status.OK),
    ],
)
def test_packages(unit, package, action, minutes, status):
    known = Packages(all=(PackageChange(at=ago(minutes), action=action, package=package),))
    (found,) = changes.packages.judge(known, Units(all=(unit,)), MOMENT)
    assert found.status is status
    if status is Status.OK:
        assert found.summary.raw.startswith("1 changes" if minutes < 60 else "0 changes")


@pytest.mark.parametrize(
    ("unit", "minutes", "processes", "status"),
    [
        (RUNS, 700, HIDDEN, Status.OK),
        (RUNS, 599.5, HIDDEN, Status.OK),  # a start takes a while
        (RUNS, 5, HIDDEN, Status.WARN),
        (RUNS, 5, Processes(all=(WORKER,)), Status.OK),  # reloaded: its worker is younger than the change
        (RUNS, 5, Processes(all=(replace(WORKER, age=9999.0),)), Status.WARN),
        (replace(RUNS, since=ago(4)), 5, HIDDEN, Status.OK),  # reloaded by systemd
        (FAILED, 4, Processes(all=(WORKER,)), Status.WARN),
        (replace(FAILED, started=None), 4, HIDDEN, Status.OK),
        (replace(RUNS, stale=True), 700, HIDDEN, Status.WARN),
    ],
)
def test_config_newer(unit, minutes, processes, status):
    known = Settings(all=(SettingsFile(unit="nginx.service", path="/etc/nginx/nginx.conf", changed=ago(minutes)),))
    found = changes.config_newer.judge(known, Units(all=(unit,)), processes, MOMENT, changes.Grace())
    assert [f.status for f in found] == [status]


@pytest.mark.parametrize(
    ("minutes", "of", "told", "expected"),
    [
        (5, 2, (), [(Status.WARN, "/opt/shop/current")]),
        (500, 2, (), [(Status.OK, "")]),
        (5, 1, (), [(Status.OK, "")]),  # the first release there is changes nothing
        (5, 1, (Deploy(at=ago(5), what="shop 1.5.0"),), [(Status.WARN, "shop 1.5.0")]),
        (5, 1, (Deploy(at=ago(500), what="shop 1.4.2"),), [(Status.OK, "")]),
    ],
)
def test_deploys(minutes, of, told, expected):
    link = Release(link="/opt/shop/current", to="releases/1.5.0", switched=ago(minutes), of=of)
    assert judged(changes.deploys.judge(Releases(all=(link,)), Site(deploys=told), MOMENT)) == expected


@pytest.mark.parametrize(
    ("minutes", "orderly", "status", "said"),
    [
        (5, False, Status.WARN, "without a shutdown"),
        (5, True, Status.OK, "after an orderly shutdown"),
        (5, None, Status.OK, "not recorded"),
        (500, False, Status.OK, "up since"),
    ],
)
def test_reboot(minutes, orderly, status, said):
    (found,) = changes.reboot.judge(Boot(at=ago(minutes), orderly=orderly), MOMENT)
    assert found.status is status
    assert said in found.summary.raw
