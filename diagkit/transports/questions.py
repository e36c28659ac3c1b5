"""From asks to questions: the words of round.sh in which each is put, and which are put as one.

Starting a process is the dearest thing we do on a machine, so all files that are read the same way are one question,
and so are all patterns.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from math import ceil

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, Glob, Moment, Read, Run, Scan, Sift
from diagkit.transports import shortcuts, sifting
from diagkit.transports.joint import Joint, joints
from diagkit.transports.walks import Cut

QUICK = 5.0  # seconds for what should take milliseconds
JOURNAL = 8.0  # seconds for a journal of some gigabytes
COMPLAINTS = 10_000  # bytes of marks and complaints around an answer
SEPARATOR = " $E "  # see `files` and `lines` in round.sh
SEPARATOR_BYTES = 4096  # what cuts the files must not cut the separators
SYSTEMD = frozenset({"systemctl", "timedatectl", "journalctl"})
PATTERN = re.compile(r"/[\w./*?\[\]!:@+,-]+")


@frozen
class Question:
    """One call of a function of round.sh. `words` follow the function's name and the question's number.

    seconds and bytes: what its answer may take and how long it may be. cuts: what of it belongs to which ask, where a
    command is run for several.
    """

    asks: tuple[Ask, ...]
    function: str
    words: str
    seconds: float
    bytes: int
    cuts: Mapping[Ask, Cut] = field(default_factory=dict)


def bare(ask: Ask) -> Ask:
    """What is asked, whether for the first or the second time."""
    return ask.first if isinstance(ask, Again) else ask


def path_of(ask: Ask) -> str:
    """The file that is read."""
    asked = bare(ask)
    return asked.path if isinstance(asked, Read) else asked.source if isinstance(asked, Scan) else ""


def put(asks: Iterable[Ask], moment: Moment) -> Iterator[Question]:
    """These asks as questions: files first, then patterns, then the others in their order."""
    batches: dict[tuple[str, int], list[tuple[Ask, str]]] = {}
    globs: list[Ask] = []
    others: list[Question] = []
    asks = list(asks)
    for joint in joints([ask for ask in asks if isinstance(ask, Run)]):
        others.append(_joint(joint))
        asks = [ask for ask in asks if ask not in joint.cuts]
    for ask in asks:
        match bare(ask):
            case Read(path=path, tail=tail, cap=cap):
                batches.setdefault(("tail", min(tail, cap)) if tail else ("head", 0), []).append((ask, path))
            case Scan(source=source, cap=cap) if source.startswith("/"):
                batches.setdefault(("tail", cap + 1), []).append((ask, source))
            case Glob() | Run(argv=("grep", "-sH", "", *_)):
                globs.append(ask)
            case other:
                others.append(_question(ask, other, moment))
    yield from (_files(reader, size, members) for (reader, size), members in batches.items())
    if globs:
        patterns = SEPARATOR.join(map(_patterns, globs))
        room = sum(map(_cap, globs)) + 65_536 + COMPLAINTS
        yield Question(tuple(globs), "lines", f"{QUICK:g} {patterns}", QUICK, room)
    yield from others


def _patterns(ask: Ask) -> str:
    """What is to be expanded, and so not quoted; or files by name."""
    asked = bare(ask)
    return shlex.join(asked.argv[3:]) if isinstance(asked, Run) else str(asked)


def _question(ask: Ask, asked: Ask, moment: Moment) -> Question:
    """A question of its own. Seconds are whole: see watch.sh."""
    room = _cap(ask) + COMPLAINTS
    match asked:
        case Run(argv=argv, timeout=timeout):
            function = "systemd" if SYSTEMD.intersection(argv) else "run"
            return Question((ask,), function, f"{ceil(timeout)} {shortcuts.words(argv)}", timeout, room)
        case Scan(source="journal"):
            window = f"--since=@{moment.since.timestamp():.0f} --until=@{ceil(moment.until.timestamp())}"
            words = f"{JOURNAL:g} journalctl {window} --no-pager -o short-unix -r"
            return Question((ask,), "systemd", words, JOURNAL, room)
        case Sift():
            function, words = sifting.question(asked)
            return Question((ask,), function, words, 3 * sifting.SECONDS, room)
        case Scan(source="kernel", cap=cap):
            return Question((ask,), "newest", f"{QUICK:g} {cap + 1} dmesg", QUICK, room)
    raise LookupError(f"a shell has no words for {ask}")


def _joint(joint: Joint) -> Question:
    runs = [ask for ask in joint.cuts if isinstance(ask, Run)]
    seconds = max(run.timeout for run in runs)
    words = f"{ceil(seconds)} {shortcuts.words(joint.argv)}"
    return Question(tuple(runs), "run", words, seconds, sum(map(_cap, runs)) + COMPLAINTS, joint.cuts)


def _files(reader: str, size: int, members: list[tuple[Ask, str]]) -> Question:
    """Files that are read from the start share the largest of their caps; their replies are trimmed later.

    A file that several want is read once: the kernel's table of sockets takes it milliseconds.
    """
    asks = tuple(ask for ask, _ in members)
    size = max(size or max(map(_cap, asks)) + 1, SEPARATOR_BYTES)
    paths = {shlex.quote(path): "" for _, path in members}
    for ask, path in members:
        if isinstance(asked := bare(ask), Read) and asked.unless:
            paths[shlex.quote(path)] = f"${{has_{asked.unless}:+/dev/null}}"  # see `prepare` in round.sh
    words = (
        f"{QUICK:g} {reader} {size} {SEPARATOR.join(bent + path for path, bent in paths.items())}{SEPARATOR.rstrip()}"
    )
    return Question(asks, "files", words, QUICK, sum(map(_cap, asks)) + 65_536 + COMPLAINTS)


def _cap(ask: Ask) -> int:
    cap: int = getattr(bare(ask), "cap", 0)
    return cap
