"""What the journal says about units: who was stopped, who was restarted, and the last words of those that are down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from diagkit.frozen import frozen
from diagkit.model import Ask, Moment, Reply, Run, Silence, epoch
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.host import Identity
from diagkit.probes.systemd import Unit, Units, parse_units, show

RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"  # message ids are systemd's, listed in sd-messages.h
STARTED = "39f53479d3a045ac8e11786248231fbf"
STOPPED = "9d1aaa27d60140bd96365438aad20286"
UNLOADED_AT_MOST = 10
WORDS_OF_AT_MOST = 3
SHUTDOWN = 60.0  # seconds before its end from which on a boot's stops are those of its shutdown
OPENS = "log in as root or as a member of systemd-journal, or allow this user `sudo -n`"

# Sessions, early boot and one-off units come and go by design.
_PASSING = re.compile(r"^(user@|user-runtime-dir@|run-|initrd-|dracut-|plymouth-|systemd-|modprobe@|getty@|packagekit)")


@frozen(kw_only=True)
class Job:
    """Something systemd did to a unit: a `stop` somebody asked for, or a `restart` because it had ended by itself."""

    unit: str
    kind: str
    at: datetime


@frozen(kw_only=True)
class Jobs:
    """The last stops and automatic restarts of services and timers in this boot, oldest first."""

    all: tuple[Job, ...]

    def stop_of(self, unit: str) -> Job | None:
        """The last time somebody stopped this unit."""
        return next((j for j in reversed(self.all) if j.unit == unit and j.kind == "stop"), None)

    def restarts_of(self, unit: str) -> list[datetime]:
        """When this unit was restarted because it had ended by itself."""
        return [j.at for j in self.all if j.unit == unit and j.kind == "restart"]


_TAIL_OF_BOOT = ("journalctl", "-b", "--no-pager", "-n")
_STOPS = ("_PID=1", "JOB_TYPE=stop", f"MESSAGE_ID={STOPPED}")
_RESTARTS = ("_PID=1", f"MESSAGE_ID={RESTART_SCHEDULED}")


@probe(
    Run(
        (*_TAIL_OF_BOOT, "200", "-o", "verbose", "--output-fields=UNIT,JOB_TYPE", *_STOPS, "+", *_RESTARTS),
        root=True,
    ),
    opens=OPENS,
)
def jobs(reply: Reply) -> Jobs:
    """Stops and automatic restarts of services and timers in this boot, the last 200, from systemd's own entries.

    Not as JSON: in that form journalctl keeps quiet about entries that the user may not see.
    """
    return Jobs(all=tuple(_jobs(journal_lines(reply))))


def _jobs(lines: list[str]) -> Iterator[Job]:
    """Entries of three lines: `<time> [s=…;t=<microseconds, hexadecimal>;…]`, `    UNIT=…`, `    JOB_TYPE=…`."""
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        if entry.startswith("-- "):  # such as `-- No entries --`
            continue
        at, unit = (
            re.search(r";t=([0-9a-f]+);", entry),
            re.search(r"^ +UNIT=(.+\.(?:service|timer))$", entry, re.MULTILINE),
        )
        if not at:
            raise Garbled(entry[:80])
        if unit and not _PASSING.match(unit[1]):
            kind = "stop" if "JOB_TYPE=stop" in entry else "restart"
            yield Job(unit=unit[1], kind=kind, at=epoch(int(at[1], 16) / 1e6))


def journal_lines(reply: Reply) -> list[str]:
    """The lines of an answer of journalctl.

    It exits 0 and shows nothing of the system to users who may not see it; only its hint on standard error tells.
    """
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    if "not seeing messages" in reply.complaint or "insufficient permissions" in reply.complaint:
        raise Withheld(Silence.DENIED, "the system's journal is not for this user")
    if reply.code:
        raise Garbled(reply.complaint[:120])
    return reply.lines


@frozen(kw_only=True)
class Unloaded:
    """Services and timers that somebody stopped in this boot and systemd has since forgotten: nobody wants them."""

    all: tuple[Unit, ...]


def _forgotten(units: Units, jobs: Jobs) -> list[Ask]:
    gone = dict.fromkeys(j.unit for j in reversed(jobs.all) if j.kind == "stop" and not units.named(j.unit))
    return [show(*sorted(list(gone)[:UNLOADED_AT_MOST]))] if gone else []


@probe(also=_forgotten, opens=OPENS)
def unloaded(units: Units, jobs: Jobs, answers: Answers) -> Unloaded:
    """How systemd would load what was stopped and forgotten; removed ones are not among them."""
    found: list[Unit] = []
    for ask in _forgotten(units, jobs):
        if silence := answers[ask].silence:
            raise Withheld(silence, answers[ask].complaint)
        found += parse_units(answers[ask])
    return Unloaded(all=tuple(found))


@frozen(kw_only=True)
class Words:
    """The end of the log of a unit's last run in this boot, oldest line first.

    said: by the unit's own programs; told: by systemd about it. Both empty: nothing there that we may read.
    """

    unit: str
    said: tuple[str, ...]
    told: tuple[str, ...]


@frozen(kw_only=True)
class LastWords:
    """The last words of the services that have failed or restart in a loop, the newest three."""

    all: tuple[Words, ...]

    def of(self, unit: str) -> Words | None:
        """What this unit said last, where we asked."""
        return next((w for w in self.all if w.unit == unit), None)


def _ask_words(units: Units, moment: Moment) -> list[Ask]:
    down = [u for u in units.of("service") if u.since and (u.failed or u.looping(moment.now))]
    down.sort(key=lambda unit: (unit.since, unit.name), reverse=True)
    return [_words(unit.name) for unit in down[:WORDS_OF_AT_MOST]]


def _words(unit: str) -> Run:
    return Run((*_TAIL_OF_BOOT, "30", "-o", "short-unix", "-u", unit), cap=32_768, root=True)


_LINE = re.compile(r"^[\d.]+ \S+ ([^\[:]+)(?:\[\d+\])?: (.*)$")


_ENDED = re.compile(r": (Failed with result|Deactivated successfully)")


def _last_run(lines: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The lines of the last run that came to an end; a start that was refused, for it came too soon, is no run."""
    runs: list[list[tuple[str, ...]]] = [[]]
    for line in lines:
        runs[-1].append(line)
        if line[0] == "systemd" and _ENDED.search(line[1]):
            runs.append([])
    ended = [run for run in runs[:-1] if not any("repeated too quickly" in text for _, text in run)]
    return ended[-1] if ended else lines


