"""A TCP proxy that hurts one direction of a connection at a chosen byte."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from dataclasses import dataclass

NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Harm:
    """What happens to byte number `at` of the bytes that flow `towards` client or server.

    end: the stream ends politely; reset: rudely; stall: nothing follows; trickle: what follows comes a byte at a time,
    `every` so many seconds; flip: the byte arrives changed.
    """

    how: str = "none"
    at: int = NEVER
    towards: str = "client"
    every: float = 1.0


class Proxy:
    """Forwards one connection to a local port and does the harm. `carried` counts the bytes of each direction."""

    def __init__(self, port: int, harm: Harm) -> None:
        self.harm = harm
        self.carried = {"client": 0, "server": 0}
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._wake, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener, self._end, selectors.DefaultSelector() as ready:
            ready.register(self._end, selectors.EVENT_READ)
            ready.register(self._listener, selectors.EVENT_READ)
            if any(key.fileobj is self._end for key, _ in ready.select()):
                return
            ready.unregister(self._listener)
            with (
                self._listener.accept()[0] as client,
                socket.create_connection(("127.0.0.1", self._upstream)) as server,
            ):
                ready.register(client, selectors.EVENT_READ, (server, "server"))
                ready.register(server, selectors.EVENT_READ, (client, "client"))
                with contextlib.suppress(OSError):
                    self._forward(ready)
                if self.harm.how == "reset":
                    for end in (client, server):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif self.harm.how == "trickle":
                    for end in (client, server):
                        with contextlib.suppress(OSError):
                            end.shutdown(socket.SHUT_RDWR)  # ends the thread that trickles

    def _forward(self, ready: selectors.BaseSelector) -> None:
        while True:
            for key, _ in ready.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._end or not (data := source.recv(65536)):
                    return
                sink, towards = key.data
                data, over = self._harmed(data, towards)
                sink.sendall(data)
                if over and self.harm.how == "trickle":
                    ready.unregister(source)
                    threading.Thread(target=self._trickle, args=(source, sink), daemon=True).start()
                elif over and self.harm.how == "stall":
                    ready.unregister(source)
                elif over:
                    return

    def _trickle(self, source: socket.socket, sink: socket.socket) -> None:
        """The rest, until either end is closed."""
        late = threading.Event()
        with contextlib.suppress(OSError, ValueError):
            while data := source.recv(1):
                sink.sendall(data)
                late.wait(self.harm.every)

    def _harmed(self, data: bytes, towards: str) -> tuple[bytes, bool]:
        """What goes on, and whether it is the last."""
        hit = self.harm.at - self.carried[towards]
        self.carried[towards] += len(data)
        if self.harm.towards != towards or not 0 <= hit < len(data):
            return data, False
        if self.harm.how == "flip":
            return data[:hit] + bytes([data[hit] ^ 0x20]) + data[hit + 1 :], False
        return data[:hit], True

    def close(self) -> None:
        """End everything that is still open."""
        self._wake.close()
        self._thread.join()
