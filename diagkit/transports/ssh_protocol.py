"""The SSH protocol by paramiko, with our clock and our checks, and the server's own words kept.

Import it only after `lazy_paramiko.load()`. paramiko's `SSHClient` is not used: it tries keys in its own order, and
its timeouts do not hold (`start_client(timeout)` returns as if all were well, a channel may take an hour to open). Some
of what is overridden here is private to paramiko; the tests against a real sshd notice when a version changes it.
"""

from __future__ import annotations

import threading
import time

import paramiko  # noqa: TID253 - see above
from paramiko.common import cMSG_CHANNEL_REQUEST  # noqa: TID253
from paramiko.message import Message  # noqa: TID253
from paramiko.pkey import UnknownKeyType  # noqa: TID253

from diagkit.model import Layer, Silence
from diagkit.transports.forwarding import forward_error, latched
from diagkit.transports.ssh_stream import GuardedStream, Stream
from diagkit.transports.stages import Stopped, seconds_for

WINDOW = 4 << 20  # bytes a channel may send ahead of us
POLL_SECONDS = 2.0  # between looks at the clock of an idle connection; paramiko's 0.1 costs 4 % of a core at 100 hosts
BANNER_LINES = 64
GROUPS_LAST = (  # a group exchange costs 64 ms of CPU, group16 108 ms, group14 35 ms, an elliptic curve 1 ms
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
)
THEIR_KEX: tuple[str, ...] = paramiko.Transport._preferred_kex  # type: ignore[attr-defined]  # noqa: SLF001


