"""What it means that we were let in and no POSIX shell answered."""

from __future__ import annotations

from diagkit.model import Layer, Silence, Unreached
from diagkit.transports.shell import NoShell

HEARD = 200  # bytes of what came instead of a shell that are shown


def no_shell(absent: NoShell, complaint: bytes, code: int | None, *, ended: bool) -> Unreached:
    """complaint: what came on standard error meanwhile. code: how it ended, if that was said."""
    words = (absent.heard.strip() or complaint.strip())[:HEARD].decode("utf-8", "replace")
    said = " ".join(words.split())
    if absent.endless:
        what = "a login script or a forced command writes without end"
    elif "/dev/null" in said:
        what = "the machine is broken"
    elif ended:
        what = "the account is locked to something else (a forced command, nologin, a restricted shell)"
    else:
        what = "the login shell hangs, or a forced command waits for something else"
    detail = f"logged in, but no POSIX shell answered: {what}"
    detail += f', which said "{said}"' if said else ", which said nothing"
    detail += f" and ended with status {code}" if code is not None else ""
    silence = Silence.GARBLED if absent.endless else Silence.REFUSED if ended else Silence.TIMEOUT
    return Unreached(Layer.SHELL, silence, detail)


def cut_off(words: str) -> Unreached:
    """The connection was lost before anything answered. words: the server's last ones, ready to follow a sentence."""
    detail = f"logged in, but the connection was lost before a shell answered{words}"
    return Unreached(Layer.SHELL, Silence.UNREACHABLE, detail)


def no_session(words: str) -> Unreached:
    """The server let us in and opened no session. words: its own."""
    detail = f"the server opens no session ({words}): MaxSessions may be 0, or the account may only forward"
    return Unreached(Layer.SHELL, Silence.REFUSED, detail)
