"""Whether the key a server presents is the one this host ought to have: accepted as OpenSSH would, or refused.

Strict always. `accept-new` in the user's configuration lets an unknown key pass for this run; nothing is ever written.
"""

from __future__ import annotations

from pathlib import Path

from diagkit.model import Layer, Silence
from diagkit.transports import host_certificate
from diagkit.transports.host_certificate import SUFFIX, Verify
from diagkit.transports.known_hosts import SSH_PORT, Entry, KnownHosts, Marker, Trust, fingerprint, revoked_keys
from diagkit.transports.ssh_config import Route
from diagkit.transports.stages import Stopped

ALGORITHMS = (  # what paramiko can verify, best first; never SHA-1
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)


def algorithms(route: Route, known: KnownHosts) -> tuple[str, ...]:
    """The host key algorithms to offer: those we know a key for first, so that the server shows that key.

    Certificates are asked for only where an authority could vouch for the host.
    """
    entries = [entry for name in route.key_names for entry in known.entries(name)]
    types = {entry.type for entry in entries if entry.marker is Marker.KEY}
    plain = sorted(ALGORITHMS, key=lambda name: ("ssh-rsa" if name.startswith("rsa-") else name) not in types)
    if any(entry.marker is Marker.AUTHORITY for entry in entries):
        return (*(name + SUFFIX for name in ALGORITHMS), *plain)
    return tuple(plain)


def check(route: Route, known: KnownHosts, presented: bytes, now: float, verify: Verify) -> str:
    """Raise Stopped at layer HOST_KEY unless the key is to be trusted. Returns what to tell the user, if anything.

    presented: the key, or a certificate about it, as it came; now: seconds since the epoch.
    """
    try:
        certificate = host_certificate.parse(presented)
    except ValueError as error:
        raise _refused(f"the host certificate of {route.name} is damaged: {error}") from None
    key, reason = presented, ""
    if certificate:
        key = certificate.plain_key
        _refuse_revoked(route, known, certificate.authority, "the authority that signed the key")
    _refuse_revoked(route, known, key, "the host key")
    if certificate:
        authorities = [e for name in route.key_names for e in known.entries(name) if e.marker is Marker.AUTHORITY]
        if any(entry.key == certificate.authority for entry in authorities):
            reason = certificate.problem(route.key_names[-1], now, verify)
            if not reason:
                return ""
            reason = f"; its certificate does not count, for {reason}"
    trust, lines = known.judge(route.key_names, key)
    if trust is Trust.TRUSTED:
        return ""
    if trust is Trust.CHANGED:
        raise _refused(_changed(route, key, lines) + reason)
    if route.accept_new and not reason:
        return (
            f"first contact with {route.name}: {_describe(key)} accepted for this run (accept-new); nothing was written"
        )
    raise _refused(_unknown(route, known, key) + reason)


def _refuse_revoked(route: Route, known: KnownHosts, key: bytes, what: str) -> None:
    trust, lines = known.judge(route.key_names, key)
    if trust is Trust.REVOKED:
        raise _refused(f"{what} of {route.name}, {_describe(key)}, is revoked in {_places(lines)}: do not connect")
    if route.revoked_keys:
        try:
            revoked = revoked_keys(Path(route.revoked_keys))
        except (OSError, ValueError) as error:
            raise _refused(f"RevokedHostKeys of {route.name} cannot be read, so no key is accepted: {error}") from None
        if key in revoked:
            raise _refused(
                f"{what} of {route.name}, {_describe(key)}, is revoked in {route.revoked_keys}: do not connect"
            )


def _changed(route: Route, key: bytes, lines: list[Entry]) -> str:
    expected = ", ".join(dict.fromkeys(_describe(entry.key) for entry in lines))
    return (
        f"the host key of {route.name} has changed: it shows {_describe(key)}, but {_places(lines)} says {expected}; "
        f"it was rebuilt, or somebody is in between: ask who runs it, then ssh-keygen -R '{route.key_names[0]}'"
    )


def _unknown(route: Route, known: KnownHosts, key: bytes) -> str:
    port = "" if route.port == SSH_PORT else f" -p {route.port}"
    files = f" ({', '.join(known.unreadable)})" if known.unreadable else ""
    return (
        f"the host key of {route.name} is not in known_hosts{files}: check {_describe(key)} with whoever "
        f"runs the machine, then ssh-keyscan{port} {route.host} >> ~/.ssh/known_hosts"
    )


def _describe(key: bytes) -> str:
    """`ED25519 SHA256:…`, the words of ssh-keygen -l."""
    kind = key[4 : 4 + int.from_bytes(key[:4], "big")].decode("ascii", "replace")
    return f"{kind.removeprefix('ssh-').split('-')[0].upper()} {fingerprint(key)}"


def _places(lines: list[Entry]) -> str:
    return ", ".join(dict.fromkeys(entry.where for entry in lines))


def _refused(detail: str) -> Stopped:
    return Stopped(Layer.HOST_KEY, Silence.DENIED, detail)
