"""Jobs by the clock: whether a cron daemon is wanted, and whether the commands of its jobs exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from diagkit.frozen import frozen
from diagkit.model import Ask, Read, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Withheld, perhaps, probe

# There only where a cron daemon was installed or was given a job; into /etc/cron.d, other packages put files as well.
_FILES = ("/etc/crontab", "/var/spool/cron/crontabs/root", "/var/spool/cron/root", "/etc/crontabs/root")
_SYSTEM = ("/etc/crontab", "/etc/cron.d")  # their lines have a user before the command
JOBS_AT_MOST = 40


@frozen(kw_only=True)
class Crontabs:
    """The crontabs of the system that are there."""

    all: tuple[str, ...]


@probe(*(perhaps(Read(path, cap=1)) for path in _FILES))
def crontabs(system: Reply, debian: Reply, redhat: Reply, busybox: Reply) -> Crontabs:
    """Which of the usual crontabs are there. Root's own is not for everybody to see."""
    replies = dict(zip(_FILES, (system, debian, redhat, busybox), strict=True))
    found = tuple(path for path, reply in replies.items() if reply.silence is None)
    if not found and all(reply.silence is not Silence.MISSING for reply in replies.values()):
        raise Withheld(system.silence or Silence.GARBLED, system.complaint)
    if not found:
        raise Absent("no crontab of the system")
    return Crontabs(all=found)


@frozen(kw_only=True)
class CronJob:
    """One line of a crontab. `program`: the absolute path it begins with; lines that begin otherwise are left out."""

    file: str
    program: str


@frozen(kw_only=True)
class CronJobs:
    """The jobs whose program is named by its path."""

    all: tuple[CronJob, ...]


_TIMES = r"(?:@\w+|(?:[\d*][\d*/,a-zA-Z-]*\s+){4}[\d*][\d*/,a-zA-Z-]*)"
_SPOOLS = ("/var/spool/cron", "/etc/crontabs")


@probe(Run(("grep", "-rsE", r"^[[:space:]]*[0-9*@]", *_SYSTEM, *_SPOOLS), root=True))
def cron_jobs(reply: Reply) -> CronJobs:
    """The jobs in the crontabs of the system and of users."""
    found = dict.fromkeys(_jobs(reply.lines))
    if not found:
        raise Absent("no crontab has a job that names its program by its path")
    return CronJobs(all=tuple(found)[:JOBS_AT_MOST])


def _jobs(rows: Iterable[str]) -> Iterator[CronJob]:
    for row in rows:
        file, _, line = row.partition(":")
        user = r"\s+\S+" if file.startswith(_SYSTEM) else ""
        job = re.match(rf"\s*{_TIMES}{user}\s+(.+)", line)
        name = file.rpartition("/")[2]
        passed_over = file.startswith("/etc/cron.d/") and not re.fullmatch(r"[\w-]+", name)
        if job and not passed_over and (program := _program(job[1])):
            yield CronJob(file=file, program=program)


def _program(command: str) -> str:
    """The path that a command begins with; none for what tests first whether it is there, or begins with a name."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    first = next((word for word in words if not re.match(r"[A-Za-z_]\w*=", word)), "")
    return first if first.startswith("/") and re.fullmatch(r"[\w./+-]+", first) else ""


@frozen(kw_only=True)
class Program:
    """Whether the program of a cron job is there, and may be executed."""

    job: CronJob
    there: bool
    executable: bool


@frozen(kw_only=True)
class CronPrograms:
    """The programs of all those jobs."""

    all: tuple[Program, ...]


def _listing(jobs: CronJobs) -> Run:
    return Run(("ls", "-ldL", *sorted({job.program for job in jobs.all})), root=True)


def _look(cron_jobs: CronJobs) -> Iterable[Ask]:
    return [_listing(cron_jobs)]


@probe(also=_look)
def cron_programs(cron_jobs: CronJobs, answers: Answers) -> CronPrograms:
    """What `ls` says of the programs; those it does not know it complains about."""
    reply = answers[_listing(cron_jobs)]
    modes = {line.split()[-1]: line[:10] for line in reply.lines if line.count(" ") >= 8}
    gone = set(re.findall(r"(/[\w./+-]+)'?: No such file", reply.complaint))
    return CronPrograms(
        all=tuple(
            Program(job=job, there=job.program in modes, executable="x" in modes.get(job.program, ""))
            for job in cron_jobs.all
            if job.program in modes or job.program in gone
        )
    )
