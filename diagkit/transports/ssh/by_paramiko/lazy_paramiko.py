"""paramiko, loaded when the first SSH target is met, at half its usual price."""

from __future__ import annotations

import logging
import sys
import threading
from types import ModuleType

_loading = threading.Lock()


def load() -> ModuleType:
    """Import paramiko without `invoke`, which it only needs for `Match exec` and which doubles the import time.

    paramiko takes a missing invoke well. Whoever imports invoke later gets it. Its log has no handler of ours to go to,
    and must not fall through to standard error: what it would say is in `Unreached.detail`. A version that we do not
    know is tried out.
    """
    with _loading:
        if "paramiko" not in sys.modules:
            blocked = "invoke" not in sys.modules
            if blocked:
                sys.modules["invoke"] = None  # type: ignore[assignment]
            try:
                import paramiko  # noqa: F401
            finally:
                if blocked:
                    del sys.modules["invoke"]
            logging.getLogger("paramiko").addHandler(logging.NullHandler())
            from diagkit.transports.ssh.by_paramiko import rehearsal

            rehearsal.hold()
        return sys.modules["paramiko"]
