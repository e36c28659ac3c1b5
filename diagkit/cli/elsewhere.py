"""Have targets asked by other processes or other machines: `--executor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TypeVar

from diagkit.cli import exits
from diagkit.cli.progress import Progress
from diagkit.cli.stop import Stop
from diagkit.conclusions import Conclusion
from diagkit.fleet.crew import Visit
from diagkit.fleet.dispatch import Dispatch
from diagkit.fleet.errand import Errand
from diagkit.fleet.places import NotSetUp, Places, Unavailable
from diagkit.model import Tape

T = TypeVar("T")


def visits(
    errand: Errand,
    open_places: Callable[[], Places],
    then: Callable[[Tape], T],
    concluded: Callable[[Conclusion], T] | None,
    stop: Stop,
    progress: Progress,
    known: Mapping[str, Tape],
) -> Iterator[Visit[T]]:
    """Every target's visit, made elsewhere. Raises `Refusal` when nobody could be asked to.

    then: what is made of a tape. concluded: the same of what a tape tells, where that is enough: it is made there, and
    the tapes stay there.
    """
    try:
        with closing(open_places()) as places:
            say, watch = progress.say, progress.waiting
            dispatch = Dispatch(errand, places, stop, then, concluded, say=say, watch=watch, known=known)
            yield from dispatch.visits()
    except NotSetUp as error:
        raise exits.Refusal(exits.CONFIG, str(error)) from error
    except Unavailable as error:
        raise exits.Refusal(exits.UNAVAILABLE, str(error)) from error
