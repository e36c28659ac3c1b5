"""The SSH protocol by what paramiko documents, with our clock for every stage.

Import it only after `lazy_paramiko.load()`. paramiko's `SSHClient` is not used: it tries keys in its own order, and
its timeouts do not hold (`start_client(timeout)` returns as if all were well, a channel may take an hour to open). Here
paramiko's own thread never looks at a clock: whoever waits for a stage does, and hangs up when it is over.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

import paramiko  # noqa: TID253 - see above
from paramiko.packet import Packetizer  # noqa: TID253

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.forwarding import forward_error, latched
from diagkit.transports.ssh.stages import Stopped, seconds_for
from diagkit.transports.ssh.stream import GuardedStream, Stream

WINDOW = 4 << 20  # bytes a channel may send ahead of us
KEX = (  # an elliptic curve costs 1 ms of CPU, group14 35, a group exchange 64, group16 108
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "curve25519-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
)
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
WEAK_SIGNATURES = ("ssh-rsa", "ssh-dss")  # SHA-1; paramiko before 5 has them
COMMAND = "sh -s"
NEVER = 1e6  # seconds; for paramiko's own clocks


class PublicClient(paramiko.Transport):
    """One SSH connection, seen from the client.

    said: what the server told us outside the protocol, in its words: lines before its version, why it hung up.
    """

    packets: type[Packetizer] = Packetizer

    def __init__(self, stream: Stream, key_algorithms: tuple[str, ...], deadline: float) -> None:
        self.stream = GuardedStream(stream)
        super().__init__(
            self.stream,  # type: ignore[arg-type]
            default_window_size=WINDOW,
            disabled_algorithms={"pubkeys": WEAK_SIGNATURES},
            packetizer_class=self.packets,
        )
        self.deadline = deadline
        self.said: list[str] = []
        self.key_algorithms = key_algorithms
        self._opening = threading.Lock()
        offer = self.get_security_options()
        known = self.known_kex()
        offer.kex = tuple(name for name in KEX if name in known)
        offer.ciphers = tuple(name for name in CIPHERS if name in offer.ciphers)
        offer.digests = tuple(name for name in MACS if name in offer.digests)
        offer.key_types = tuple(name for name in key_algorithms if "-cert-" not in name)

    @property
    def presented(self) -> bytes:
        """The server's host key as it came; of a host certificate only the key."""
        return self.get_remote_server_key().asbytes()

    def known_kex(self) -> Collection[str]:
        """The key exchanges that this paramiko has."""
        return self.get_security_options().kex

    # ------------------------------------------------------------ stages

    def negotiate(self) -> None:
        """Exchange versions and keys. Raises Stopped at BANNER or HOST_KEY; who the server is remains to be checked."""
        done = threading.Event()
        seconds = seconds_for(Layer.BANNER, self.deadline)
        self.banner_timeout = self.handshake_timeout = NEVER
        self.start_client(event=done)
        self.await_version(done, seconds)
        if not self.remote_version and not done.is_set():
            self.hear(self.stream.begun)
            words = f"connected, but no SSH version within {seconds:.0f} s{self.last_words()}"
            detail = f"{words}: sshd hangs, or something else listens"
            raise Stopped(Layer.BANNER, Silence.TIMEOUT, detail)
        seconds = seconds_for(Layer.HOST_KEY, self.deadline)
        if not done.wait(seconds):
            detail = f"the key exchange did not finish within {seconds:.0f} s: the server or the way to it is stuck"
            raise Stopped(Layer.HOST_KEY, Silence.TIMEOUT, detail)
        if not (self.initial_kex_done and self.is_active()):
            raise self._unnegotiated(self.get_exception())

    def await_version(self, done: threading.Event, seconds: float) -> None:
        """Wait until the server's version is there, or all is over. paramiko does not tell of the first by itself."""
        done.wait(seconds)

    def offer(self, user: str, key: paramiko.PKey, answered: threading.Event) -> None:
        """Ask to log in with a key, signed at once. `answered` is set when the server has, or the connection is lost.

        Raises what `auth_publickey` raises.
        """
        self.auth_publickey(user, key, answered)

    def open_shell(self) -> paramiko.Channel:
        """A session channel that runs `sh -s`. Raises Stopped at SHELL."""
        seconds = seconds_for(Layer.SHELL, self.deadline)
        try:
            channel = self.open_for("session", seconds)
            self.execute(channel)
        except paramiko.ChannelException as refusal:
            detail = (
                f"the server opens no session ({refusal.text}): MaxSessions may be 0, or the account may only forward"
            )
            raise Stopped(Layer.SHELL, Silence.REFUSED, detail) from None
        except Exception as error:  # noqa: BLE001 - of any type: what ended paramiko's thread comes out here
            if self.is_active():
                detail = f"the server had opened no session after {seconds:.0f} s"
                raise Stopped(Layer.SHELL, Silence.TIMEOUT, detail) from None
            ended = f"the connection ended{self.last_words()} ({type(error).__name__}) before it had a session"
            raise Stopped(Layer.SHELL, Silence.UNREACHABLE, ended) from None
        self.stream.hurried = False
        return channel

    def open_tcp(self, host: str, port: int, seconds: float) -> paramiko.Channel:
        """A TCP connection made by the server. Raises OSError as a connection from here would, or Stopped."""
        try:
            return latched(self.open_for("direct-tcpip", seconds, (host, port)))
        except paramiko.ChannelException as refusal:
            raise forward_error(refusal.code, refusal.text) from None
        except Exception as error:  # noqa: BLE001 - of any type: what ended paramiko's thread comes out here
            if self.is_active():
                raise TimeoutError(f"no answer from {host} port {port} within {seconds:.1f} s") from None
            lost = f"the ssh connection was lost ({type(error).__name__})"
            raise Stopped(Layer.SHELL, Silence.UNREACHABLE, lost) from None

    def open_for(self, kind: str, seconds: float, to: tuple[str, int] | None = None) -> paramiko.Channel:
        """A channel of one kind. One at a time: paramiko keeps one error for all threads, and would mix them up."""
        with self._opening:
            return self.open_channel(kind, to, ("127.0.0.1", 0) if to else None, timeout=seconds)

    def execute(self, channel: paramiko.Channel) -> None:
        """Start the shell and wait for the server to say that it has; a channel that is closed ends the wait."""
        impatient = threading.Timer(seconds_for(Layer.SHELL, self.deadline), channel.close)
        impatient.start()
        try:
            channel.exec_command(COMMAND)
        finally:
            impatient.cancel()

    def hang_up(self) -> None:
        """End the connection at once, whatever state it is in, and leave neither thread nor descriptor behind."""
        self.stream.close()
        self.close()
        self.packetizer.complete_handshake()  # cancels its timer
        if self.is_alive():
            self.join(1.0)

    def hear(self, words: str) -> None:
        """Remember what the server said outside the protocol, if it did."""
        if words.strip():
            self.said.append(words)

    def last_words(self) -> str:
        """What the server said last, ready to follow a sentence; empty when it said nothing."""
        return f', saying "{self.said[-1][:200]}"' if self.said else ""

    def _unnegotiated(self, error: Exception | None) -> Stopped:
        if isinstance(error, Stopped):
            return error
        if not self.remote_version:
            return self.turned_away()
        if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
            detail = (
                f"no common algorithm with the server ({error}): it offers only what is no longer safe, or a key type "
                f"that paramiko {paramiko.__version__} lacks"
            )
            return Stopped(Layer.HOST_KEY, Silence.UNSUPPORTED, detail)
        if error is None or isinstance(error, EOFError | OSError):
            detail = f"the connection was cut during the key exchange{self.last_words()}"
            return Stopped(Layer.HOST_KEY, Silence.UNREACHABLE, detail)
        return Stopped(Layer.HOST_KEY, Silence.GARBLED, f"the key exchange failed: {error}")

    def foreign(self) -> Stopped:
        """What is said of that which listens there and is no server for SSH 2."""
        words = f"what listens there does not speak SSH 2{self.last_words()}"
        return Stopped(Layer.BANNER, Silence.GARBLED, words)

    def turned_away(self) -> Stopped:
        """Why there was not even a version."""
        self.hear(self.stream.begun)
        if any(not char.isprintable() for char in self.stream.begun.strip()):
            return self.foreign()
        detail = (
            f"the server hung up before its SSH version{self.last_words()}: too many connections (MaxStartups), a ban, "
            "or no memory for another sshd"
        )
        return Stopped(Layer.BANNER, Silence.REFUSED, detail)
