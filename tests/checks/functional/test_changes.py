"""Changes that may explain what is wrong, and those that need not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import changes
from diagkit.logs.errors import ErrorLine
from diagkit.logs.lines import Log
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window
from diagkit.model import Deploy, Moment, Silence, Site, Status, Unknown
from diagkit.probes.changes import Boot, PackageChange, Packages, Release, Releases
from diagkit.probes.logs import ErrorLines, LogTexts
from diagkit.probes.processes import Process, Processes
from diagkit.probes.settings import Settings, SettingsFile
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import LastWords, Words

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
HIDDEN = Unknown("processes.processes", Silence.DENIED)
NO_SETTINGS = Unknown("settings.settings", Silence.DENIED)
NO_UNITS = Unknown("systemd.units", Silence.MISSING)
NOTHING_RELEASED = Releases(all=())


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
        (RUNS, 599.97, HIDDEN, Status.OK),  # a start takes a while
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
    found = changes.deploys.judge(Releases(all=(link,)), NO_SETTINGS, NO_UNITS, Site(deploys=told), MOMENT)
    assert judged(found) == expected


def test_a_program_changed_in_place_is_a_deployment_unless_it_came_with_the_machine():
    program = Settings(all=(SettingsFile(unit="shop.service", path="/opt/shop/shop.py", changed=ago(5)),))
    for started, status in ((ago(600), Status.WARN), (ago(3), Status.OK)):
        units = Units(all=(replace(RUNS, started=started),))
        (found,) = changes.deploys.judge(NOTHING_RELEASED, program, units, Site(), MOMENT)
        assert found.status is status


@pytest.mark.parametrize(
    ("first", "before", "watched", "status"),
    [
        (4, 0, 600, Status.FAIL),
        (4, 0, 10, Status.OK),  # the log begins after the deployment: who knows what was before
        (4, 3, 600, Status.OK),  # an old error
        (6, 0, 600, Status.OK),  # it came before the deployment
    ],
)
def test_errors_since(first, before, watched, status):
    link = Release(link="/opt/shop/current", to="releases/1.5.0", switched=ago(5), of=2)
    error = ErrorLine(
        template="KeyError: #", source="/var/log/shop/app.log", program="shop", count=5, first=ago(first), last=NOON,
        sample="KeyError: 'currency'", before=before, watched=watched, share=0.3, bursts=(), minutes={},
    )  # fmt: skip
    found = changes.errors_since.judge(
        Releases(all=(link,)), NO_SETTINGS, NO_UNITS, Site(), ErrorLines(all=(error,)), NO_SETTINGS, NO_SETTINGS, MOMENT
    )
    assert [f.status for f in found] == [status]


@pytest.mark.parametrize(
    ("package", "action", "status"),
    [
        ("python3-shop-tax", "upgrade", Status.FAIL),
        ("python3-shop-tax", "install", Status.OK),  # nothing relied on it before
        ("tzdata", "upgrade", Status.OK),  # no line names it
        ("tax", "upgrade", Status.OK),  # too short a name to mean it
    ],
)
def test_errors_since_an_upgrade(package, action, status):
    trace = b'%d.0 shop failed\n  File "/usr/lib/python3/dist-packages/shop_tax.py"\n' % NOON.timestamp()
    log = Log("/var/log/shop/app.log", trace)
    window = Window(since=MOMENT.since, until=NOON)
    texts = LogTexts(logs=(log,), readings=(), clock=Clock(ahead=0, latest=NOON, booted=MOMENT.since), window=window)
    error = ErrorLine(
        template="TypeError", source=log.source, program="shop", count=5, first=ago(3), last=NOON,
        sample="TypeError: country", before=0, watched=600.0, share=0.3, bursts=(), minutes={},
    )  # fmt: skip
    known = Packages(all=(PackageChange(at=ago(5), action=action, package=package),))
    (found,) = changes.errors_since_upgrade.judge(known, ErrorLines(all=(error,)), texts, MOMENT)
    assert found.status is status


def test_a_service_whose_new_program_does_not_start():
    link = Release(link="/opt/shop/current", to="releases/1.5.0", switched=ago(5), of=2)
    shop = replace(FAILED, name="shop.service", files=("/opt/shop/current/shop.py",))
    for said, status in (("ValueError: eighty", Status.FAIL), ("Permission denied", Status.OK)):
        words = LastWords(all=(Words(unit="shop.service", said=(said,), told=()),))
        units = Units(all=(RUNS, shop))
        (found,) = changes.errors_since.judge(
            Releases(all=(link,)), NO_SETTINGS, units, Site(), NO_SETTINGS, NO_SETTINGS, words, MOMENT
        )
        assert found.status is status


@pytest.mark.parametrize(
    ("minutes", "said", "status"),
    [
        (4, "KeyError: 'data'", Status.WARN),
        (4, "PermissionError: [Errno 13] Permission denied: '/etc/a'", Status.OK),
        (500, "KeyError: 'data'", Status.OK),
        (4000, "KeyError: 'data'", Status.OK),
    ],
)
def test_config_failed(minutes, said, status):
    known = Settings(all=(SettingsFile(unit="nginx.service", path="/etc/nginx/nginx.conf", changed=ago(minutes)),))
    words = LastWords(all=(Words(unit="nginx.service", said=(said,), told=()),))
    (found,) = changes.config_failed.judge(known, Units(all=(FAILED,)), words, MOMENT)
    assert found.status is status


def test_how_often_things_change_here_is_what_a_change_is_worth():
    month = MOMENT.until - timedelta(days=30)
    seldom, daily = [ago(60 * 24 * 20)], [ago(60 * 12 * day) for day in range(1, 60)]
    assert changes.chance(seldom, MOMENT, month) == changes.LEAST_CHANCE < changes.chance(daily, MOMENT, month) < 0.1
    assert changes.chance(daily + daily, MOMENT, month) == changes.chance(daily, MOMENT, month)


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
