"""Whether the key a server presents is the one this host ought to have: accepted as OpenSSH would, or refused.

The rules are check_host_key's of sshconnect.c, with StrictHostKeyChecking as configured, where nobody is asked: `ask`
is `yes`. In two things we are stricter. A changed or revoked key is refused with `no` and `off` too, which only let an
unknown host pass; and a key that is revoked under the name without the port is not accepted at first contact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache

from diagkit.frozen import frozen
from diagkit.model import Layer, Silence, WrongKey
from diagkit.transports import child
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.host_keys import certificate as host_certificate
from diagkit.transports.ssh.host_keys.algorithms import PLAIN, algorithms, listed
from diagkit.transports.ssh.host_keys.certificate import HostCertificate, Verify
from diagkit.transports.ssh.host_keys.first_contact import remember
from diagkit.transports.ssh.host_keys.known_hosts import Entry, KnownHosts, Marker
from diagkit.transports.ssh.host_keys.public_key import describe
from diagkit.transports.ssh.host_keys.remedies import forget, learn
from diagkit.transports.ssh.host_keys.revoked_keys import RevokedKeys
from diagkit.transports.ssh.stages import Stopped

__all__ = ["algorithms", "check", "judge"]

WILDCARD_PRINCIPALS = (10, 3)  # the OpenSSH since which principals of host certificates are patterns
VERSION_SECONDS = 5.0


class Trust(Enum):
    """What the files say about a key that a host presented."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"  # nothing is known about this host
    CHANGED = "changed"  # other keys are known for it, not this one
    REVOKED = "revoked"


@frozen(kw_only=True)
class Shown:
    """What the server presented. flaw: why its certificate does not vouch for the host, whoever signed it."""

    key: bytes
    certificate: HostCertificate | None = None
    flaw: str = ""


def check(route: Route, known: KnownHosts, presented: bytes, now: float, verify: Verify) -> str:
    """Raise Stopped at layer HOST_KEY unless the key is to be trusted. Returns what to tell the user, if anything.

    presented: the key, or a certificate about it, as it came, and its owner has proved to have it; now: seconds since
    the epoch. A key accepted at first contact is written down here, before anybody logs in.
    """
    shown = _shown(route, presented, now, verify)
    _refuse_listed(route, shown)
    trust, lines = judge(known, route.key_names, shown)
    if trust is Trust.TRUSTED:
        return ""
    if trust is Trust.REVOKED:
        raise _wrong(route, shown.key, lines, revoked=True)
    why = f"; its certificate does not count, for {shown.flaw}" if shown.flaw and _authorities(known, route) else ""
    if trust is Trust.CHANGED:
        raise _wrong(route, shown.key, lines, why=why)
    if not route.accept_new:
        raise _refused(_unknown(route, known, shown.key) + why)
    return _first_contact(route, shown) + why


def judge(known: KnownHosts, names: Sequence[str], shown: Shown) -> tuple[Trust, list[Entry]]:
    """What the files say about a key of a host known by `names`, best name first, and the lines that say it.

    A certificate counts before the key in it does. A later name (the host without its port) is looked at only when the
    files do not know the one before; it can vouch for the key, and it can revoke it, but not make it a changed one.
    """
    entries = known.entries(names[0])
    plain = Shown(key=shown.key)
    if shown.certificate:
        trust, lines = _of_certificate(entries, shown.certificate)
        if trust is Trust.REVOKED or (trust is Trust.TRUSTED and not shown.flaw):
            return trust, lines
        if trust is Trust.UNKNOWN and names[1:]:
            trust, lines = judge(known, names[1:], shown)
            if trust is Trust.TRUSTED:
                return trust, lines
    trust, lines = _of_key(entries, shown.key)
    if trust is Trust.UNKNOWN and names[1:]:
        without_port = judge(known, names[1:], plain)
        if without_port[0] in (Trust.TRUSTED, Trust.REVOKED):
            return without_port
    return trust, lines


def _of_certificate(entries: Sequence[Entry], certificate: HostCertificate) -> tuple[Trust, list[Entry]]:
    keys = (certificate.plain_key, certificate.authority)
    if revoked := [e for e in entries if e.marker is Marker.REVOKED and e.plain in keys]:
        return Trust.REVOKED, revoked
    vouching = [e for e in entries if e.marker is Marker.AUTHORITY and e.key == certificate.authority]
    return (Trust.TRUSTED if vouching else Trust.UNKNOWN), vouching


def _of_key(entries: Sequence[Entry], key: bytes) -> tuple[Trust, list[Entry]]:
    if revoked := [e for e in entries if e.marker is Marker.REVOKED and e.plain == key]:
        return Trust.REVOKED, revoked
    lines = [e for e in entries if e.marker is Marker.KEY]
    if same := [e for e in lines if e.key == key]:
        return Trust.TRUSTED, same
    return (Trust.CHANGED if lines else Trust.UNKNOWN), lines


