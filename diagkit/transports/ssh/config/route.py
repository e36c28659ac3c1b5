"""Where an ssh target leads: the user's own ssh configuration, as ssh itself understands it.

settings.py asks `ssh -G`; only where there is no ssh does reader.py read the files. Here their answer
becomes a Route.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import socket
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.model import Layer, Silence
from diagkit.transports import child
from diagkit.transports.names import check_host_name, check_user_name
from diagkit.transports.ssh.config.algorithms import restricted
from diagkit.transports.ssh.config.beyond import beyond, is_live
from diagkit.transports.ssh.config.reader import read
from diagkit.transports.ssh.config.settings import (
    ANSWER_SECONDS,
    EXPANDED,
    Answers,
    Hop,
    Refused,
    Settings,
    expand,
    tokens,
)
from diagkit.transports.ssh.host_keys.known_hosts import SSH_PORT, lookup_names
from diagkit.transports.ssh.host_keys.public_key import kind_of
from diagkit.transports.ssh.login.agent import agent_at
from diagkit.transports.ssh.login.key_files import key_file
from diagkit.transports.ssh.stages import Stopped

__all__ = ["DEFAULT_KEYS", "Hop", "Route", "resolve"]

DEFAULT_KEYS = tuple(f"~/.ssh/id_{kind}" for kind in ("rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk"))
DEFAULT_USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
DEFAULT_GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
PROXY_TOKENS = frozenset("%hknpr")  # of ProxyCommand; ssh refuses any other


@frozen(kw_only=True)
class Route:
    """How to reach one machine and how to know it.

    key_names: names its host key may be filed under, best first. agent: path of the agent's socket, or empty.
    accept_new: the user allows first contact with a host nobody knows; its key is then written to `new_keys_to`, under
    a hash of its name if `hash_names`. key_algorithms: of host keys, in the order to ask for them, and
    authority_algorithms: of signatures under host certificates; none named: as OpenSSH does by default.
    connect_seconds: 0 for no limit of the user's.
    proxy_command: what to run for a connection, ready for the shell, or empty. beyond: what of the user's setup only
    ssh itself can do, in words. notes: what the user should be told about the configuration. certificates: files of
    CertificateFile. live_master: control socket of the user's ssh that is connected there already, or empty. batch:
    nothing may be asked of the user. allowed: lists of algorithms as the user has changed them.
    """

    name: str
    host: str
    port: int
    user: str
    family: socket.AddressFamily
    key_names: tuple[str, ...]
    known_hosts: tuple[str, ...]
    revoked_keys: str
    accept_new: bool
    new_keys_to: str = ""
    hash_names: bool = False
    key_algorithms: str = ""
    authority_algorithms: str = ""
    identities: tuple[str, ...]
    identities_only: bool
    agent: str
    connect_seconds: float
    jumps: tuple[Hop, ...]
    proxy_command: str = ""
    beyond: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    live_master: str = ""
    batch: bool = False
    allowed: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def algorithms(self, keyword: str) -> tuple[str, ...] | None:
        """What the user allows of what paramiko has, the user's order; None for no change to ssh's defaults."""
        return dict(self.allowed).get(keyword)


_asking = threading.Lock()  # held where one asks for all: with a cache alone, all that come at once would ask


@lru_cache(maxsize=4096)
def resolve(hop: Hop, config: str = "") -> Route:
    """The way to a machine by the user's ssh configuration, or by the file `config` alone (`none`: no file at all).

    Raises Stopped at layer NAME when the configuration does not parse or asks for what cannot be done here.
    """
    try:
        check_host_name(hop.host)
        if hop.user:
            check_user_name(hop.user)
    except ValueError as error:
        raise Stopped(Layer.NAME, Silence.UNSUPPORTED, str(error)) from None
    with _asking:
        openssh = _is_openssh(os.environ.get("PATH"))
        answers = _answers(config)
    if openssh:
        defaults = _defaults() if config != "none" else {}
        return _route(hop, answers.about(hop), defaults)
    settings, notes = read(hop, config)
    return _route(hop, settings, {}, notes=notes)


@lru_cache(maxsize=4)
def _is_openssh(path: str | None) -> bool:
    """Whether the ssh on this path can be asked; dropbear's goes by the same name, where machines are small."""
    program = shutil.which("ssh", path=path)
    if program is None:
        return False
    return child.run([program, "-V"], timeout=ANSWER_SECONDS).complaint.startswith("OpenSSH")


@lru_cache(maxsize=16)
def _answers(config: str) -> Answers:
    return Answers(config)


@lru_cache(maxsize=1)
def _defaults() -> Settings:
    """What ssh does where nobody has configured anything."""
    return _answers("none").about(Hop(host="localhost"))


