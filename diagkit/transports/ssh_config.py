"""Where an ssh target leads: the user's own ssh configuration, as ssh itself understands it.

`ssh -G` is asked, because paramiko's parser passes silently over `Include` and much of `Match`. Only where there is no
`ssh` binary does paramiko's parser answer. Like ssh, `-G` runs the commands of `Match exec` in the user's own file.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from diagkit.model import Layer, Silence
from diagkit.transports import child, lazy_paramiko
from diagkit.transports.known_hosts import SSH_PORT, lookup_names
from diagkit.transports.names import check_host_name, check_user_name
from diagkit.transports.stages import Stopped

Settings = Mapping[str, Sequence[str]]
"""Keyword in lower case -> its values, one for each line."""

_TILDE = re.compile(r"(?<=[\s=\"])~(?=/)")
ANSWER_SECONDS = 5.0  # for `ssh -G`, which may run commands of `Match exec` and ask the resolver to canonicalise
DEFAULT_KEYS = tuple(f"~/.ssh/id_{kind}" for kind in ("rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk"))
DEFAULT_USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
DEFAULT_GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A machine as named on a command line or in ProxyJump. Port 0 and an empty user: what the configuration says."""

    host: str
    user: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach one machine and how to know it.

    key_names: names its host key may be filed under, best first. agent: path of the agent's socket, or empty.
    accept_new: the user allows first contact with a host nobody knows; its key is then written to `new_keys_to`, under
    a hash of its name if `hash_names`. key_algorithms: of host keys, in the order to ask for them, and
    authority_algorithms: of signatures under host certificates; none named: as OpenSSH does by default.
    connect_seconds: 0 for no limit of the user's.
    proxy_command: what to run for a connection, ready for the shell, or empty. beyond: what of the user's setup only
    ssh itself can do, in words. notes: what the user should be told about the configuration.
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
    batch: bool = False


@lru_cache(maxsize=1024)
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
    settings = _ask_ssh(hop, config) if shutil.which("ssh") else _parse(hop, config)
    return _route(hop, settings)


def _ask_ssh(hop: Hop, config: str) -> Settings:
    argv = ["ssh", "-G"]
    argv += ["-F", config if config == "none" else str(Path(config).absolute())] if config else []
    argv += ["-l", hop.user] if hop.user else []
    argv += ["-p", str(hop.port)] if hop.port else []
    env = {**os.environ, "LC_ALL": "C"}  # the configuration may name any of its variables
    reply = child.run([*argv, "--", hop.host], timeout=ANSWER_SECONDS, env=env)
    if reply.silence:
        raise Stopped(Layer.NAME, reply.silence, f"ssh -G {hop.host} had not answered after {ANSWER_SECONDS:g} s")
    if reply.code != 0:
        said = " ".join(line for line in reply.complaint.splitlines() if "Pseudo-terminal" not in line)
        raise Stopped(Layer.NAME, Silence.GARBLED, f"ssh does not accept its configuration for {hop.host}: {said}")
    settings: dict[str, list[str]] = {}
    for line in reply.lines:
        key, _, value = line.partition(" ")
        settings.setdefault(key, []).append(value)
    return settings


def _parse(hop: Hop, config: str) -> Settings:
    """Read the files by paramiko, for a workstation without ssh. What it would pass over is refused."""
    paramiko = lazy_paramiko.load()
    broken = paramiko.ssh_exception.ConfigParseError
    merged = paramiko.SSHConfig()
    files = [config] if config else [_home() + "/.ssh/config", "/etc/ssh/ssh_config"]
    for path in files:
        if config == "none" or not (config or Path(path).exists()):
            continue
        try:
            text = Path(path).read_text("utf-8", "surrogateescape")
            if re.search(r"(?im)^\s*include\b", text):
                raise _unsupported(hop.host, f"Include in {path}, as there is no ssh binary here to read it")
            merged.parse(_TILDE.sub(_home(), text).splitlines())  # paramiko would take $HOME
        except (OSError, broken) as error:
            raise Stopped(
                Layer.NAME, Silence.GARBLED, f"the ssh configuration {path} cannot be read: {error}"
            ) from None
    try:
        found = merged.lookup(hop.host)
    except broken as error:
        raise Stopped(Layer.NAME, Silence.GARBLED, f"the ssh configuration does not parse: {error}") from None
    settings = {key: value if isinstance(value, list) else [value] for key, value in found.items()}
    if hop.user:
        settings["user"] = [hop.user]
    if hop.port:
        settings["port"] = [str(hop.port)]
    return settings


