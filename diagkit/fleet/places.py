"""Where shards are carried out: a process, a worker of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Protocol

from diagkit.frozen import frozen


class NotUnderstood(Exception):
    """What was typed names no executor. One sentence for the user."""


class NotSetUp(Exception):
    """This workstation lacks what the executor needs: a library, a certificate. One sentence for the user."""


class Unavailable(Exception):
    """Nobody is there to carry anything out. One sentence for the user."""


@frozen
class Place:
    """It is given one shard at a time: when it breaks down, we know which hosts went with it.

    carry_out: takes a packed task and has `shards.carry_out` called with it there. Raises RuntimeError when it cannot
    take one. site: whose hosts are reached from there alone; empty: of no site.
    """

    carry_out: Callable[[bytes], Future[bytes]]
    site: str = ""


class Places(Protocol):
    """All the places of one run. Any of them may break down, hang or come back as another at any moment."""

    @property
    def ended(self) -> str:
        """Why there is no place any more, nor will be; empty as long as one may come."""

    def here(self) -> Mapping[str, Place]:
        """The places there are now. A name is never given to a second place."""

    def lose(self, name: str) -> None:
        """This one has broken down, or hangs: end it, if that is ours to do."""

    def stop(self) -> None:
        """Have those that can be told hand in what they have."""

    def close(self) -> None:
        """End what is ours to end. What still runs elsewhere ends by its own deadlines."""
