"""Proving who we are: certificates and keys, of the agent and of files, in ssh's order, and never more than a few.

Public keys only; a password is never asked for. Servers count failures (MaxAuthTries is 6, fail2ban bans after 5),
hence the limit on offers. Each key is offered to a host once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import paramiko  # noqa: TID253 - see client.py
from paramiko.pkey import PublicBlob  # noqa: TID253

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.by_paramiko.client import Client
from diagkit.transports.ssh.config.route import DEFAULT_KEYS, Route
from diagkit.transports.ssh.host_keys import certificate as host_certificate
from diagkit.transports.ssh.host_keys.public_key import CERTIFIED, describe, kind_of
from diagkit.transports.ssh.login.agent import agent_at
from diagkit.transports.ssh.login.key_files import KeyFile, certificate_file, key_file
from diagkit.transports.ssh.login.passphrases import Passphrases, somebody_is_there
from diagkit.transports.ssh.login.private_keys import PrivateKey, Sign, Unusable, WrongPassphrase
from diagkit.transports.ssh.stages import Stopped, seconds_for

MOST_OFFERS = 3
LONG_ENOUGH = 3600.0  # seconds for a passphrase that is asked for before the machines are


@dataclass(slots=True)
class Attempt:
    """What was offered and what was passed over, in words for whoever has to find out why nothing fitted."""

    offered: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    halfway: bool = False  # a key was accepted, and the server wants another one
    waited: float = 0.0  # seconds for the server's answers, all together

    def __str__(self) -> str:
        words = f"offered {', '.join(self.offered)}" if self.offered else "no key to offer"
        return f"{words}; passed over: {'; '.join(self.passed_over)}" if self.passed_over else words


class Offer(paramiko.PKey):
    """A public key or certificate as it is shown to the server, and whoever can sign for it."""

    def __init__(self, shown: bytes, label: str, sign: Sign) -> None:
        self.shown = shown
        self.public_blob = PublicBlob(kind_of(shown), shown)
        self.label = label
        self._sign = sign

    def get_name(self) -> str:
        return kind_of(self.shown).removesuffix(CERTIFIED)

    def asbytes(self) -> bytes:
        return self.shown

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        """The signature; nothing from an agent that declines, which the server takes for a key that does not fit."""
        try:
            return paramiko.Message(self._sign(data, algorithm or self.get_name()))
        except OSError:
            return paramiko.Message()


def authenticate(client: Client, route: Route, passphrases: Passphrases[PrivateKey] | None = None) -> None:
    """Log in as the route's user, or raise Stopped at AUTHENTICATION saying which keys were tried.

    passphrases: how to unlock key files; without, locked ones are passed over.
    """
    attempt = Attempt()
    for offer in _Ring(route, passphrases, attempt, client.deadline).offers():
        if len(attempt.offered) == MOST_OFFERS:
            attempt.passed_over.append(f"more keys ({MOST_OFFERS} are enough: name the right one as IdentityFile)")
            break
        attempt.offered.append(offer.label)
        if _offer(client, route, offer, attempt):
            return
    if attempt.halfway:
        raise _denied(client, route, f"a key was accepted, but the server wants another one too: {attempt}")
    raise _denied(client, route, f"Permission denied (publickey): {attempt}")


def unlock_ahead(routes: Iterable[Route], passphrases: Passphrases[PrivateKey]) -> None:
    """Ask now for the passphrases that will surely be needed, before any machine's time runs.

    That is where the first key to be offered is locked. One that may not be needed is asked for when its turn comes.
    """
    alike = {(r.identities, r.certificates, r.agent, r.identities_only, r.batch, r.allowed): r for r in routes}
    for route in alike.values():
        next(_Ring(route, passphrases, Attempt(), time.monotonic() + LONG_ENOUGH).offers(), None)


@dataclass(slots=True)
class _Ring:
    """The keys that may be offered to one host."""

    route: Route
    passphrases: Passphrases[PrivateKey] | None
    attempt: Attempt
    deadline: float

    def offers(self) -> Iterator[Offer]:
        """In ssh's order: certificates; keys of the agent that files name, the agent's others; files alone.

        A file is only unlocked when it is its turn.
        """
        agent = agent_at(self.route.agent)
        if agent.trouble:
            self.attempt.passed_over.append(f"the agent at {agent.path}: {agent.trouble}")
        files = [file for path in self.route.identities if self._is_there(file := key_file(path))]
        named = dict.fromkeys(file.public for file in files if file.public)
        held = [public for public in agent.held if self._fits(public, "of the agent")]
        plain = [public for public in held if not kind_of(public).endswith(CERTIFIED)]
        by_agent = {public: partial(agent.sign, public) for public in held}
        alone = [
            file
            for file in files
            if file.private and file.public not in by_agent and self._fits(file.public, f"at {file.path}")
        ]

        for shown, key, where in self._certificates(held, named):
            if key in by_agent or shown in by_agent:
                sign: Sign | None = by_agent.get(shown) or by_agent[key]
            else:
                owner = next((file for file in files if file.private and file.public == key), None)
                loaded = self._load(owner) if owner else None
                sign = loaded.sign if loaded else None
            if sign:
                yield Offer(shown, f"{describe(key)} certified by {where}", sign)
        ours = [public for public in named if public in plain]
        others = [] if self.route.identities_only else [public for public in plain if public not in named]
        for public in (*ours, *others):
            yield Offer(public, f"{describe(public)} from the agent", by_agent[public])
        for file in alone:
            if loaded := self._load(file):
                yield Offer(loaded.public, f"{describe(loaded.public)} from {file.path}", loaded.sign)

    def _certificates(self, held: list[bytes], named: dict[bytes, None]) -> Iterator[tuple[bytes, bytes, str]]:
        """Each certificate that may count, with the key it is about, and where it was found."""
        paths = (*self.route.certificates, *(f"{path}-cert.pub" for path in self.route.identities))
        found = {blob: path for path in paths if (blob := certificate_file(path))}
        found |= {public: "the agent" for public in held if public not in found}
        for shown, where in found.items():
            try:
                certificate = host_certificate.parse(shown)
            except ValueError as error:
                self.attempt.passed_over.append(f"the certificate at {where} is damaged: {error}")
                continue
            if not certificate or not self._fits(shown, f"at {where}"):
                continue
            if where == "the agent" and self.route.identities_only and certificate.plain_key not in named:
                continue
            if problem := _problem(certificate):
                self.attempt.passed_over.append(f"the certificate at {where}: {problem}")
                continue
            yield shown, certificate.plain_key, where

    def _is_there(self, file: KeyFile) -> bool:
        if file.trouble:
            self.attempt.passed_over.append(f"{file.path}: {file.trouble}")
        elif file.missing and Path(file.path).name not in {Path(default).name for default in DEFAULT_KEYS}:
            self.attempt.passed_over.append(f"{file.path}: no such file")
        return not file.missing

    def _fits(self, public: bytes, where: str) -> bool:
        """Whether paramiko and the user's PubkeyAcceptedAlgorithms know keys of this kind."""
        kind = kind_of(public)
        if kind.startswith("sk-"):
            word = "only ssh itself can use it, with --transport openssh"
            self.attempt.passed_over.append(f"a FIDO key {where} ({kind.partition('@')[0]}): {word}")
            return False
        accepted = self.route.algorithms("pubkeyacceptedalgorithms")
        known = {name.replace("rsa-sha2-256", "ssh-rsa").replace("rsa-sha2-512", "ssh-rsa") for name in accepted or ()}
        if accepted is not None and kind and kind not in known:
            self.attempt.passed_over.append(f"a key {where} ({kind}): PubkeyAcceptedAlgorithms leaves it out")
            return False
        return True

    def _load(self, file: KeyFile) -> PrivateKey | None:
        try:
            if not file.locked:
                return _unlocked(file.path)
            if self.passphrases and not self.route.batch and somebody_is_there():
                if key := self.passphrases.unlock(file.path, partial(_by_passphrase, file.path), self.deadline):
                    return key
                why = "has a passphrase that was not entered"
            else:
                why = "has a passphrase, and there is nobody to ask: ssh-add it to your agent first"
        except Unusable as unusable:
            why = str(unusable)
        self.attempt.passed_over.append(f"{file.path} {why}")
        return None


