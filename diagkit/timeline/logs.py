"""What the logs say went wrong: bursts of lines, and processes that were killed for want of memory."""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.logs.occurrences import Occurrence
from diagkit.logs.signatures import Signature, catalogue
from diagkit.model import Kind, Status
from diagkit.probes.logs import AccessLogs, ErrorLines, Occurrences
from diagkit.timeline import Happening, Happenings, teller

KILLS = ("oom_killed", "cgroup_oom_killed", "oom_daemon_killed")
# What the histories of units tell better.
TOLD_ELSEWHERE = frozenset({"unit_failed", "unit_restarted", "unit_main_process_ended", "unit_start_failed"})
SHOWN = 160  # characters of a line


@teller
def known_trouble(occurrences: Occurrences) -> Happenings:
    """Lines whose meaning is known and that tell of trouble, burst by burst."""
    signatures = catalogue()
    for found in occurrences.all:
        signature = signatures[found.signature]
        if signature.id in KILLS:
            yield from _kills(found)
        elif signature.id in TOLD_ELSEWHERE or signature.severity is Status.OK or found.count < signature.least:
            continue
        else:
            yield from _bursts(found, signature)


def _kills(found: Occurrence) -> Iterator[Happening]:
    victims = found.fields.get("process", ()) or found.fields.get("cgroup", ())
    victim = victims[0] if len(victims) == 1 else "several processes"
    whose = "a memory limit was reached" if found.signature == "cgroup_oom_killed" else "out of memory"
    for burst in found.bursts:
        yield Happening(
            kind=Kind.OOM,
            at=burst.first,
            until=burst.last,
            count=burst.count,
            subject=", ".join(victims),
            says=f"{whose}: killed {victim}",
            many=f"{whose}: " + "{n} kills, of {names}",
            source=found.source,
            assumed=found.assumed,
            grave=True,
        )


def _bursts(found: Occurrence, signature: Signature) -> Iterator[Happening]:
    speaker = "" if not found.programs or found.programs[0] in signature.title else f"{found.programs[0]}: "
    for burst in found.bursts:
        yield Happening(
            kind=Kind.LOG,
            at=burst.first,
            until=burst.last,
            count=burst.count,
            subject=found.programs[0] if found.programs else signature.id,
            says=f"{speaker}{signature.title}",
            many=f"{signature.title}: " + "{n} lines of {names}",
            source=found.source,
            group=signature.id,
            assumed=found.assumed,
            grave=signature.severity is Status.FAIL,
        )


@teller
def new_errors(error_lines: ErrorLines) -> Happenings:
    """Error lines that no signature knows and that this log had not had before."""
    for line in error_lines.all:
        for burst in line.bursts if line.new else ():
            yield Happening(
                kind=Kind.LOG,
                at=burst.first,
                until=burst.last,
                count=burst.count,
                subject=line.program,
                says=f"{line.program}: {line.sample[:SHOWN]}",
                many="{n} lines of {names} of a new kind of error",
                source=line.source,
                group=line.template,
                grave=True,
            )


@teller
def failed_requests(access_logs: AccessLogs) -> Happenings:
    """Requests that a web server answered with 5xx."""
    for log in access_logs.all:
        if log.first_failed and log.last_failed:
            path, status, _ = log.worst
            yield Happening(
                kind=Kind.LOG,
                at=log.first_failed,
                until=log.last_failed,
                count=log.failed,
                subject=log.source,
                says=f"{status} on {path}, in {log.source}",
                many="{n} requests failed with 5xx, in {names}",
                source=log.source,
                grave=True,
            )
