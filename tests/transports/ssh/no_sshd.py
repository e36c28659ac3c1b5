"""Ports at which something else than an sshd listens: full, silent, or of other manners."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def serving(behave):
    """A server that treats each connection with `behave`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@contextlib.contextmanager
def full_queue(host="127.0.0.1"):
    """A port whose queue is full: the kernel drops what else arrives, as a firewall would. host: empty for all of ours."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind((host, 0))
        listener.listen(0)
        for _ in range(3):
            filler = waiting.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", listener.getsockname()[1]))
        yield listener.getsockname()[1]


def never_speak(connection):
    connection.recv(1 << 20)
    connection.recv(1)
