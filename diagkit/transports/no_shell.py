"""What it means that we were let in and no POSIX shell answered."""

from __future__ import annotations

from diagkit.model import Layer, Silence, Unreached

HEARD = 200  # bytes of what came instead of a shell that are shown


def no_shell(heard: bytes, complaint: bytes, code: int | None, *, ended: bool) -> Unreached:
    """heard, complaint: what came on standard output and standard error instead. code: how it ended, if it was said."""
    said = (heard.strip() or complaint.strip())[:HEARD].decode("utf-8", "replace")
    detail = "logged in, but no POSIX shell answered: " + (
        "the account is locked to something else (a forced command, nologin, a restricted shell)"
        if ended
        else "the login shell hangs, or a forced command waits for something else"
    )
    detail += f', which said "{said}"' if said else ", which said nothing"
    detail += f" and ended with status {code}" if code is not None else ""
    return Unreached(Layer.SHELL, Silence.REFUSED if ended else Silence.TIMEOUT, detail)


def no_session(words: str) -> Unreached:
    """The server let us in and opened no session. words: its own."""
    detail = f"the server opens no session ({words}): MaxSessions may be 0, or the account may only forward"
    return Unreached(Layer.SHELL, Silence.REFUSED, detail)
