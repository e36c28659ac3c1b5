"""What the last words of a unit that is down speak for."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property

from diagkit.model import Unknown
from diagkit.probes.systemd import Unit
from diagkit.probes.unit_log import LastWords, Words


class Reason(Enum):
    """Why a unit does not start, in the words that programs and systemd use for it. The first that fits a line wins."""

    PORT_TAKEN = r"address already in use|EADDRINUSE|address in use|still could not bind"
    KEY_PAIR = r"key values mismatch|SSL_CTX_use_(PrivateKey|certificate)|private key does not match|PEM_read_bio"
    TASKS = (
        r"resource temporarily unavailable|can.t start new thread|unable to create (new )?native thread"
        r"|(cannot|can.t) fork|fork: retry"
    )
    ACCOUNT = r"step (USER|GROUP) spawning|determine (user|group) credentials|unknown (user|group)\b|getpw(nam|uid)\("
    DIRECTORY = r"step CHDIR spawning|changing to the requested working directory failed"
    SANDBOX = r"step (NAMESPACE|[A-Z]+_DIRECTORY) spawning|set up mount namespacing|read-only file system|EROFS"
    ENVIRONMENT = (
        r"failed to load environment files|(?-i:KeyError: .[A-Z][A-Z0-9]*_[A-Z0-9_]+.$)|: unbound variable"
        r"|parameter not set|\benv(ironment)?( |_)?var(iable)?s?\b.*(not (set|found|defined)|must be)"
        r"|\benv(ironment)?( |_)?var(iable)?s?\b.*(missing|required|undefined|unset)"
        r"|(missing|required|undefined|unset) .{0,20}\benv(ironment)?( |_)?var"
        r"|(?-i:\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b) (is )?not set"
    )
    LIBRARY = (
        r"error while loading shared libraries|cannot open shared object|undefined symbol|cannot load such file"
        r"|(ModuleNotFound|Import)Error|cannot find module|version [`'\"]?\w+_[\d.]+[`'\"]? not found|ClassNotFound"
    )
    DENIED = r"permission ?denied|PermissionError|EACCES|operation not permitted|EPERM|not writable|must be run as root"
    NOT_EXECUTABLE = r"step EXEC|locate executable|exec format error|command not found|bad interpreter|not found$"
    FILE_MISSING = r"no such file or directory|FileNotFoundError|ENOENT|does not exist|nonexistent"
    PEER = (
        r"connection refused|ECONNREFUSED|could not connect|can't connect|no route to host|name or service not known"
        r"|temporary failure in name resolution|connection timed out|ETIMEDOUT"
    )
    CONFIGURATION = (
        r"\[emerg\]|syntax error (in|on|at|near)\b|parse error"
        r"|\b(unknown|invalid|unrecognized|bad|duplicate|unsupported)\b.{0,20}?\b(directive|option|parameter|key(word)?|command|value|argument|syntax|configuration|setting)\b"
        r"|(config\w*|\.(conf|ini|cnf|ya?ml|toml|json)\b).{0,60}\b(error|invalid|fatal)|fatal config"
        r"|(ParsingError|YAMLError|DecodeError|No(Section|Option)Error|SectionHeader|bad unit file setting|bad-setting)"
    )
    WATCHDOG = r"watchdog timeout"
    START_TIMEOUT = r"start(-pre|-post)? operation timed out|start-limit .*timeout"
    PROGRAM = r"^(\w+\.)*\w+(Error|Exception)\b|^panic: |^Traceback |\b(undefined method|uncaught exception)\b"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a unit is down, which on most hosts none is."""
        return re.compile(self.value, re.IGNORECASE)


# The exit statuses by which systemd tells that it could not even start the program: systemd.exec(5).
_STEPS = {
    200: Reason.DIRECTORY,
    203: Reason.NOT_EXECUTABLE,
    216: Reason.ACCOUNT,
    217: Reason.ACCOUNT,
    226: Reason.SANDBOX,
    238: Reason.SANDBOX,
}
_ECHO = re.compile(r": Failed to run 'start(-\w+)?' task: ")  # repeats the line before it, and says less
_RESULTS = {"watchdog": Reason.WATCHDOG, "timeout": Reason.START_TIMEOUT}


def complaint(words: Words) -> tuple[Reason | None, str]:
    """The line that tells most, and what it speaks for.

    Read from the end, for what was said last counts: first what the programs said, then what systemd told. Where no
    line has known words, the last one said.
    """
    for line in (*reversed(words.said), *reversed(words.told)):
        for reason in Reason:
            if reason.pattern.search(line) and not _ECHO.search(line):
                return reason, line.strip()
    last = next(reversed(words.said), "")
    return None, (last or next((line for line in reversed(words.told) if "code=" in line), "")).strip()


def ending(unit: Unit) -> Reason | None:
    """What systemd's own record of the last run speaks for; it is there for everybody, unlike the journal."""
    if unit.code == "exited" and unit.status in _STEPS:
        return _STEPS[unit.status]
    return _RESULTS.get(unit.result)


def last_words(unit: str, words: LastWords | Unknown) -> str:
    """The line of the unit's log that tells most; empty where we did not ask or may not read it."""
    said = words.of(unit) if isinstance(words, LastWords) else None
    return complaint(said)[1] if said else ""
