"""`@frozen` makes what `@dataclass(frozen=True, slots=True)` makes."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace

import pytest

from diagkit.frozen import frozen

BOTH = [frozen, dataclass(frozen=True, slots=True)]
pytestmark = pytest.mark.parametrize("make", BOTH, ids=["frozen", "dataclass"])


@frozen
class Place:
    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    name: str
    tags: tuple[str, ...] = ()


def point(make: Callable[[type], type]) -> type:
    class Point:
        x: int
        y: int = 2
        seen: list[int] = field(default_factory=list, compare=False)

    return make(Point)


def test_it_is_a_dataclass_with_slots(make: Callable[[type], type]) -> None:
    kind = point(make)
    assert is_dataclass(kind)
    assert [f.name for f in fields(kind)] == ["x", "y", "seen"]
    assert kind.__match_args__ == ("x", "y", "seen")
    assert not hasattr(kind(1), "__dict__")


def test_defaults_are_set_and_made(make: Callable[[type], type]) -> None:
    kind = point(make)
    one, other = kind(1), kind(x=1, y=3)
    assert (one.x, one.y, other.y) == (1, 2, 3)
    assert one.seen == []
    assert one.seen is not other.seen


@pytest.mark.parametrize("words", [{}, {"x": 1, "z": 2}])
def test_what_lacks_or_is_unknown_is_refused(make: Callable[[type], type], words: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="__init__"):
        point(make)(**words)


def test_values_are_compared_by_what_they_hold(make: Callable[[type], type]) -> None:
    kind = point(make)
    assert kind(1, seen=[1]) == kind(1, seen=[2])
    assert hash(kind(1, seen=[1])) == hash(kind(1, seen=[2]))
    assert kind(1) != kind(2)
    assert kind(1) != point(make)(1), "another class of the same fields"
    assert len({kind(1), kind(1), kind(2)}) == 2


def test_nothing_changes(make: Callable[[type], type]) -> None:
    value = point(make)(1)
    with pytest.raises(FrozenInstanceError):
        value.x = 2
    with pytest.raises(FrozenInstanceError):
        del value.x
    assert replace(value, x=2).x == 2
    assert value.x == 1


def test_it_shows_what_it_holds(make: Callable[[type], type]) -> None:
    assert repr(point(make)(1)).endswith("Point(x=1, y=2, seen=[])")


def test_a_subclass_adds_fields(make: Callable[[type], type]) -> None:
    base = point(make)

    class Named(base):
        name: str = "origin"

    named = make(Named)
    assert named(1, name="a") == named(1, name="a") != named(1, name="b")
    assert named(1) != base(1)


def test_a_method_of_the_class_stays(make: Callable[[type], type]) -> None:
    class Loud:
        word: str

        def __repr__(self) -> str:
            return self.word.upper()

    assert repr(make(Loud)("hello")) == "HELLO"


def test_only_by_name(make: Callable[[type], type]) -> None:
    only = frozen(kw_only=True) if make is frozen else dataclass(frozen=True, slots=True, kw_only=True)
    kind = point(only)
    assert kind(x=1).x == 1
    with pytest.raises(TypeError, match="positional"):
        kind(1)


def test_each_equals_only_itself_where_that_is_wanted(make: Callable[[type], type]) -> None:
    apart = frozen(eq=False) if make is frozen else dataclass(frozen=True, slots=True, eq=False)
    kind = point(apart)
    assert kind(1) != kind(1)
    assert len({kind(1), kind(1)}) == 2


def test_it_is_copied_and_pickled(make: Callable[[type], type]) -> None:
    place = (Place if make is frozen else Spot)("here", ("a",))
    assert pickle.loads(pickle.dumps(place)) == place
    assert copy.deepcopy(place) == place
