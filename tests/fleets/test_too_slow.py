"""A host too slow to be judged in its time is not called well: not alone, and not among others."""

from dataclasses import replace
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import replay
from diagkit.cli.manner import verdict_code
from diagkit.conclusions import Settings
from diagkit.config import FailOn
from diagkit.model import Again, Ask, Reply, Report, Silence, Status, Tape
from diagkit.outputs import View, all_outputs
from diagkit.transports.replay import read_tape

WELL = read_tape(Path(__file__).parents[1] / "hosts" / "healthy" / "web.tape.gz")
CHECKLIST = Settings(checks=tuple(check for check in catalog.all_checks().values() if not check.deep))
LATE = Reply(silence=Silence.TIMEOUT)


def named(name: str, tape: Tape, replies: dict[Ask, Reply] | None = None) -> Tape:
    replies = dict(tape.replies) if replies is None else replies
    return replace(tape, target=replace(tape.target, label=name), replies=replies)


def slow(name: str) -> Tape:
    """Next to nothing came in time: of ten answers one, and no second sample."""
    told = enumerate(WELL.replies.items())
    return named(name, WELL, {ask: LATE if n % 10 or isinstance(ask, Again) else r for n, (ask, r) in told})


def say(report: Report, form: str = "text") -> str:
    return all_outputs()[form].render(report, View(width=300))


def test_one_alone():
    report = replay([slow("web-1")], CHECKLIST)
    first, *_, command = say(report).splitlines()
    assert first.startswith("NOT JUDGED: web-1: ")
    assert first.endswith("checks could not be judged, most for want of an answer in time")
    assert command == "   diagkit check web-1 --timeout 120"
    assert say(report, "markdown").startswith(f"# {first.partition(':')[0]}")
    assert verdict_code(report, CHECKLIST, FailOn.WARNING) == 3
    assert "sudo" not in "".join(note.opens.raw for note in report.silences if note.silence is Silence.TIMEOUT)


def test_among_few():
    first = say(replay([named("web-1", WELL), slow("web-2"), slow("web-3")], CHECKLIST)).splitlines()[0]
    assert first.startswith("NOT JUDGED: web-2 and 1 more: ")
    assert "; nothing wrong seen on the rest (3 targets: 2 not judged, 1 ok)" in first


def test_among_many():
    slow_ones = [slow(f"slow-{n}") for n in range(3)]
    a_few_late = {ask: LATE if n % 40 == 0 else r for n, (ask, r) in enumerate(WELL.replies.items())}
    report = replay(
        [*(named(f"web-{n}", WELL) for n in range(4)), *slow_ones, named("odd", WELL, a_few_late)], CHECKLIST
    )
    first = say(report).splitlines()[0]
    assert first.startswith("NOT JUDGED: 4 of 8 healthy; ")
    assert "3 like slow-0: not judged: " in first
    assert [len(group.targets) for group in report.alike] == [3, 1, 4], "who missed little is not like who missed most"
    assert verdict_code(report, CHECKLIST, FailOn.WARNING) == 3


@pytest.mark.parametrize("silence", [Silence.TIMEOUT, Silence.DENIED])
def test_what_nobody_must_know_is_unknown_all_the_same_where_it_is_all_that_was_asked(silence: Silence):
    check = next(c for c in CHECKLIST.checks if not c.vital and c.name.startswith("resources."))
    settings = Settings(checks=(check,))
    report = replay([named("web-1", WELL, dict.fromkeys(WELL.replies, Reply(silence=silence)))], settings)
    assert report.summary.status is Status.UNKNOWN
    assert verdict_code(report, settings, FailOn.WARNING) == 3
    assert say(report).startswith("NOT JUDGED: web-1: 1 of 1 check could not be judged")
