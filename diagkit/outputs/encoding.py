"""The parts of a report as JSON text: what `json.dumps(codec.dump(part))` says, without the values in between.

The report on a fleet has some 250 findings for each host, most of them in words that others have too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from diagkit import codec
from diagkit.model import Found, Untrusted
from diagkit.outputs.rendering import Form, render

Encode = Callable[[Any], str]

WORDS = 4096  # texts of which the encoded form is kept
SHORT = 200  # characters of the longest of them


def encoded(part: object) -> str:
    """This part as JSON text on one line."""
    return _ENCODERS[type(part)](part)


def _text(text: Untrusted) -> str:
    return _often(text.raw) if len(text.raw) <= SHORT else _once(text.raw)


def _once(raw: str) -> str:
    return _quoted(render(Untrusted(raw), Form.JSON))


_quoted = json.JSONEncoder().encode
_often = lru_cache(WORDS)(_once)


def _list(items: Iterable[object]) -> str:
    return f"[{', '.join([encoded(item) for item in items])}]"


def _table(table: Mapping[object, object]) -> str:
    return f"{{{', '.join([f'{_quoted(str(key))}: {encoded(value)}' for key, value in table.items()])}}}"


def _of_fields(kind: Any) -> Encode:
    names = [field.name for field in fields(kind)]
    shape = f"{{{', '.join(f'{_quoted(name)}: %s' for name in names)}}}"
    return lambda part: shape % tuple([_ENCODERS[type(value := getattr(part, name))](value) for name in names])


class _Encoders(dict[type, Encode]):
    """How each type is encoded, worked out when its first value is met."""

    def __missing__(self, kind: type) -> Encode:
        self[kind] = encode = self._encoder(kind)
        return encode

    @staticmethod
    def _encoder(kind: type) -> Encode:
        if issubclass(kind, Enum):
            return {member: _quoted(member.value) for member in kind}.__getitem__
        if issubclass(kind, Found | tuple | list | frozenset):
            return _list
        if is_dataclass(kind):
            return _of_fields(kind)
        if issubclass(kind, Mapping):
            return _table
        return lambda value: _quoted(codec.dump(value))


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else _quoted(number)


_ENCODERS = _Encoders({Untrusted: _text, str: _quoted, float: _number, int: repr, type(None): lambda _: "null"})
