"""Which checks to run: `--only` and `--skip` take names, beginnings of names, and globs.

Deep checks run when they are named in full, and when `--deep` finds that one of them would settle the matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from diagkit.checks import Check
from diagkit.cli.exits import USAGE, Refusal
from diagkit.spelling import nearest


def select(checks: Mapping[str, Check], phase: str, only: Iterable[str], skip: Iterable[str]) -> tuple[Check, ...]:
    """The checks of a phase (empty: of all) that are wanted. That nothing is wanted is an error, never a green 0."""
    only = list(words(only))
    usual = {name for name, check in checks.items() if not check.deep or name in only}
    wanted = (_match(only, checks, "--only") or set(checks)) & usual
    unwanted = _match(skip, checks, "--skip")
    chosen = tuple(c for n, c in checks.items() if n in wanted - unwanted and phase in ("", c.phase))
    if not chosen:
        of_phase = f" of {phase}" if phase else ""
        raise Refusal(USAGE, f"--only and --skip leave no check{of_phase} to run; see diagkit list checks")
    return chosen


def words(given: Iterable[str]) -> Iterator[str]:
    """An option may be given several times, and have several words with commas between them each time."""
    return (part.strip() for word in given for part in word.split(","))


def _match(patterns: Iterable[str], checks: Mapping[str, Check], option: str) -> set[str]:
    found: set[str] = set()
    for pattern in words(patterns):
        names = {name for name in checks if fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")}
        if not names:
            raise Refusal(USAGE, f"{option}: no check is called {pattern!r}{nearest(pattern, checks)}")
        found |= names
    return found
