"""Incidents of several hosts, recorded at the same time: the cause is named where it is, with whom it makes suffer.

`tests/fleets/<incident>/<host>.tape.gz`: the hosts of one incident. Made with Debian 12 and systemd 252: nginx before a
small Python application on one host, its PostgreSQL 15 on another.
"""

from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import replay
from diagkit.conclusions import Settings
from diagkit.model import Report, Verdict
from diagkit.transports.replay import read_tape

HERE = Path(__file__).parent


def report(*hosts: str) -> Report:
    tapes = [read_tape(HERE / f"{host}.tape.gz") for host in hosts]
    return replay(tapes, Settings(checks=tuple(catalog.all_checks().values())))


@pytest.mark.parametrize("hosts", [("web", "database"), ("database", "web")])
def test_the_web_server_fails_because_the_database_was_stopped(hosts: tuple[str, ...]) -> None:
    said = report(*(f"database_stopped/{host}" for host in hosts))
    assert not said.faults
    first, *others = said.diagnosis.causes
    assert (first.id, first.entity.raw) == ("service_stopped", "postgresql@15-main.service")
    assert first.verdict is Verdict.CONFIRMED
    assert first.target.raw == "db1"
    assert [client.raw for client in first.affects] == ["web1"]
    assert any(step.target.raw == "web1" and step.shown_by for step in first.story)
    assert all(cause.verdict is Verdict.INCONCLUSIVE for cause in others)


def test_alone_the_web_server_names_what_it_misses() -> None:
    first = report("database_stopped/web").diagnosis.causes[0]
    assert (first.id, first.entity.raw) == ("dependency_unreachable", "db1:5432")
