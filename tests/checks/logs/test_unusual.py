"""More errors than there used to be."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from diagkit.checks.logs import unusual
from diagkit.logs.errors import ErrorLine
from diagkit.model import History, Moment, Sample, Status
from diagkit.probes.logs import ErrorLines

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOW, NOW - timedelta(hours=1), NOW)


def history(count, runs=48, **more):
    measured = {"errors": count, "watched": 3600.0} | more
    return History(samples=tuple(Sample(at=NOW - timedelta(hours=h), measured=measured) for h in range(runs, 0, -1)))


def lines(count):
    line = ErrorLine(**{f.name: 0 for f in fields(ErrorLine)} | {"template": "boom", "count": count})
    return ErrorLines(all=(line,) if count else ())


def judge(past, count):
    (found,) = unusual.errors.judge(past, lines(count), MOMENT)
    return found


def test_far_more_errors_than_usual_are_evidence():
    found = judge(history(2), 60)
    assert found.status is Status.OK
    assert found.likelihood_ratio == 20
    assert found.summary.raw == "unusual here: 60 error lines an hour; 2 to 2 in 47 earlier runs"


def test_as_many_as_ever_speak_against():
    assert judge(history(50), 52).likelihood_ratio < 1


def test_runs_that_did_not_watch_the_log_do_not_count():
    assert judge(history(2, watched=0.0), 60).status is Status.UNKNOWN
    assert judge(history(2, runs=10), 60).status is Status.UNKNOWN
