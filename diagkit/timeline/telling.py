"""The timeline of several hosts, whole, and the little of it that a report has room for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from diagkit.model import Event, Kind, Onset, Timeline, Untrusted
from diagkit.timeline.merge import merge, wrong_clock
from diagkit.timeline.onset import onsets, reliefs
from diagkit.timeline.story import Story

T = TypeVar("T")

# How much the kinds tell about a cause, of our choice: changes and deaths first, routine last.
TELLS = {
    Kind.DEPLOY: 5.0,
    Kind.OOM: 5.0,
    Kind.FAIL: 4.0,
    Kind.CLOCK: 4.0,
    Kind.BOOT: 4.0,
    Kind.PACKAGE: 3.0,
    Kind.CONFIG: 3.0,
    Kind.STOP: 3.0,
    Kind.RESTART: 3.0,
    Kind.LOG: 2.0,
    Kind.RELOAD: 2.0,
    Kind.START: 1.0,
    Kind.SUDO: 1.0,
    Kind.LOGIN: 0.5,
    Kind.JOB: 0.5,
}
GRAVE, CONCERNED = 1.5, 3.0  # the same for what tells of trouble, and for what the findings are about
FAR = 600.0  # seconds from the onset that cost one point; what came after it costs twice: causes come first


def timeline(stories: Sequence[Story]) -> Timeline:
    """Everything that these hosts tell."""
    events = merge(stories)
    begun = [onset for story in stories for onset in _onsets(story, events)]
    eased = [r for story in stories for r in reliefs(story.target, story.moment, story.gauges.pressure)]
    clocks = [clock for story in stories if (clock := wrong_clock(story))]
    return Timeline(
        events=events,
        of=len(events),
        onsets=tuple(begun),
        reliefs=tuple(eased),
        clocks=tuple(clocks),
    )


def most_telling(whole: Timeline, concerned: Collection[Untrusted], at_most: int) -> Timeline:
    """The events that tell most about what is wrong: near the onset, about what the findings are about (`concerned`).

    In the order of time. The rest is counted, not gone: `of` still says how many there are.
    """
    begun = min((onset.at for onset in whole.onsets), default=None)

    def rank(event: Event) -> float:
        about = event.subject in concerned
        return TELLS[event.kind] + GRAVE * event.grave + CONCERNED * about - _distance(event, begun)

    events = _best(whole.events, rank, at_most)
    earliest = _best(whole.onsets, lambda onset: -onset.at.timestamp(), at_most // 2)
    return replace(whole, events=events, onsets=earliest)


def _best(things: Sequence[T], rank: Callable[[T], float], at_most: int) -> tuple[T, ...]:
    """Those of the highest rank, in the order they had."""
    places = sorted(range(len(things)), key=lambda i: (-rank(things[i]), i))[:at_most]
    return tuple(things[i] for i in sorted(places))


def _distance(event: Event, begun: datetime | None) -> float:
    if begun is None:
        return 0.0
    late = (event.at - begun).total_seconds()
    return abs(late) / FAR * (2 if late > 0 else 1)


def _onsets(story: Story, events: Iterable[Event]) -> Iterable[Onset]:
    gauges = story.gauges
    cpus = gauges.identity.cpus if gauges.identity else 0
    return onsets(story.target, story.moment, tuple(events), gauges.pressure, gauges.load, cpus)
