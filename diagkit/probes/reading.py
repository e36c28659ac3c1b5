"""How answers are read that many probes share: files of a glob, two samples in time, the kernel's escapes."""

from __future__ import annotations

import re

from diagkit.model import Reply
from diagkit.probes import Garbled

TICKS_PER_SECOND = 100  # USER_HZ: what the kernel counts CPU time in towards user space, on every usual architecture
COUNT = re.compile(r"\s*\d+\s*")
OCTAL = re.compile(r"\\([0-7]{3})")


def by_file(reply: Reply) -> dict[str, list[str]]:
    """The lines of each file a `Glob` matched, by path. Raises Garbled when no line has the form `path:line`."""
    files: dict[str, list[str]] = {}
    for line in reply.lines[:-1] if reply.cut else reply.lines:
        path, known, text = line.partition(":")
        if known and path.startswith("/") and path != "/":
            files.setdefault(path, []).append(text)
    if not files:
        raise Garbled(f"no file in {reply.text[:60]!r}")
    return files


def whole(text: str, what: str) -> int:
    """A count that must be one: the single number a file of /proc or /sys holds."""
    if not text.isdecimal() and not COUNT.fullmatch(text):
        raise Garbled(f"{what}: {text[:40]!r}")
    return int(text)


def elapsed(before: Reply, after: Reply) -> float:
    """Seconds between two samples. Raises Garbled when they are too close together to make a rate of them."""
    seconds = after.at - before.at
    if seconds < 0.2:
        raise Garbled(f"two samples {seconds:.3f} s apart")
    return seconds


def since(before: dict[str, int], after: dict[str, int], name: str) -> int:
    """How much a counter grew. Raises Garbled when it is in neither sample, or ran backwards (a reset)."""
    if name not in before or name not in after:
        raise Garbled(f"no counter {name}")
    if after[name] < before[name]:
        raise Garbled(f"{name} ran backwards")
    return after[name] - before[name]


def unescape(text: str) -> str:
    r"""A path of mountinfo or fstab, where `\040` stands for a space."""
    return OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