@lru_cache(maxsize=64)
def _unlocked(path: str) -> PrivateKey:
    """Each key file is read once per run: an RSA key costs 150 ms of CPU."""
    return PrivateKey(path)


def _by_passphrase(path: str, passphrase: bytes) -> PrivateKey | None:
    try:
        return PrivateKey(path, passphrase)
    except WrongPassphrase:
        return None


def _problem(certificate: host_certificate.HostCertificate) -> str:
    """Why a certificate is not offered; empty when it is. Only the server knows which authority and names count."""
    if certificate.kind != host_certificate.USER:
        return "it is about a host"
    if time.time() >= certificate.valid_before:
        return "it has expired"
    return "it is not valid yet" if time.time() < certificate.valid_after else ""


def _offer(client: Client, route: Route, key: Offer, attempt: Attempt) -> bool:
    """Offer one key with its signature; whether the server let us in. Raises Stopped when going on is of no use."""
    answered = threading.Event()
    began = time.monotonic()
    seconds = max(0.0, seconds_for(Layer.AUTHENTICATION, client.deadline) - attempt.waited)
    try:
        client.offer(route.user, key, answered)
    except (paramiko.SSHException, OSError, EOFError) as broken:
        raise _lost(client, attempt, broken) from None
    in_time = answered.wait(seconds)
    attempt.waited += time.monotonic() - began  # but not the time that somebody takes to enter a passphrase
    if not in_time:
        detail = f"no answer within {attempt.waited:.0f} s: {attempt}; PAM, or a directory service behind it, may hang"
        raise Stopped(Layer.AUTHENTICATION, Silence.TIMEOUT, detail)
    if client.is_authenticated():
        return True
    error = client.get_exception()
    if isinstance(error, paramiko.ssh_exception.PartialAuthentication):
        if "publickey" in error.allowed_types:
            attempt.halfway = True
            return False
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
