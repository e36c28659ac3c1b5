"""From frames to replies: what an exit code and the words on standard error say about why there is no answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from diagkit.model import Ask, Glob, Read, Reply, Run, Scan, Sift, Silence
from diagkit.transports import sifting
from diagkit.transports.frames import Frame, cut_files, cut_lines
from diagkit.transports.questions import Question, bare, path_of

DENIED = re.compile(
    rb"permission denied|operation not permitted|access denied|insufficient permissions|must be root|are you root"
    rb"|only root|not seeing messages from other users",
    re.IGNORECASE,
)
MISSING = re.compile(rb"no such (file|process|device)|not found|not a directory", re.IGNORECASE)
KILLED = (124, 137, 143)  # how timeout(1) and its like say that they ended a command


def replies(question: Question, frame: Frame, clock: float, separator: bytes) -> Iterator[tuple[Ask, Reply]]:
    """The replies in one frame. `clock`: what to add to the machine's uptime to get seconds since the epoch."""
    took = max(0.0, frame.ended - frame.begun)
    whole = Reply(
        frame.out, frame.err, frame.code or 0, at=round(frame.begun + clock, 3), took=round(took, 2),
        silence=None if frame.code is not None else Silence.TIMEOUT,
    )  # fmt: skip
    if question.function == "files":
        yield from _files(question, whole, separator)
        return
    if question.function == "lines":
        yield from _lines(question, whole, separator)
        return
    for ask in question.asks:
        asked = bare(ask)
        if ask in question.cuts:
            yield ask, _judged(asked, question.cuts[ask](whole))
            continue
        yield ask, sifting.reply(asked, whole, separator) if isinstance(asked, Sift) else _judged(asked, whole)


def _judged(ask: Ask, reply: Reply) -> Reply:
    reply = _capped(ask, reply)
    if reply.cut:  # it may have had to stop because nobody read on
        return replace(reply, silence=None)
    if reply.silence:
        return reply
    return _silent(reply, _why_no_run(ask, reply) if isinstance(ask, Run) else _why_no_log(reply))


def _why_no_log(reply: Reply) -> Silence | None:
    if reply.code in KILLED:
        return Silence.TIMEOUT
    if b"other users" in reply.err or (not reply.out and DENIED.search(reply.err)):
        return Silence.DENIED  # what there is of it is our own session's
    if reply.code == 127 or b"No journal files were found" in reply.err:
        return Silence.MISSING
    return None


def _why_no_run(ask: Run, reply: Reply) -> Silence | None:
    if reply.code in KILLED and (reply.took >= ask.timeout - 0.5 or not reply.took):  # no /proc, no time
        return Silence.TIMEOUT
    if reply.code == 127 and not reply.out:
        return Silence.MISSING
    if reply.code == 126 and b"too long" in reply.err:  # more processes than fit on a command line
        return Silence.TRUNCATED
    if reply.code and not reply.out.strip() and DENIED.search(reply.err):
        return Silence.DENIED
    return None


def _lines(question: Question, whole: Reply, separator: bytes) -> Iterator[tuple[Ask, Reply]]:
    """One reply for each pattern of a batch. What is complained of is told apart by the path it names."""
    contents = cut_lines(whole.out, separator)
    complaints = whole.err.splitlines()
    if whole.code in KILLED:
        whole = replace(whole, silence=Silence.TIMEOUT)
    for place, ask in enumerate(question.asks):
        pattern = str(bare(ask))
        mine = _about(rb"%b|%b" % (re.escape(pattern).encode(), _regex(pattern)), complaints)
        said = contents[place] if place < len(contents) else b""
        code = 2 if mine else 0 if said else 1
        reply = _capped(bare(ask), Reply(said, b"\n".join(mine), code, whole.at, whole.took, whole.silence))
        if whole.code == 126:  # more files than fit on a command line
            yield ask, replace(reply, silence=Silence.TRUNCATED, err=whole.err)
        elif place < len(contents) - 1 or (whole.silence is None and len(contents) == len(question.asks)):
            yield ask, replace(reply, silence=None if said else _why_no_lines(reply))
        else:
            yield ask, replace(reply, silence=Silence.TIMEOUT if place == len(contents) - 1 else Silence.NOT_RUN)


def _regex(pattern: str) -> bytes:
    """The paths a shell pattern may stand for."""
    return (
        re.sub(r"\\\*|\\\?", "[^/:]*", re.escape(pattern))
        .replace(r"\[", "[")
        .replace(r"\]", "]")
        .replace(r"\-", "-")
        .encode()
    )


def _why_no_lines(reply: Reply) -> Silence | None:
    if not reply.err:
        return None  # empty files
    return Silence.DENIED if DENIED.search(reply.err) else Silence.MISSING


def _files(question: Question, whole: Reply, separator: bytes) -> Iterator[tuple[Ask, Reply]]:
    """One reply for each file of a batch. The reader goes on after an error, so a separator follows every file."""
    contents = cut_files(whole.out, separator)
    complaints = whole.err.splitlines()
    unclaimed = set(complaints)
    found: list[tuple[Ask, Reply]] = []
    places = {path: place for place, path in enumerate(dict.fromkeys(map(path_of, question.asks)))}
    for ask in question.asks:
        asked, path = bare(ask), path_of(ask)
        place = places[path]
        mine = _about(rb"%b['\":]" % re.escape(path.encode("utf-8", "surrogateescape")), complaints)
        unclaimed.difference_update(mine)
        out = contents[place] if place < len(contents) else b""
        reply = Reply(out, b"\n".join(mine), 1 if mine else 0, at=whole.at, took=whole.took)
        if place < len(contents) - 1:
            reply = _capped(asked, reply)
            found.append((ask, _silent(reply, _why_no_file(reply))))
        elif place == len(contents) - 1:
            found.append((ask, _silent(reply, Silence.TIMEOUT)))
        else:
            found.append((ask, replace(reply, silence=Silence.NOT_RUN, err=b"a file before it hung")))
    for ask, reply in found:
        lost = unclaimed and not reply.out and not reply.err and not reply.silence
        yield ask, replace(reply, silence=Silence.GARBLED, err=b"\n".join(sorted(unclaimed))) if lost else reply


def _about(pattern: bytes, complaints: list[bytes]) -> list[bytes]:
    """The complaints that name what the pattern finds."""
    return list(filter(re.compile(pattern).search, complaints)) if complaints else []


def _silent(reply: Reply, silence: Silence | None) -> Reply:
    return replace(reply, silence=silence) if silence else reply


def _why_no_file(reply: Reply) -> Silence | None:
    if not reply.err:
        return None
    if b"/dev/null/" in reply.err:
        return Silence.UNSUPPORTED
    if not reply.out and DENIED.search(reply.err):
        return Silence.DENIED
    if not reply.out and MISSING.search(reply.err):
        return Silence.MISSING
    return None


def _capped(ask: Ask, reply: Reply) -> Reply:
    """Cut to the ask's cap: the first bytes of what is read from the start, the last of what is read from the end."""
    if isinstance(ask, Read) and ask.tail:
        return replace(reply, out=reply.out[-min(ask.tail, ask.cap) :])
    if not isinstance(ask, Run | Read | Glob | Scan) or len(reply.out) <= ask.cap:
        return reply
    newest_last = isinstance(ask, Scan) and ask.source != "journal"
    return replace(reply, out=reply.out[-ask.cap :] if newest_last else reply.out[: ask.cap], cut=True)
