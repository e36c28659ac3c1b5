"""What the words for targets mean, the same wherever a target is written.

local, [user@]host[:port], ssh://…, replay:FILE     an address by itself: see inventories/addresses.py
NAME                 a name in [targets] or [groups] of diagkit.toml, or a host or group of an inventory; it wins over
                     a host of that name
user@NAME            the same, as another user
tag:TAG              all of [targets] with that tag
all                  every host of the inventories, and every one of [targets]
web*, web:&live:!w3  patterns over these names, and over the hosts of ~/.ssh/config: see inventories/patterns.py
web[01:20].example   where no known name is meant: a range of addresses
-                    what comes in on stdin: an inventory, or a list with one target a line

An inventory that was named on the command line goes first, and what means something in it means nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diagkit.cli.exits import USAGE, Refusal
from diagkit.cli.known import Known, parse
from diagkit.config import Config
from diagkit.inventories import addresses, reading
from diagkit.inventories.groups import ALL
from diagkit.inventories.patterns import Names, NothingMatches, is_pattern, one, slices, terms
from diagkit.inventories.ranges import RANGE, expand
from diagkit.model import Target
from diagkit.spelling import nearest

CANDIDATES = 2000  # names that a slip is compared with; with 100,000 of them that takes minutes
__all__ = ["Words", "nothing_like", "parse", "resolve"]


def resolve(words: Iterable[str], config: Config) -> tuple[Target, ...]:
    """The targets these words mean, each once, in order. Raises `Refusal`."""
    return Words(Known(config)).meant(words)


def nothing_like(term: str, names: Names, where: str) -> Refusal:
    """Nothing is meant by this term: the sentence, with the nearest name."""
    plain = term.strip("~!&*?").replace("*", "").replace("?", "")
    near = [name for name in names.everything() if abs(len(name) - len(plain)) < 4 and name[:1] == plain[:1]]
    known = near[:CANDIDATES] or list(names.everything())[:CANDIDATES]
    return Refusal(USAGE, f"{where} {term!r}{nearest(plain, known)}")


class Words:
    """The meaning of words, given what is known."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._config = known.config
        self._made: dict[str, Target] = {}  # targets that groups of diagkit.toml name by their address

    def meant(self, words: Iterable[str]) -> tuple[Target, ...]:
        """The targets these words mean, each once, in order."""
        found: dict[str, Target] = {}
        for word in words:
            for target in self._one(word, ()):
                found.setdefault(target.label, target)
        return tuple(found.values())

    def _one(self, word: str, within: tuple[str, ...]) -> Iterator[Target]:
        """What one word means. `within`: the groups of diagkit.toml that led to it."""
        if word in within:
            raise Refusal(USAGE, f"the group {word} contains itself")
        if not word:
            raise Refusal(USAGE, "the host name is empty")
        if word == addresses.LOCAL or word.startswith(f"{addresses.REPLAY}:"):
            yield parse(word)
        elif word == reading.STDIN:
            piped = self._known.piped
            yield from (self._known.target(name) for name in piped.hosts)
        elif self._known.typed and self._is_listed(word):
            yield from self._listed(word)
        elif word in self._config.groups:
            for member in self._config.groups[word]:
                yield from self._one(member, (*within, word))
        elif word in self._config.targets:
            yield self._known.target(word)
        elif self._is_listed(word):
            yield from self._listed(word)
        else:
            yield from self._unnamed(word, within)

    def _is_listed(self, word: str) -> bool:
        inventory = self._known.inventory
        return word in inventory.hosts or (word in inventory.groups and word != ALL and bool(inventory.hosts))

    def _listed(self, word: str) -> Iterator[Target]:
        inventory = self._known.inventory
        names = [word] if word in inventory.hosts else inventory.members(word)
        yield from (self._known.target(name) for name in names)

    def _is_known(self, word: str) -> bool:
        return word in self._config.groups or word in self._config.targets or self._is_listed(word)

    def _unnamed(self, word: str, within: tuple[str, ...]) -> Iterator[Target]:
        """What is no name: several terms, a tag, another user's name, a pattern, an address."""
        user, at, name = word.rpartition("@")
        parts = self._terms(word)
        if not all(part.strip("!&") for part in parts) or not parts:
            raise Refusal(USAGE, f"{word!r} means nothing: there is an empty pattern in it")
        if len(parts) != 1 or parts[0][0] in "!&":
            yield from self._combined(parts, within)
        elif word.startswith("tag:") and not is_pattern(word):
            yield from map(self._known.target, self._tagged(word[4:]))
        elif at and user.find(":") < 0 and (is_pattern(name) or self._is_known(name)):
            login = parse(f"{user}@host").user
            for target in self._one(name, within):
                yield replace(target, user=login, label=f"{login}@{target.label}") if target.host else target
        elif word == ALL or is_pattern(word):
            yield from self._matching(word, within)
        elif self._known.typed and not at and "://" not in word:
            raise nothing_like(word, self._known.of_inventories(), f"{self._known.source}: there is no host or group")
        else:
            yield parse(word)

    def _terms(self, word: str) -> list[str]:
        """The terms of a word; only known names are told apart at their colons, `web:22` is an address."""
        parts = terms(word)
        joined = len(parts) > 1 and "://" not in word and all(is_pattern(p) or self._is_known(p) for p in parts)
        return parts if joined or "," in word or any(mark in word for mark in (":!", ":&")) else [word]

    def _combined(self, parts: Sequence[str], within: tuple[str, ...]) -> Iterator[Target]:
        """All of the plain terms that are in every term after `&`, and in none after `!`."""
        kept = [{*self._labels(term[1:], within)} for term in parts if term[0] == "&"]
        left_out = {label for term in parts if term[0] == "!" for label in self._labels(term[1:], within)}
        for term in [term for term in parts if term[0] not in "!&"] or [ALL]:
            for target in self._one(term, within):
                if target.label not in left_out and all(target.label in labels for labels in kept):
                    yield target

    def _tagged(self, tag: str) -> list[str]:
        if not (found := self._known.tagged(tag)):
            raise Refusal(USAGE, f"no target has the tag {tag!r}{nearest(tag, self._known.tags())}")
        return found

    def _matching(self, word: str, within: tuple[str, ...]) -> Iterator[Target]:
        """What a pattern means; a range that is about nothing known stands for addresses."""
        if RANGE.search(word) and not any(slices(word, names) for names in self._names(within)):
            yield from (target for name in self._spelled_out(word) for target in self._one(name, within))
        else:
            for label in self._labels(word, within):
                yield self._made.get(label) or self._known.target(label)

    def _labels(self, term: str, within: tuple[str, ...]) -> Sequence[str]:
        """The labels that one term means, in the first place where it means any."""
        for names in self._names(within):
            try:
                if found := one(term, names):
                    return found
            except NothingMatches:
                continue
            except ValueError as error:
                raise Refusal(USAGE, str(error)) from error
        if not any(True for _ in names.everything()):
            raise Refusal(USAGE, f"{term!r} means known targets, and none are known: name an inventory with -i")
        raise nothing_like(term, names, "there is no target like" if is_pattern(term) else "there is no target")

    def _names(self, within: tuple[str, ...]) -> Iterator[Names]:
        """Where patterns look, best first. One in a group of diagkit.toml cannot mean other groups of it."""
        if self._known.typed and not within:
            yield self._known.of_inventories()
        known = self._known.of_all()
        groups = {} if within else {name: self._group(name) for name in self._config.groups}
        yield Names(hosts=known.hosts, groups={**known.groups, **groups})

    def _group(self, name: str) -> Sequence[str]:
        """The labels in a group of diagkit.toml. One that is wrong says so when it is itself asked for."""
        try:
            found = {target.label: target for target in self._one(name, ())}
        except Refusal:
            return ()
        self._made |= found
        return list(found)

    def _spelled_out(self, word: str) -> list[str]:
        try:
            return list(expand(word))
        except ValueError as error:
            raise Refusal(USAGE, str(error)) from error
