"""How a tape that a target names is read back."""

from __future__ import annotations

from diagkit.cli.exits import DATA, NO_INPUT, Refusal
from diagkit.model import Tape, Target


def recorded(target: Target) -> Tape:
    """The tape that a `replay:` target names. Raises `Refusal`."""
    from diagkit.transports.replay import BadTape, NoTape, read_tape

    try:
        return read_tape(target.path)
    except NoTape as error:
        raise Refusal(NO_INPUT, str(error)) from error
    except BadTape as error:
        raise Refusal(DATA, str(error)) from error
