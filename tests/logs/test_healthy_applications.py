"""Logs of applications in good health, with all the noise that such programs make: nothing in them is a finding.

The lines are those that the programs write (nginx 1.22, Apache 2.4, HAProxy 2.6, PostgreSQL 15, MySQL 8.0, Redis 7.0,
MongoDB 7, Elasticsearch 8, RabbitMQ 3.12, Kafka 3, ZooKeeper 3.8, Spring Boot 3, gunicorn 21, pino, zap, Serilog, PHP-FPM
8.2, Rails 7, Celery 5, Minecraft 1.20), with names and addresses of nobody: their start, a reload, hours of work, their end.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.checks.logs import applications, signatures
from diagkit.logs.access import requests
from diagkit.logs.errors import error_lines
from diagkit.logs.lines import Log
from diagkit.logs.occurrences import occurrences
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window
from diagkit.model import Moment, Site, Status, Tape, Target
from diagkit.probes import Facts
from diagkit.probes.logs import AccessLogs, ErrorLines, LogTexts, Occurrences, Reading

HEALTHY = Path(__file__).parent / "healthy_applications"
LOGS = sorted(path for path in HEALTHY.rglob("*") if path.is_file())
START, END = datetime(2026, 11, 21, 19, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=END, booted=START)
CHECKS = (
    signatures.kernel,
    signatures.system,
    signatures.applications,
    applications.errors,
    applications.http_errors,
    applications.timeouts,
)


def facts(path: Path, since: datetime) -> Facts:
    window = Window(since=since, until=END)
    log = Log(f"/var/log/{path.relative_to(HEALTHY)}", path.read_bytes())
    reading = Reading(source=log.source, size=len(log.raw), cut=False, first=START, last=END)
    texts = LogTexts(logs=(log,), readings=(reading,), clock=CLOCK, window=window)
    given = [
        texts,
        Occurrences(all=occurrences(texts.logs, CLOCK, window)),
        ErrorLines(all=error_lines(texts.logs, CLOCK, window)),
        AccessLogs(all=requests(texts.logs, CLOCK, window)),
    ]
    return Facts([], Tape(target=Target("local"), moment=Moment(END, since, END), replies={}, site=Site()), given)


@pytest.mark.parametrize("since", [START, END.replace(hour=21, minute=30)], ids=["all of it", "the last hour"])
@pytest.mark.parametrize("path", LOGS, ids=lambda path: str(path.relative_to(HEALTHY)))
def test_a_healthy_application_gives_no_finding(path: Path, since: datetime) -> None:
    told = [finding for check in CHECKS for finding in check(facts(path, since))]
    assert [(f.check, f.summary.raw, f.evidence) for f in told if f.status in {Status.WARN, Status.FAIL}] == []


def test_each_kind_of_application_is_there_with_enough_lines() -> None:
    assert len(LOGS) >= 20
    for path in LOGS:
        assert len(path.read_bytes().splitlines()) >= 100, path
