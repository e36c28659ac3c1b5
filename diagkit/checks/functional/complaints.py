"""What the last words of a unit that is down speak for."""

from __future__ import annotations

import re
from enum import Enum

from diagkit.model import Unknown
from diagkit.probes.unit_log import LastWords, Words


class Reason(Enum):
    """Why a unit does not start, in the words that programs use for it. The first that fits a line wins."""

    PORT_TAKEN = r"address already in use|EADDRINUSE|address in use"
    DENIED = r"permission ?denied|PermissionError|EACCES|operation not permitted|EPERM|not writable"
    PROGRAM_MISSING = (
        r"step EXEC|locate executable|error while loading shared libraries|cannot open shared object|undefined symbol"
        r"|(ModuleNotFound|Import)Error|cannot find module|command not found|version [`'\"]?\w+_[\d.]+[`'\"]? not found"
    )
    FILE_MISSING = r"no such file or directory|FileNotFoundError|ENOENT|does not exist|nonexistent"
    PEER = (
        r"connection refused|ECONNREFUSED|could not connect|can't connect|no route to host|name or service not known"
        r"|temporary failure in name resolution|dependency failed|connection timed out|ETIMEDOUT"
    )
    CONFIGURATION = (
        r"\[emerg\]|syntax error|parse error|\b(unknown|invalid|unrecognized|bad|duplicate|unsupported)\b.{0,20}?\b"
        r"(directive|option|parameter|key(word)?|command|value|argument|syntax|configuration|setting)\b"
        r"|(config\w*|\.(conf|ini|cnf|ya?ml|toml|json)\b).{0,60}\b(error|invalid|fatal)|fatal config"
        r"|(ParsingError|YAMLError|DecodeError|MissingSectionHeader|bad unit file setting)"
    )


_PATTERNS = {reason: re.compile(reason.value, re.IGNORECASE) for reason in Reason}


def complaint(words: Words) -> tuple[Reason | None, str]:
    """The line that tells most, and what it speaks for.

    Read from the end, for what was said last counts: first what the programs said, then what systemd told. Where no
    line has known words, the last one said.
    """
    for line in (*reversed(words.said), *reversed(words.told)):
        for reason, pattern in _PATTERNS.items():
            if pattern.search(line):
                return reason, line.strip()
    last = next(reversed(words.said), "")
    return None, (last or next((line for line in reversed(words.told) if "code=" in line), "")).strip()


def last_words(unit: str, words: LastWords | Unknown) -> str:
    """The line of the unit's log that tells most; empty where we did not ask or may not read it."""
    said = words.of(unit) if isinstance(words, LastWords) else None
    return complaint(said)[1] if said else ""
