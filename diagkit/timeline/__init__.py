"""The timeline TELLS: pure functions from facts to what happened when. The signature says which facts.

    @teller
    def packages(packages: Packages) -> Happenings:
        \"\"\"Packages that were installed, upgraded or removed.\"\"\"
        for change in packages.all:
            yield Happening(kind=Kind.PACKAGE, at=change.at, ...)

A teller speaks of one host, by that host's clock, of whatever time its facts reach back to. `merge` makes one timeline
of what the tellers of all hosts said: in our time, within the window, repeats folded. A teller whose fact is unknown
says nothing, and the timeline says so; a parameter annotated `Units | Unknown` is given the unknown fact instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

from diagkit.frozen import frozen
from diagkit.model import Kind, Silence, Unknown
from diagkit.probes import Facts, Inapplicable, needs


@frozen(kw_only=True)
class Happening:
    """Something that happened on one host, `count` times from `at` to `until` (None: once).

    says: the sentence about one; many: the sentence about `{n}` of the same `group` (empty: of the same subject), which
    may use `{names}`, their subjects. ours: its time is by our clock, not by the host's.
    """

    kind: Kind
    at: datetime
    subject: str
    says: str
    many: str
    source: str
    until: datetime | None = None
    count: int = 1
    group: str = ""
    assumed: tuple[str, ...] = ()
    grave: bool = False
    ours: bool = False

    @property
    def end(self) -> datetime:
        """When it last happened."""
        return self.until or self.at


Happenings = Iterator[Happening]


@frozen(eq=False)
class Teller:
    """A named way to tell what happened."""

    name: str
    doc: str
    needs: Mapping[str, Any]
    tell: Callable[..., Happenings]

    def __call__(self, facts: Facts) -> tuple[Happening, ...] | Unknown:
        """All that it can tell, or the fact that it lacks."""
        given: dict[str, object] = {}
        for name, kind in self.needs.items():
            kinds = get_args(kind) or (kind,)
            fact = facts[kinds[0]]
            if isinstance(fact, Inapplicable) and Unknown in kinds:
                fact = Unknown(fact.probe, Silence.MISSING, fact.why)
            if isinstance(fact, Inapplicable):
                return ()
            if isinstance(fact, Unknown) and Unknown not in kinds:
                return fact
            given[name] = fact
        return tuple(self.tell(**given))


def teller(tell: Callable[..., Happenings]) -> Teller:
    """Make a teller of a function, named by where it lives: timeline/changes.py::packages is `changes.packages`."""
    name = f"{tell.__module__.rpartition('.')[2]}.{tell.__name__}"
    return Teller(name, inspect.getdoc(tell) or "", needs(tell), tell)
