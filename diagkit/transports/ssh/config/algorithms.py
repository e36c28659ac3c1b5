"""The user's KexAlgorithms, Ciphers, MACs and PubkeyAcceptedAlgorithms, as far as paramiko has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.host_keys.public_key import CERTIFIED
from diagkit.transports.ssh.stages import Stopped

if TYPE_CHECKING:
    import paramiko

    from diagkit.transports.ssh.config.route import Route

Settings = Mapping[str, Sequence[str]]

ALGORITHMS = {  # what paramiko 3.5 to 5 has and we let it use
    "kexalgorithms": frozenset(
        {
            *("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"),
            *("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
            *("diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group-exchange-sha256"),
        }
    ),
    "ciphers": frozenset(
        {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"}
    ),
    "macs": frozenset(
        {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"}
    ),
    "pubkeyacceptedalgorithms": frozenset(
        name + ending
        for name in ("ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512", *(f"ecdsa-sha2-nistp{n}" for n in (256, 384, 521)))
        for ending in ("", CERTIFIED)
    ),
}
NAMES = {
    "kexalgorithms": "KexAlgorithms",
    "ciphers": "Ciphers",
    "macs": "MACs",
    "pubkeyacceptedalgorithms": "PubkeyAcceptedAlgorithms",
}


def restricted(settings: Settings, defaults: Settings) -> dict[str, tuple[str, ...]]:
    """The lists of algorithms that the user has changed, and of each what paramiko has."""
    found = {}
    for keyword, ours in ALGORITHMS.items():
        said = settings.get(keyword, [])
        if said and defaults and said != defaults.get(keyword):
            found[keyword] = tuple(name for name in said[0].split(",") if name in ours)
    return found


def restrict(client: paramiko.Transport, route: Route) -> None:
    """Let the connection use only what the user allows, in the user's order. Raises Stopped when nothing is left.

    To be called before the key exchange.
    """
    options = client.get_security_options()
    for attribute, keyword in (("kex", "kexalgorithms"), ("ciphers", "ciphers"), ("digests", "macs")):
        allowed = route.algorithms(keyword)
        if allowed is None:
            continue
        names = tuple(name for name in allowed if name in getattr(options, attribute))
        if not names:
            detail = f"the user's {NAMES[keyword]} has nothing that this version of paramiko knows"
            raise Stopped(Layer.HOST_KEY, Silence.UNSUPPORTED, detail)
        setattr(options, attribute, names)