def _shown(route: Route, presented: bytes, now: float, verify: Verify) -> Shown:
    try:
        certificate = host_certificate.parse(presented)
    except ValueError as error:
        raise _refused(f"the host certificate of {route.name} is damaged: {error}") from None
    if not certificate:
        return Shown(key=presented)
    allowed = listed(route.authority_algorithms, PLAIN)
    if certificate.algorithm in PLAIN and not verify(certificate.authority, certificate.signed, certificate.signature):
        raise _refused(f"the host certificate of {route.name} is damaged: its signature is wrong")
    patterns = not certificate.principals or any("*" in p or "?" in p for p in certificate.principals)
    flaw = certificate.problem(route.key_names[-1], now, allowed, patterns=patterns and _wildcard_principals())
    return Shown(key=certificate.plain_key, certificate=certificate, flaw=flaw)


@cache
def _wildcard_principals() -> bool:
    """Whether the ssh of this machine, whose answer ours has to be, is one that takes principals for patterns."""
    said = child.run(["ssh", "-V"], timeout=VERSION_SECONDS).complaint
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", said)
    return not found or (int(found[1]), int(found[2])) >= WILDCARD_PRINCIPALS


def _authorities(known: KnownHosts, route: Route) -> bool:
    return any(entry.marker is Marker.AUTHORITY for name in route.key_names for entry in known.entries(name))


def _refuse_listed(route: Route, shown: Shown) -> None:
    """Refuse what RevokedHostKeys names: the key, who signed its certificate, or that certificate."""
    if not route.revoked_keys:
        return
    try:
        revoked = RevokedKeys.load(route.revoked_keys)
    except (OSError, ValueError) as error:
        raise _refused(f"RevokedHostKeys of {route.name} cannot be read, so no key is accepted: {error}") from None
    certificate = shown.certificate
    if revoked.has_key(shown.key):
        what = "the host key"
    elif certificate and revoked.has_key(certificate.authority):
        what = "the authority that signed the host key"
    elif certificate and revoked.has_certificate(certificate):
        what = "the host certificate"
    else:
        return
    raise _wrong_key(route, shown.key, f"{what} of {route.name}", (route.revoked_keys,), revoked=True)


def _first_contact(route: Route, shown: Shown) -> str:
    """Write the key down. Returns what to say; raises Stopped if the host turns out to be known by another key."""
    name = route.key_names[0]
    lines: list[Entry] = []

    def still_new() -> bool:
        nonlocal lines
        trust, lines = judge(KnownHosts.load(route.known_hosts), route.key_names, Shown(key=shown.key))
        return trust is Trust.UNKNOWN

    met = f"first contact with {route.name}: {describe(shown.key)} accepted"
    if not route.new_keys_to:
        return f"{met} for this run; no UserKnownHostsFile is named to write it to"
    try:
        remember(route.new_keys_to, name, shown.key, hashed=route.hash_names, still_new=still_new)
    except OSError as error:
        return f"{met} for this run; it could not be written to {route.new_keys_to}: {error.strerror}"
    if any(entry.key != shown.key for entry in lines):
        raise _wrong(route, shown.key, lines)
    return f"{met} and written to {route.new_keys_to}, as your ssh configuration says"


def _wrong(route: Route, key: bytes, lines: list[Entry], *, revoked: bool = False, why: str = "") -> Stopped:
    if revoked:
        return _wrong_key(route, key, f"the host key of {route.name}", _places(lines), revoked=True)
    known = tuple(dict.fromkeys(f"{describe(entry.key)} ({entry.where})" for entry in lines))
    return _wrong_key(route, key, f"the host key of {route.name}", known, why=why, places=_places(lines))


def _wrong_key(
    route: Route,
    key: bytes,
    what: str,
    known: tuple[str, ...],
    *,
    revoked: bool = False,
    why: str = "",
    places: Sequence[str] = (),
) -> Stopped:
    shown, name = describe(key), route.key_names[0]
    if revoked:
        detail = f"{what}, {shown}, is revoked in {', '.join(known)}: do not connect"
    else:
        detail = (
            f"{what} has changed: it shows {shown}, but known is {', '.join(known)}{why}; it was rebuilt, or somebody "
            f"is in between: ask who runs it, then {forget(name, places)}"
        )
    wrong = WrongKey(host=route.name, known_as=name, shown=shown, known=known, revoked=revoked)
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail, wrong)


def _unknown(route: Route, known: KnownHosts, key: bytes) -> str:
    files = f" ({', '.join(known.unreadable)})" if known.unreadable else ""
    return (
        f"the host key of {route.name} is not in known_hosts{files}: check {describe(key)} with whoever "
        f"runs the machine, then {learn(route)}"
    )


def _places(lines: list[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.where for entry in lines))


def _refused(detail: str) -> Stopped:
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail)
