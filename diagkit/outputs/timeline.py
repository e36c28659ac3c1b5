"""The timeline as text and as a Markdown list: when, what kind of thing, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from diagkit.model import Event, HostClock, Kind, Report, Timeline, Untrusted
from diagkit.outputs.page import Page, Part
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import counted, targets_as_words

KIND = max(len(kind.value) for kind in Kind) + 2  # columns
UNDER_TIME = " " * 13
SAY = partial(render, form=Form.MARKDOWN)
CHANGES = (Kind.DEPLOY, Kind.PACKAGE, Kind.CONFIG, Kind.CLOCK)


def moments(page: Page, report: Report) -> None:
    """The part of the timeline that a report has room for."""
    told = report.timeline
    if not told.events and not told.onsets:
        return
    command = f"diagkit timeline {targets_as_words(report.targets)}"
    all_of_it = f"{counted(len(told.events), 'event')} of {told.of}; all: " if told.of > len(told.events) else "more: "
    page.heading("TIMELINE", f"{all_of_it}{command}")
    several = len(report.targets) > 1
    events(page, told.events, several=several)
    onsets(page, told, several=several)
    clocks(page, told.clocks)


def events(page: Page, of: Iterable[Event], *, several: bool) -> None:
    """One line for each. `~` stands before a time of which the log does not say all."""
    day = ""
    of = list(of)
    dated = len({event.at.date() for event in of}) > 1
    for event in of:
        if dated and f"{event.at:%Y-%m-%d}" != day:
            day = f"{event.at:%Y-%m-%d}"
            page.line((day, "bold"), lead=("   ",))
        sign = "~" if event.assumed else " "
        when: Part = (f"  {sign}{event.at:%H:%M:%S}  ", "dim")
        style = "bold red" if event.grave else "bold yellow" if event.kind in CHANGES else "bold"
        host = _host(page, event.target, several=several)
        until: Part = (f", until {event.until:%H:%M:%S}" if f"{event.until:%H%M%S}" != f"{event.at:%H%M%S}" else "", "")
        page.line(*host, page.say(event.summary), until, lead=(when, (event.kind.value.ljust(KIND), style)))
    if assumed := sorted({part for event in of for part in event.assumed}):
        page.line(
            (f"~ {' and '.join(assumed)} not said by the log; taken from the host's own clock", "dim"), lead=("   ",)
        )


def onsets(page: Page, told: Timeline, *, several: bool) -> None:
    """Since when it hurts, and what eases."""
    for onset in told.onsets:
        host = _host(page, onset.target, several=several)
        page.line(*host, page.say(onset.summary), lead=(UNDER_TIME, ("onset".ljust(KIND), "bold cyan")))
    for relief in told.reliefs:
        host = _host(page, relief.target, several=several)
        page.line(*host, page.say(relief.summary), lead=(UNDER_TIME, ("eases".ljust(KIND), "bold green")))


def _host(page: Page, target: Untrusted, *, several: bool) -> tuple[Part, ...]:
    return ((f"{page.say(target)}: ", "bold"),) if several else ()


def clocks(page: Page, wrong: Iterable[HostClock]) -> None:
    """Whose times are not as that host's own logs have them."""
    for clock in wrong:
        page.line(clock_note(page.say(clock.target), clock), lead=(UNDER_TIME, ("clock".ljust(KIND), "bold yellow")))


def clock_note(host: str, clock: HostClock) -> str:
    """What was done about a wrong clock."""
    side = "ahead of" if clock.offset > 0 else "behind"
    off = f"{abs(clock.offset):.1f} s (±{clock.uncertainty:.1f} s)"
    return f"the clock of {host} is {off} {side} ours; that is taken out of its times here"


def listed_moments(told: Timeline, *, several: bool) -> Iterator[str]:
    """A timeline as a Markdown list."""
    yield from (_moment(event, several=several) for event in told.events)
    for onset in told.onsets:
        yield f"- **onset** on {SAY(onset.target)}: {SAY(onset.summary)}"
    yield from (f"- **eases** on {SAY(relief.target)}: {SAY(relief.summary)}" for relief in told.reliefs)
    yield from (f"- **clock**: {clock_note(SAY(clock.target), clock)}" for clock in told.clocks)


def _moment(event: Event, *, several: bool) -> str:
    host = f" on {SAY(event.target)}" if several else ""
    until = f" (until {event.until:%H:%M:%S})" if event.until.replace(microsecond=0) > event.at else ""
    about = "about " if event.assumed else ""
    return f"- {about}{event.at:%Y-%m-%d %H:%M:%S} **{event.kind.value}**{host}: {SAY(event.summary)}{until}"
