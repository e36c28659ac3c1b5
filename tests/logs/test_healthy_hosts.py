"""Logs of hosts in good health, with the noise of their kind: nothing in them is a finding.

The lines are those that such systems write at boot and in the hours after: Ubuntu 22.04 and 24.04 with snaps, desktop and
server with LXD, RHEL 9, SUSE 15, Alpine 3.19 with busybox, Proxmox VE 8, a node of Kubernetes 1.29, Docker 24, a machine
of a cloud at its first boot, a Raspberry Pi, a laptop. Names and addresses are nobody's.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.checks.logs import applications, auth, memory, signatures
from diagkit.logs.errors import error_lines
from diagkit.logs.lines import Log
from diagkit.logs.occurrences import occurrences
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window
from diagkit.model import Moment, Site, Status, Tape, Target
from diagkit.probes import Facts
from diagkit.probes.logs import ErrorLines, LogTexts, Occurrences, Reading

LOGS = sorted((Path(__file__).parent / "healthy").iterdir())
START, END = datetime(2026, 11, 21, 19, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=END, booted=START)
SOURCES = {".journal": "journal", ".syslog": "/var/log/syslog", ".messages": "/var/log/messages"}
CHECKS = (
    signatures.kernel,
    signatures.system,
    signatures.applications,
    memory.oom,
    memory.cgroup_oom,
    auth.failures,
    auth.accounts,
    applications.errors,
)


def facts(path: Path) -> Facts:
    window = Window(since=START, until=END)
    log = Log(SOURCES[path.suffix], path.read_bytes())
    reading = Reading(source=log.source, size=len(log.raw), cut=False, first=START, last=END)
    texts = LogTexts(logs=(log,), readings=(reading,), clock=CLOCK, window=window)
    given = [
        texts,
        Occurrences(all=occurrences(texts.logs, CLOCK, window)),
        ErrorLines(all=error_lines(texts.logs, CLOCK, window)),
    ]
    return Facts([], Tape(target=Target("local"), moment=Moment(END, START, END), replies={}, site=Site()), given)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_a_healthy_host_gives_no_finding(path: Path) -> None:
    told = [finding for check in CHECKS for finding in check(facts(path))]
    assert [(f.check, f.summary.raw, f.evidence) for f in told if f.status in {Status.WARN, Status.FAIL}] == []


def test_each_kind_of_host_is_there_with_enough_lines() -> None:
    assert len(LOGS) >= 10
    for path in LOGS:
        assert len(path.read_bytes().splitlines()) >= 120, path
