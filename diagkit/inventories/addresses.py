"""How one target is written by itself.

local                       this machine
[user@]host[:port]          over SSH; the host may be a Host of ~/.ssh/config
[user@][v6 address][:port]  the same, for an IPv6 address; without a port the brackets may go
ssh://[user@]host[:port]    the same
replay:FILE                 a tape
"""

from __future__ import annotations

from dataclasses import replace

from diagkit.model import Target
from diagkit.spelling import closest
from diagkit.transports.names import check_host_name, check_user_name

LOCAL = "local"
REPLAY = "replay"
PORTS = range(1, 65536)


def parse(word: str) -> Target:
    """The target written like this. Raises ValueError with one sentence."""
    if word == LOCAL:
        return Target(LOCAL, label=word)
    scheme, colon, rest = word.partition(":")
    if colon and scheme == REPLAY:
        if not rest:
            raise ValueError("replay: wants the file of a tape, as in replay:incident.tape")
        return Target(REPLAY, path=rest, label=word)
    if "://" in word:
        if scheme != "ssh":
            raise ValueError(f"a target is reached over ssh://, not {scheme}://, in {word!r}")
        return replace(_remote(rest[2:].removesuffix("/"), word), label=word)
    return replace(_remote(word, word), label=word)


def port_number(text: str) -> int:
    """A port. Raises ValueError with one sentence."""
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) in PORTS:
        return int(text)
    raise ValueError(f"{text!r} is not a port number (1 to 65535)")


def _remote(address: str, word: str) -> Target:
    user, at, place = address.rpartition("@")
    host, port = _split_port(place, word)
    if at:
        if ":" in user:
            raise ValueError(f"a password does not belong on a command line: {user.partition(':')[0]}:…@{place}")
        check_user_name(user)
    check_host_name(host)
    if "/" in host or host.endswith(".tape"):
        raise ValueError(f"target {word!r} is not a host name; a tape is written replay:{word}")
    return Target("ssh", host=host, user=user, port=port)


def _split_port(place: str, word: str) -> tuple[str, int]:
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise ValueError(f"target {word!r}: an IPv6 address is written [address]:port")
        port = after[1:] if after else ""
        colon = bool(after)
    elif place.count(":") > 1:  # a bare IPv6 address
        return place, 0
    else:
        host, found, port = place.partition(":")
        colon = bool(found)
    if not colon:
        return host, 0
    try:
        return host, port_number(port)
    except ValueError as error:
        tape = f"; a tape is written replay:{port}" if closest(host, [REPLAY]) else ""
        raise ValueError(f"target {word!r}: {error}{tape}") from error
