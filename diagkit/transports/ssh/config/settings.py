"""What ssh says about a host: `ssh -G`, asked once for all hosts about which the same lines of the configuration count.

An answer costs 9 ms of CPU, most of what a whole host may cost. So hosts share one: the first is asked about, and for
the others what the configuration says of each by itself (HostName, Port, User, HostKeyAlias, and values with tokens
like %h) is put in its place. That the place and the way are right is seen from the first host's answer, where ssh has
done the same; where it is not seen, or may differ from host to host, ssh is asked about each.
Like ssh, `-G` runs the commands of `Match exec` in the user's own files.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.model import Layer, Silence
from diagkit.transports import child
from diagkit.transports.ssh.config.files import Condition, Files, Line, matches, tilde, words
from diagkit.transports.ssh.stages import Stopped

Settings = Mapping[str, Sequence[str]]
"""Keyword in lower case -> its values, one for each line."""

ANSWER_SECONDS = 5.0  # for `ssh -G`, which may run commands of `Match exec` and ask the resolver to canonicalise
SEVERAL = frozenset({"identityfile", "certificatefile"})  # every line counts; of the others, the first
OWN = {  # what may differ between hosts that share an answer, in the forms that ssh takes as they are
    "hostname": re.compile(r"(?!none$)[a-z0-9._:][a-z0-9._:-]*"),
    "port": re.compile(r"[1-9]\d{0,3}|[1-5]\d{4}"),
    "user": re.compile(r"(?!none$)[a-z_][a-z0-9._-]*"),
    "hostkeyalias": re.compile(r"(?!none$)[a-z0-9._-]+"),
}
EXPANDED = frozenset({"controlpath", "identityagent", "userknownhostsfile"})  # by ssh -G itself
TOKENED = EXPANDED | {
    *("certificatefile", "globalknownhostsfile", "identityfile", "knownhostscommand", "proxycommand"),
    *("revokedhostkeys", "securitykeyprovider", "pkcs11provider", "bindinterface"),
}  # may hold tokens, and matter to us
UNUSED = frozenset({"localcommand", "remotecommand", "localforward", "remoteforward", "forwardagent", "setenv"})
LOOKS_UP = frozenset({"canonicalizehostname", "canonicalizepermittedcnames"})  # asks DNS about the host
_READING = re.compile(r"(?m)^debug\d: Reading configuration data (.+?)\r?$")
_NOISE = re.compile(r"(?m)^(debug\d: .*|OpenSSH_.*|Pseudo-terminal will not be .*)$\n?")


@frozen(kw_only=True)
class Hop:
    """A machine as named on a command line or in ProxyJump. Port 0 and an empty user: what the configuration says."""

    host: str
    user: str = ""
    port: int = 0


@frozen
class _Share:
    """What is known of a host beforehand: whom it shares an answer with, and what in it is the host's own."""

    key: tuple[object, ...]
    own: dict[str, str]
    tokened: tuple[Line, ...]


@frozen
class _Answer:
    """The answer about the first host of those that share it. expanded: where its tokens are expanded."""

    settings: dict[str, list[str]]
    expanded: tuple[tuple[str, int, str], ...] = ()


class Refused(Stopped):
    """The configuration cannot be read or does not parse."""

    def __init__(self, detail: str) -> None:
        super().__init__(Layer.NAME, Silence.GARBLED, detail)


