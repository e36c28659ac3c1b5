"""The regression corpus: tapes of real hosts with real faults, and the cause each must name first.

`tests/hosts/<incident>/<host>.tape.gz` with `expect.toml` beside it:

    recorded = "Debian 12, systemd 252, …"   # what machine, in what trouble
    truth = "The root file system is full"    # what was wrong, in words
    cause = "disk_full"                       # its id; there is no expect.toml in `healthy/`
    entity = "/"                              # what it concerns, where that must be right as well

To add one: `diagkit capture HOST -o FILE`, read what is in it, gzip it, write down the truth.
"""

from functools import cache
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import Case, find, replay
from diagkit.model import Report, Status, Verdict
from diagkit.conclusions import Settings
from diagkit.transports.replay import read_tape

CASES = tuple(find(Path(__file__).parent, catalog.all_causes()))
SICK = [case for case in CASES if case.expected.causes]
HEALTHY = [case for case in CASES if not case.expected.causes]


def name(case: Case) -> str:
    return case.name


@cache
def report(case: Case) -> Report:
    return replay([read_tape(case.tape)], Settings(checks=tuple(catalog.all_checks().values())))


@pytest.mark.parametrize("case", SICK, ids=name)
def test_the_true_cause_comes_first(case: Case) -> None:
    said = report(case)
    assert not said.faults
    first = said.diagnosis.causes[0]
    assert first.id == case.expected.causes[0]
    assert case.expected.entity in (None, first.entity.raw)
    assert set(case.expected.causes) <= {cause.id for cause in said.diagnosis.causes[:3]}
    assert said.summary.status in (Status.WARN, Status.FAIL)


@pytest.mark.parametrize("case", HEALTHY, ids=name)
def test_a_healthy_host_gets_no_cause(case: Case) -> None:
    said = report(case)
    assert not said.faults
    assert said.diagnosis.causes == ()
    assert said.summary.status in (Status.OK, Status.UNKNOWN)
    assert said.diagnosis.verdict is (Verdict.HEALTHY if said.summary.status is Status.OK else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_same_tape_gives_the_same_report(case: Case) -> None:
    assert report.__wrapped__(case) == report(case)


def test_the_corpus_is_there() -> None:
    assert len({case.tape.parent.name for case in CASES}) > 20
