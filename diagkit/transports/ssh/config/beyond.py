"""What of the user's ssh setup goes beyond paramiko, so that ssh itself has to make the connection.

The settings of ssh_config(5) that bear on a connection, and what becomes of each. Beyond us, said here:

    GSSAPIAuthentication, GSSAPIKeyExchange   paramiko 5 has no GSSAPI; only with a ticket, for Debian and Fedora switch
                                              the first on for everybody
    HostbasedAuthentication                   needs ssh-keysign, which trusts ssh alone
    PKCS11Provider, SecurityKeyProvider       tokens; FIDO keys (sk-*) only where no other key is there to be offered
    KnownHostsCommand                         further host keys
    VerifyHostKeyDNS yes                      host keys vouched for by DNSSEC (`ask` only shows them)
    CheckHostIP yes                           the address has to have the same key; where an old ssh does so by itself,
                                              as before 8.5, it is passed over
    ControlPath with a live master            its owner has logged in already, perhaps by a second factor
    ProxyUseFdpass                            the command hands over a socket
    BindAddress, BindInterface                where the connection is made from here
    PreferredAuthentications w/o publickey    we have nothing else
    KexAlgorithms, Ciphers, MACs, PubkeyAcceptedAlgorithms     set by the user, with nothing in it that paramiko has

Honoured: HostName, Port, User, AddressFamily, ConnectTimeout, ProxyJump, ProxyCommand, HostKeyAlias, HostKeyAlgorithms,
CASignatureAlgorithms, HashKnownHosts, UserKnownHostsFile, GlobalKnownHostsFile, RevokedHostKeys, StrictHostKeyChecking,
IdentityFile, CertificateFile, IdentitiesOnly, IdentityAgent, PubkeyAuthentication, BatchMode, Canonicalize*, Tag, and
the algorithms above as far as paramiko has them.

Passed over: passwords and keyboard-interactive are never asked for; ForwardAgent, ForwardX11, *Forward, Tunnel,
SendEnv, SetEnv, LocalCommand, RemoteCommand, RequestTTY would do more than was asked for; AddKeysToAgent would outlive
the run; RekeyLimit, Compression, IPQoS, ServerAlive*, TCPKeepAlive, ConnectionAttempts have no bearing on a connection
that lasts seconds and has deadlines of its own; UpdateHostKeys only adds to known_hosts; RequiredRSASize is about keys
that known_hosts or the server vouch for; NoHostAuthenticationForLocalhost would accept any key, and on this machine too
a port may be anybody's, which is said. SSH_ASKPASS is not asked: a window for each of a hundred machines, at a desk
where perhaps nobody sits, and its answer would pass through us; ssh-agent asks once, and so do we, on a terminal.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from diagkit.transports import child
from diagkit.transports.ssh.config.algorithms import NAMES

TICKET_SECONDS = 2.0  # for klist
MASTER_SECONDS = 0.5  # for a connection to a socket of this machine

Settings = Mapping[str, Sequence[str]]


def beyond(
    settings: Settings, defaults: Settings, algorithms: Mapping[str, tuple[str, ...]], *, direct: bool, live_master: str
) -> Iterator[str]:
    """In words, each of the things above that a host's settings ask for.

    defaults: what ssh says where nothing is configured. direct: no jump host or proxy leads there. live_master: the
    ControlPath of one, or empty.
    """

    def on(keyword: str) -> bool:
        return settings.get(keyword, ["no"])[0] in ("yes", "true")

    def value(keyword: str) -> str:
        said = settings.get(keyword, ["none"])[0]
        return "" if said == "none" else said

    if (on("gssapiauthentication") or on("gssapikeyexchange")) and has_ticket():
        yield "GSSAPI with the user's Kerberos ticket"
    yield from (name for name in ("HostbasedAuthentication", "VerifyHostKeyDNS") if on(name.lower()))
    yield from (name for name in ("PKCS11Provider", "KnownHostsCommand") if value(name.lower()))
    if direct and on("checkhostip") and defaults.get("checkhostip") == ["no"] and not value("hostkeyalias"):
        yield "CheckHostIP"
    if live_master:
        yield "the user's ControlMaster, which is connected already"
    if on("proxyusefdpass") and value("proxycommand"):
        yield "ProxyUseFdpass"
    if direct:
        yield from (name for name in ("BindAddress", "BindInterface") if value(name.lower()))
    preferred = value("preferredauthentications")
    if preferred and "publickey" not in preferred.split(","):
        yield "PreferredAuthentications without publickey"
    yield from (f"{NAMES[keyword]} that paramiko lacks" for keyword, names in algorithms.items() if not names)


@lru_cache(maxsize=1)
def has_ticket() -> bool:
    """Whether the user has a Kerberos ticket that is still valid; asked once per run."""
    if shutil.which("klist"):
        reply = child.run(["klist", "-s"], timeout=TICKET_SECONDS, env=dict(os.environ))
        return reply.silence is None and reply.code == 0
    named = os.environ.get("KRB5CCNAME", f"FILE:/tmp/krb5cc_{os.getuid()}")
    kind, colon, path = named.partition(":")
    return kind == "FILE" and Path(path).exists() if colon else Path(named).exists()


def is_live(control_path: str) -> bool:
    """Whether a master listens at this ControlPath; a socket may be left over from one that died."""
    if not control_path or not Path(control_path).exists():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(MASTER_SECONDS)
        try:
            line.connect(control_path)
        except OSError:
            return False
    return True