@dataclass(slots=True)
class Answers:
    """What ssh says about hosts by one configuration: the user's own, one file, or `none`. Safe from any thread."""

    config: str = ""
    _files: Files | None = None
    _by_name: dict[str, list[Condition]] = field(default_factory=dict)
    _by_pattern: list[Condition] = field(default_factory=list)
    _blocks: dict[Condition | None, list[int]] = field(default_factory=dict)
    _always: tuple[Condition, ...] = ()
    _final: tuple[Condition, ...] = ()
    _answers: dict[tuple[object, ...], Future[_Answer | Refused | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def about(self, hop: Hop) -> Settings:
        """Raises Stopped at layer NAME when there is no answer, or none in time."""
        share = self._share(hop)
        if share is None:
            return _ask(hop, self.config)[0]
        with self._lock:
            answer = self._answers.get(share.key)
            if first := answer is None:
                answer = self._answers[share.key] = Future()
        if not first:
            shared = answer.result()
            if isinstance(shared, Refused):
                raise Refused(shared.why.detail)
            return _for_host(shared, share, hop) if shared else _ask(hop, self.config)[0]
        understood: _Answer | Refused | None = None
        try:
            settings, read = _ask(hop, self.config)
            assert self._files  # noqa: S101 - whoever has a share has read them
            if set(self._files.paths) == read:
                understood = _understood(settings, share, hop)
        except Refused as refused:
            understood = refused
            raise
        finally:
            answer.set_result(understood)
        return settings

    # ------------------------------------------------------------ which lines count

    def _share(self, hop: Hop) -> _Share | None:
        """None where the answer for one host says nothing sure of another."""
        with self._lock:
            if self._files is None:
                self._read()
            assert self._files  # noqa: S101 - for the type checker
        if self._files.unread or self._files.ambiguous or not OWN["hostname"].fullmatch(hop.host):
            return None
        lines = self._lines(hop.host, self._always)
        name = next((line.value for line in lines if line.keyword == "hostname"), hop.host)
        own = {"hostname": name.replace("%h", hop.host)}
        if self._final:
            lines += self._lines(own["hostname"], (*self._always, *self._final))
        for line in lines:
            if line.keyword in LOOKS_UP and line.value.lower() not in ("no", "none"):
                return None
            if line.keyword == "proxyjump" and ("%" in line.value or own["hostname"] in line.value):
                return None  # ssh refuses to jump to a host by way of itself
            if line.keyword in OWN:
                own.setdefault(line.keyword, line.value)
        own |= {"user": hop.user} if hop.user else {}
        own |= {"port": str(hop.port)} if hop.port else {}
        if not all(OWN[keyword].fullmatch(value) for keyword, value in own.items()):
            return None
        key = tuple(line.keyword if line.keyword in OWN else line for line in lines)
        tokened = tuple(line for line in lines if line.keyword in TOKENED and "%" in line.value)
        return _Share((bool(hop.user), bool(hop.port), key), own, tokened)

    def _lines(self, name: str, always: Iterable[Condition]) -> list[Line]:
        """The lines that count for a name, and where these conditions hold."""
        assert self._files  # noqa: S101 - for the type checker
        hold = {*always, *self._by_name.get(name, ())}
        hold |= {condition for condition in self._by_pattern if matches(name, condition.words)}
        numbers = sorted(number for last in (None, *hold) for number in self._blocks.get(last, ()))
        found = (self._files.blocks[number] for number in numbers)
        return [line for block in found if hold.issuperset(block.conditions) for line in block.lines]

    def _read(self) -> None:
        try:
            self._files = files = Files(self.config)
        except OSError as error:
            raise Refused(f"the ssh configuration {self.config} cannot be read: {error.strerror or error}") from None
        for number, block in enumerate(files.blocks):
            self._blocks.setdefault(block.conditions[-1] if block.conditions else None, []).append(number)
        for condition in files.all_conditions():
            if condition.keyword == "host":
                if any(char in word for word in condition.words for char in "*?!"):
                    self._by_pattern.append(condition)
                else:
                    for word in condition.words:
                        self._by_name.setdefault(word, []).append(condition)
            elif condition.words == ("all",):
                self._always += (condition,)
            elif condition.words in (("final",), ("final", "all")):
                self._final += (condition,)
            else:
                files.ambiguous.append(f"{condition.where}: Match {' '.join(condition.words)}")


# ---------------------------------------------------------------- asking, and understanding the answer


def _ask(hop: Hop, config: str) -> tuple[dict[str, list[str]], set[str]]:
    """What ssh answers, and the files it has read for it."""
    argv = ["ssh", "-v", "-G"]  # -v: it says which files it reads
    argv += ["-F", config if config == "none" else str(Path(config).absolute())] if config else []
    argv += ["-l", hop.user] if hop.user else []
    argv += ["-p", str(hop.port)] if hop.port else []
    env = {**os.environ, "LC_ALL": "C"}  # the configuration may name any of its variables
    reply = child.run([*argv, "--", hop.host], timeout=ANSWER_SECONDS, env=env)
    if reply.silence:
        raise Stopped(Layer.NAME, reply.silence, f"ssh -G {hop.host} had not answered after {ANSWER_SECONDS:g} s")
    if reply.code != 0:
        said = " ".join(_NOISE.sub("", reply.complaint).split())
        raise Refused(f"ssh does not accept its configuration: {said}")
    settings: dict[str, list[str]] = {}
    for line in reply.lines:
        key, _, value = line.partition(" ")
        if key not in UNUSED:  # those may have tokens expanded, and nobody here will ever look at them
            settings.setdefault(key, []).append(value)
    return settings, set(_READING.findall(reply.complaint))


def _understood(settings: dict[str, list[str]], share: _Share, hop: Hop) -> _Answer | None:
    """The answer, if the host's own values stand in it where they are expected; None when it may not be shared."""
    if any(settings.get(keyword) != [value] for keyword, value in share.own.items()):
        return None
    known, expanded, seen = tokens(hop, settings), [], set[str]()
    for line in share.tokened:
        if line.keyword in seen and line.keyword not in SEVERAL:
            continue
        seen.add(line.keyword)
        said = settings.get(line.keyword, [])
        wanted = _as_said(line, known)
        if line.keyword in EXPANDED and said == [wanted]:
            expanded.append((line.keyword, 0, line.value))
        elif not {line.value, _as_said(line, {}), " ".join(words(line.value))} & set(said):
            return None
    return _Answer(settings, tuple(expanded))


def _for_host(answer: _Answer, share: _Share, hop: Hop) -> Settings:
    settings = {**answer.settings, "host": [hop.host]}
    settings |= {keyword: [value] for keyword, value in share.own.items()}
    known = tokens(hop, settings)
    for keyword, _, value in answer.expanded:
        settings[keyword] = [_as_said(Line(keyword, value, ""), known)]
    return settings


def _as_said(line: Line, known: Mapping[str, str]) -> str:
    """A value as `ssh -G` would print it: without its quotes, expanded."""
    return " ".join(expand(word, known) for word in words(line.value))


# ---------------------------------------------------------------- tokens


def tokens(hop: Hop, settings: Settings) -> dict[str, str]:
    """The %-tokens of ssh and what they stand for, TOKENS in ssh_config(5)."""

    def one(keyword: str, default: str) -> str:
        return settings.get(keyword, [default])[0] or default

    host, port, user = one("hostname", hop.host), one("port", "22"), one("user", _me())
    here, jump = _here(), one("proxyjump", "")
    return {
        "%": "%", "C": hashlib.sha1(f"{here}{host}{port}{user}".encode()).hexdigest(),  # noqa: S324 - as ssh does
        "d": tilde("~"), "h": host, "i": str(os.getuid()), "j": "" if jump == "none" else jump,
        "k": one("hostkeyalias", hop.host), "L": here.partition(".")[0], "l": here, "n": hop.host, "p": port, "r": user,
        "u": _me(),
    }  # fmt: skip


def expand(path: str, known: Mapping[str, str]) -> str:
    """`~`, `${VAR}` and tokens; a token we do not know stays, and the file will not be there."""
    path = re.sub(r"%(.)", lambda found: known.get(found[1], found[0]), tilde(path))
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], ""), path)


@lru_cache(maxsize=1)
def _me() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@lru_cache(maxsize=1)
def _here() -> str:
    return socket.gethostname()