@probe(also=_ask_words, opens=OPENS)
def last_words(units: Units, answers: Answers) -> LastWords:
    """The last 30 lines in the journal of each of the newest three services that are down."""
    found = []
    for unit in units.of("service"):
        if reply := answers.get(_words(unit.name)):
            lines = _last_run([match.groups() for line in journal_lines(reply) if (match := _LINE.match(line))])
            said = tuple(text for name, text in lines if name != "systemd" and text.strip())
            told = tuple(text for name, text in lines if name == "systemd")
            found.append(Words(unit=unit.name, said=said, told=told))
    return LastWords(all=tuple(found))


@frozen(kw_only=True)
class Before:
    """The services that ran when the boot before this one ended; none where the machine came up before the window."""

    running: tuple[str, ...]


_LAST_BOOT = (
    "journalctl",
    "-b",
    "-1",
    "--no-pager",
    "-n",
    "400",
    "-o",
    "verbose",
    "--output-fields=UNIT,JOB_TYPE,MESSAGE",
)
_BEFORE = Run((*_LAST_BOOT, "_PID=1", f"MESSAGE_ID={STARTED}", "+", *_STOPS), root=True)


def _ask_before(identity: Identity, moment: Moment) -> list[Ask]:
    """Only of interest where the machine came up inside the window."""
    return [_BEFORE] if moment.now - timedelta(seconds=identity.uptime) >= moment.since else []


@probe(also=_ask_before, opens=OPENS)
def before(answers: Answers) -> Before:
    """Services that were started in the boot before and not stopped by somebody; one-shot jobs "finish" instead.

    The stops of the shutdown itself come after systemd has reached its target, or at the very end: those of the last
    minute are left out.
    """
    reply = answers.get(_BEFORE)
    if not reply or reply.silence is Silence.MISSING or reply.code:  # no boot before this one is kept
        return Before(running=())
    events = list(_starts_and_stops(journal_lines(reply)))
    ended = max((at for at, _, _ in events), default=0.0)
    running: dict[str, None] = {}
    for at, unit, started in events:
        if started:
            running[unit] = None
        elif ended - at > SHUTDOWN:
            running.pop(unit, None)
    return Before(running=tuple(running))


def _starts_and_stops(lines: list[str]) -> Iterator[tuple[float, str, bool]]:
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        at, unit = re.search(r";t=([0-9a-f]+);", entry), re.search(r"^ +UNIT=(.+\.service)$", entry, re.MULTILINE)
        if at and unit and not _PASSING.match(unit[1]):
            started = bool(re.search(r"^ +MESSAGE=Started ", entry, re.MULTILINE))
            if started or "JOB_TYPE=stop" in entry:
                yield int(at[1], 16) / 1e6, unit[1], started