def _route(hop: Hop, settings: Settings, defaults: Settings, notes: tuple[str, ...] | None = None) -> Route:
    """notes: of whoever read the files without ssh; None when ssh itself has answered."""
    known = tokens(hop, settings)

    def one(key: str, default: str = "") -> str:
        value = settings.get(key, [default])[0]
        return "" if value == "none" else value

    def path(text: str, key: str) -> str:
        return expand(text, {} if key in EXPANDED and notes is None else known)

    def paths(key: str, default: Sequence[str]) -> tuple[str, ...]:
        return tuple(path(text, key) for text in settings.get(key, default) if text != "none")

    def files(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        texts = (text for line in settings.get(key, default) for text in _several(line))
        return tuple(path(text, key) for text in texts if text != "none")

    host, port, alias = one("hostname", hop.host), _port(one("port", str(SSH_PORT))), one("hostkeyalias")
    users = files("userknownhostsfile", DEFAULT_USER_FILES)
    jumps = hops(hop.host, one("proxyjump"))
    command = one("proxycommand")
    keys = one("pubkeyauthentication", "yes") not in ("no", "false")  # it may also be unbound or host-bound
    identities = tuple(dict.fromkeys(paths("identityfile", DEFAULT_KEYS))) if keys else ()
    agent = _agent(one("identityagent", "SSH_AUTH_SOCK"), known if notes is not None else {}) if keys else ""
    only = one("identitiesonly") == "yes"
    allowed = restricted(settings, defaults)
    live_master = one("controlpath") if notes is None and is_live(one("controlpath")) else ""
    asked = beyond(settings, defaults, allowed, direct=not (jumps or command), live_master=live_master)
    more = (*asked, *_fido(identities, agent, only=only))
    told: tuple[str, ...] = ()
    if one("nohostauthenticationforlocalhost") == "yes" and not alias and _is_here(host):
        told = (f"NoHostAuthenticationForLocalhost is passed over: {hop.host} has to show the key that is known of it",)
    if notes is not None:
        if "ProxyUseFdpass" in more:
            raise _unsupported(hop.host, "ProxyUseFdpass, and there is no ssh here to do it")
        notes += tuple(f"{what} in the ssh configuration is passed over, as there is no ssh here" for what in more)
        more = ()
    return Route(
        name=hop.host,
        host=host,
        port=port,
        user=one("user") or known["u"],
        family=socket.AddressFamily(FAMILIES.get(one("addressfamily"), socket.AF_UNSPEC)),
        key_names=lookup_names(host, port, alias),
        known_hosts=users + files("globalknownhostsfile", DEFAULT_GLOBAL_FILES),
        revoked_keys=path(one("revokedhostkeys"), "revokedhostkeys"),
        accept_new=one("stricthostkeychecking") in ("accept-new", "no", "off", "false"),
        new_keys_to=next(iter(users), ""),
        hash_names=one("hashknownhosts") == "yes",
        key_algorithms=one("hostkeyalgorithms"),
        authority_algorithms=one("casignaturealgorithms"),
        identities=identities,
        certificates=paths("certificatefile", ()) if keys else (),
        identities_only=only,
        agent=agent,
        connect_seconds=float(one("connecttimeout") or 0),
        jumps=jumps,
        proxy_command=_command(hop.host, command, known),
        beyond=more,
        notes=(*(notes or ()), *told),
        live_master=live_master,
        batch=one("batchmode") == "yes",
        allowed=tuple(allowed.items()),
    )


def _several(line: str) -> list[str]:
    """The files that a line names. `ssh -G` leaves out the quotes around those with blanks in their names.

    So what does not look like the beginning of a path, and is none of a file here, goes on with the one before it.
    """
    found: list[str] = []
    for word in line.split(" "):
        if found and not word.startswith(("/", "~", "$", "%")) and not (word and Path(word).exists()):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _is_here(host: str) -> bool:
    """Whether this is an address of loopback, or the name of one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".") == "localhost"


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 1 << 16:
        return int(text)
    try:
        return socket.getservbyname(text, "tcp")
    except OSError:
        raise Refused(f"the ssh configuration does not parse: {text!r} is no port") from None


def _agent(text: str, known: dict[str, str]) -> str:
    """The path of the agent's socket: IdentityAgent names it, a variable that holds it, or SSH_AUTH_SOCK."""
    if text == "SSH_AUTH_SOCK":
        text = "${SSH_AUTH_SOCK}"
    elif text.startswith("$") and not text.startswith("${"):
        text = f"${{{text[1:]}}}"
    return expand(text, known)


def _command(host: str, text: str, known: dict[str, str]) -> str:
    """ProxyCommand, ready for the shell."""

    def stand_in(found: re.Match[str]) -> str:
        if found[1] not in PROXY_TOKENS:
            raise Refused(f"ProxyCommand of {host} has a token that ssh does not know there: {found[0]}")
        return known[found[1]]

    return re.sub(r"%(.?)", stand_in, text)


def hops(host: str, jump: str) -> tuple[Hop, ...]:
    """The machines that a ProxyJump of this host names, the first to be connected to first. Raises Stopped at NAME."""
    return tuple(_hop(host, text) for text in jump.split(",") if text and text != "none")


def _hop(host: str, text: str) -> Hop:
    """One hop of ProxyJump: `[user@]host[:port]` or `ssh://…`, IPv6 in brackets."""
    found = re.fullmatch(r"(?:ssh://)?(?:(.+)@)?(?:\[([^]]+)\]|([^:\[\]]+))(?::(\d{1,5}))?/?", text.strip())
    if not found:
        raise Refused(f"ProxyJump of {host} is not [user@]host[:port]: {text!r}")
    user, bracketed, plain, port = found.groups()
    return Hop(host=bracketed or plain, user=user or "", port=int(port or 0))


@lru_cache(maxsize=256)
def _fido(identities: tuple[str, ...], agent: str, *, only: bool) -> tuple[str, ...]:
    """Whether nothing but FIDO keys could be offered. Where there are others, those are tried."""
    files = [key_file(path) for path in identities]
    named = {file.public for file in files}
    held = [kind_of(public) for public in agent_at(agent).held if not only or public in named]
    kinds = held + [kind_of(file.public) for file in files if file.private]
    return ("a FIDO key",) if kinds and all(kind.startswith("sk-") for kind in kinds) else ()


def _unsupported(host: str, what: str) -> Stopped:
    return Stopped(
        Layer.NAME, Silence.UNSUPPORTED, f"the ssh configuration of {host} uses what diagkit does not support: {what}"
    )
