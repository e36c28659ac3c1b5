"""What travels to and from those who run a part of the errand elsewhere: frozen data of ours, and nothing else.

A parcel is read with any other name in it refused, so there is no key, passphrase, environment or live object in one,
and reading one runs nobody's code. (What Dask makes of its own messages is another matter: who may speak to a
cluster may run code on it, and the cluster on its clients.)
"""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from diagkit.conclusions import Settings

UNPACKED = 512 << 20  # bytes; more than the tapes of a shard can be, with every answer at its cap
PROTOCOL = 5  # of pickle: what every Python can read that diagkit runs on
MAKES_SETTINGS: Callable[..., object] = Settings(checks=()).__reduce__()[0]  # they travel as the names of checks
TIMES = {"datetime": datetime, "timedelta": timedelta, "timezone": timezone}


class Unreadable(Exception):
    """This is no parcel of ours, or one that speaks of what is not known here. The message is one sentence."""


def pack(value: object) -> bytes:
    """The value, as it travels."""
    return zlib.compress(pickle.dumps(value, PROTOCOL), 1)


def unpack(parcel: bytes) -> object:
    """What was packed. Raises `Unreadable`."""
    try:
        return _DataOnly(io.BytesIO(_opened(parcel))).load()
    except Unreadable:
        raise
    except LookupError as error:
        raise Unreadable(f"a parcel speaks of {error}, which is not known here") from error
    except Exception as error:  # a damaged pickle may fail in any way
        raise Unreadable(f"a parcel cannot be read: {type(error).__name__}: {error}") from error


def _opened(parcel: bytes) -> bytes:
    opened = zlib.decompressobj()
    plain = opened.decompress(parcel, UNPACKED)
    if not opened.eof:
        raise Unreadable("a parcel is cut short, or too large")
    return plain


class _DataOnly(pickle.Unpickler):
    """Reads frozen dataclasses and enumerations of ours, and times."""

    def find_class(self, module: str, name: str) -> object:
        if module == "datetime" and name in TIMES:
            return TIMES[name]
        if (module, name) == (MAKES_SETTINGS.__module__, MAKES_SETTINGS.__qualname__):
            return MAKES_SETTINGS
        if module.partition(".")[0] == "diagkit" and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module and _is_data(found):
                return found
        raise Unreadable(f"a parcel names {module}.{name}, which is no data of ours")


def _is_data(kind: type) -> bool:
    return issubclass(kind, Enum) or (is_dataclass(kind) and kind.__setattr__ is not object.__setattr__)
