"""The workers of a Dask cluster: `dask://HOST:PORT` is its scheduler, spoken to over TLS.

Three habits of Dask do not suit us, and are gone around:

- It gives the task of a worker that died to the next one, and the next, until `allowed-failures` of them are dead; a
  host that kills its worker would take the cluster down. We pin each task to one worker, and hear of it when that goes.
- It hands a worker many tasks ahead, which die with it. We give a worker one shard at a time.
- It lets anybody in who reaches its port. We speak TLS with certificates on both sides; plain TCP is for loopback.
"""

from __future__ import annotations

import ipaddress
import logging
import pickle
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diagkit.fleet.places import NotSetUp, NotUnderstood, Place, Unavailable
from diagkit.fleet.shards import SITE, carry_out

if TYPE_CHECKING:
    from distributed import Client

CONNECT = 10.0  # seconds for the scheduler to answer
ANSWER = 5.0  # seconds for it to answer any other question; one that hangs does not hold us
NOISY = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
CERTIFICATES = "distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and distributed.comm.tls.client.key"


class _Call:
    """Unpickled, it is what `carry_out` returns for this parcel.

    So the function that Dask is given is one of the standard library: its scheduler reads the names of functions, and
    need not have diagkit; a worker that has none says so in a way that we understand.
    """

    def __init__(self, parcel: bytes) -> None:
        self.parcel = parcel

    def __reduce__(self) -> tuple[Callable[[bytes], bytes], tuple[bytes]]:
        return carry_out, (self.parcel,)


def installed() -> bool:
    """Whether the library is there; it is not loaded."""
    return find_spec("distributed") is not None


class Cluster:
    """The workers of one scheduler, as they come and go. Raises `NotSetUp` or `Unavailable`."""

    def __init__(self, host: str, port: int) -> None:
        self._name = f"dask://{_bracketed(host)}:{port}"
        if not installed():
            raise NotSetUp(f"--executor {self._name} needs Dask: pip install 'diagkit[dask]'")
        self._workers: dict[str, Place] = {}
        self._changed = True
        self._client = self._connect(host, port)

    @property
    def ended(self) -> str:
        return "" if self._client.status == "running" else f"the scheduler {self._name} has gone"

    def here(self) -> Mapping[str, Place]:
        if self._changed and not self.ended:
            self._changed = False
            self._look()
        return {} if self.ended else self._workers

    def lose(self, name: str) -> None:
        """A worker is its nanny's to end; while it hangs, what it was given keeps it busy."""

    def stop(self) -> None:
        """What a worker is doing ends by the deadlines of the hosts; what comes after that is thrown away by Dask."""

    def close(self) -> None:
        """Leave the cluster. The tasks we gave it, and their results, are forgotten there."""
        with suppress(Exception):  # it may have gone, or hang; there is nothing left to lose
            if not self.ended:
                self._client.unsubscribe_topic("all")
            self._client.close(timeout=1.0 if self.ended else ANSWER)

    def _connect(self, host: str, port: int) -> Client:
        from distributed import Client, Security

        _hush()
        security = Security()
        encrypted = bool(security.tls_ca_file and security.tls_client_cert)
        if not encrypted and not _is_loopback(host):
            raise NotSetUp(
                f"--executor {self._name}: a scheduler is spoken to over TLS alone, and Dask's configuration names no "
                f"certificates; set {CERTIFICATES}"
            )
        address = f"{'tls' if encrypted else 'tcp'}://{_bracketed(host)}:{port}"
        security.require_encryption = encrypted
        try:
            socket.create_connection((host, port), CONNECT).close()  # Dask knocks at a closed door until time is up
            client = Client(address, security=security, timeout=CONNECT, set_as_default=False, name="diagkit")
        except (OSError, ValueError, TimeoutError) as error:
            why = f"the scheduler {self._name} cannot be reached over {address[:3].upper()}: {_said(error)}"
            raise Unavailable(why) from error
        client.subscribe_topic("all", self._hear)
        return client

    def _hear(self, event: tuple[float, Any]) -> None:
        """Somebody has come or gone. This runs in the client's own thread: it must not ask anything there."""
        message = event[1]
        if isinstance(message, Mapping) and message.get("action") in ("add-worker", "remove-worker"):
            self._changed = True

    def _look(self) -> None:
        """Ask who is there. Those that were, stay the same places."""
        try:
            told = self._client.sync(self._client.scheduler.identity, callback_timeout=ANSWER)["workers"]
        except (OSError, TimeoutError, AttributeError):  # it hangs, or parts of the client are gone already: look again
            self._changed = True
            return
        running = {address: about for address, about in told.items() if about.get("status") == "running"}
        self._workers = {
            name: self._workers.get(name) or self._place(address, about)
            for address, about in running.items()
            if (name := f"the worker {address}")
        }

    def _place(self, address: str, about: Mapping[str, Any]) -> Place:
        """A worker started with `--resources site:fra=1` asks the hosts with the tag site:fra."""
        site = next((r.removeprefix(SITE) for r in sorted(about.get("resources", {})) if r.startswith(SITE)), "")
        executor = self._client.get_executor(pure=False, workers=[address], allow_other_workers=False)
        return Place(lambda parcel: executor.submit(pickle.loads, pickle.dumps(_Call(parcel))), site)


def scheduler(name: str) -> tuple[str, int]:
    """Host and port of `dask://HOST:PORT`. Raises `NotUnderstood`."""
    try:
        parts = urlsplit(name)
        if parts.scheme == "dask" and parts.hostname and parts.port and not (parts.path or parts.username):
            return parts.hostname, parts.port
    except ValueError:  # a port that is no number, half a pair of brackets
        pass
    raise NotUnderstood(f"--executor {name}: a scheduler is named as in dask://scheduler.example:8786")


def _hush() -> None:
    """No more log lines of Dask, which are many when somebody goes: what concerns the user, we say ourselves."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(error: Exception) -> str:
    """The reason at the bottom of it. Dask's own words begin with where in its code that was."""
    while error.__cause__ and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rpartition(">: ")[2].split("\n")[0] or type(error).__name__
