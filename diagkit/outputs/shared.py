"""What several targets have in the same words, once: causes, findings, reasons."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from diagkit.differences.alike import impersonal
from diagkit.frozen import frozen
from diagkit.model import Finding, Report, Suspect
from diagkit.outputs.overview import is_fleet

T = TypeVar("T")


@frozen
class Shared:
    """A cause, told as it is on one target, and the same on others."""

    cause: Suspect
    twins: tuple[Suspect, ...]

    @property
    def all(self) -> tuple[Suspect, ...]:
        """The one that is told, first."""
        return self.cause, *self.twins


def shared(causes: Iterable[Suspect], report: Report) -> list[Shared]:
    """The same cause of the same thing on several targets as one, told of a target that stands for others if it can.

    Of a fleet they come in the order of the overview.
    """
    if not report.targets[1:]:
        return [Shared(cause, ()) for cause in causes]
    likes = {group.like for group in report.alike}
    told = []
    for twins in together(causes, lambda c: (c.id, impersonal(c.entity, c.target))):
        first = next((c for c in twins if c.target in likes), twins[0])
        told.append(Shared(first, tuple(c for c in twins if c is not first)))
    if is_fleet(report):
        row = {name: n for n, group in enumerate(report.alike) for name in group.targets}
        told.sort(key=lambda kind: min(row.get(cause.target, len(row)) for cause in kind.all))
    return told


def together(things: Iterable[T], kind: Callable[[T], Hashable]) -> list[list[T]]:
    """Things of the same kind, in the order in which the first of each came."""
    found: dict[Hashable, list[T]] = {}
    for thing in things:
        found.setdefault(kind(thing), []).append(thing)
    return list(found.values())


def thing(finding: Finding) -> Hashable:
    """What a finding has in common with those of other targets that say the same."""
    return finding.status, finding.check, impersonal(finding.subject, finding.target)
