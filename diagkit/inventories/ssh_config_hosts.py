"""The hosts that the user's ssh configuration names; what it says about them is for `transports/ssh/config`."""

from __future__ import annotations

from diagkit.transports.ssh.config.files import Files

PATTERN = frozenset("*?!")


def names(config: str = "") -> list[str]:
    """Every name on a `Host` line that is no pattern, in order, with those of included files.

    config: this file instead of the user's and the system's; `none` for no file. Raises OSError if it cannot be read.
    """
    lines = (line for line in Files(config).all_conditions() if line.keyword == "host")
    return list(dict.fromkeys(word for line in lines for word in line.words if not PATTERN & set(word)))
