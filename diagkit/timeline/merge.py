"""One timeline of what several hosts told: in our time, within the window, repeats folded, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from diagkit.model import Event, HostClock, Kind, Moment, Untrusted
from diagkit.timeline import Happening
from diagkit.timeline.story import Story

WRONG = 1.0  # seconds from which an offset is taken out; below, times stay as the host's own logs have them
OURS = timedelta(seconds=2)  # before we began to look in which a login may be our own: stamps are cut to the second
APART = timedelta(minutes=10)  # repeats further apart are told apart; our choice, as for bursts of log lines
APART_FOR = {Kind.JOB: timedelta.max, Kind.PACKAGE: timedelta(minutes=5), Kind.CONFIG: timedelta(minutes=1)}
NAMED = 3  # subjects named in one sentence

Spanned = tuple[tuple[datetime, datetime], Happening]


def merge(stories: Iterable[Story]) -> tuple[Event, ...]:
    """The events of all hosts in the order of time."""
    events = [event for story in stories for event in _events(story)]
    return tuple(sorted(events, key=lambda e: (e.at, e.until, e.target.raw, e.kind.value, e.subject.raw)))


def within(story: Story) -> Story:
    """The same with what lies in the window alone, which is little of what a host can tell."""
    return replace(story, happenings=tuple(happening for _, happening in _seen(story)))


def wrong_clock(story: Story) -> HostClock | None:
    """The offset to take out, if it is certain that the clock is wrong by a second or more."""
    clock = story.gauges.clock
    if clock is None or abs(clock.offset) - clock.uncertainty < WRONG:
        return None
    return HostClock(target=story.target, offset=round(clock.offset, 3), uncertainty=round(clock.uncertainty, 3))


def _events(story: Story) -> Iterator[Event]:
    groups: dict[tuple[Kind, str], list[Spanned]] = {}
    for span, happening in sorted(_seen(story), key=lambda item: (item[0], item[1].subject, item[1].says)):
        groups.setdefault((happening.kind, happening.group or happening.subject), []).append((span, happening))
    for (kind, _), same in groups.items():
        for run in _runs(same, APART_FOR.get(kind, APART)):
            yield _event(story.target, run)


def _seen(story: Story) -> list[Spanned]:
    """What lies in the window, with its span in our time."""
    wrong = wrong_clock(story)
    ahead = timedelta(seconds=wrong.offset if wrong else 0.0)
    shifted = [(_in_our_time(h, ahead), h) for h in story.happenings]
    return [(span, h) for span, h in shifted if _counts(span, h, story.moment)]


def _in_our_time(happening: Happening, ahead: timedelta) -> tuple[datetime, datetime]:
    shift = timedelta() if happening.ours else ahead
    return happening.at - shift, happening.end - shift


def _counts(span: tuple[datetime, datetime], happening: Happening, moment: Moment) -> bool:
    """Whether it lies in the window, and is not our own login."""
    live = moment.until >= moment.now
    end = moment.now - OURS if live and happening.kind in (Kind.LOGIN, Kind.SUDO) else moment.until
    return span[1] >= moment.since and span[0] <= end


def _runs(same: list[Spanned], apart: timedelta) -> list[list[Spanned]]:
    """Repeats, in the order of time, cut where nothing happened for so long."""
    runs: list[list[Spanned]] = []
    for item in same:
        if runs and item[0][0] - max(end for (_, end), _ in runs[-1]) <= apart:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _event(target: Untrusted, run: list[Spanned]) -> Event:
    first = run[0][1]
    count = sum(h.count for _, h in run)
    subjects = list(dict.fromkeys(h.subject for _, h in run))
    more = f" and {len(subjects) - NAMED} more" if len(subjects) > NAMED else ""
    names = f"{', '.join(subjects[:NAMED])}{more}"
    says = first.says if count == 1 else first.many.replace("{n}", str(count)).replace("{names}", names)
    return Event(
        at=run[0][0][0],
        until=max(end for (_, end), _ in run),
        count=count,
        kind=first.kind,
        target=target,
        subject=Untrusted(subjects[0] if len(subjects) == 1 else names),
        summary=Untrusted(says),
        source=Untrusted(first.source),
        assumed=tuple(sorted({part for _, h in run for part in h.assumed})),
        grave=any(h.grave for _, h in run),
    )
