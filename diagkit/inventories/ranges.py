"""Names with ranges in them, as Ansible expands them: `web[01:20:2].example.com`, `db-[a:f]`, several in one name.

https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#adding-ranges-of-hosts
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_letters

LARGEST = 1_000_000  # names from one range; `[0:99999999]` is a slip of the finger
RANGE = re.compile(r"\[([0-9]*|[A-Za-z]):([0-9]+|[A-Za-z]|(?=\]))(?::([0-9]+))?\]")  # `[::1]` is an address


def expand(text: str) -> Iterator[str]:
    """Every name that `text` stands for; itself, where there is no range in it.

    Raises ValueError with one sentence about a range that cannot be.
    """
    pieces = RANGE.split(text)
    if len(pieces) == 1:
        yield text
        return
    heads, bounds = pieces[0::4], list(zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True))
    ranges = [_values(*bound, text) for bound in bounds]
    total = 1
    for values in ranges:
        total *= len(values)
    if total > LARGEST:
        raise ValueError(f"{text!r} stands for {total} names, more than {LARGEST}")
    yield from _joined(heads, ranges)


def _joined(heads: Sequence[str], ranges: Sequence[Sequence[str]]) -> Iterator[str]:
    if not ranges:
        yield heads[0]
        return
    for value in ranges[0]:
        for rest in _joined(heads[1:], ranges[1:]):
            yield f"{heads[0]}{value}{rest}"


def _values(first: str, last: str, step: str | None, text: str) -> Sequence[str]:
    stride = int(step or 1)
    if not stride:
        raise ValueError(f"the range in {text!r} has a step of 0")
    if not last:
        raise ValueError(f"the range in {text!r} has no end")
    first = first or "0"
    if first.isalpha() != last.isalpha():
        raise ValueError(f"the range in {text!r} goes from a number to a letter")
    if first.isalpha():
        start, end = ascii_letters.index(first), ascii_letters.index(last)
        names: Sequence[str] = ascii_letters[start : end + 1 : stride]
    else:
        padded = len(first) if first.startswith("0") and len(first) > 1 else 0
        if padded and padded != len(last):
            raise ValueError(f"the range in {text!r} needs as many digits at its end as at its beginning")
        if int(last) - int(first) > LARGEST * stride:
            raise ValueError(f"{text!r} stands for more than {LARGEST} names")
        names = [str(n).zfill(padded) for n in range(int(first), int(last) + 1, stride)]
    if not names:
        raise ValueError(f"the range in {text!r} ends before it begins")
    return names
