"""The regression corpus: tapes of real hosts with real faults, and the cause each must name first.

`tests/hosts/<incident>/<host>.tape.gz` with `expect.toml` beside it:

    recorded = "Debian 12, systemd 252, …"   # what machine, in what trouble
    truth = "The root file system is full"    # what was wrong, in words
    cause = "disk_full"                       # its id; there is no expect.toml in `healthy/`
    entity = "/"                              # what it concerns, where that must be right as well

To add one: `diagkit capture HOST -o FILE`, read what is in it, gzip it, write down the truth.
"""

import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.model import Report, RunInfo, Status, Verdict
from diagkit.session import Settings, diagnose
from diagkit.transports.replay import read_tape

HERE = Path(__file__).parent
TAPES = sorted(HERE.glob("*/*.tape.gz"))


@cache
def report(tape: Path) -> Report:
    read = read_tape(tape)
    run = RunInfo(
        id="", version="", started_at=datetime(2026, 1, 1, tzinfo=UTC), finished_at=datetime(2026, 1, 1, tzinfo=UTC),
        since=read.moment.since, until=read.moment.until,
    )  # fmt: skip
    return diagnose([read], Settings(checks=tuple(catalog.all_checks().values())), run)


def name(tape: Path) -> str:
    return f"{tape.parent.name}/{tape.name.partition('.')[0]}"


@pytest.mark.parametrize("tape", [t for t in TAPES if t.parent.name != "healthy"], ids=name)
def test_the_true_cause_comes_first(tape: Path) -> None:
    expect = tomllib.loads((tape.parent / "expect.toml").read_text())
    said = report(tape)
    assert not said.faults
    first = said.diagnosis.causes[0]
    assert first.id == expect["cause"]
    assert first.entity.raw == expect.get("entity", first.entity.raw)
    assert said.summary.status in (Status.WARN, Status.FAIL)


@pytest.mark.parametrize("tape", [t for t in TAPES if t.parent.name == "healthy"], ids=name)
def test_a_healthy_host_gets_no_cause(tape: Path) -> None:
    said = report(tape)
    assert not said.faults
    assert said.diagnosis.causes == ()
    assert said.summary.status in (Status.OK, Status.UNKNOWN)
    assert said.diagnosis.verdict is (Verdict.HEALTHY if said.summary.status is Status.OK else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("tape", TAPES, ids=name)
def test_the_same_tape_gives_the_same_report(tape: Path) -> None:
    assert report.__wrapped__(tape) == report(tape)


def test_the_corpus_is_there() -> None:
    assert len({t.parent.name for t in TAPES}) > 20
