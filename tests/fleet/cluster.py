"""A real Dask cluster: a scheduler and workers with their nannies, each a process, spoken to over TLS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil  # noqa: TID253 - a test may

from tests.fleet.conftest import POISON

ROLES = ("client", "scheduler", "worker")


class Certificates:
    """Certificates for everybody, in files of this folder."""

    def __init__(self, folder: Path) -> None:
        from distributed.security import Security

        made = Security.temporary()
        self.ca, self.cert, self.key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
        self.ca.write_text(made.tls_ca_file)
        self.cert.write_text(made.tls_client_cert)
        self.key.write_text(made.tls_client_key)

    @property
    def settings(self) -> dict[str, str]:
        """As in Dask's configuration."""
        own = {
            f"distributed.comm.tls.{r}.{n}": str(p) for r in ROLES for n, p in (("cert", self.cert), ("key", self.key))
        }
        return {"distributed.comm.tls.ca-file": str(self.ca), **own}

    @property
    def environment(self) -> dict[str, str]:
        """The same, as in the environment."""
        named = {key.replace(".", "__").replace("-", "_").upper(): path for key, path in self.settings.items()}
        return {f"DASK_{key}": path for key, path in named.items()}


class Running:
    """A scheduler and its workers. `name` is what `--executor` calls it."""

    def __init__(self, stack: ExitStack, environment: Mapping[str, str], protocol: str, **own: str) -> None:
        self._stack = stack
        self._environment = {**os.environ, **environment, "PYTHONPATH": POISON}
        words = ("dask_scheduler", "--protocol", protocol, "--host", "127.0.0.1", "--port", "0")
        self.scheduler = self._begin(words, own)
        self.address = up(self.scheduler, rf"Scheduler at: +({protocol}://\S+)")
        self.name = f"dask://{self.address.rpartition('/')[2]}"

    def workers(self, *each: tuple[tuple[str, ...], Mapping[str, str]]) -> None:
        """So many more, with these options and this in their environment. A nanny starts each again when it dies."""
        words = ("dask_worker", self.address, "--nthreads", "4", "--host", "127.0.0.1")
        for process in [self._begin((*words, *options), own) for options, own in each]:
            up(process, r"Registered to: +(\S+)")

    def _begin(self, words: tuple[str, ...], own: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:], "--no-dashboard"],
            env=self._environment | own,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._stack.callback(end, process)
        return process


def up(process: subprocess.Popen[str], sign: str) -> str:
    """What the first line of this form says; the rest is read and thrown away."""
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(sign, line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return found[1]
    raise AssertionError("".join(said))


def end(process: subprocess.Popen[str]) -> None:
    """A nanny takes its worker with it, but for one that was stopped."""
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for each in below:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.stderr.close()


@contextmanager
def running(environment: Mapping[str, str], protocol: str = "tls", **own: str) -> Iterator[Running]:
    """A scheduler, and the workers that it is given. own: what only it has in its environment."""
    with ExitStack() as stack:
        yield Running(stack, environment, protocol, **own)
