"""The sentences that several formats share. `say` turns text from outside into text of the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import TypeVar

from diagkit.model import (
    NO_TEXT,
    Finding,
    Layer,
    Report,
    RunInfo,
    Status,
    Suspect,
    TargetResult,
    Untrusted,
    Verdict,
    Weighed,
)
from diagkit.outputs.rendering import Form, render

Say = Callable[[Untrusted], str]
T = TypeVar("T")

LEADING = (Verdict.CONFIRMED, Verdict.PROBABLE, Verdict.RECOVERED)
BAD = (Status.FAIL, Status.WARN)
LAYERS = {
    Layer.NAME: "name resolution",
    Layer.ROUTE: "route",
    Layer.TCP: "TCP",
    Layer.BANNER: "SSH banner",
    Layer.HOST_KEY: "SSH host key",
    Layer.AUTHENTICATION: "SSH authentication",
    Layer.SHELL: "shell",
}
STEPS = ("verify", "act", "roll back")  # what the lines of Suspect.next are, in this order


def verdict_line(report: Report, say: Say) -> tuple[str, str]:
    """The verdict word, and the rest of the one line that must do for who reads no further."""
    word, rest = _verdict(report, say)
    if report.targets[1:]:
        rest += f" ({len(report.targets)} targets: {_tally(report.targets)})"
    if report.run.interrupted:
        return "INTERRUPTED", f", incomplete. {word}{rest}"
    return word, rest


def _verdict(report: Report, say: Say) -> tuple[str, str]:
    causes = leading(report)
    lost = [t for t in report.targets if not t.reached]
    if causes:
        more = f"; {counted(len(causes) - 1, 'more cause')} below" if causes[1:] else ""
        by = "by their end" if of_files(report) else "by now"
        over = f", over {by}" if causes[0].verdict is Verdict.RECOVERED else ""
        return causes[0].verdict.value.upper(), f" on {say(causes[0].target)}: {title(causes[0], say)}{over}{more}"
    if lost and len(lost) == len(report.targets):
        return "NOT REACHED", f": {say(lost[0].name)}: {broken_layer(lost[0], say)}"
    worst = worst_of(report.findings)
    if of_files(report):
        return _verdict_on_files(report, worst, say)
    if worst and report.diagnosis.verdict is Verdict.HEALTHY:
        return "HEALTHY", f" so far, with a warning on {say(worst.target)}: {about(worst, say)}"
    if worst:
        state = say(report.diagnosis.condition) or about(worst, say)
        return "INCONCLUSIVE", f" on {say(worst.target)}: {state}; no cause is established"
    judged, of = (sum(getattr(t.coverage, side) for t in report.targets) for side in ("judged", "of"))
    seen = f"{judged} of {counted(of, 'check')} on {_names(report.targets, say)}"
    if report.summary.status is Status.UNKNOWN:
        return "No problem found", f" in what could be seen: {seen}; {of - judged} could not be judged"
    return "HEALTHY", f": nothing wrong found in {seen}"


def _verdict_on_files(report: Report, worst: Finding | None, say: Say) -> tuple[str, str]:
    """Of logs where no cause leads. They may be clean; that makes no host healthy."""
    where = _names(report.targets, say)
    if worst:
        return "INCONCLUSIVE", f" from {where} alone: {about(worst, say)}; no cause is established"
    if report.summary.status is Status.UNKNOWN:
        return "INCOMPLETE", f": nothing known to mean trouble in what could be read of {where}"
    return "NOTHING KNOWN", f" to mean trouble in {where}; that says nothing of the host beyond its logs"


def of_files(report: Report) -> bool:
    """Whether it is about logs that somebody sent, and not about a host that was asked."""
    return any(digest.files for digest in report.logs)


def leading(report: Report) -> list[Suspect]:
    """The causes that evidence of their own speaks for."""
    return [c for c in report.diagnosis.causes if c.verdict in LEADING]


def title(cause: Suspect, say: Say) -> str:
    """What is so, and of what."""
    entity = say(cause.entity)
    return f"{cause.title} ({entity})" if entity else cause.title


def broken_layer(target: TargetResult, say: Say) -> str:
    """The first layer that failed on the way to the target, and how."""
    layer = LAYERS[target.layer] if target.layer else "not asked"
    detail = say(target.detail)
    return f"{layer}: {detail}" if detail else layer


def about(found: Finding | Weighed, say: Say) -> str:
    """A finding in one sentence that says what it is about."""
    return f"{say(found.subject) or found.check}: {say(found.summary)}"


def in_common(cause: Suspect, report: Report, say: Say, at_most: int) -> str:
    """On how many hosts the same fault is, where that is no chance; empty for a fault of one."""
    common = next((c for c in report.diagnosis.common if c.id == cause.id), None)
    if common is None:
        return ""
    where = listed((say(t) for t in common.targets), at_most)
    return f"the same fault on {len(common.targets)} of {common.of} hosts ({where}): look for what they share"


def percent(cause: Suspect) -> str:
    """How likely; certainty is not to be had."""
    return ">99%" if cause.confidence > 0.99 else f"{cause.confidence:.0%}"


def statuses(of: Iterable[Status]) -> str:
    """`3 failed, 1 warning`, the worst first."""
    found = list(of)
    words = {Status.FAIL: "failed", Status.WARN: "warning", Status.UNKNOWN: "not judged", Status.SKIP: "skipped"}
    parts = [(found.count(status), words.get(status, "ok")) for status in reversed(Status)]
    return ", ".join(counted(n, word) if word == "warning" else f"{n} {word}" for n, word in parts if n)


def window(run: RunInfo, dash: str) -> str:
    """The window of time that was looked at, as it was understood."""
    since, until = run.since.astimezone(UTC), run.until.astimezone(UTC)
    if since.date() == until.date():
        return f"{since:%Y-%m-%d %H:%M}{dash}{until:%H:%M} UTC"
    return f"{since:%Y-%m-%d %H:%M} {dash} {until:%Y-%m-%d %H:%M} UTC"


def counted(n: int, thing: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def fold(things: list[T], at_most: int) -> tuple[list[T], int]:
    """The first of them, and how many more there are; one more is shown rather than counted."""
    return (things, 0) if len(things) <= at_most + 1 else (things[:at_most], len(things) - at_most)


def listed(names: Iterable[str], at_most: int) -> str:
    """`a, b, c and 4 more`."""
    shown, more = fold(list(names), at_most)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def next_command(report: Report, say: Say) -> tuple[str, str]:
    """The one command to type now, and what it is good for."""
    if of_files(report):
        return _next_of_files(report)
    causes = [c for c in report.diagnosis.causes if c.runbook]
    lost = [t for t in report.targets if not t.reached]
    if report.run.interrupted:
        return f"diagkit check {targets_as_words(report.targets)}", "to run the whole checklist"
    settling = sorted(report.diagnosis.next_checks, key=lambda check: check.opens != NO_TEXT)
    if settling and not leading(report) and not lost:
        what = "which of the candidates it is" if report.diagnosis.causes else "what it is"
        first = f"; first {say(settling[0].opens)}" if settling[0].opens != NO_TEXT else " (--deep asks by itself)"
        return render(settling[0].command, Form.TERMINAL), f"to settle {what}{first}"
    if causes:
        good_for = "what to do about it" if leading(report) else "to confirm or rule out the first candidate"
        return f"diagkit runbook show {causes[0].runbook}", good_for
    if lost:
        return "diagkit runbook show connectivity", "what to do about a host that is not reached"
    if worst := worst_of(report.findings):
        return f"diagkit explain {worst.check}", "what it means, and what it is confused with"
    if report.summary.status is Status.UNKNOWN:
        return f"diagkit check {targets_as_words(report.targets)} -v", "to see why these could not be judged"
    return f"diagkit check {targets_as_words(report.targets)} --all", "to see every check and its figures"


def _next_of_files(report: Report) -> tuple[str, str]:
    causes = [c for c in report.diagnosis.causes if c.runbook]
    settling = [render(check.command, Form.TERMINAL) for check in report.diagnosis.next_checks]
    began = next((digest.began for digest in report.logs if digest.began), None)
    words = " ".join(render(word, Form.SHELL) or "PATH" for digest in report.logs for word in digest.files)
    if report.run.interrupted:
        return f"diagkit logs {words}", "to read all of it"
    if leading(report) and causes:
        return f"diagkit runbook show {causes[0].runbook}", "what to do about it"
    if causes and settling:
        return settling[0], "on the host they are of, to settle which of the candidates it is"
    if began and not causes:
        at = f"{began.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return f"diagkit logs {words} --at {at} --all -v", "to see every kind of line around the time it began"
    if causes:
        return f"diagkit runbook show {causes[0].runbook}", "to confirm or rule out the first candidate"
    return f"diagkit logs {words} --all", "to see every kind of line, those that are no trouble too"


def worst_of(findings: Iterable[Finding]) -> Finding | None:
    """The first of the worst findings, if anything is wrong."""
    return max((f for f in findings if f.status in BAD), key=lambda f: BAD[::-1].index(f.status), default=None)


def _names(targets: Iterable[TargetResult], say: Say) -> str:
    names = [say(t.name) for t in targets]
    return names[0] if len(names) == 1 else f"{len(names)} targets"


def _tally(targets: Iterable[TargetResult]) -> str:
    """`1 failed, 2 ok, 1 not reached`."""
    reached = [t.status for t in targets if t.reached]
    lost = sum(not t.reached for t in targets)
    return ", ".join(filter(None, [statuses(reached), f"{lost} not reached" if lost else ""]))


def targets_as_words(targets: Iterable[TargetResult]) -> str:
    """The targets as words of a command line; where one cannot be typed as it is, its place."""
    return " ".join(render(t.name, Form.SHELL) or "TARGET" for t in targets)
