"""Why the system's ssh came no farther, read from its words at the stage that was reached."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from diagkit.model import Layer, Silence, WrongKey
from diagkit.transports.ssh.forwarding import CONNECT_FAILED, PROHIBITED, SHORTAGE, UNKNOWN_TYPE, forward_error, meaning
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts, Marker
from diagkit.transports.ssh.host_keys.public_key import describe
from diagkit.transports.ssh.host_keys.remedies import forget, learn
from diagkit.transports.ssh.stages import Stopped

if TYPE_CHECKING:
    from diagkit.transports.ssh.by_openssh.log import Log

OPEN_FAILED = {
    "administratively prohibited": PROHIBITED,
    "connect failed": CONNECT_FAILED,
    "unknown channel type": UNKNOWN_TYPE,
    "resource shortage": SHORTAGE,
}


def refused(reason: str, words: str) -> OSError:
    """Why a server made no connection, in the words of ssh."""
    return forward_error(OPEN_FAILED.get(reason, CONNECT_FAILED), words)


def _no_name(_log: Log, found: re.Match[str]) -> Stopped:
    again = "emporary failure" in found[2]
    detail = f"{found[1]} cannot be resolved just now ({found[2]}): the resolver failed or did not answer"
    if not again:
        detail = f"{found[1]} does not resolve ({found[2]}): check its spelling, the ssh configuration, DNS"
    return Stopped(Layer.NAME, Silence.UNREACHABLE if again else Silence.MISSING, detail)


def _no_connection(_log: Log, found: re.Match[str]) -> Stopped:
    layer, silence = meaning(forward_error(CONNECT_FAILED, found[3]))
    explained = {
        Silence.REFUSED: "the host answers, but nothing listens there or a firewall rejects",
        Silence.TIMEOUT: "the host is down or a firewall drops the packets",
    }.get(silence, "there is no way to it")
    return Stopped(layer, silence, f"{found[3]} by {found[1]} port {found[2]}: {explained}")


def _not_forwarded(log: Log, found: re.Match[str]) -> Stopped:
    return _jump_cannot(log, refused(found[1], found[2]))


def _not_lent(log: Log, _found: re.Match[str]) -> Stopped:
    assert log.lender  # noqa: S101 - nobody else says so
    return _jump_cannot(log, log.lender.refusal(log.route.host, log.route.port))


def _jump_cannot(log: Log, error: OSError) -> Stopped:
    layer, silence = meaning(error)
    jump = log.routes[max(0, log.at - 1)]
    where = f"{log.route.host} port {log.route.port}"
    return Stopped(layer, silence, f"the jump host {jump.name} cannot connect to {where}: {error.strerror or error}")


def _changed(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    name = route.key_names[0]
    lines = [e for e in KnownHosts.load(route.known_hosts).entries(name) if e.marker is Marker.KEY]
    known = tuple(dict.fromkeys(f"{describe(entry.key)} ({entry.where})" for entry in lines))
    detail = (
        f"the host key of {route.name} has changed: it shows {log.shown()}, but known is {', '.join(known)}; "
        f"it was rebuilt, or somebody is in between: ask who runs it, then {forget(name, (e.where for e in lines))}"
    )
    wrong = WrongKey(host=route.name, known_as=name, shown=log.shown(), known=known)
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail, wrong)


def _revoked(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    known = KnownHosts.load(route.known_hosts)
    lines = [e for name in route.key_names for e in known.entries(name) if e.marker is Marker.REVOKED]
    by = tuple(dict.fromkeys(entry.where for entry in lines)) or (route.revoked_keys,)
    detail = f"the host key of {route.name}, {log.shown()}, is revoked in {', '.join(by)}: do not connect"
    wrong = WrongKey(host=route.name, known_as=route.key_names[0], shown=log.shown(), known=by, revoked=True)
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail, wrong)


def _unknown(log: Log, _found: re.Match[str]) -> Stopped:
    route = log.route
    detail = (
        f"the host key of {route.name} is not in known_hosts: check {log.shown()} with whoever runs the machine, "
        f"then {learn(route)}"
    )
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail)


def _unverified(log: Log, _found: re.Match[str]) -> Stopped:
    before = "; ".join(log.said[:-1])
    return Stopped(Layer.HOST_KEY, Silence.DENIED, f"{log.shown()} of {log.route.name} was not accepted: {before}")


def _denied(log: Log, found: re.Match[str]) -> Stopped:
    offered = f"offered {', '.join(log.offered)}" if log.offered else "no key to offer"
    banner = " ".join(line for line in log.said if line != found[0] and "no such identity" not in line)
    said = f'; it said "{banner[:200]}"' if banner else ""
    return Stopped(Layer.AUTHENTICATION, Silence.DENIED, f"{found[0]}: {offered}{said}".replace(".:", ":"))


def _no_algorithm(_log: Log, found: re.Match[str]) -> Stopped:
    return Stopped(Layer.HOST_KEY, Silence.UNSUPPORTED, f"no common algorithm with the server: {found[0]}")


def _hung_up(log: Log, found: re.Match[str]) -> Stopped:
    words = f', saying "{log.said[0][:200]}"' if log.said[0] != found[0] else ""
    if log.stage is Layer.TCP and log.route.proxy_command:
        detail = f"the ProxyCommand `{log.route.proxy_command}` ended before the host had said a word{words}"
        return Stopped(Layer.TCP, Silence.UNREACHABLE, detail)
    detail = (
        f"the server hung up before its SSH version{words}: too many connections (MaxStartups), a ban, or no memory "
        "for another sshd"
    )
    return Stopped(Layer.BANNER, Silence.REFUSED, detail)


def _cut(log: Log, found: re.Match[str]) -> Stopped:
    during = "log-in" if log.stage is Layer.AUTHENTICATION else "the key exchange"
    return Stopped(log.stage, Silence.UNREACHABLE, f"the connection ended during {during}: {found[0]}")


def _no_ssh(log: Log, found: re.Match[str]) -> Stopped:
    heard = f', but says "{log.said[0][:200]}"' if log.said[0] != found[0] else ""
    return Stopped(Layer.BANNER, Silence.GARBLED, f"what listens there does not speak SSH{heard}: {found[0]}")


def _misconfigured(log: Log, _found: re.Match[str]) -> Stopped:
    words = "; ".join(log.said)
    return Stopped(Layer.NAME, Silence.GARBLED, f"ssh does not accept its configuration for {log.route.name}: {words}")


Explain = Callable[["Log", re.Match[str]], Stopped]

_NOT_REACHED: dict[str, Explain] = {
    r"terminating, \d+ bad configuration|Bad owner or permissions|Bad configuration option": _misconfigured,
    r"Could not resolve hostname (\S+): (.*)": _no_name,
    r"connect to (?:host|address) (\S+) port (\d+): (.*)": _no_connection,
    r"open failed: ([a-z ]+): (.*)": _not_forwarded,
    r"[Ss]tdio forwarding request failed": _not_lent,
}
_NO_SERVER: dict[str, Explain] = {
    r".*(?:invalid (?:format|characters)|[Pp]rotocol (?:mismatch|major versions)|too long|No SSH version).*": _no_ssh,
    r"(?:kex|ssh)_exchange_identification: .*": _hung_up,
}
_BROKEN: dict[str, Explain] = {
    r".*(?:[Cc]onnection (?:to \S+ )?(?:closed|reset)|Broken pipe|Connection corrupted|Bad packet).*": _cut,
}
# What each stage can say of its failure. Words of later ones are not looked for: a server may say anything before it
# lets us in, and would tell us of a changed key that nobody has.
ENDS: dict[Layer, dict[str, Explain]] = {
    Layer.NAME: _NOT_REACHED | _NO_SERVER,
    Layer.TCP: _NOT_REACHED | _NO_SERVER,
    Layer.BANNER: _NO_SERVER,
    Layer.HOST_KEY: {
        r"Protocol major versions differ.*": _no_ssh,
        r"REMOTE HOST IDENTIFICATION HAS CHANGED": _changed,
        r"REVOKED HOST KEY DETECTED|Host key \S+ .* revoked": _revoked,
        r"No \S+ host (?:key|certificate) is known for|not in the list of known hosts": _unknown,
        r"Host key verification failed": _unverified,
        r"Unable to negotiate with .*|no matching .* found.*": _no_algorithm,
    }
    | _BROKEN,
    Layer.AUTHENTICATION: {
        r"(?:\S+: )?Permission denied .*|.*Too many authentication failures.*": _denied,
    }
    | _BROKEN,
}
