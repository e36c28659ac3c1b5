"""The SSH protocol by paramiko, with fewer round trips than it would take by itself and more of the server's words.

Import it only after `lazy_paramiko.load()`. What is done here leans on parts of paramiko that it does not document;
`hooks.py` sees to it that where one of them is missing, what stands in `public.py` is done instead.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

import paramiko  # noqa: TID253 - see above
from paramiko.auth_handler import AuthHandler  # noqa: TID253
from paramiko.common import cMSG_CHANNEL_CLOSE, cMSG_CHANNEL_REQUEST  # noqa: TID253
from paramiko.kex_curve25519 import KexCurve25519  # noqa: TID253
from paramiko.message import Message  # noqa: TID253
from paramiko.packet import Packetizer  # noqa: TID253
from paramiko.pkey import UnknownKeyType  # noqa: TID253

from diagkit.transports.ssh.by_paramiko.hooks import TRUSTED, fitted, lost, private
from diagkit.transports.ssh.by_paramiko.public import COMMAND, PublicClient
from diagkit.transports.ssh.stream import Stream

BANNER_LINES = 64
FOREIGN = ("SSH-", "HTTP/")  # begins the last line that is waited for: version 1, or what answers our version
PACKET_BYTES = 1 << 18  # OpenSSH takes no longer ones either
VERSION = "to tell a silent server from one stuck in the key exchange, and what it says before its version"
CERTIFICATES = "host certificates, and noticing a host key that changes on the way"
FAREWELL = "the reason that a server gives for hanging up"
REFUSALS = "channels opened side by side, and the words in which one is refused"
TARDY = "closing what a server opens when nobody waits for it any more"
LOG_IN = "a round trip at log-in"
SHELL = "a round trip when the shell is started"
SPEED = "a tenth of the computing time of a connection"
PACKETS = "a limit on the length of packets, and no thread for a second clock"

Transport = paramiko.Transport
reading, opening = Transport.run, Transport.open_channel
THEIR_KEX = getattr(Transport, "_kex_info", {}) if TRUSTED else {}
LIBSSH_NAME = "curve25519-sha256@libssh.org"  # paramiko knows this key exchange by its first name only
verifying = getattr(KexCurve25519, "_parse_kexecdh_reply", None)


@fitted
class Packets(Packetizer):
    """Packets of a length that is to be expected. The handshake's clock is that of who waits for it."""

    @private(Packetizer, "read_all", "n", "check_rekey", by=Packetizer.read_message, gains=PACKETS)
    def read_all(self, n: int, check_rekey: bool = False) -> bytes:  # noqa: FBT001, FBT002 - paramiko's own form
        if n > PACKET_BYTES:
            raise paramiko.SSHException(f"a packet of {n} bytes is not to be expected")
        return super().read_all(n, check_rekey)

    @private(Packetizer, "start_handshake", "timeout", by=reading, gains=PACKETS)
    def start_handshake(self, timeout: float) -> None:
        """Nothing."""


@fitted
class LogIn(AuthHandler):
    """Asks for the service and, in the same breath, to be let in: RFC 4252 obliges nobody to wait between the two."""

    transport: Client

    @private(AuthHandler, "_request_auth", by=AuthHandler.auth_publickey, gains=LOG_IN)
    def _request_auth(self) -> None:
        if not self.transport.service_requested:
            self.transport.service_requested = True
            super()._request_auth()  # type: ignore[misc]
        granted = Message()
        granted.add_string("ssh-userauth")
        granted.rewind()
        super()._parse_service_accept(granted)  # type: ignore[misc]

    @private(AuthHandler, "_parse_service_accept", "m", gains=LOG_IN)
    def _parse_service_accept(self, message: Message) -> None:
        """Nothing: it was taken for granted."""


