"""The timeline as text and as a Markdown list: when, what kind of thing, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from diagkit.model import Event, HostClock, Kind, Report, Timeline
from diagkit.outputs.overview import KINDS, is_fleet
from diagkit.outputs.page import NARROW, Page
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import counted, targets_as_words

KIND = max(len(kind.value) for kind in Kind) + 2  # columns
UNTIMED = " " * 13
SAY = partial(render, form=Form.MARKDOWN)
CHANGES = (Kind.DEPLOY, Kind.PACKAGE, Kind.CONFIG, Kind.CLOCK)


def moments(page: Page, report: Report) -> None:
    """The part of the timeline that a report has room for."""
    told = report.timeline if page.view.everything else of_those_who_stand_for_others(report)
    if not told.events and not told.onsets:
        return
    sick = {event.target for event in told.events} | {onset.target for onset in told.onsets}
    words = targets_as_words(target for target in report.targets if target.name in sick)
    command = f"diagkit timeline {words}"
    all_of_it = f"{counted(len(told.events), 'event')} of {told.of}; all: " if told.of > len(told.events) else "more: "
    page.heading("TIMELINE", f"{all_of_it}{command}")
    several = len(report.targets) > 1
    events(page, told.events, several=several)
    onsets(page, told, several=several)
    clocks(page, told.clocks, several=several)


def of_those_who_stand_for_others(report: Report) -> Timeline:
    """The timeline of a report: of many targets, since when it hurts on the one that stands for its kind."""
    if not is_fleet(report):
        return report.timeline
    likes = [group.like for group in report.alike][:KINDS]
    told = report.timeline
    return replace(
        told,
        onsets=tuple(onset for onset in told.onsets if onset.target in likes),
        reliefs=tuple(relief for relief in told.reliefs if relief.target in likes),
        clocks=tuple(clock for clock in told.clocks if clock.target in likes),
    )


def events(page: Page, of: Iterable[Event], *, several: bool) -> None:
    """One line for each. `~` stands before a time of which the log does not say all."""
    of = list(of)
    dated = len({event.at.date() for event in of}) > 1
    day = None
    for event in of:
        if dated and event.at.date() != day:
            day = event.at.date()
            page.line((f"{day}", "bold"), lead=("   ",))
        when = f"  {'~' if event.assumed else ' '}{event.at:%H:%M:%S}  "
        style = "bold red" if event.grave else "bold yellow" if event.kind in CHANGES else "bold"
        until = f", until {event.until:%H:%M:%S}" if f"{event.until:%H%M%S}" != f"{event.at:%H%M%S}" else ""
        host = page.say(event.target) if several else ""
        _line(page, when, (event.kind.value, style), host, f"{page.say(event.summary)}{until}")
    if assumed := sorted({part for event in of for part in event.assumed}):
        note = f"~ {' and '.join(assumed)} not said by the log; taken from the host's own clock"
        page.line((note, "dim"), lead=("   ",))


def onsets(page: Page, told: Timeline, *, several: bool) -> None:
    """Since when it hurts, and what eases."""
    for onset in told.onsets:
        host = page.say(onset.target) if several else ""
        _line(page, UNTIMED, ("onset", "bold cyan"), host, page.say(onset.summary))
    for relief in told.reliefs:
        host = page.say(relief.target) if several else ""
        _line(page, UNTIMED, ("eases", "bold green"), host, page.say(relief.summary))


def clocks(page: Page, wrong: Iterable[HostClock], *, several: bool) -> None:
    """Whose times are not as that host's own logs have them."""
    for clock in wrong:
        host = page.say(clock.target) if several else ""
        _line(page, UNTIMED, ("clock", "bold yellow"), host, clock_note(clock))


def _line(page: Page, when: str, kind: tuple[str, str], host: str, sentence: str) -> None:
    """When and what kind in columns of their own, as far as the page has room for columns."""
    word, style = kind
    where = f"{host}: " if host else ""
    if page.width < NARROW:
        page.line((f"{word} ", style), (where, "bold"), sentence, lead=((when, "dim"),))
    else:
        page.line((where, "bold"), sentence, lead=((when, "dim"), (word.ljust(KIND), style)))


def clock_note(clock: HostClock) -> str:
    """What was done about a wrong clock."""
    side = "ahead of" if clock.offset > 0 else "behind"
    off = f"{abs(clock.offset):.1f} s (±{clock.uncertainty:.1f} s) {side} ours"
    missed = f"; its logs lack the first {-clock.offset:.0f} s of the window" if clock.offset < 0 else ""
    return f"the host's clock is {off}; that is taken out of these times{missed}"


def listed_moments(told: Timeline, *, several: bool) -> Iterator[str]:
    """A timeline as a Markdown list."""
    yield from (_moment(event, several=several) for event in told.events)
    for onset in told.onsets:
        yield f"- **onset** on {SAY(onset.target)}: {SAY(onset.summary)}"
    yield from (f"- **eases** on {SAY(relief.target)}: {SAY(relief.summary)}" for relief in told.reliefs)
    yield from (f"- **clock** on {SAY(clock.target)}: {clock_note(clock)}" for clock in told.clocks)


def _moment(event: Event, *, several: bool) -> str:
    host = f" on {SAY(event.target)}" if several else ""
    until = f" (until {event.until:%H:%M:%S})" if event.until.replace(microsecond=0) > event.at else ""
    about = "about " if event.assumed else ""
    return f"- {about}{event.at:%Y-%m-%d %H:%M:%S} **{event.kind.value}**{host}: {SAY(event.summary)}{until}"
