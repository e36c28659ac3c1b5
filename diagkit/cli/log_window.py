"""The window of files that somebody sent: all of them, or what the options say, counted from where it makes sense."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from diagkit.cli import when
from diagkit.cli.exits import USAGE, Refusal
from diagkit.frozen import frozen
from diagkit.logs.timestamps.clock import EPOCH, Clock, offset, zone_called
from diagkit.model import Moment
from diagkit.spelling import closest

LOCALTIME = "/etc/localtime"
TICK = timedelta(microseconds=1)


@frozen(kw_only=True)
class Asked:
    """What was typed about the window."""

    since: str = ""
    until: str = ""
    at: str = ""

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.at)


def window(asked: Asked, ends: tuple[datetime, datetime] | None, now: datetime, zone: tzinfo) -> tuple[Moment, str]:
    """The window, and what was understood in one line; empty where nothing was asked. Raises `Refusal`.

    ends: stamps of the oldest and the newest line, as far as they can be told without reading everything.
    zone: that of the typed times. What means nothing that the files reach to if it is counted from now (`2h`, `14:05`)
    is counted from their newest line.
    """
    if not asked:
        first, newest = ends or (datetime.fromtimestamp(0, UTC), now)
        return Moment(now=max(now, newest), since=first, until=newest), ""
    try:
        moment = _counted(asked, ends, now, zone)
    except when.NotUnderstood as error:
        moment, refusal = None, error
    if ends and ends[1] < now and (moment is None or moment.since > ends[1]):
        try:
            moment = _counted(asked, ends, ends[1] + TICK, zone)
        except when.NotUnderstood as error:
            raise Refusal(USAGE, str(error)) from error
        return replace(moment, now=now), f"{when.echo(moment, zone)}, counted from the newest line"
    if moment is None:
        raise Refusal(USAGE, str(refusal)) from refusal
    return moment, when.echo(moment, zone)


def _counted(asked: Asked, ends: tuple[datetime, datetime] | None, now: datetime, zone: tzinfo) -> Moment:
    """The window if it is `now`; open ends are those of the files. Raises `NotUnderstood`."""
    since = asked.since or (ends[0].isoformat() if ends and asked.until and not asked.at else "")
    moment = when.window(since=since, until=asked.until, at=asked.at, now=now, zone=zone)
    if ends and not asked.until and not asked.at and moment.since < ends[1] < moment.until:
        moment = replace(moment, until=ends[1])
    return moment


def zone_of(word: str) -> tuple[tzinfo, str]:
    """The zone that `--zone` names and how it is called; this machine's where it names none. Raises `Refusal`."""
    if not word:
        return _own_zone()
    zone = zone_called(word) or offset(word)
    if zone is None:
        from zoneinfo import available_timezones

        close = closest(word, available_timezones())
        meant = f"; did you mean {close}?" if close else ""
        raise Refusal(USAGE, f"--zone: there is no zone {word!r}; an offset is written +01:00{meant}")
    return zone, word


def _own_zone() -> tuple[tzinfo, str]:
    """That of the machine we run on: by its name, so that summer time is right, or else as it is now."""
    name = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath(LOCALTIME).partition("zoneinfo/")[2]
    if name and (zone := zone_called(name)):
        return zone, name
    from dateutil.tz import tzlocal

    return tzlocal(), f"{datetime.now(tzlocal()):%z}"


def clock_of(zone: tzinfo, called: str, latest: datetime, booted: datetime = EPOCH) -> Clock:
    """How whoever wrote a log told time. latest: no line of it is younger."""
    ahead = latest.astimezone(zone).utcoffset() or timedelta(0)
    return Clock(ahead=int(ahead.total_seconds()), latest=latest, booted=booted, boot_known=False, place=called)
