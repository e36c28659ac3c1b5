"""What was read once is not read again: hosts of a fleet say much alike.

Parsers are pure: the same answers and facts make the same fact. When an answer was given, and how long that took, is
never the same, but few parsers look at it. So they are handed answers that notice a look (`_Watched`); a fact that came
about without one is the same for whoever gives these answers. Of a parser that has looked nothing is kept any more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Self, TypeVar

from diagkit.model import Ask, Reply, Silence

T = TypeVar("T")


class Recall(Generic[T]):
    """Results by what they came of; the least recently wanted are forgotten first. Threads may share it.

    most: the sum of the sizes that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[T, int, object]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """The result that came of this, if it is known still."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def take(self, key: Hashable) -> T | None:
        """The same, which is forgotten here."""
        with self._lock:
            result, size, _ = self._kept.pop(key, (None, 0, None))
            self._size -= size
            return result

    def put(self, key: Hashable, result: T, size: int = 1, alive: object = None) -> None:
        """Keep it. alive: what must not go, and leave its `id` in the key to another thing."""
        with self._lock:
            if key in self._kept or size > self._most:
                return
            self._kept[key] = (result, size, alive)
            self._size += size
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][1]


class Answers(dict[Ask, Reply]):
    """Replies to the asks that `also` asked for."""


LEARNED: Recall[Any] = Recall(32)  # tapes: the facts that gave rise to questions, until conclusions are drawn of them
_FACTS: Recall[object] = Recall(8 << 20)  # bytes of answers
_LOOKING: set[object] = set()  # the sources whose parsers have looked at the times of answers


def fact_of(
    source: object, arguments: Sequence[object], parse: Callable[[Sequence[object]], object]
) -> tuple[object, bool]:
    """What `parse` makes of these arguments, or made of their like; and whether others may share it.

    source: whose arguments they are.
    """
    if source in _LOOKING:
        return parse(arguments), False
    said = (source, *map(_said, arguments))
    found = _FACTS.get(said)
    if found is not None:
        return found, True
    looks: list[str] = []
    fact = parse([_watched(one, looks) for one in arguments])
    if looks:
        _LOOKING.add(source)
        return fact, False
    size = 1000 + sum(len(reply.out) + len(reply.err) for one in arguments for reply in _replies(one))
    _FACTS.put(said, fact, size, arguments)
    return fact, True


def _replies(argument: object) -> Sequence[Reply]:
    if isinstance(argument, Reply):
        return (argument,)
    return tuple(argument.values()) if isinstance(argument, Answers) else ()


def _said(argument: object) -> Hashable:
    if isinstance(argument, Reply):
        return argument.out, argument.err, argument.code, argument.silence, argument.cut
    if isinstance(argument, Answers):
        return tuple((ask, _said(reply)) for ask, reply in argument.items())
    return id(argument)


def _watched(argument: object, looks: list[str]) -> object:
    if isinstance(argument, Reply):
        return _Watched.over(argument, looks)
    if isinstance(argument, Answers):
        return Answers({ask: _Watched.over(reply, looks) for ask, reply in argument.items()})
    return argument


class _Watched(Reply):
    """A reply that notes in `looks` that somebody looked at its times."""

    __slots__ = ("_looks", "_times")
    _looks: list[str]
    _times: tuple[float, float]

    def __init__(
        self,
        out: bytes,
        err: bytes,
        code: int,
        at: float,
        took: float,
        silence: Silence | None,
        *,
        cut: bool,
        looks: list[str] | None = None,  # replace() makes one that nobody watches, and has looked at all of this one
    ) -> None:
        for name, value in (("out", out), ("err", err), ("code", code), ("silence", silence), ("cut", cut)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_times", (at, took))
        object.__setattr__(self, "_looks", [] if looks is None else looks)

    @classmethod
    def over(cls, reply: Reply, looks: list[str]) -> Self:
        """This one, watched."""
        r = reply
        return cls(r.out, r.err, r.code, r.at, r.took, r.silence, cut=r.cut, looks=looks)

    @property
    def at(self) -> float:
        self._looks.append("at")
        return self._times[0]

    @property
    def took(self) -> float:
        self._looks.append("took")
        return self._times[1]
