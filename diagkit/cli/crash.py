"""What to leave behind when diagkit itself fails: one line for the user, the trace in a file."""

from __future__ import annotations

import os
import platform
import tempfile
import time
import traceback
from pathlib import Path

from diagkit import __version__


def report(error: Exception, words: list[str]) -> str:
    """Write the trace to a file of the user's own; the line to show.

    The trace holds no values of variables, and the line none of the error's words: both may be a host's.
    """
    at = traceback.extract_tb(error.__traceback__)[-1]
    text = (
        f"diagkit {__version__}, Python {platform.python_version()}, {platform.platform()}\n{words}\n\n{trace(error)}"
    )
    kept = keep(text)
    place = f"{Path(at.filename).name}:{at.lineno}"
    return f"diagkit: a bug in diagkit ({type(error).__name__} at {place}); the trace is in {kept}, or add --debug"


def trace(error: Exception) -> str:
    """The trace as text; it holds no values of variables."""
    return "".join(traceback.format_exception(error)).rstrip()


def keep(text: str) -> Path:
    """Write the text where only the user reads it: below the state folder, or where that is not writable, in /tmp."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    data = text.encode("utf-8", "backslashreplace")
    try:
        folder = base / "diagkit"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt", time.gmtime())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError:
        descriptor, name = tempfile.mkstemp(prefix="diagkit-crash-", suffix=".txt")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return Path(name)
    return path
