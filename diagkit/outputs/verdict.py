"""The first line of a report and its last: the verdict, and the one command to type now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from diagkit.model import NO_TEXT, Finding, Report, Status, TargetResult, Verdict
from diagkit.outputs.overview import Matters, is_fleet, is_well, likeness, tally
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import (
    LATE,
    Say,
    about,
    broken_layer,
    counted,
    fold,
    kept_by,
    leading,
    of_files,
    targets_as_words,
    title,
    unjudged,
    unseen,
    worst_of,
)

KINDS_NAMED = 2  # kinds of targets in the one line
AMPLE = 120  # seconds: four times what a target is given unless told otherwise


def verdict_line(report: Report, say: Say) -> tuple[str, str]:
    """The verdict word, and the rest of the one line that must do for who reads no further."""
    if is_fleet(report):
        word, rest = _verdict_on_fleet(report, say)
    else:
        word, rest = _verdict(report, say)
        if report.targets[1:] and any(target.status is not Status.OK for target in report.targets):
            rest += f" ({len(report.targets)} targets: {tally(report.targets)})"
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
    dark = unseen(report.targets)
    if worst and report.diagnosis.verdict is Verdict.HEALTHY and not dark:
        return "HEALTHY", f" so far, with a warning on {say(worst.target)}: {about(worst, say)}"
    if worst:
        state = say(report.diagnosis.condition) or about(worst, say)
        return "INCONCLUSIVE", f" on {say(worst.target)}: {state}; no cause is established"
    if lost:
        rest = "; nothing wrong seen on the rest"
        return "NOT REACHED", f": {_first_of(lost, say)}: {broken_layer(lost[0], say)}{rest}"
    if dark:
        rest = "; nothing wrong seen on the rest" if len(dark) < len(report.targets) else ""
        return "NOT JUDGED", f": {_first_of(dark, say)}: {unjudged(dark, report)}{rest}"
    judged, of = _seen(report)
    seen = f"{judged} of {counted(of, 'check')} on {_names(report.targets, say)}"
    if report.summary.status is Status.UNKNOWN:
        return "No problem found", f" in what could be seen: {seen}; {of - judged} could not be judged"
    return "HEALTHY", f": nothing wrong found in {seen}"


def _verdict_on_fleet(report: Report, say: Say) -> tuple[str, str]:
    """How many are well, and the worst kinds of those that are not."""
    ill = [group for group in report.alike if not is_well(group)]
    well = sum(len(group.targets) for group in report.alike if is_well(group))
    if not ill:
        judged, of = _seen(report)
        return "HEALTHY", f": all {well} targets; nothing wrong found in {judged:,} of {of:,} checks"
    matters = Matters(report, say)
    shown, more = fold(ill, KINDS_NAMED)
    said = [f"{well} of {len(report.targets)} healthy", *(likeness(group, matters, say) for group in shown)]
    if more:
        rest = {name for group in ill[len(shown) :] for name in group.targets}
        how = tally(target for target in report.targets if target.name in rest)
        said.append(f"{len(rest)} more of {counted(more, 'other kind')} ({how})")
    return _word(report), f": {'; '.join(said)}"


def _word(report: Report) -> str:
    """The verdict word over many targets of which not all are well."""
    worst = worst_of(report.findings)
    if causes := leading(report):
        return causes[0].verdict.value.upper()
    if worst and report.diagnosis.verdict is not Verdict.HEALTHY:
        return "INCONCLUSIVE"
    if any(target.layer for target in report.targets):
        return "NOT REACHED"
    if unseen(report.targets):
        return "NOT JUDGED"
    return "HEALTHY so far" if worst else "No problem found"


def _first_of(targets: Sequence[TargetResult], say: Say) -> str:
    """`web-1 and 3 more`."""
    return say(targets[0].name) + (f" and {len(targets) - 1} more" if targets[1:] else "")


def _seen(report: Report) -> tuple[int, int]:
    """Checks judged, of checks that apply, over all targets."""
    return sum(t.coverage.judged for t in report.targets), sum(t.coverage.of for t in report.targets)


def _verdict_on_files(report: Report, worst: Finding | None, say: Say) -> tuple[str, str]:
    """Of logs where no cause leads. They may be clean; that makes no host healthy."""
    where = _names(report.targets, say)
    if worst:
        return "INCONCLUSIVE", f" from {where} alone: {about(worst, say)}; no cause is established"
    if report.summary.status is Status.UNKNOWN:
        return "INCOMPLETE", f": nothing known to mean trouble in what could be read of {where}"
    return "NOTHING KNOWN", f" to mean trouble in {where}; that says nothing of the host beyond its logs"


def next_command(report: Report, say: Say) -> tuple[str, str]:
    """The one command to type now, and what it is good for."""
    if of_files(report):
        return _next_of_files(report)
    if is_fleet(report) and not report.run.interrupted and (command := _verify(report, say)):
        return command, f"to see it on {say(report.alike[0].like)}"
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
    if any(target.layer for target in lost):
        return "diagkit runbook show connectivity", "what to do about a host that is not reached"
    if worst := worst_of(report.findings):
        return f"diagkit explain {worst.check}", "what it means, and what it is confused with"
    if (dark := unseen(report.targets)) and kept_by(dark, report) == LATE:
        return f"diagkit check {targets_as_words(dark)} --timeout {AMPLE}", "to give it time to answer"
    if report.summary.status is Status.UNKNOWN:
        return f"diagkit check {targets_as_words(report.targets)} -v", "to see why these could not be judged"
    return f"diagkit check {targets_as_words(report.targets)} --all", "to see every check and its figures"


def _verify(report: Report, say: Say) -> str:
    """The command that shows the cause behind the worst kind, on the target that stands for it; empty: none does."""
    like = report.alike[0].like
    steps = (say(step) for cause in leading(report) if cause.target == like for step in cause.next[:1])
    return next((step for step in steps if step.startswith("diagkit ")), "")


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


def _names(targets: Iterable[TargetResult], say: Say) -> str:
    names = [say(t.name) for t in targets]
    return names[0] if len(names) == 1 else f"{len(names)} targets"