class Client(paramiko.Transport):
    """One SSH connection, seen from the client.

    said: what the server told us outside the protocol, in its words: lines before its version, why it hung up.
    presented: its host key or host certificate, as it came.
    """

    _preferred_kex = (
        *(name for name in THEIR_KEX if not name.startswith("diffie-hellman")),
        *(name for name in GROUPS_LAST if name in THEIR_KEX),
    )
    _preferred_ciphers = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
    _preferred_macs = (
        "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-512-etm@openssh.com",
        "hmac-sha2-256",
        "hmac-sha2-512",
    )
    _preferred_pubkeys = (
        *(f"{kind}" for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")),
        *("rsa-sha2-512", "rsa-sha2-256"),
    )

    def __init__(self, stream: Stream, key_algorithms: tuple[str, ...], deadline: float) -> None:
        self.stream = GuardedStream(stream)
        super().__init__(self.stream, default_window_size=WINDOW)  # type: ignore[arg-type]
        self.deadline = deadline
        self.said: list[str] = []
        self.presented = b""
        self.greeted = False
        self._key_algorithms = key_algorithms
        self._opening = threading.local()
        self._refusals: dict[int, tuple[int, str]] = {}

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        return self._key_algorithms

    # ------------------------------------------------------------ stages

    def negotiate(self) -> None:
        """Exchange versions and keys. Raises Stopped at BANNER or HOST_KEY; who the server is remains to be checked."""
        self.handshake_timeout = seconds_for(Layer.HOST_KEY, self.deadline)
        done = threading.Event()
        self.start_client(event=done)
        done.wait(seconds_for(Layer.BANNER, self.deadline) + self.handshake_timeout)
        if self.initial_kex_done and self.is_active():
            return
        error = self.get_exception()
        if isinstance(error, Stopped):
            raise error
        if not self.greeted:
            raise Stopped(Layer.BANNER, Silence.TIMEOUT, "the server accepts connections but says nothing")
        raise _kex_failed(error, self.said)

    def open_shell(self) -> paramiko.Channel:
        """A session channel that runs `sh -s`, without waiting to hear that it does. Raises Stopped at SHELL."""
        seconds = seconds_for(Layer.SHELL, self.deadline)
        try:
            channel = self.open_session(timeout=seconds)
            request = Message()
            request.add_byte(cMSG_CHANNEL_REQUEST)
            request.add_int(channel.remote_chanid)
            request.add_string("exec")
            request.add_boolean(b=True)
            request.add_string("sh -s")
            self._send_user_message(request)  # type: ignore[attr-defined]
        except Exception as error:  # noqa: BLE001 - of any type: what ended paramiko's thread comes out here
            if refusal := self._refusal():
                detail = (
                    f"the server opens no session ({refusal[1]}): MaxSessions may be 0, or the account may only forward"
                )
                raise Stopped(Layer.SHELL, Silence.REFUSED, detail) from None
            lost = not self.is_active()
            ended = f"the connection ended{self.last_words()} ({type(error).__name__}) before it had a session"
            why = ended if lost else f"the server had opened no session after {seconds:.0f} s"
            silence = Silence.UNREACHABLE if lost else Silence.TIMEOUT
            raise Stopped(Layer.SHELL, silence, why) from None
        self.stream.hurried = False
        self.stream.settimeout(POLL_SECONDS)
        return channel

    def open_tcp(self, host: str, port: int, seconds: float) -> paramiko.Channel:
        """A TCP connection made by the server. Raises OSError as a connection from here would, or Stopped."""
        try:
            return latched(self.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=seconds))
        except Exception as error:  # noqa: BLE001 - of any type: what ended paramiko's thread comes out here
            if refusal := self._refusal():
                raise forward_error(*refusal) from None
            if self.is_active():
                raise TimeoutError(f"no answer from {host} port {port} within {seconds:.1f} s") from None
            lost = f"the ssh connection was lost ({type(error).__name__})"
            raise Stopped(Layer.SHELL, Silence.UNREACHABLE, lost) from None

    def hang_up(self) -> None:
        """End the connection at once, whatever state it is in, and leave neither thread nor descriptor behind."""
        self.stream.close()
        self.close()
        self.packetizer.complete_handshake()  # cancels its timer
        if self.is_alive():
            self.join(1.0)

    def last_words(self) -> str:
        """What the server said last, ready to follow a sentence; empty when it said nothing."""
        return f', saying "{self.said[-1][:200]}"' if self.said else ""

    def _refusal(self) -> tuple[int, str] | None:
        """Code and words of the refusal of the channel that this thread asked for last, if it was refused.

        paramiko keeps one exception for all threads, without the server's words; whose it is cannot be told from it.
        """
        return self._refusals.pop(getattr(self._opening, "channel", -1), None)

    # ------------------------------------------------------------ called by paramiko, most in its own thread

    def _check_banner(self) -> None:
        seconds = seconds_for(Layer.BANNER, self.deadline)
        end = time.monotonic() + seconds
        for _ in range(BANNER_LINES):
            try:
                line = self.stream.readline(end).decode("utf-8", "replace")
            except TimeoutError:
                detail = f"connected, but no SSH version within {seconds:.0f} s: sshd hangs, or something else listens"
                raise Stopped(Layer.BANNER, Silence.TIMEOUT, detail) from None
            except (OSError, EOFError):
                detail = (
                    f"the server hung up before its SSH version{self.last_words()}: too many connections "
                    "(MaxStartups), a ban, or no memory for another sshd"
                )
                raise Stopped(Layer.BANNER, Silence.REFUSED, detail) from None
            except ValueError:
                break
            if line.startswith(("SSH-2.0-", "SSH-1.99-")):
                self.remote_version = line
                self.greeted = True
                return
            self.said.append(line)
        raise Stopped(Layer.BANNER, Silence.GARBLED, f"what listens there does not speak SSH{self.last_words()}")

    def _verify_key(self, host_key: bytes, signature: bytes) -> None:
        super()._verify_key(host_key, signature)  # type: ignore[misc]
        if self.presented not in (b"", host_key):
            raise paramiko.SSHException("the server changed its host key while connected")
        self.presented = host_key

    def _parse_disconnect(self, message: Message) -> None:
        message.get_int()
        self.said.append(message.get_text())

    def _next_channel(self) -> int:
        channel: int = super()._next_channel()  # type: ignore[misc]
        self._opening.channel = channel
        return channel

    def _parse_channel_open_failure(self, message: Message) -> None:
        channel, code, words = message.get_int(), message.get_int(), message.get_text()
        self._refusals[channel] = code, words
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc]

    def _log(self, level: int, message: object, *values: object) -> None:
        """Nothing: formatting lines that nobody reads was a tenth of a connection's cost."""

    def _parse_debug(self, message: Message) -> None:
        """Nothing, for the same reason."""


def signature_holds(key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key made this signature."""
    kind = Message(key).get_text()
    try:
        return paramiko.PKey.from_type_string(kind, key).verify_ssh_sig(signed, Message(signature))
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        return False


def _kex_failed(error: Exception | None, said: list[str]) -> Stopped:
    words = f', saying "{said[-1][:200]}"' if said else ""
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        detail = (
            f"no common algorithm with the server ({error}): it offers only what is no longer safe, or a key type "
            f"that paramiko {paramiko.__version__} lacks"
        )
        return Stopped(Layer.HOST_KEY, Silence.UNSUPPORTED, detail)
    if error is None or isinstance(error, EOFError | OSError):
        detail = f"the key exchange did not finish{words}: the connection was cut, or the server is stuck"
        return Stopped(Layer.HOST_KEY, Silence.TIMEOUT if error is None else Silence.UNREACHABLE, detail)
    return Stopped(Layer.HOST_KEY, Silence.GARBLED, f"the key exchange failed: {error}")
