"""Lines that look alike: which of their words are what they say, and which merely vary.

A cluster gathers lines of one length that share most of their words (the idea of Drain, He et al., ICWS 2017). Where
they differ, a word that takes few values is kept in the template: `Link is up` and `Link is down` say different things.
A place that takes many values while the rest of the line stays the same is a parameter. How many are many depends on
how the values look: see `_weight`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from diagkit.logs.templates.masks import MASK
from diagkit.logs.templates.template import Template

# Distinct values above which a place is a parameter. Source: our choice. States, verbs and levels that one message of
# one program can hold are seldom more than eight; devices of one host at one place in a message seldom more than three.
# Dotted names (of packages, classes, hosts) are names of things if there are three of them, an id after a kind
# (`attempt_#`), an object's place in memory and a value that is not there (`null`) whatever stands beside them.
WORDS = 8
DEVICES = 3
NAMES = 2
MOST_SAYINGS = 64  # templates of one cluster; with more, its most varied place is a parameter whatever stands there
ALL_OVER = 2  # times as many are a parameter though the rest of the line differs as well

_KEY = re.compile(r"\W*[\w.-]+=")
_ID = re.compile(rf"\W*[\w.]*[_-]{MASK}\W*|[\w.$]+@{MASK}\W*|\W*(?:{MASK}|null|nil|none|None)?\W*")
_NAME = re.compile(r"[a-z0-9][.@/:$](?![A-Z][A-Z_]+\b)[A-Za-z0-9]|[a-z][A-Z].*[a-z][A-Z]")
_HAS_LETTERS = re.compile(r"[^\W\d_]{2}")
_BEFORE = re.compile(rf"{_KEY.pattern}|[({{\[<\"']+")
_AFTER = re.compile(r"[\])}>\"',;:.]+$")


class Cluster:
    """The templates of lines of one length that look alike.

    values: of each place, the words seen there; None where they were too many to be words of the message.
    """

    __slots__ = ("templates", "values")

    def __init__(self, length: int) -> None:
        self.values: list[set[str] | None] = [set() for _ in range(length)]
        self.templates: list[Template] = []

    def likeness(self, tokens: tuple[str, ...]) -> float:
        """Which share of the words of this line stand in the cluster at their place; masked ones tell nothing."""
        words = same = 0
        for values, token in zip(self.values, tokens, strict=True):
            if values is not None and token != MASK:
                same += token in values
                words += token in values or _HAS_LETTERS.search(token) is not None
        return same / words if words else 1.0

    def takes(self, place: int, token: str) -> bool:
        """Whether this word is a new one at this place."""
        values = self.values[place]
        return values is not None and token not in values

    def template(self, tokens: tuple[str, ...], parameters: frozenset[int]) -> Template:
        """The template of this line, which is a new one if no line said the same before."""
        for known in self.templates:
            if not _differences(known, tokens):
                return known
        parameters |= {place for place, values in enumerate(self.values) if values is None}
        found = Template(tuple(MASK if p in parameters else token for p, token in enumerate(tokens)), parameters)
        alike: dict[int, list[Template]] = {}
        for known in self.templates:
            places = _differences(known, found.tokens, parameters)
            if not places:
                found.absorb(known)
            elif len(places) == 1 and _key(known.tokens[places[0]]) == _key(tokens[places[0]]):
                alike.setdefault(places[0], []).append(known)
        self.templates = [known for known in self.templates if known.into is None]
        self.templates.append(found)
        for place, siblings in alike.items():
            if _vary(template.tokens[place] for template in (found, *siblings)):
                found = self._unite([*siblings, found], place)
        for place, values in enumerate(self.values):
            if values is not None:
                values.add(tokens[place])
                if _vary(values, ALL_OVER):
                    found = self._loosen(place, found)
        if len(self.templates) > MOST_SAYINGS:
            most = max(range(len(tokens)), key=lambda place: len(self.values[place] or ()))
            found = self._loosen(most, found)
        return found

    def _loosen(self, place: int, found: Template) -> Template:
        """Take this place for a parameter in all templates from now on; where `found` is then."""
        self.values[place] = None
        by_rest: dict[tuple[str, ...], list[Template]] = {}
        for template in self.templates:
            by_rest.setdefault(template.tokens[:place] + template.tokens[place + 1 :], []).append(template)
        for same in by_rest.values():
            self._unite(same, place)
        return found.resolved()

    def _unite(self, templates: list[Template], place: int) -> Template:
        """Make one template of these, which differ in this place only, and of what is then no different."""
        first, *others = dict.fromkeys(template.resolved() for template in templates)
        shared = _what_they_share([template.tokens[place] for template in templates])
        for other in others:
            first.absorb(other)
        first.parameters |= {place}
        first.tokens = (*first.tokens[:place], shared, *first.tokens[place + 1 :])
        for other in self.templates:
            if other is not first and other.into is None and not _differences(first, other.tokens):
                first.absorb(other)
        self.templates = [template for template in self.templates if template.into is None]
        return first


def _differences(template: Template, tokens: tuple[str, ...], parameters: frozenset[int] = frozenset()) -> list[int]:
    """The places where a line is not as its template says, other than in parameters."""
    return [
        place
        for place, (ours, theirs) in enumerate(zip(template.tokens, tokens, strict=True))
        if ours != theirs and place not in template.parameters and place not in parameters
    ]


def _key(token: str) -> str:
    """The `name=` before a value, which is never one itself."""
    found = _KEY.match(token)
    return found[0] if found else ""


def _vary(values: Iterable[str], times: int = 1) -> bool:
    """Whether a place with these values is a parameter."""
    different = set(values)
    return sum(map(_weight, different)) > times and len(set(map(_key, different))) == 1


@lru_cache(maxsize=4096)
def _weight(token: str) -> float:
    """Which part this value is of what makes its place a parameter."""
    value = token[len(_key(token)) :]
    if _ID.fullmatch(value):
        return 1.0
    if _NAME.search(value):
        return 1.0 / (NAMES + 0.5)
    return 1.0 / ((DEVICES if MASK in value else WORDS) + 0.5)


def _what_they_share(values: list[str]) -> str:
    """`#`, between the key or punctuation before it and the punctuation after it that all these values have."""
    before = {found[0] if (found := _BEFORE.match(value)) else "" for value in values}
    after = {found[0] if (found := _AFTER.search(value)) else "" for value in values}
    return f"{before.pop() if len(before) == 1 else ''}{MASK}{after.pop() if len(after) == 1 else ''}"
