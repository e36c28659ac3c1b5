"""One translation between our frozen data and JSON, and its JSON Schema, read off the same type hints."""

from __future__ import annotations

import base64
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from diagkit.model import Untrusted
from diagkit.spelling import nearest

Json = Any


class Malformed(ValueError):
    """Data that does not fit its type; the message names the place."""


_AS_THEY_ARE = frozenset((str, int, float, bool, type(None)))


@cache
def _field_names(kind: Any) -> tuple[str, ...] | None:
    """Of a dataclass; of anything else, and of one that is a list of others, None."""
    return tuple(f.name for f in fields(kind)) if not issubclass(kind, Sequence) and is_dataclass(kind) else None


def dump(value: object, text: Any = lambda untrusted: untrusted.raw) -> Json:
    """Our data as JSON values. `text` turns `Untrusted` into a string: each format has its own rules.

    Times are RFC 3339 in UTC with `Z`; bytes that are UTF-8 become strings, others `{"base64": …}`.
    """
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:  # most of what there is
        return value
    if kind is Untrusted:
        return text(value)
    if (names := _field_names(kind)) is not None:
        return {
            name: part if type(part := getattr(value, name)) in _AS_THEY_ARE else dump(part, text) for name in names
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Sequence | frozenset):
        return [dump(v, text) for v in value]
    if isinstance(value, Mapping):
        return {str(k): dump(v, text) for k, v in value.items()}
    return value


def tagged(value: object) -> Json:
    """A dataclass with its type's name under `is`, for unions of dataclasses (asks)."""
    return {"is": type(value).__name__} | {
        f.name: tagged(v) if is_dataclass(v := getattr(value, f.name)) else dump(v)
        for f in fields(value)  # type: ignore[arg-type]
        if getattr(value, f.name) != f.default
    }


def load(kind: Any, data: Json, where: str = "$") -> Any:
    """JSON values as our data. Raises `Malformed` with the place of the first thing that does not fit."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _load_union(args, data, where)
    if origin in (tuple, Sequence):
        _expect(isinstance(data, list), where, "a list", data)
        return tuple(load(args[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, dict), where, "a table", data)
        return {key: load(args[1], item, f"{where}.{key}") for key, item in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _load_dataclass(kind, data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = [member.value for member in kind]
        _expect(data in values, where, f"one of {', '.join(map(str, values))}", data)
        return kind(data)
    if kind is datetime:
        try:
            return datetime.fromisoformat(data)
        except (TypeError, ValueError) as error:
            raise Malformed(f"{where}: expected a time, got {data!r}") from error
    if kind is bytes:
        return _load_bytes(data, where)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(kind, type):
        fits = isinstance(data, kind) and not (kind is int and isinstance(data, bool))
        _expect(fits, where, f"a value of type {kind.__name__}", data)
    return data


def _load_bytes(data: Json, where: str) -> bytes:
    if isinstance(data, str):
        return data.encode("utf-8", "surrogateescape")
    fits = isinstance(data, dict) and data.keys() == {"base64"} and isinstance(data["base64"], str)
    _expect(fits, where, "text or base64", data)
    try:
        return base64.b64decode(data["base64"], validate=True)
    except ValueError as error:
        raise Malformed(f"{where}: not base64: {error}") from error


def _expect(fits: object, where: str, what: str, data: Json) -> None:
    if not fits:
        raise Malformed(f"{where}: expected {what}, got {data!r:.80}")


def _load_union(args: tuple[Any, ...], data: Json, where: str) -> Any:
    if data is None and type(None) in args:
        return None
    kinds = [a for a in args if a is not type(None)]
    if isinstance(data, dict) and "is" in data:
        for kind in kinds:
            if getattr(kind, "__name__", "") == data["is"]:
                return load(kind, {k: v for k, v in data.items() if k != "is"}, where)
    for kind in kinds:
        if isinstance(kind, type) and isinstance(data, kind):
            return data
    if len(kinds) == 1:
        return load(kinds[0], data, where)
    names = ", ".join(getattr(k, "__name__", str(k)) for k in kinds)
    raise Malformed(f"{where}: expected one of {names}, got {data!r:.80}")


def _load_dataclass(kind: Any, data: Json, where: str) -> Any:
    if kind is Untrusted:
        _expect(isinstance(data, str), where, "text", data)
        return Untrusted(data)
    _expect(isinstance(data, dict), where, "a table", data)
    hints = get_type_hints(kind)
    if stray := sorted(set(data) - set(hints)):
        raise Malformed(f"{where}: unknown key {stray[0]!r}{nearest(stray[0], sorted(hints))}")
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    if lacking := [name for name in needed if name not in data]:
        raise Malformed(f"{where}: {lacking[0]!r} is missing")
    return kind(**{key: load(hints[key], item, f"{where}.{key}") for key, item in data.items()})


_SCALARS: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
    Untrusted: {"type": "string"},
}


def schema(kind: Any) -> dict[str, Json]:
    """The JSON Schema of what `dump` makes of a value of this type."""
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(a) for a in args]}
    if origin in (tuple, Sequence):
        return {"type": "array", "items": schema(args[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema(args[1])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return {
            "type": "object",
            "title": kind.__name__,
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": {f.name: schema(hints[f.name]) for f in fields(kind)},
            "required": [f.name for f in fields(kind)],
            "additionalProperties": False,
        }
    raise TypeError(f"no JSON form for {kind!r}")
