"""The same answer for less: where other words make the machine work less for what is asked.

A question stays what it is, and so does its answer but for the order of its lines: only its words on the way change.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

PROCESSES = "/proc/[0-9]*/"


def words(argv: tuple[str, ...]) -> str:
    """A command in words of the shell.

    `find` looks at every file of every process, and the kernel makes some fifty up for each, to get at one or two of
    them. The shell's patterns name these and no others. And it reads the names of a thousand files to find folders: but
    every folder is one more link to the one above it. (btrfs and merged layers do not count them, and say 1.)
    """
    match argv:
        case ["find", *places, "-type", "d", "-size", size, "-exec", "stat", "-c", form, "{}", "+"]:
            folders = ("-type", "d", "(", "!", "-links", "2", "-o", "-prune", ")", "-size", size)
            return shlex.join(("find", *places, *folders, "-exec", "stat", "-c", form, "{}", "+"))
        case ["find", "/proc", "-maxdepth", "3", *tests] if _of_descriptors(tests):
            return f"find /proc {PROCESSES}fd -maxdepth 1 {shlex.join(tests)}"
        case ["find", "/proc", "-mindepth", "2", "-maxdepth", "2", *tests, "{}", "+"] if "-exec" in tests:
            at = tests.index("-exec")
            if patterns := _patterns(tests[:at]):
                return f"{shlex.join(tests[at + 1 :])} {' '.join(patterns)}"
    return shlex.join(argv)


def _of_descriptors(tests: list[str]) -> bool:
    """Whether all that these can find below a process are its descriptors."""
    named = {path for test, path in pairwise(tests) if test == "-path" and path.count("/") > 3}
    return bool(named) and named <= {"/proc/*/fd/*", f"{PROCESSES}fd/*"}


def _patterns(tests: list[str]) -> list[str]:
    """The files that are named by nothing but alternatives of patterns: empty where it is not so."""
    found = [word for word in tests if word.startswith(PROCESSES)]
    plain = all(re.fullmatch("[a-z]+", word.removeprefix(PROCESSES)) for word in found)
    return found if plain and {*tests} <= {"(", ")", "-o", "-path", *found} else []
