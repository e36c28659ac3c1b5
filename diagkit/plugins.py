"""What other packages offer through entry points. Their groups are called as what they add to: `diagkit.checks`.

Most machines have none. So what is installed is searched for our name first, which takes a tenth of the time that the
standard library takes to read all of it.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def there_are_any() -> bool:
    """Whether any package offers us anything. What lies in an archive is not looked into: there may be one."""
    places = [Path(place) for place in sys.path]
    if any(place.is_file() for place in places):
        return True
    listed = (path for place in places for path in place.glob("*-info/entry_points.txt"))
    return any("[diagkit." in path.read_text("utf-8", "replace") for path in listed)


def offered(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of this group."""
    if not there_are_any():
        return ()
    from importlib.metadata import entry_points

    return tuple(entry_points(group=group))
