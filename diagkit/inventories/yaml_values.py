"""YAML as plain values that know their lines, built from libyaml's events.

Not `yaml.safe_load`: it recurses, and 200,000 brackets in a row end the process; it forgets the lines; it lets aliases
within aliases grow without end; and it takes `no` for false. Here a scalar stays the text it was, nothing is ever
constructed, an alias is one more reference to the same value, and what a file may cost is bounded.
"""

from __future__ import annotations

from typing import Any

from diagkit.inventories import Malformed

DEEPEST = 200  # levels of nesting
MOST_MERGED = 5_000_000  # entries copied by `<<`
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Value = Any
"""A dict, a list, a Word, or None."""


class Word(str):
    """A scalar as it is written. tag: such as !vault, empty where there is none. line: counted from 1."""

    __slots__ = ("line", "tag")
    line: int
    tag: str


def load(text: str, origin: str) -> Value:
    """The one document of this text. Raises `Malformed` with the line."""
    import yaml

    builder = _Builder(origin)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "is not YAML"
        raise Malformed(f"{origin}:{mark.line + 1 if mark else 1}: {what}") from error
    return builder.document


class _Builder:
    """What is open, outermost first: a list, or a dict with the key whose value comes next."""

    def __init__(self, origin: str) -> None:
        self.document: Value = None
        self._origin = origin
        self._seen = 0
        self._open: list[dict[Word, Value] | list[Value]] = []
        self._keys: list[Word | None] = []
        self._names: list[str | None] = []  # the anchors of what is open
        self._anchors: dict[str, Value] = {}
        self._merged = 0

    def take(self, event: Any) -> None:
        """One event of the parser."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._finished(_scalar(event), event.anchor, event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= DEEPEST:
                raise self._wrong(event, f"is nested more than {DEEPEST} levels deep")
            self._open.append({} if kind == "MappingStartEvent" else [])
            self._keys.append(None)
            self._names.append(event.anchor)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = self._open.pop()
            self._keys.pop()
            self._finished(self._merge(done, event) if isinstance(done, dict) else done, self._names.pop(), event)
        elif kind == "AliasEvent":
            if event.anchor not in self._anchors:
                raise self._wrong(event, f"there is no &{event.anchor} above for *{event.anchor}")
            self._finished(self._anchors[event.anchor], None, event)
        elif kind == "DocumentStartEvent":
            self._seen += 1
            if self._seen > 1:
                raise self._wrong(event, "a second document begins; an inventory is one")

    def _finished(self, value: Value, anchor: str | None, event: Any) -> None:
        """A value is complete: it goes into what is open, as an item, as a key or as a key's value."""
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.document = value
            return
        into, key = self._open[-1], self._keys[-1]
        if isinstance(into, list):
            into.append(value)
        elif key is not None:
            into[key] = value
            self._keys[-1] = None
        elif isinstance(value, Word):
            self._keys[-1] = value
        elif value is None:
            raise self._wrong(event, "a key is empty")
        else:
            raise self._wrong(event, "a list or table stands where a name belongs; {{ }} needs quotes around it")

    def _merge(self, table: dict[Word, Value], event: Any) -> dict[Word, Value]:
        """`<<: *other`: the entries of others that the table does not have itself."""
        if "<<" not in table:
            return table
        others = table.pop(Word("<<"))
        merged: dict[Word, Value] = {}
        for other in reversed(others if isinstance(others, list) else [others]):
            if not isinstance(other, dict):
                raise self._wrong(event, "<< wants a table, or a list of tables")
            self._merged += len(other)
            if self._merged > MOST_MERGED:
                raise self._wrong(event, f"<< stands for more than {MOST_MERGED} entries")
            merged |= other
        return merged | table

    def _wrong(self, event: Any, what: str) -> Malformed:
        return Malformed(f"{self._origin}:{event.start_mark.line + 1}: {what}")


def _scalar(event: Any) -> Word | None:
    if event.tag is None and event.value in NULLS and not event.style:
        return None
    word = Word(event.value)
    word.line = event.start_mark.line + 1
    word.tag = event.tag or ""
    return word
