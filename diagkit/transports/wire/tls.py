"""TLS: a handshake over any connection, whom the certificate is for, until when, and whether we trust its issuer."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from diagkit.model import Connection, Reach
from diagkit.transports.wire.tcp import connected, not_open, since
from diagkit.transports.wire.way import Way, is_address

T = TypeVar("T")


class Tunnel:
    """TLS inside a connection that need not be a socket: a channel of an ssh connection is none."""

    def __init__(self, plain: Connection, context: ssl.SSLContext, server_name: str) -> None:
        """Shake hands. Raises ssl.SSLError (with `verify_code` where it is about trust) or OSError."""
        self._plain = plain
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self._in, self._out, server_hostname=server_name or None)
        self._pump(self.session.do_handshake)

    def _pump(self, step: Callable[[], T]) -> T:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                if more := self._plain.recv(16_384):
                    self._in.write(more)
                else:
                    self._in.write_eof()
            except ssl.SSLError:
                self._flush()  # the alert that tells the server why
                raise
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if data := self._out.read():
            self._plain.sendall(data)

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""
        self._pump(lambda: self.session.write(data))

    def recv(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        try:
            return self._pump(lambda: self.session.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def settimeout(self, seconds: float, /) -> None:
        """Seconds each read or write of the connection below may take."""
        self._plain.settimeout(seconds)

    def close(self) -> None:
        """Close the connection below."""
        self._plain.close()


_READING = threading.Lock()


@cache
def blind_context() -> ssl.SSLContext:
    """A context that trusts everyone: to look at what is served, never to send anything that matters."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _watchful_context() -> ssl.SSLContext:
    with _READING:  # once for all threads: it takes longer than all else that is asked of a target
        return _made_watchful()


@cache
def _made_watchful() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False  # names are compared by the checks, which know more than one
    return context


def tls(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Shake hands trusting nobody but the system's store; if that fails, once more only to see the certificate."""
    started = time.monotonic()
    verdict: dict[str, object] = {"state": "trusted", "verify_code": 0, "verify_message": "ok"}
    try:
        try:
            seen = _handshake(ask, way, patience, _watchful_context)
        except ssl.SSLCertVerificationError as error:
            verdict = {"state": "untrusted", "verify_code": error.verify_code, "verify_message": error.verify_message}
            seen = _handshake(ask, way, patience, blind_context)
    except ssl.SSLError as error:
        return {"state": "no_tls", "took_ms": since(started), "error": error.reason or str(error)}
    except OSError as error:
        return not_open(error, started)
    return verdict | seen | {"took_ms": since(started), "error": ""}


def _handshake(ask: Reach, way: Way, patience: float, context: Callable[[], ssl.SSLContext]) -> dict[str, object]:
    with connected(ask, way, patience) as (connection, _):
        connection.settimeout(patience)
        tunnel = Tunnel(connection, context(), "" if is_address(ask.name) else ask.name)
        der = tunnel.session.getpeercert(binary_form=True) or b""
        return {"version": tunnel.session.version(), "served": _served(tunnel.session)} | _certificate(der)


def _served(session: ssl.SSLObject) -> int:
    """How many certificates the server sent. Public since Python 3.13, there without being public since 3.10."""
    inner: Any = session if hasattr(session, "get_unverified_chain") else getattr(session, "_sslobj", None)
    return len(inner.get_unverified_chain() or ()) if inner else 0


def _certificate(der: bytes) -> dict[str, object]:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    leaf = x509.load_der_x509_certificate(der)
    names: list[str] = []
    try:
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(n.value) for n in san if isinstance(n, x509.DNSName | x509.IPAddress)]
    except (x509.ExtensionNotFound, ValueError):
        pass  # without it a certificate is good for no name at all (RFC 9110 4.3.4)
    oids = {extension.oid for extension in leaf.extensions}
    return {
        "subject": leaf.subject.rfc4514_string(),
        "issuer": leaf.issuer.rfc4514_string(),
        "self_signed": leaf.subject == leaf.issuer,
        "names": names,
        "not_before": leaf.not_valid_before_utc.isoformat(),
        "not_after": leaf.not_valid_after_utc.isoformat(),
        "fetchable": x509.AuthorityInformationAccess.oid in oids,  # it says where to fetch its issuer's certificate
        "sha256": leaf.fingerprint(SHA256()).hex(),
    }
