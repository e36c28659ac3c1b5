"""Writing down the key of a host at first contact, so that one that changes later is noticed.

ssh does so with StrictHostKeyChecking accept-new. Nothing that is there is changed: a line is added at the end, in one
write, under a lock that other diagkits keep.
"""

from __future__ import annotations

import base64
import fcntl
import hmac
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from diagkit.transports.ssh.host_keys.known_hosts import SALT, as_bytes, file_at
from diagkit.transports.ssh.host_keys.public_key import kind_of

LOCK_SECONDS = 2.0  # for others to finish their line; a file server that grants no locks must not keep us from writing


def remember(path: str, name: str, key: bytes, *, hashed: bool, still_new: Callable[[], bool]) -> None:
    """Add a line that says `name` has `key`, unless somebody else has been faster. Raises OSError.

    still_new: asked when nobody else can write: whether the file still says nothing of the host.
    """
    file = file_at(path)
    with file.lock:
        _make_folder(Path(path).parent)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with _locked(descriptor):
                if still_new():
                    wanted = as_bytes(name)
                    hosts = _hash(wanted) if hashed else wanted
                    line = b"%b %b %b" % (hosts, kind_of(key).encode(), base64.b64encode(key))
                    file.append(line, wanted, descriptor)
        finally:
            os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """~/.ssh where there is none, as ssh makes it; no other."""
    if folder == Path("~/.ssh").expanduser():
        folder.mkdir(mode=0o700, exist_ok=True)


def _hash(name: bytes) -> bytes:
    """The name as HashKnownHosts writes it: `|1|salt|HMAC-SHA1`."""
    salt = os.urandom(SALT)
    return b"|1|%b|%b" % (base64.b64encode(salt), base64.b64encode(hmac.digest(salt, name, "sha1")))


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    end = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
