"""Tellers: what the tapes of real hosts in trouble tell, and histories of units as systemd writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.conclusions import Settings
from diagkit.logs.marks import Mark
from diagkit.model import Chronicle, Kind, RunInfo, Silence, Unknown
from diagkit.probes.changes import Boot
from diagkit.probes.marks import Marks
from diagkit.probes.systemd import Unit, Units
from diagkit.session import chronicle
from diagkit.timeline import Teller, host, units
from diagkit.transports.replay import read_tape

HOSTS = Path(__file__).parents[1] / "hosts"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TELLERS = catalog.all_tellers()


@cache
def told(tape: str) -> Chronicle:
    read = read_tape(HOSTS / f"{tape}.tape.gz")
    run = RunInfo(
        id="", version="", started_at=NOON, finished_at=NOON, since=read.moment.since, until=read.moment.until
    )
    return chronicle([read], Settings(checks=(), tellers=TELLERS), run)


def sentences(tape: str, *kinds: Kind) -> list[str]:
    return [event.summary.raw for event in told(tape).timeline.events if event.kind in kinds]


@pytest.mark.parametrize("teller", TELLERS, ids=lambda teller: teller.name)
def test_a_teller_says_what_it_tells(teller: Teller):
    assert len(teller.doc) > 20
    assert teller.doc.splitlines()[0].endswith(".")


@pytest.mark.parametrize("tape", sorted(str(t.relative_to(HOSTS))[:-8] for t in HOSTS.glob("*/*.tape.gz")))
def test_every_recorded_host_has_a_past_or_says_why_not(tape: str):
    said = told(tape)
    assert not said.faults
    events = said.timeline.events
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert said.timeline.of == len(events)
    assert len(events) <= 40, "an hour of a small host fits on a page"
    assert events or said.silences


def test_a_file_lost_its_owner_and_the_service_went_down_with_it():
    kinds = [event.kind for event in told("permission_denied/web").timeline.events]
    assert kinds.index(Kind.RESTART) < kinds.index(Kind.LOG) < kinds.index(Kind.FAIL)
    assert sentences("permission_denied/web", Kind.RESTART) == [
        "shop.service restarted",
        "4 restarts of shop.service by systemd",
    ]
    assert sentences("permission_denied/web", Kind.FAIL) == ["shop.service failed (exit-code)"]
    assert sentences("permission_denied/web", Kind.STOP) == []


def test_a_service_that_somebody_stopped():
    assert sentences("service_stopped/web", Kind.STOP) == ["shop.service stopped"]


def test_a_process_that_was_killed():
    (kill,) = [e for e in told("oom_kill/web").timeline.events if e.kind is Kind.OOM]
    assert kill.summary.raw == "a memory limit was reached: killed python3"
    assert kill.grave
    assert sentences("oom_kill/web", Kind.FAIL) == ["thumbnailer.service failed (killed, status 9/KILL)"]


def test_a_new_release():
    assert any("switched to releases/" in said for said in sentences("bad_deployment/web", Kind.DEPLOY))


def test_a_processor_that_is_taken_since_a_moment():
    onsets = told("cpu_saturated/web").timeline.onsets
    assert {onset.what for onset in onsets} >= {"CPU pressure"}


def test_a_user_who_may_not_read_the_journal_still_sees_what_systemd_keeps_and_is_told_of_the_rest():
    said = told("healthy/hardened")
    assert [e.kind for e in said.timeline.events] == [Kind.DEPLOY, Kind.BOOT, Kind.CONFIG]
    assert ("marks.marks", Silence.DENIED) in {(note.probe, note.silence) for note in said.silences}


def test_busybox_tells_what_its_init_started():
    assert "init started /usr/sbin/httpd -f -p 80 -h /www" in sentences("healthy/busybox", Kind.START)


def test_what_somebody_changed_on_a_healthy_host():
    """Recorded on Debian 12: a package, a crontab, a timer, and a reload by somebody who logged in for it."""
    tape = "../timeline/recorded/changes"
    assert sentences(tape, Kind.PACKAGE, Kind.RELOAD, Kind.LOGIN, Kind.SUDO, Kind.JOB) == [
        "install hello-note",
        "digest.service ran, which digest.timer starts",
        "2 reloads of nginx.service",
        "2 logins of ops from 10.213.0.2",
        "ops ran as root: /usr/bin/systemctl reload nginx",
        "2 runs through sudo, ops: /usr/bin/sh -s",
        "cron ran, as root: /bin/true digest",
    ]
    (files,) = [e for e in told(tape).timeline.events if e.kind is Kind.CONFIG]
    assert files.count == 13
    assert told(tape).timeline.onsets == ()


# ---------------------------------------------------------------- histories of units


def mark(id_: str, second: float, unit: str = "shop.service", **fields: str) -> Mark:
    at = NOON + timedelta(seconds=second)
    return Mark(id=id_, at=at, source="journal", fields={"unit": unit} | fields if unit else fields)


def crash(second: float) -> list[Mark]:
    return [
        mark("unit_main_exited", second, code="exited", status="1/FAILURE"),
        mark("unit_failed", second, result="exit-code"),
        mark("unit_restart_scheduled", second + 0.1),
        mark("unit_stopped", second + 0.1),
        mark("unit_started", second + 0.2),
    ]


def history(*marks: Mark, known: tuple[Unit, ...] = ()) -> list[tuple[Kind, str]]:
    found = units.units.tell(Marks(all=marks), Units(all=known))
    return [(h.kind, h.says) for h in sorted(found, key=lambda h: h.at)]


def test_a_crash_and_the_restart_it_brings_are_one_thing():
    by_systemd = "shop.service restarted by systemd, for it had ended (exited, status 1/FAILURE)"
    assert history(*crash(1), *crash(3)) == [(Kind.RESTART, by_systemd)] * 2


def test_a_crash_without_a_restart_is_a_failure():
    assert history(*crash(1)[:2]) == [(Kind.FAIL, "shop.service failed (exited, status 1/FAILURE)")]


def test_a_loop_that_systemd_ends():
    end = [mark("unit_failed", 4, result="exit-code")]
    assert [kind for kind, _ in history(*crash(1), *crash(2)[:4], *end)] == [Kind.RESTART, Kind.RESTART, Kind.FAIL]


def test_a_stop_and_a_start_soon_after_are_a_restart():
    again = history(mark("unit_stopped", 1), mark("unit_starting", 2), mark("unit_started", 3))
    assert again == [(Kind.RESTART, "shop.service restarted")]
    later = history(mark("unit_stopped", 1), mark("unit_started", 60))
    assert [kind for kind, _ in later] == [Kind.STOP, Kind.START]


def test_a_job_of_a_timer_and_how_it_went():
    timed = Unit(name="backup.service", load="loaded", active="inactive", sub="dead", triggered_by=("backup.timer",))
    run = [mark("unit_starting", 1, "backup.service"), mark("unit_finished", 8, "backup.service")]
    assert history(*run, known=(timed,)) == [(Kind.JOB, "backup.service ran, which backup.timer starts; it took 7 s")]
    broken = [mark("unit_starting", 1, "backup.service"), mark("unit_failed", 8, "backup.service", result="exit-code")]
    assert history(*broken, known=(timed,)) == [
        (Kind.JOB, "backup.service ran, which backup.timer starts; it failed"),
        (Kind.FAIL, "backup.service failed (exit-code)"),
    ]


def test_a_job_is_known_by_its_timer_also_when_systemd_has_forgotten_the_job():
    timer = Unit(name="digest.timer", load="loaded", active="active", sub="elapsed")
    ran = [(Kind.JOB, "digest.service ran, which digest.timer starts")]
    assert history(mark("unit_finished", 1, "digest.service"), known=(timer,)) == ran


def test_what_comes_up_with_the_system_is_one_thing():
    up = [mark("unit_started", s, f"a{s}.service") for s in range(5)]
    booted = history(*up, mark("boot_finished", 6, ""), mark("unit_started", 9))
    assert booted == [
        (Kind.BOOT, "the system came up; 5 services started"),
        (Kind.START, "shop.service started"),
    ]


def test_sessions_and_daemons_that_come_when_asked_are_no_news():
    passing = ("user@1000.service", "systemd-timedated.service", "run-user-1000.mount", "session-7.scope")
    assert history(*(mark("unit_started", 1, name) for name in passing)) == []


def test_what_the_journal_says_is_not_said_again_by_systemctl():
    unit = Unit(
        name="shop.service", load="loaded", active="failed", sub="failed", result="exit-code", since=NOON,
        started=NOON - timedelta(minutes=9),
    )  # fmt: skip
    old = Unit(name="ssh.service", load="loaded", active="active", sub="running", started=NOON - timedelta(days=9))
    everything = Units(all=(old, unit))
    unheard = list(units.states.tell(Unknown("marks", Silence.DENIED), everything))
    assert [(h.kind, h.subject) for h in unheard] == [
        (Kind.BOOT, "system"),
        (Kind.START, "shop.service"),
        (Kind.FAIL, "shop.service"),
    ]
    heard = list(units.states.tell(Marks(all=(mark("unit_failed", 0.4, result="exit-code"),)), everything))
    assert [h.kind for h in heard] == [Kind.BOOT, Kind.START]


@pytest.mark.parametrize(
    ("orderly", "says", "grave"),
    [
        (True, "the kernel booted, after an orderly shutdown", False),
        (False, "the kernel booted without a shutdown before: crash, reset or power failure", True),
        (None, "the kernel booted", False),
    ],
)
def test_a_boot(orderly, says, grave):
    (boot,) = host.boot.tell(Boot(at=NOON, orderly=orderly))
    assert (boot.says, boot.grave) == (says, grave)


def test_a_clock_that_was_stepped():
    stepped = mark("clock_set", 1, "", seconds="37.4")
    (event,) = host.clock.tell(Marks(all=(stepped,)))
    assert event.says == "the clock was stepped by 37.4 s"


def test_people():
    login = mark("ssh_login", 1, "", user="ops", peer="192.0.2.2", method="publickey")
    did = mark("sudo", 2, "", user="ops", **{"as": "root", "command": "/usr/bin/systemctl restart shop"})
    assert [h.says for h in host.logins.tell(Marks(all=(login,)))] == ["ops logged in from 192.0.2.2"]
    assert [h.says for h in host.sudo.tell(Marks(all=(did,)))] == ["ops ran as root: /usr/bin/systemctl restart shop"]
