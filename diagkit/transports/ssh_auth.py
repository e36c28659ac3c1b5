"""Proving who we are: keys of the agent and of identity files, in ssh's order, and never more than a few.

Public keys only. There is no prompt: a password is never asked for, and neither is the passphrase of a key file, which
an agent holds. Servers count failures (MaxAuthTries is 6, fail2ban bans after 5), hence the limit on offers.
"""

from __future__ import annotations

import base64
import binascii
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import paramiko  # noqa: TID253 - imported by ssh_protocol's users only
from paramiko.agent import AgentKey, AgentSSH  # noqa: TID253
from paramiko.pkey import UnknownKeyType  # noqa: TID253

from diagkit.model import Layer, Silence
from diagkit.transports.known_hosts import fingerprint
from diagkit.transports.ssh_config import DEFAULT_KEYS, Route
from diagkit.transports.ssh_protocol import Client
from diagkit.transports.stages import Stopped, seconds_for

MOST_OFFERS = 3
AGENT_SECONDS = 3.0  # for one answer; an agent may be waiting for somebody to touch a token


@dataclass(slots=True)
class Attempt:
    """What was offered and what was passed over, in words for whoever has to find out why nothing fitted."""

    offered: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        words = f"offered {', '.join(self.offered)}" if self.offered else "no key to offer"
        return f"{words}; passed over: {'; '.join(self.passed_over)}" if self.passed_over else words


class HeldKey(AgentKey):
    """A key of the agent that may decline to be used: its owner is asked each time, or the agent is locked.

    The server then refuses it like any other key that does not fit; paramiko alone would drop the connection.
    """

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:  # type: ignore[override]
        try:
            return super().sign_ssh_data(data, algorithm)
        except (OSError, paramiko.SSHException):
            return paramiko.Message()


class Agent(AgentSSH):
    """The user's ssh-agent, asked with a limit of time. No keys when there is no agent."""

    def __init__(self, path: str, attempt: Attempt) -> None:
        super().__init__()
        if not path:
            return
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(AGENT_SECONDS)
        try:
            self._line.connect(path)
            self._connect(self._line)  # type: ignore[attr-defined]
        except (OSError, paramiko.SSHException) as error:
            attempt.passed_over.append(f"the agent at {path}: {error}")
            self.close()

    def close(self) -> None:
        if hasattr(self, "_line"):
            self._line.close()


def authenticate(client: Client, route: Route) -> None:
    """Log in as the route's user, or raise Stopped at AUTHENTICATION saying which keys were tried."""
    attempt = Attempt()
    agent = Agent(route.agent, attempt)
    try:
        for label, key in _keys(route, agent, attempt):
            if len(attempt.offered) == MOST_OFFERS:
                attempt.passed_over.append(f"more keys ({MOST_OFFERS} are enough: name the right one as IdentityFile)")
                break
            attempt.offered.append(label)
            if _offer(client, route, key, attempt):
                return
    finally:
        agent.close()
    raise _denied(client, route, f"Permission denied (publickey): {attempt}")


def _keys(route: Route, agent: Agent, attempt: Attempt) -> Iterator[tuple[str, paramiko.PKey]]:
    """Keys in ssh's order: those of the agent named in the configuration, the agent's others, then files alone.

    A file is only opened when it is its turn.
    """
    held = {key.blob: HeldKey(agent, key.blob) for key in agent.get_keys() if _usable(key, attempt)}
    named = {path: public for path in route.identities if (public := _public_half(path)) in held}
    ours = [held.pop(public) for public in dict.fromkeys(named.values())]
    others = [] if route.identities_only else list(held.values())
    for key in (*ours, *others):
        yield f"{_describe(key.name, key.blob)} from the agent", key
    for path in route.identities:
        if path not in named and (loaded := _load(path, attempt)):
            yield f"{_describe(loaded.get_name(), loaded.asbytes())} from {path}", loaded


