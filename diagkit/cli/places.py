"""Hosts and files on one command line, told apart by how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from diagkit import sent
from diagkit.cli.exits import NO_INPUT, USAGE, Refusal
from diagkit.cli.log_window import Asked
from diagkit.cli.manner import Manner
from diagkit.cli.plan import Order, configured
from diagkit.cli.run import refusals_as, run
from diagkit.cli.selection import select
from diagkit.conclusions import Settings
from diagkit.config import Config
from diagkit.spelling import closest

STDIN = "-"
OF_A_FILE = re.compile(r"\.(?:log|out|err|txt|jsonl?|journal|gz|tgz|xz|zst|bz2|lz4|tar|[0-9]{1,3})$")
OF_A_HOST = re.compile(r"(?:[^@/]*@)?[0-9]{1,3}(?:\.[0-9]{1,3}){3}")  # an address, and no rotated log
FOR_HOSTS = {
    "deep": "--deep",
    "timeout": "--timeout",
    "ssh_config": "--ssh-config",
    "inventory": "--inventory",
    "limit": "--limit",
    "exclude": "--exclude",
    "canary": "--canary",
}


def told_apart(order: Order, manner: Manner, *, zone: str, baseline: str) -> int:
    """Carry out the order on hosts or on files, whichever it names; the exit code."""
    with refusals_as(manner.format):
        settled, limits = configured(order.config)
        paths = [word for word in order.targets if is_path(word, settled)]
        if not paths:
            if zone or baseline:
                option = "--zone" if zone else "--baseline"
                raise Refusal(
                    USAGE, f"{option} is for files; a host says its own zone, and `diagkit check` compares it"
                )
            return run(order, manner)
        if hosts := [word for word in order.targets if word not in paths]:
            raise Refusal(USAGE, f"{hosts[0]!r} is a host and {paths[0]!r} a file; ask for them one after the other")
        for name, option in FOR_HOSTS.items():
            if getattr(order, name):
                raise Refusal(USAGE, f"{option} is for hosts, and {paths[0]!r} is a file")
        for word in (*paths, *([baseline] if baseline else ())):
            refuse_unless_there(word)
        from diagkit.cli.log_files import Request, of_files

        asked = Asked(since=order.since, until=order.until, at=order.at)
        request = Request(paths=paths, asked=asked, zone=zone, baseline=baseline)
        checks = select({check.name: check for check in sent.checks()}, "", order.only, order.skip)
        return of_files(request, Settings(checks=checks, limits=limits), settled, manner)


def is_path(word: str, settled: Config) -> bool:
    """Whether this word names a file: it is there, or is written like one. A target that was declared wins."""
    if word in settled.targets or word in settled.groups or word == "local" or word.startswith(("replay:", "tag:")):
        return False
    if word == STDIN:
        return True
    if "://" in word:
        return False
    written = OF_A_FILE.search(word) and not OF_A_HOST.fullmatch(word)
    return "/" in word or bool(written) or _there(word)


def refuse_unless_there(word: str) -> None:
    """Raise `Refusal` where there is no such file or directory, with the nearest name in its folder."""
    if word == STDIN or _there(word):
        return
    path = Path(word)
    close = closest(path.name, _names_in(path.parent))
    meant = f"; did you mean {path.parent / close}?" if close else ""
    raise Refusal(NO_INPUT, f"there is no file or directory {word!r}{meant}")


def _there(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # a name that is too long, or has a zero byte in it
        return False


def _names_in(folder: Path) -> Sequence[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return ()