def _route(hop: Hop, settings: Settings) -> Route:
    def one(key: str, default: str = "") -> str:
        value = settings.get(key, [default])[0]
        return "" if value == "none" else value

    def words(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(w for line in settings.get(key, default) for w in line.split() if w != "none")

    if one("proxycommand"):
        raise _unsupported(hop.host, "ProxyCommand (ProxyJump is)")
    host, port = one("hostname", hop.host), int(one("port", str(SSH_PORT)))
    alias = one("hostkeyalias")
    user = one("user") or pwd.getpwuid(os.getuid()).pw_name
    tokens = {
        "h": host, "n": hop.host, "p": str(port), "r": user, "k": alias or host, "%": "%", "d": _home(),
        "i": str(os.getuid()), "u": pwd.getpwuid(os.getuid()).pw_name, "l": socket.gethostname(),
        "L": socket.gethostname().partition(".")[0],
    }  # fmt: skip
    identities = [_expand(path, tokens) for path in settings.get("identityfile", DEFAULT_KEYS) if path != "none"]
    agent = settings.get("identityagent", ["SSH_AUTH_SOCK"])[0]
    agent = "$SSH_AUTH_SOCK" if agent == "SSH_AUTH_SOCK" else agent
    return Route(
        name=hop.host,
        host=host,
        port=port,
        user=user,
        family=socket.AddressFamily(FAMILIES.get(one("addressfamily"), socket.AF_UNSPEC)),
        key_names=lookup_names(host, port, alias),
        known_hosts=tuple(
            _expand(path, tokens)
            for path in words("userknownhostsfile", DEFAULT_USER_FILES)
            + words("globalknownhostsfile", DEFAULT_GLOBAL_FILES)
        ),
        revoked_keys=_expand(one("revokedhostkeys"), tokens),
        accept_new=one("stricthostkeychecking") in ("accept-new", "no", "off", "false"),
        new_keys_to=_expand(next(iter(words("userknownhostsfile", DEFAULT_USER_FILES)), ""), tokens),
        hash_names=one("hashknownhosts") == "yes",
        key_algorithms=one("hostkeyalgorithms"),
        authority_algorithms=one("casignaturealgorithms"),
        identities=tuple(identities) if one("pubkeyauthentication", "true") in ("true", "yes") else (),
        identities_only=one("identitiesonly") == "yes",
        agent="" if agent == "none" else _expand(agent, tokens),
        connect_seconds=float(one("connecttimeout") or 0),
        jumps=tuple(_hop(hop.host, text) for text in one("proxyjump").split(",") if text),
    )


def _hop(host: str, text: str) -> Hop:
    """One hop of ProxyJump: `[user@]host[:port]` or `ssh://…`, IPv6 in brackets."""
    found = re.fullmatch(r"(?:ssh://)?(?:(.+)@)?(?:\[([^]]+)\]|([^:\[\]]+))(?::(\d{1,5}))?/?", text.strip())
    if not found:
        raise Stopped(Layer.NAME, Silence.GARBLED, f"ProxyJump of {host} is not [user@]host[:port]: {text!r}")
    user, bracketed, plain, port = found.groups()
    return Hop(host=bracketed or plain, user=user or "", port=int(port or 0))


def _expand(path: str, tokens: Mapping[str, str]) -> str:
    """`~`, `${VAR}`, `$VAR` and ssh's %-tokens; a token we do not know stays, and the file will not be there."""
    path = re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), path)
    path = re.sub(r"\$\{?(\w+)\}?", lambda found: os.environ.get(found[1], ""), path)
    if path == "~" or path.startswith("~/"):
        return _home() + path[1:]
    return str(Path(path).expanduser()) if path.startswith("~") else path


def _home() -> str:
    """The home of the password file, where ssh looks too; $HOME may point elsewhere."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return str(Path.home())


def _unsupported(host: str, what: str) -> Stopped:
    return Stopped(
        Layer.NAME, Silence.UNSUPPORTED, f"the ssh configuration of {host} uses what diagkit does not support: {what}"
    )
