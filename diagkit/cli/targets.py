"""The grammar of targets, the same wherever a target is written.

local                       this machine
[user@]host[:port]          over SSH; the host may be a Host of ~/.ssh/config
[user@][v6 address][:port]  the same, for an IPv6 address; without a port the brackets may go
ssh://[user@]host[:port]    the same
replay:FILE                 a tape
NAME                        a name in [targets] or [groups] of diagkit.toml; it wins over a host of that name
tag:TAG                     all of [targets] with that tag
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagkit.cli.exits import USAGE, Refusal
from diagkit.config import Config
from diagkit.model import Target
from diagkit.spelling import closest, nearest
from diagkit.transports.names import check_host_name, check_user_name


def resolve(words: Iterable[str], config: Config) -> tuple[Target, ...]:
    """The targets these words mean, each once, in order."""
    found: dict[str, Target] = {}
    for word in words:
        for target in _named(word, config, ()):
            found.setdefault(target.label, target)
    return tuple(found.values())


def _named(word: str, config: Config, within: tuple[str, ...]) -> Iterator[Target]:
    """What one word means: a group, a tag, a declared name, or an address."""
    if word in within:
        raise Refusal(USAGE, f"the group {word} contains itself")
    if word in config.groups:
        for member in config.groups[word]:
            yield from _named(member, config, (*within, word))
    elif word in config.targets:
        declared = config.targets[word]
        yield replace(parse(declared.address or word), label=word, tags=declared.tags, depends_on=declared.depends_on)
    elif word.startswith("tag:"):
        tagged = [name for name, declared in config.targets.items() if word[4:] in declared.tags]
        if not tagged:
            tags = {tag for declared in config.targets.values() for tag in declared.tags}
            raise Refusal(USAGE, f"no target has the tag {word[4:]!r}{nearest(word[4:], tags)}")
        for name in tagged:
            yield from _named(name, config, within)
    else:
        yield parse(word)


def parse(word: str) -> Target:
    """One address. Raises `Refusal` with one sentence."""
    if word == "local":
        return Target("local", label=word)
    scheme, colon, rest = word.partition(":")
    if colon and scheme == "replay":
        if not rest:
            raise Refusal(USAGE, "replay: wants the file of a tape, as in replay:incident.tape")
        return Target("replay", path=rest, label=word)
    if "://" in word:
        if scheme != "ssh":
            raise Refusal(USAGE, f"a target is reached over ssh://, not {scheme}://, in {word!r}")
        return replace(_remote(rest[2:].removesuffix("/"), word), label=word)
    return replace(_remote(word, word), label=word)


def _remote(address: str, word: str) -> Target:
    user, at, place = address.rpartition("@")
    host, port = _split_port(place, word)
    try:
        if at:
            if ":" in user:
                raise Refusal(
                    USAGE, f"a password does not belong on a command line: {user.partition(':')[0]}:…@{place}"
                )
            check_user_name(user)
        check_host_name(host)
    except ValueError as error:
        raise Refusal(USAGE, str(error)) from error
    if "/" in host or host.endswith(".tape"):
        raise Refusal(USAGE, f"target {word!r} is not a host name; a tape is written replay:{word}")
    return Target("ssh", host=host, user=user, port=port)


def _split_port(place: str, word: str) -> tuple[str, int]:
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise Refusal(USAGE, f"target {word!r}: an IPv6 address is written [address]:port")
        port = after[1:] if after else ""
        colon = bool(after)
    elif place.count(":") > 1:  # a bare IPv6 address
        return place, 0
    else:
        host, found, port = place.partition(":")
        colon = bool(found)
    if not colon:
        return host, 0
    if port.isascii() and port.isdigit() and 0 < int(port) < 65536:
        return host, int(port)
    tape = f"; a tape is written replay:{port}" if closest(host, ["replay"]) else ""
    raise Refusal(USAGE, f"target {word!r}: {port!r} is not a port number (1 to 65535){tape}")