def _usable(key: AgentKey, attempt: Attempt) -> bool:
    if key.name.startswith("sk-"):
        attempt.passed_over.append(f"a FIDO key of the agent ({key.name}): not supported")
    elif "-cert-v01@" in key.name:
        attempt.passed_over.append("a certificate of the agent: not supported")
    else:
        return True
    return False


def _public_half(path: str) -> bytes:
    """The public key beside a private one, as ssh-keygen leaves it; empty when it is not there."""
    try:
        return base64.b64decode(Path(f"{path}.pub").read_bytes().split()[1])
    except (OSError, IndexError, binascii.Error):
        return b""


def _load(path: str, attempt: Attempt) -> paramiko.PKey | None:
    try:
        stat = Path(path).stat()
        return _read_key(path, stat.st_mtime_ns)
    except FileNotFoundError:
        if Path(path).name not in {Path(default).name for default in DEFAULT_KEYS}:
            attempt.passed_over.append(f"{path}: no such file")
    except OSError as error:
        attempt.passed_over.append(f"{path}: {error.strerror}")
    except (paramiko.SSHException, UnknownKeyType, ValueError, TypeError) as error:
        encrypted = isinstance(error, paramiko.PasswordRequiredException) or "password" in str(error).lower()
        why = "has a passphrase: ssh-add it to your agent first" if encrypted else f"cannot be used: {error}"
        attempt.passed_over.append(f"{path} {why}")
    return None


@lru_cache(maxsize=64)
def _read_key(path: str, _changed_ns: int) -> paramiko.PKey:
    """Each key file is read once per run: an RSA key costs 150 ms of CPU."""
    return paramiko.PKey.from_path(path)


def _offer(client: Client, route: Route, key: paramiko.PKey, attempt: Attempt) -> bool:
    """Offer one key with its signature; whether the server let us in. Raises Stopped when going on is of no use."""
    answered = threading.Event()
    seconds = seconds_for(Layer.AUTHENTICATION, client.deadline)
    try:
        client.auth_publickey(route.user, key, answered)
    except (paramiko.SSHException, OSError, EOFError) as broken:
        raise _lost(client, attempt, broken) from None
    if not answered.wait(seconds):
        detail = f"no answer within {seconds:.0f} s: {attempt}; PAM, or a directory service behind it, may hang"
        raise Stopped(Layer.AUTHENTICATION, Silence.TIMEOUT, detail)
    if client.is_authenticated():
        return True
    error = client.get_exception()
    if isinstance(error, paramiko.ssh_exception.PartialAuthentication):
        detail = f"a key was accepted, but the server wants {' or '.join(error.allowed_types)} too: not supported"
        raise _denied(client, route, detail)
    if isinstance(error, paramiko.BadAuthenticationType):
        methods = " or ".join(error.allowed_types) or "nothing"
        detail = f"the server takes no key from this user, only {methods}: not supported"
        raise _denied(client, route, detail)
    if not client.is_active():
        raise _lost(client, attempt, error)
    return False


def _lost(client: Client, attempt: Attempt, error: Exception | None) -> Stopped:
    silence = Silence.DENIED if client.said else Silence.UNREACHABLE
    why = f" ({error})" if isinstance(error, paramiko.SSHException) else ""
    detail = f"the connection ended during log-in{client.last_words()}{why}: {attempt}"
    return Stopped(Layer.AUTHENTICATION, silence, detail)


def _denied(client: Client, route: Route, detail: str) -> Stopped:
    banner = (client.get_banner() or b"").decode("utf-8", "replace").strip()
    said = f'; the server says "{banner[:200]}"' if banner else ""
    return Stopped(Layer.AUTHENTICATION, Silence.DENIED, f"{route.user}@{route.name}: {detail}{said}")


def _describe(kind: str, public: bytes) -> str:
    return f"{kind.removeprefix('ssh-').split('-')[0].upper()} {fingerprint(public)}"