@fitted
class Client(PublicClient):
    """One SSH connection, seen from the client."""

    packets = Packets
    if LIBSSH_NAME in THEIR_KEX:
        _kex_info = THEIR_KEX | {LIBSSH_NAME.partition("@")[0]: THEIR_KEX[LIBSSH_NAME]}

    def known_kex(self) -> Collection[str]:
        return {*super().known_kex(), *self._kex_info} if THEIR_KEX else super().known_kex()

    def __init__(self, stream: Stream, key_algorithms: tuple[str, ...], deadline: float) -> None:
        self.service_requested = False
        self._presented = b""
        self._greeted = threading.Event()  # or there is nobody left to greet us
        self._asked = threading.local()
        self._refusals: dict[int, tuple[int, str]] = {}
        super().__init__(stream, key_algorithms, deadline)

    @property
    def presented(self) -> bytes:
        """The server's host key or host certificate as it came."""
        return self._presented or super().presented

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """The host key algorithms to offer; paramiko itself would add certificates to every kind of key."""
        return tuple(super().preferred_keys) if CERTIFICATES in lost else self.key_algorithms

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._greeted.set()

    @private(Transport, "_check_banner", by=reading, gains=VERSION)
    def await_version(self, done: threading.Event, seconds: float) -> None:
        del done
        self._greeted.wait(seconds)

    @private(AuthHandler, "auth_publickey", "username", "key", "event", gains=LOG_IN)
    def offer(self, user: str, key: paramiko.PKey, answered: threading.Event) -> None:
        """Ask to log in with a key, signed at once. `answered` is set when the server has, or the connection is lost.

        An RSA key waits until the server has said which signatures it takes, so that none is refused for its kind.
        """
        told = self.server_extensions  # type: ignore[attr-defined]
        if "rsa" in key.get_name() and not told and not self.service_requested:
            super().offer(user, key, answered)
            return
        self.auth_handler = LogIn(self)
        self.auth_handler.auth_publickey(user, key, answered)

    @private(Transport, "_next_channel", by=opening, gains=REFUSALS)
    def open_for(self, kind: str, seconds: float, to: tuple[str, int] | None = None) -> paramiko.Channel:
        """A channel of one kind. paramiko has one error for all threads, without the server's words: we keep each."""
        try:
            return self.open_channel(kind, to, ("127.0.0.1", 0) if to else None, timeout=seconds)
        except Exception:
            if refusal := self._refusals.pop(self._asked.channel, None):
                raise paramiko.ChannelException(*refusal) from None
            raise

    @private(Transport, "_send_user_message", "data", gains=SHELL)
    def execute(self, channel: paramiko.Channel) -> None:
        """Start the shell. What is sent to it next goes out behind this, and what it answers says whether it runs."""
        request = Message()
        request.add_byte(cMSG_CHANNEL_REQUEST)
        request.add_int(channel.remote_chanid)
        request.add_string("exec")
        request.add_boolean(b=False)
        request.add_string(COMMAND)
        self._send_user_message(request)  # type: ignore[attr-defined]

    # ------------------------------------------------------------ called by paramiko, most in its own thread

    @private(Transport, "_check_banner", by=reading, gains=VERSION)
    def _check_banner(self) -> None:
        for _ in range(BANNER_LINES):
            try:
                line = self.stream.readline().decode("utf-8", "replace")
            except (OSError, EOFError):
                raise self.turned_away() from None
            except ValueError:
                break
            if line.startswith(("SSH-2.0-", "SSH-1.99-")):
                self.remote_version = line
                self._greeted.set()
                return
            self.hear(line)
            if line.startswith(FOREIGN):
                break
        raise self.foreign()

    @private(Transport, "_verify_key", "host_key", "sig", by=verifying, gains=CERTIFICATES)
    def _verify_key(self, host_key: bytes, signature: bytes) -> None:
        super()._verify_key(host_key, signature)  # type: ignore[misc]
        if self._presented not in (b"", host_key):
            raise paramiko.SSHException("the server changed its host key while connected")
        self._presented = host_key

    @private(Transport, "_parse_disconnect", "m", by=reading, gains=FAREWELL)
    def _parse_disconnect(self, message: Message) -> None:
        message.get_int()
        self.hear(message.get_string().decode("utf-8", "replace"))

    @private(Transport, "_next_channel", by=opening, gains=REFUSALS)
    def _next_channel(self) -> int:
        channel: int = super()._next_channel()  # type: ignore[misc]
        self._asked.channel = channel
        return channel

    @private(Transport, "_parse_channel_open_success", "m", by=Transport.__init__, gains=TARDY)
    def _parse_channel_open_success(self, message: Message) -> None:
        ours, theirs = message.get_int(), message.get_int()
        if self._channels.get(ours) is not None:  # type: ignore[attr-defined]
            message.rewind()
            super()._parse_channel_open_success(message)  # type: ignore[misc]
        else:  # paramiko would leave it open, and with it what a jump host has connected to
            close = Message()
            close.add_byte(cMSG_CHANNEL_CLOSE)
            close.add_int(theirs)
            self._send_message(close)  # type: ignore[attr-defined]

    @private(Transport, "_parse_channel_open_failure", "m", by=Transport.__init__, gains=REFUSALS)
    def _parse_channel_open_failure(self, message: Message) -> None:
        channel, code, words = message.get_int(), message.get_int(), message.get_string()
        self._refusals[channel] = code, words.decode("utf-8", "replace")
        repeated = Message()  # in words that paramiko can read
        for number in (channel, code):
            repeated.add_int(number)
        for _ in ("words", "language"):
            repeated.add_string("")
        repeated.rewind()
        super()._parse_channel_open_failure(repeated)  # type: ignore[misc]

    @private(Transport, "_log", "level", "msg", "args", by=reading, gains=SPEED)
    def _log(self, level: int, message: object, *values: object) -> None:
        """Nothing: nobody reads it."""

    @private(Transport, "_parse_debug", "m", by=reading, gains=SPEED)
    def _parse_debug(self, message: Message) -> None:
        """Nothing, for the same reason."""


def signature_holds(key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key made this signature."""
    kind = Message(key).get_text()
    try:
        return paramiko.PKey.from_type_string(kind, key).verify_ssh_sig(signed, Message(signature))
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        return False
