"""The files below a directory: each once, links only where they may lead, directories that were seen not again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

from diagkit.logs.sources.streams import reason

LIVE = "/var/log"  # links that lead out of a directory are followed only here, where root made them
# Of an unpacked sosreport, whose copies of /proc and /sys are deep and full of links that lead nowhere.
SOS_MARK = "sos_commands"
SOS_FOLDERS = {"sos_commands", "sos_strings", "var"}

Say = Callable[[str, str], None]  # of this path, this


def files(root: str, say: Say) -> Iterator[tuple[str, os.stat_result]]:
    """What is no directory below `root`, in the order of names; what links lead to comes last."""
    top = os.path.realpath(root)
    seen: set[tuple[int, int]] = set()
    linked: list[tuple[str, os.stat_result]] = []
    folders = [root]
    while folders:
        below: list[str] = []
        for entry in _entries(folders.pop(), say):
            try:
                link = entry.is_symlink()
                if link and not _may_follow(top, entry.path):
                    say(entry.path, "A link that leads out of the directory; it was not followed.")
                    continue
                found = entry.stat()
            except OSError as error:
                say(entry.path, f"It could not be read: {reason(error)}.")
                continue
            if not stat.S_ISDIR(found.st_mode):
                if link:
                    linked.append((entry.path, found))
                else:
                    yield entry.path, found
            elif link and f"{top}/".startswith(f"{os.path.realpath(entry.path)}/"):
                say(entry.path, "A link to a directory above it; it was not followed.")
            elif (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                below.append(entry.path)
        folders.extend(reversed(below))
    yield from linked


def _entries(folder: str, say: Say) -> list[os.DirEntry[str]]:
    """What a directory holds, by name; of the root of a sosreport, what leads to logs."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        say(folder, f"The directory could not be read: {reason(error)}.")
        return []
    if any(entry.name == SOS_MARK for entry in entries):
        return [entry for entry in entries if entry.name in SOS_FOLDERS]
    return entries


def _may_follow(top: str, path: str) -> bool:
    target = os.path.realpath(path)
    return f"{target}/".startswith(f"{top.rstrip('/')}/") or f"{top}/".startswith(f"{LIVE}/")
