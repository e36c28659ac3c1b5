"""Private parts of paramiko, used only while they are what they were when our code for them was written.

A class does its work by paramiko's documented interface. A class derived from it does the same faster, or with more to
tell, by `private` methods; `fitted` takes those away again that the paramiko at hand has no use for, and what they
replaced is back. Nothing breaks with a new version: it gets slower, and `lost` says in which way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])

PART = "part of paramiko"  # attribute of a private method: what it leans on
TRUSTED = True  # set to False before paramiko is loaded: the documented interface only

lost: dict[str, str] = {}
"""What was given up, and the part of paramiko whose lack or change is to blame."""


class Part:
    """A private method of paramiko. parameters: its own, beside self. by: who calls it, if it is to be replaced."""

    def __init__(self, owner: type, name: str, parameters: tuple[str, ...], by: Callable[..., Any] | None) -> None:
        self.owner, self.name, self.parameters, self.by = owner, name, parameters, by

    def __str__(self) -> str:
        return f"{self.owner.__name__}.{self.name}"

    def fits(self) -> bool:
        """Whether it is there, takes what it took, and is called by whom it was called."""
        method = inspect.getattr_static(self.owner, self.name, None)
        if not TRUSTED or not inspect.isfunction(method):
            return False
        expected = tuple(inspect.signature(method).parameters)[1:]
        code = inspect.unwrap(self.by).__code__ if self.by else None
        return expected == self.parameters and (code is None or self.name in code.co_names)


def private(
    owner: type, name: str, *parameters: str, gains: str, by: Callable[..., Any] | None = None
) -> Callable[[F], F]:
    """Marks a method that replaces, or calls, a private method of paramiko.

    gains: what it is for; methods that gain the same stand and fall together.
    """

    def mark(method: F) -> F:
        setattr(method, PART, (Part(owner, name, parameters, by), gains))
        return method

    return mark


def fitted(cls: C) -> C:
    """The class without the private methods that lean on what is not there."""
    for part, gains in _marked(cls).values():
        if not part.fits():
            lost.setdefault(gains, str(part))
    for name, (_, gains) in _marked(cls).items():
        if gains in lost:
            delattr(cls, name)
    return cls


def strip(cls: type, because: str) -> None:
    """Take all private methods away."""
    for name, (_, gains) in _marked(cls).items():
        lost.setdefault(gains, because)
        delattr(cls, name)


def _marked(cls: type) -> dict[str, tuple[Part, str]]:
    return {name: getattr(method, PART) for name, method in vars(cls).items() if hasattr(method, PART)}


def notes(version: str) -> tuple[str, ...]:
    """What the user should be told about this version of paramiko, if anything."""
    if not lost:
        return ()
    changed = ", ".join(dict.fromkeys(lost.values()))
    return (f"paramiko {version} is not as diagkit knows it ({changed}): it is used without {'; without '.join(lost)}",)
