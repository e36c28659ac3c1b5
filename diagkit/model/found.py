"""Findings as a fleet keeps them: what is said alike of several targets, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import overload

from diagkit.frozen import frozen
from diagkit.model.report import Finding
from diagkit.model.words import Untrusted

Said = tuple[Finding, ...]  # of one target, whose name they need not bear


@frozen(eq=False)
class Found(Sequence[Finding]):
    """Findings of targets, in order. Each bears the name of its target from when it is read.

    A host has some 300, and other hosts have most of them too. To put a name to one takes a microsecond: who looks for
    a few takes them by `where`, and who does not care whose they are by `said`.
    """

    of: tuple[tuple[Untrusted, Said], ...]

    @classmethod
    def over(cls, findings: Iterable[Finding]) -> Found:
        """These findings, which may come from elsewhere."""
        if isinstance(findings, Found):
            return findings
        return cls(tuple([(target, tuple(said)) for target, said in groupby(findings, lambda f: f.target)]))

    @classmethod
    def together(cls, found: Iterable[Found]) -> Found:
        """Those of several, one after the other."""
        return cls(tuple([pair for one in found for pair in one.of]))

    def said(self) -> Iterator[Finding]:
        """All of them as they are kept."""
        return chain.from_iterable(said for _, said in self.of)

    def said_of(self) -> dict[Untrusted, Said]:
        """Those of each target as they are kept."""
        found: dict[Untrusted, Said] = {}
        for target, said in self.of:
            found[target] = found.get(target, ()) + said
        return found

    def where(self, wanted: Callable[[Finding], bool]) -> Iterator[Finding]:
        """Those that are wanted, whosever they are: what is asked has no name yet."""
        return (finding.on(target) for target, said in self.of for finding in said if wanted(finding))

    def __iter__(self) -> Iterator[Finding]:
        return (finding.on(target) for target, said in self.of for finding in said)

    def __len__(self) -> int:
        return sum(len(said) for _, said in self.of)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Found | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
