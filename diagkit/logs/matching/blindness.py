"""Which patterns cannot tell one digit from another: what they say of a line holds for all lines that differ in digits.

In a storm the same few lines come again and again with other numbers. A pattern that is blind to digits meets all of
them at the same places, or none, so it need be tried on one only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

DIGITS = frozenset(map(ord, "0123456789"))
MASK = bytes.maketrans(b"123456789", b"0" * 9)


@cache
def is_blind(pattern: re.Pattern[str] | None) -> bool:
    """Whether every search with it has the same result, span by span, in texts that differ in ASCII digits alone."""
    if pattern is None:
        return True
    parser: Any = import_module("re._parser")  # the syntax tree that `re` itself compiles; it has no public name
    return _all_blind(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _all_blind(nodes: Iterable[tuple[Any, Any]]) -> bool:
    return all(_node_is_blind(str(kind), argument) for kind, argument in nodes)


def _node_is_blind(kind: str, argument: Any) -> bool:
    match kind:
        case "LITERAL" | "NOT_LITERAL":
            return argument not in DIGITS
        case "IN":
            return _set_is_blind(argument)
        case "ANY" | "AT" | "FAILURE":  # `$`, `\b`: digits are all of them word characters
            return True
        case "BRANCH":
            return all(map(_all_blind, argument[1]))
        case "SUBPATTERN":
            return _all_blind(argument[3])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _all_blind(argument[2])
        case "ASSERT" | "ASSERT_NOT":
            return _all_blind(argument[1])
        case "ATOMIC_GROUP":
            return _all_blind(argument)
        case "GROUPREF_EXISTS":
            return _all_blind(argument[1]) and _all_blind(argument[2] or ())
        case _:  # GROUPREF compares texts digit by digit; of others we know nothing
            return False


def _set_is_blind(items: Iterable[tuple[Any, Any]]) -> bool:
    """Whether a set has all digits or none of them."""
    held: set[int] = set()
    for kind, argument in items:
        match str(kind):
            case "LITERAL":
                held |= DIGITS & {argument}
            case "RANGE":
                held |= DIGITS & set(range(argument[0], argument[1] + 1))
            case "CATEGORY" if str(argument) in {"CATEGORY_DIGIT", "CATEGORY_WORD", "CATEGORY_NOT_SPACE"}:
                held |= DIGITS
            case "CATEGORY" if str(argument) in {"CATEGORY_SPACE", "CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD"}:
                pass
            case "NEGATE":
                pass
            case _:
                return False
    return not held or held >= DIGITS
