"""Merging: whatever the hosts tell, in whatever order, it comes out in the order of our time and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from diagkit.model import Kind, Moment, Untrusted
from diagkit.probes.clock import Clock
from diagkit.timeline import Happening
from diagkit.timeline.merge import APART, merge, wrong_clock
from diagkit.timeline.story import Gauges, Story
from diagkit.timeline.telling import most_telling, timeline

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
LIVE = Moment(now=NOW, since=NOW - timedelta(hours=1), until=NOW)
BLIND = Gauges(clock=None, load=None, identity=None, pressure=None)


def happening(minute: float, subject: str = "shop.service", kind: Kind = Kind.RESTART, **more) -> Happening:
    """So many minutes after the window begins."""
    more = {"says": f"{subject} restarted", "many": "{n} restarts of {names}", "source": "journal"} | more
    return Happening(kind=kind, at=LIVE.since + timedelta(minutes=minute), subject=subject, **more)


def host(*happenings: Happening, name: str = "web1", clock: Clock | None = None, moment: Moment = LIVE) -> Story:
    gauges = replace(BLIND, clock=clock)
    return Story(target=Untrusted(name), moment=moment, gauges=gauges, happenings=happenings, untold={}, faults=())


HAPPENINGS = st.lists(
    st.builds(
        happening,
        st.floats(-30, 90).map(lambda minute: round(minute, 3)),
        st.sampled_from(["shop.service", "nginx.service", "{names}"]),
        st.sampled_from(list(Kind)),
        count=st.integers(1, 4),
    ),
    max_size=30,
)
CLOCKS = st.none() | st.builds(Clock, offset=st.floats(-7200, 7200), uncertainty=st.floats(0, 3))


@given(HAPPENINGS, HAPPENINGS, CLOCKS)
def test_in_order_within_the_window_and_the_same_whatever_the_order_of_telling(here, there, clock):
    stories = [host(*here, clock=clock), host(*there, name="db1")]
    events = merge(stories)
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert all(e.at <= e.until and e.until >= LIVE.since and e.at <= LIVE.until for e in events)
    turned = [host(*there[::-1], name="db1"), host(*here[::-1], clock=clock)]
    assert merge(turned) == events


@given(HAPPENINGS)
def test_folding_loses_nothing_and_doubles_nothing(told):
    routine = [h for h in told if h.kind not in (Kind.LOGIN, Kind.SUDO)]
    inside = [h for h in routine if LIVE.since <= h.at <= LIVE.until]
    events = merge([host(*routine)])
    assert sum(e.count for e in events) == sum(h.count for h in inside)
    assert {e.kind for e in events} == {h.kind for h in inside}


@given(HAPPENINGS)
def test_repeats_far_apart_stay_apart(told):
    events = [e for e in merge([host(*told)]) if e.kind is Kind.FAIL]
    for earlier in events:
        for later in events:
            if earlier is not later and earlier.subject == later.subject and earlier.at <= later.at:
                assert later.at - earlier.until > APART


@given(HAPPENINGS, st.floats(-1800, 1800), st.floats(0, 0.5))
def test_a_wrong_clock_changes_nothing_but_the_stamps(told, offset, uncertainty):
    """The same story told by a clock that is ahead, by those that happened well inside the window."""
    inside = [h for h in told if LIVE.since <= h.at <= LIVE.until - timedelta(minutes=1)]
    ahead = timedelta(seconds=round(offset, 3))
    wrong = host(
        *(replace(h, at=h.at + ahead) for h in inside), clock=Clock(offset=round(offset, 3), uncertainty=uncertainty)
    )
    if wrong_clock(wrong):
        assert merge([wrong]) == merge([host(*inside)])


def test_a_clock_that_may_be_right_is_left_alone():
    assert wrong_clock(host(clock=Clock(offset=1.4, uncertainty=0.5))) is None
    assert wrong_clock(host(clock=None)) is None
    (noted,) = timeline([host(clock=Clock(offset=-37.4, uncertainty=0.5))]).clocks
    assert (noted.offset, noted.target.raw) == (-37.4, "web1")


def test_hosts_whose_clocks_differ_come_in_the_order_of_what_happened():
    failed = happening(10, "postgresql.service", Kind.FAIL, says="it failed")
    stamped = replace(failed, at=failed.at + timedelta(minutes=5))
    database = host(stamped, name="db1", clock=Clock(offset=300.0, uncertainty=0.1))
    assert [e.target.raw for e in merge([host(happening(10.5, "shop", Kind.LOG)), database])] == ["db1", "web1"]


def test_nine_restarts_are_one_event():
    (event,) = merge([host(*(happening(minute) for minute in range(1, 10)))])
    assert (event.count, event.summary.raw) == (9, "9 restarts of shop.service")
    assert (event.until - event.at) == timedelta(minutes=8)


def test_many_subjects_are_named_until_it_is_enough():
    changed = [
        happening(5, name, Kind.PACKAGE, many="upgrade {n} packages: {names}", group="upgrade") for name in "abcde"
    ]
    (event,) = merge([host(*changed)])
    assert event.summary.raw == "upgrade 5 packages: a, b, c and 2 more"


def test_what_names_itself_like_our_placeholders_stays_as_it_is():
    (event,) = merge([host(happening(5, "{n}{names}"), happening(6, "{n}{names}"))])
    assert event.summary.raw == "2 restarts of {n}{names}"


def test_our_own_login_is_not_part_of_the_story():
    own = happening(60 - 1 / 60, "ops", Kind.LOGIN)
    assert merge([host(own)]) == ()
    past = replace(LIVE, now=NOW + timedelta(hours=1))
    assert len(merge([host(own, moment=past)])) == 1


def test_deployments_we_were_told_of_are_in_our_time_already():
    told = happening(10, "1.4.2", Kind.DEPLOY, ours=True)
    (event,) = merge([host(told, clock=Clock(offset=300.0, uncertainty=0.1))])
    assert event.at == told.at


def test_the_most_telling_are_near_the_onset_and_about_what_is_wrong():
    routine = [happening(m, f"job{m}", Kind.JOB) for m in range(0, 60, 2)]
    failing = [happening(30, "shop.service", Kind.FAIL, grave=True), happening(29, "shop.service", Kind.CONFIG)]
    late = happening(58, "other.service", Kind.RESTART)
    early = happening(28, "shop 1.4.2", Kind.DEPLOY)
    whole = timeline([host(*routine, *failing, late, early)])
    told = most_telling(whole, {Untrusted("shop.service")}, 3)
    assert [e.kind for e in told.events] == [Kind.DEPLOY, Kind.CONFIG, Kind.FAIL]
    assert told.of == 34
    assert most_telling(whole, (), 100) == whole
