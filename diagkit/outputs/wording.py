"""The sentences that several formats share. `say` turns text from outside into text of the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TypeVar

from diagkit.differences.alike import LEADING
from diagkit.model import (
    Finding,
    Found,
    Layer,
    Report,
    RunInfo,
    Silence,
    Status,
    Suspect,
    TargetResult,
    Untrusted,
    Weighed,
)
from diagkit.outputs.rendering import Form, render

Say = Callable[[Untrusted], str]
T = TypeVar("T")

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
LATE, DENIED = "for want of an answer in time", "for want of rights"
KEPT_BY: Mapping[Silence | None, str] = {Silence.TIMEOUT: LATE, Silence.NOT_RUN: LATE, Silence.DENIED: DENIED}
TYPED = 5  # targets in a command to type
WITHOUT_TARGETS = ("runbook", "explain")  # commands that are about no target
STEPS = ("verify", "act", "roll back")  # what the lines of Suspect.next are, in this order


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
    return ": ".join(filter(None, [_layer(target.layer), say(target.detail)]))


def not_reached(layer: Layer | None, detail: str = "") -> str:
    """`not reached: TCP: Connection refused`, or `not asked: the run was stopped first`."""
    return ": ".join(filter(None, ["not reached" if layer else "", _layer(layer), detail]))


def _layer(layer: Layer | None) -> str:
    return LAYERS[layer] if layer else "not asked"


def unseen(targets: Iterable[TargetResult]) -> list[TargetResult]:
    """Those that were reached, and of which too little could be seen to call them well."""
    return [target for target in targets if target.reached and target.coverage.poor]


def unjudged(targets: Sequence[TargetResult], report: Report) -> str:
    """How much of them could not be judged, and what kept us from most of it."""
    blind, of = sum(t.coverage.of - t.coverage.judged for t in targets), sum(t.coverage.of for t in targets)
    why = kept_by(targets, report)
    return f"{blind} of {counted(of, 'check')} could not be judged{f', most {why}' if why else ''}"


def kept_by(targets: Iterable[TargetResult], report: Report) -> str:
    """What kept us from judging most of what could not be judged; empty where that is not to be said in a few words."""
    names = {target.name for target in targets}
    checks: Counter[str] = Counter()
    for note in report.silences:
        if note.target in names:
            checks[KEPT_BY.get(note.silence, "")] += len(note.checks)
    return max(checks, key=checks.__getitem__, default="")


def about(found: Finding | Weighed, say: Say) -> str:
    """A finding in one sentence that says what it is about."""
    return f"{say(found.subject) or found.check}: {say(found.summary)}"


def in_common(cause: Suspect, report: Report, who: Callable[[Sequence[Untrusted]], str]) -> str:
    """On how many hosts the same fault is, where that is no chance; empty for a fault of one. `who` names them."""
    common = next((c for c in report.diagnosis.common if c.id == cause.id), None)
    if common is None:
        return ""
    on = f"on {len(common.targets)} of {common.of} hosts ({who(common.targets)})"
    return f"the same fault {on}: look for what they share"


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


def bad(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Those that say that something is wrong."""
    return Found.over(findings).where(lambda f: f.status in BAD)


def worst_of(findings: Iterable[Finding]) -> Finding | None:
    """The first of the worst findings, if anything is wrong."""
    return max(bad(findings), key=lambda f: BAD[::-1].index(f.status), default=None)


def typed(command: str, found_by: Iterable[str]) -> str:
    """A command to type, with the options by which its targets are found: without them their names may mean others."""
    if command.split()[:1] != ["diagkit"] or command.split()[1] in WITHOUT_TARGETS:
        return command
    return " ".join([command, *(render(Untrusted(word), Form.SHELL) or "PATH" for word in found_by)])


def targets_as_words(targets: Iterable[TargetResult]) -> str:
    """The targets as words of a command line; where one cannot be typed as it is, or they are too many, their place."""
    targets = list(targets)
    if len(targets) > TYPED:
        return "TARGET..."
    return " ".join(render(t.name, Form.SHELL) or "TARGET" for t in targets)
