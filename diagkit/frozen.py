"""`@frozen`: values that cost little to declare.

What it makes is a dataclass, as `@dataclass(frozen=True, slots=True)` makes it: `fields`, `replace`, `match` and pickle
see no difference. But `dataclass` compiles six methods for each class while that is declared, half a millisecond; a run
declares 400 classes, makes values of half of them, and compares those of a few. Here each method is compiled when it is
first called, and what need not be compiled is shared by all classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
Source = tuple[str, dict[str, object]]  # of one method, and the names it uses


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T], /) -> type[T]: ...
@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, kw_only: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
def frozen(cls: Any = None, /, *, kw_only: bool = False, eq: bool = True) -> Any:
    """Make a frozen dataclass with slots of a class. eq: whether values are compared; else each equals only itself."""

    def declare(cls: Any) -> Any:
        own = vars(cls)
        made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
        for name, write in {"__init__": _init, **({"__eq__": _eq, "__hash__": _hash} if eq else {})}.items():
            if own.get(name) is None:  # a class that says how it compares has None for a hash
                setattr(made, name, _at_first_call(made, name, write))
        for name, method in _SHARED.items():
            if name not in own:
                setattr(made, name, method)
        return made

    return declare(cls) if cls else declare


def _at_first_call(cls: type, name: str, write: Callable[[type], Source]) -> Callable[..., Any]:
    """Stands for a method until it is called."""

    def first(self: object, /, *args: object, **named: object) -> Any:
        source, names = write(cls)
        exec(source, names)  # noqa: S102 - as dataclass does: the source is made of the names of fields
        method: Any = names[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *args, **named)

    return first


def _init(cls: type) -> Source:
    """Sets each slot by its own descriptor: `self.name = name` is what a frozen value refuses."""
    names: dict[str, object] = {"_MISSING": MISSING}
    free, by_name, lines = list[str](), ["*"], list[str]()
    for f in fields(cls):
        names[f"_set_{f.name}"] = getattr(cls, f.name).__set__
        value, default = f.name, ""
        if f.default_factory is not MISSING:
            names[f"_make_{f.name}"] = f.default_factory
            value, default = f"_make_{f.name}() if {f.name} is _MISSING else {f.name}", "=_MISSING"
        elif f.default is not MISSING:
            names[f"_default_{f.name}"] = f.default
            default = f"=_default_{f.name}"
        (by_name if f.kw_only else free).append(f.name + default)
        lines.append(f"_set_{f.name}(self, {value})")
    parameters = ", ".join(["self", *free, *(by_name if len(by_name) > 1 else [])])
    return f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), names


def _eq(cls: type) -> Source:
    mine, others = _values(cls, "self"), _values(cls, "other")
    same = "other.__class__ is self.__class__"
    return f"def __eq__(self, other):\n return ({mine}) == ({others}) if {same} else NotImplemented", {}


def _hash(cls: type) -> Source:
    return f"def __hash__(self):\n return hash(({_values(cls, 'self')}))", {}


def _values(cls: type, of: str) -> str:
    """What is compared, as the inside of a tuple."""
    return "".join(f"{of}.{f.name}, " for f in fields(cls) if f.compare)


def _repr(self: Any) -> str:
    values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({values})"


def _refuse(self: object, name: str, *_: object) -> None:  # noqa: ARG001 - of __setattr__ and __delattr__
    raise FrozenInstanceError(f"cannot change {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, f.name) for f in fields(self)]


def _restore(self: Any, state: list[object]) -> None:
    for f, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, f.name, value)


_SHARED = {
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
}
