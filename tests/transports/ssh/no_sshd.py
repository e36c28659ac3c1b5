"""Ports at which something else than an sshd listens: full, silent, or of other manners."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def listening(behave):
    """A port at which connection number n is treated with behave(n, connection), each in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    crew = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                crew.append(threading.Thread(target=treat, args=(len(crew), connection), daemon=True))
                crew[-1].start()

    def treat(number, connection):
        with connection, contextlib.suppress(OSError):
            behave(number, connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in (thread, *crew):
            each.join(10)


def serving(behave):
    """A server that treats each connection with `behave`."""
    return listening(lambda _, connection: behave(connection))


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
