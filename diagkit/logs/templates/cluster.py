"""Lines that look alike: which of their words are what they say, and which merely vary.

A cluster gathers lines of one length that share most of their words (the idea of Drain, He et al., ICWS 2017). Where
they differ, a word that takes few values is kept in the template: `Link is up` and `Link is down` say different things.
A place with many values is a parameter. How many are many depends on how the values look: see `_weight`.
"""

from __future__ import annotations

import re

from diagkit.logs.templates.masks import MASK
from diagkit.logs.templates.template import Template

# Distinct values from which on a place is a parameter. Source: our choice. States, verbs and levels of one program are
# seldom more than eight (the task states of Hadoop, of systemd units); three names with dots, slashes or digits at one
# place are most often names of things; an id after a kind (`attempt_#`) is one whatever the kind.
WORDS = 8
NAMES = 3
IDS = 1

_ID = re.compile(rf"[\w.]*[_-]{MASK}\W*")
_NAME = re.compile(rf"{MASK}|[a-z0-9][.@/:$][A-Za-z0-9]|[a-z][A-Z].*[a-z][A-Z]")
_KEY = re.compile(r".*[=:({\[<\"'/|]", re.DOTALL)
_TAIL = re.compile(r"[\])}>\"',;:.]+$")


class Cluster:
    """The templates of lines of one length that look alike.

    values: of each place, the words seen there; None where they were too many to be words of the message.
    """

    __slots__ = ("_fixed", "templates", "values")

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.values: list[dict[str, str] | None] = [{token: token} for token in tokens]
        self.templates: dict[tuple[str, ...], Template] = {}
        self._fixed = list(tokens)

    def likeness(self, tokens: tuple[str, ...]) -> float:
        """Which share of the words of this line stand in the cluster at their place; masked ones tell nothing."""
        words = same = 0
        for values, token in zip(self.values, tokens, strict=True):
            if values is not None and token != MASK:
                if token in values:
                    same += 1
                    words += 1
                elif MASK not in token:
                    words += 1
        return same / words if words else 1.0

    def template(self, tokens: tuple[str, ...]) -> Template:
        """The template of this line, which is a new one if no line said the same before."""
        for place, token in enumerate(tokens):
            values = self.values[place]
            if values is not None and token not in values:
                values[token] = token
                if token == MASK or sum(map(_weight, values)) > 1.0:
                    self._loosen(place)
        key = self._key(tokens)
        if key not in self.templates:
            self.templates[key] = Template(key)
        return self.templates[key]

    def _key(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            fixed if values is None else token
            for values, fixed, token in zip(self.values, self._fixed, tokens, strict=True)
        )

    def _loosen(self, place: int) -> None:
        """Take this place for a parameter from now on: templates that differ only there become one."""
        values = self.values[place]
        self._fixed[place] = _what_they_share(list(values or ()))
        self.values[place] = None
        kept: dict[tuple[str, ...], Template] = {}
        for template in self.templates.values():
            key = self._key(template.tokens)
            if key in kept:
                kept[key].absorb(template)
                template.into = kept[key]
            else:
                template.tokens = key
                kept[key] = template
        self.templates = kept


def _weight(token: str) -> float:
    """Which part this value is of what makes its place a parameter."""
    if _ID.fullmatch(token):
        return 1.0 / (IDS + 0.5)
    return 1.0 / ((NAMES if _NAME.search(token) else WORDS) + 0.5)


def _what_they_share(values: list[str]) -> str:
    """`#`, between the key before it and the punctuation after it that all these values have: `name=#,`."""
    first, last = min(values), max(values)  # what these two begin with in common, all do
    common = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    before = _KEY.match(first[:common])
    tails = {tail[0] if (tail := _TAIL.search(value)) else "" for value in values}
    return f"{before[0] if before else ''}{MASK}{tails.pop() if len(tails) == 1 else ''}"
