"""How grave a line calls itself, in the words of syslog, whatever its program's own are."""

from __future__ import annotations

import re
from typing import NamedTuple

from diagkit.logs.structured import Record
from diagkit.logs.timestamps.parts import LEVEL

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")  # syslog(3), 0 to 7
GRAVE = frozenset(LEVELS[:4])

_WORDS = {
    "emerg": "emerg emergency panic",
    "alert": "alert",
    "crit": "crit critical fatal ftl dpanic",
    "err": "err error eror severe fail failure erro",
    "warning": "warn warning wrn",
    "notice": "notice note",
    "info": "info information informational inf log ok config default",
    "debug": "debug dbg trace trc fine finer finest verbose",
}
_LEVEL_OF = {word: level for level, words in _WORDS.items() for word in words.split()}
_LETTERS = {
    "F": "crit",
    "A": "crit",  # Ruby's ANY and UNKNOWN; also what Android calls assert
    "E": "err",
    "W": "warning",
    "I": "info",
    "D": "debug",
    "V": "debug",
    "T": "debug",
    "N": "notice",
}
_NUMBERS = {60: "crit", 50: "err", 40: "warning", 30: "info", 20: "debug", 10: "debug"}  # bunyan, pino

_PRIORITY = re.compile(r"<(?P<digits>[0-9]{1,3})>", re.ASCII)
_LETTER = re.compile(r"(?P<letter>[A-Z])(?:[0-9]{4}|[0-9]{8}|, \[)", re.ASCII)  # klog and glog; Ruby
_FIRST = re.compile(rf"\[? ?(?P<word>{LEVEL})\b", re.ASCII)


class Stated(NamedTuple):
    """What a line states. level: one of `LEVELS`; None where it states none.

    digits: where in the line a number stands that says so.
    """

    level: str | None
    digits: tuple[int, int] | None = None


NOTHING = Stated(None)


def stated(lead: str, record: Record | None, begins: int) -> Stated:
    """The level that a line states beside its message.

    lead: the line up to where what follows its stamp begins: the priority of syslog, klog's letter, a level before the
    stamp. record: the message, where it is structured. begins: where in the line it does.
    """
    if record and (value := record.level):
        digits = (begins + value.start, begins + value.end) if value.is_number else None
        return Stated(level_called(value.text), digits)
    if match := _PRIORITY.match(lead):
        return Stated(level_of_priority(match["digits"]), match.span("digits"))
    if match := _LETTER.match(lead):
        return Stated(_LETTERS.get(match["letter"]))
    if match := _FIRST.match(lead):
        return Stated(level_called(match["word"]))
    return NOTHING


def level_in_digits(line: bytes, digits: tuple[int, int]) -> str | None:
    """What a number at this place of a line states: the priority of syslog, or the level of a record."""
    number = line[slice(*digits)].decode("ascii", "replace")
    return level_of_priority(number) if line[:1] == b"<" else level_called(number)


def level_of_priority(digits: str) -> str | None:
    """That of 24 facilities of 8 levels. The kernel's own, facility 0, are none: it calls many a line an error."""
    return LEVELS[int(digits) % 8] if 8 <= int(digits) < 192 else None


def level_called(word: str) -> str | None:
    """The level of that name, letter, or number; None where there is none."""
    if word.isascii() and word.isdigit():
        number = int(word[:4])
        return LEVELS[number] if number < len(LEVELS) else _NUMBERS.get(number)
    return _LETTERS.get(word) if len(word) == 1 else _LEVEL_OF.get(word.lower())
