"""The lines of ssh's configuration files that count for a host: Host, Match and Include as readconf.c has them.

Two readers need this: the one that finds hosts which share an answer of `ssh -G`, and the one for a workstation that
has no ssh. What a line means is not known here, only whether it counts.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from glob import glob
from pathlib import Path

from diagkit.frozen import frozen

USER_FILE, SYSTEM_FILE = "~/.ssh/config", "/etc/ssh/ssh_config"
DEEPEST_INCLUDE = 16  # READCONF_MAX_DEPTH
_LINE = re.compile(r"\s*([^\s=]+)(?:\s*=\s*|\s+|$)(.*?)\s*")
_WORD = re.compile(r"""\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\$)+)""")


@frozen
class Line:
    """A setting as written: keyword in lower case, and the rest of the line. where: `path:line`."""

    keyword: str
    value: str
    where: str = field(compare=False)


@frozen
class Condition:
    """A Host or Match line: `host` with its patterns or `match` with its criteria."""

    keyword: str
    words: tuple[str, ...]
    where: str


@dataclass(slots=True)
class Block:
    """Lines that count where all the conditions hold: its own, and those around the Include that led here."""

    conditions: tuple[Condition, ...]
    lines: list[Line] = field(default_factory=list)


class Files:
    """The configuration files of one run, read once.

    paths: all that were read. unread: what ssh may read and we cannot. ambiguous: what versions of ssh differ about.
    Raises OSError when `config` cannot be read.
    """

    def __init__(self, config: str) -> None:
        self.blocks: list[Block] = []
        self.paths: list[str] = []
        self.unread: list[str] = []
        self.ambiguous: list[str] = []
        if config == "none":
            return
        if config:
            self._read(str(Path(config).absolute()), (), users=True, depth=0, text=Path(config).read_bytes())
            return
        for path, users in ((home() + USER_FILE[1:], True), (SYSTEM_FILE, False)):
            self._read(path, (), users=users, depth=0)

    def all_conditions(self) -> Iterator[Condition]:
        """Every Host and Match line."""
        return iter(dict.fromkeys(condition for block in self.blocks for condition in block.conditions))

    def _read(
        self, path: str, around: tuple[Condition, ...], *, users: bool, depth: int, text: bytes | None = None
    ) -> None:
        if depth > DEEPEST_INCLUDE:
            self.unread.append(f"{path} is included by itself")
            return
        if text is None:
            try:
                text = Path(path).read_bytes()
            except FileNotFoundError:
                return
            except OSError as error:
                self.unread.append(f"{path}: {error.strerror}")
                return
        self.paths.append(path)
        block = self._open(around)
        for number, line in enumerate(text.decode("utf-8", "surrogateescape").split("\n"), 1):
            found = _LINE.fullmatch(line)
            if not found or found[1].startswith("#"):
                continue
            keyword, value, where = found[1].lower(), found[2], f"{path}:{number}"
            if keyword in ("host", "match"):
                block = self._open((*around, Condition(keyword, self._words(value, where), where)))
            elif keyword == "include":
                for name in self._included(value, where, users=users):
                    self._read(name, block.conditions, users=users, depth=depth + 1)
                block = self._open(block.conditions)
            else:
                block.lines.append(Line(keyword, value, where))

    def _open(self, conditions: tuple[Condition, ...]) -> Block:
        self.blocks.append(Block(conditions))
        return self.blocks[-1]

    def _words(self, value: str, where: str) -> tuple[str, ...]:
        if any(odd in value for odd in "\\#'"):
            self.ambiguous.append(f"{where}: quotes, backslashes and comments")
        try:
            return words(value)
        except ValueError as error:
            self.unread.append(f"{where}: {error}")
            return ()

    def _included(self, value: str, where: str, *, users: bool) -> Iterable[str]:
        for name in self._words(value, where):
            if "%" in name or "$" in name:
                self.unread.append(f"{where}: Include of a path with tokens")
                continue
            folder = f"{home()}/.ssh" if users else str(Path(SYSTEM_FILE).parent)
            yield from sorted(glob(str(Path(folder, tilde(name)))))  # noqa: PTH207 - the pattern may be absolute


def words(value: str) -> tuple[str, ...]:
    """A value's words as ssh splits them: quotes hold one together, a comment ends them. ValueError: an open quote."""
    found: list[str] = []
    at, end = 0, len(value.rstrip())
    while at < end:
        word = _WORD.match(value, at, end)
        if not word:
            raise ValueError(f"a quote is not closed in {value!r}")
        if word[1].startswith("#"):
            break
        found.append(re.sub(r"""\\([\\"' ])|["']""", lambda escaped: escaped[1] or "", word[1]))
        at = word.end()
    return tuple(found)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a Host line with these patterns is about this name: any of them, and none of those behind `!`."""
    fits = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if _compiled(pattern[1:]).fullmatch(name):
                return False
        elif not fits:
            fits = bool(_compiled(pattern).fullmatch(name))
    return fits


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    kinds = {"*": ".*", "?": "."}
    return re.compile("".join(kinds.get(char) or re.escape(char) for char in re.sub(r"\*+", "*", pattern)), re.DOTALL)


def tilde(path: str) -> str:
    """`~/x` and `~user/x` as ssh expands them."""
    if path == "~" or path.startswith("~/"):
        return home() + path[1:]
    return os.path.expanduser(path) if path.startswith("~") else path  # noqa: PTH111 - Path raises for unknown users


@lru_cache(maxsize=1)
def home() -> str:
    """The home of the password file, where ssh looks too; $HOME may point elsewhere."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return str(Path.home())
