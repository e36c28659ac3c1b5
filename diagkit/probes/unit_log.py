"""What the journal says about units: who was stopped, who was restarted, and the last words of those that are down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from diagkit.model import Ask, Moment, Reply, Run, Silence, epoch
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.systemd import Unit, Units, parse_units, show

RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"  # message ids are systemd's, listed in sd-messages.h
STOPPED = "9d1aaa27d60140bd96365438aad20286"
UNLOADED_AT_MOST = 10
WORDS_OF_AT_MOST = 3
OPENS = "log in as root or as a member of systemd-journal, or allow this user `sudo -n`"

# Sessions, early boot and one-off units come and go by design.
_PASSING = re.compile(r"^(user@|user-runtime-dir@|run-|initrd-|dracut-|plymouth-|systemd-|modprobe@|getty@|packagekit)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something systemd did to a unit: a `stop` somebody asked for, or a `restart` because it had ended by itself."""

    unit: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The last stops and automatic restarts of services in this boot, oldest first."""

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
    """Stops and automatic restarts of services in this boot, the last 200, from systemd's own journal entries.

    Not as JSON: in that form journalctl keeps quiet about entries that the user may not see.
    """
    return Jobs(all=tuple(_jobs(journal_lines(reply))))


def _jobs(lines: list[str]) -> Iterator[Job]:
    """Entries of three lines: `<time> [s=…;t=<microseconds, hexadecimal>;…]`, `    UNIT=…`, `    JOB_TYPE=…`."""
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        if entry.startswith("-- "):  # such as `-- No entries --`
            continue
        at, unit = re.search(r";t=([0-9a-f]+);", entry), re.search(r"^ +UNIT=(.+\.service)$", entry, re.MULTILINE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloaded:
    """Services that somebody stopped in this boot and that systemd has since forgotten, for nobody wants them."""

    all: tuple[Unit, ...]


def _forgotten(units: Units, jobs: Jobs) -> list[Ask]:
    gone = dict.fromkeys(j.unit for j in reversed(jobs.all) if j.kind == "stop" and not units.named(j.unit))
    return [show(*sorted(list(gone)[:UNLOADED_AT_MOST]))] if gone else []


@probe(also=_forgotten, opens=OPENS)
def unloaded(units: Units, jobs: Jobs, answers: Answers) -> Unloaded:
    """How systemd would load the services that were stopped and forgotten; removed ones are not among them."""
    found: list[Unit] = []
    for ask in _forgotten(units, jobs):
        if silence := answers[ask].silence:
            raise Withheld(silence, answers[ask].complaint)
        found += parse_units(answers[ask])
    return Unloaded(all=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The end of the log of a unit's last run in this boot, oldest line first.

    said: by the unit's own programs; told: by systemd about it. Both empty: nothing there that we may read.
    """

    unit: str
    said: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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
