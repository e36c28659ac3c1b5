"""Which kinds of host key to ask a server for, best first: sshconnect.c's order_hostkeyalgs.

The server shows a key of the first kind that it has. Asked in the wrong order it would show a key that nobody knows,
although one that is known stood beside it: a false alarm.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts, Marker
from diagkit.transports.ssh.host_keys.patterns import matches
from diagkit.transports.ssh.host_keys.public_key import CERTIFIED, SIGNATURES, kind_of

PLAIN = (  # what paramiko can verify, in OpenSSH's order; never SHA-1
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
ALL = (*(name + CERTIFIED for name in PLAIN), *PLAIN)


def algorithms(route: Route, known: KnownHosts) -> tuple[str, ...]:
    """The host key algorithms to offer, those of keys on file first.

    Certificates of every kind come first where an authority could vouch for the host. Only what is filed under the best
    name counts, as for ssh.
    """
    allowed = [name for name in listed(route.key_algorithms, ALL) if name in ALL] or list(ALL)
    entries = known.entries(route.key_names[0])
    types = {kind_of(entry.key) for entry in entries if entry.marker is Marker.KEY}
    if plain_type(allowed[0]) in types:
        return tuple(allowed)
    vouched = any(entry.marker is Marker.AUTHORITY for entry in entries)
    first = [name for name in allowed if plain_type(name) in types or (vouched and name.endswith(CERTIFIED))]
    return (*first, *(name for name in allowed if name not in first))


def plain_type(algorithm: str) -> str:
    """The type of the key that signs with this algorithm, a certificate's key or not."""
    plain = algorithm.removesuffix(CERTIFIED)
    return SIGNATURES.get(plain, plain)


def listed(text: str, usual: Sequence[str]) -> tuple[str, ...]:
    """A list of algorithms as the configuration has it: names, or the usual ones with more, fewer or others first."""
    names = text.lstrip("+-^").split(",")
    if not text:
        return tuple(usual)
    if text.startswith("+"):
        return (*usual, *(name for name in names if name not in usual))
    if text.startswith("-"):
        return tuple(name for name in usual if not matches(name.encode(), text[1:].encode()))
    if text.startswith("^"):
        return (*names, *(name for name in usual if name not in names))
    return tuple(names)
