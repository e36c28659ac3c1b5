"""The search that needs nothing but Python: it looks at each kind of line once.

Most lines of a log differ from others in digits alone. So lines are compared in lower case with every digit as 0, and
only kinds not met before are searched, with `bytes.find`, all of them at a time and at memory speed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

FOLD = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"0" * 9))
MOST = 16 << 20  # bytes of known kinds of lines; then they are forgotten, and learnt anew


class Plain:
    """See `Finder`."""

    engine = "plain"

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = literals
        self._folded: dict[bytes, list[int]] = {}
        for number, literal in enumerate(literals):
            self._folded.setdefault(literal.translate(FOLD), []).append(number)
        self._known: dict[bytes, list[int]] = {}  # a kind of line, and the literals that it may hold
        self._size = 0
        self._learning = threading.Lock()  # what is being searched must not be taken for searched

    def places(self, text: bytes) -> list[int]:
        """Where those lines begin that may hold a literal."""
        lines = text.translate(FOLD).split(b"\n")
        known = self._learnt(set(lines))
        found = []
        start = 0
        for line in lines:
            if known[line]:
                found.append(start)
            start += len(line) + 1
        return found

    def held(self, line: bytes) -> list[int]:
        """Which literals this line holds."""
        kind = line.translate(FOLD)
        lower = line.lower()
        return [number for number in self._learnt({kind})[kind] if self._literals[number] in lower]

    def _learnt(self, kinds: set[bytes]) -> dict[bytes, list[int]]:
        """What is known, when all these kinds are."""
        with self._learning:
            new = {kind for kind in kinds if kind not in self._known}
            size = sum(map(len, new))
            if self._size + size > MOST:
                self._known, self._size, new = {}, 0, kinds
                size = sum(map(len, new))
            self._size += size
            if new:
                self._search(new)
            return self._known

    def _search(self, kinds: Iterable[bytes]) -> None:
        self._known |= {kind: [] for kind in kinds}
        text = b"\n".join(kinds)
        for literal, numbers in self._folded.items():
            at = text.find(literal)
            while at >= 0:
                end = text.find(b"\n", at)
                end = len(text) if end < 0 else end
                self._known[text[text.rfind(b"\n", 0, at) + 1 : end]] += numbers
                at = text.find(literal, end)
        for kind in kinds:
            self._known[kind].sort()
