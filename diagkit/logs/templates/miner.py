"""The miner: lines in, templates out, at about a million lines per second of a log that repeats itself.

Most lines differ from an earlier one in their digits only: such a line is known by what is left of it without them.
The others are masked, and clustered if no line was masked to the same before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

from diagkit.logs.templates.masks import mask, tokens
from diagkit.logs.templates.records import essential
from diagkit.logs.templates.shelf import Shelf
from diagkit.logs.templates.template import Template

MINUTE_US = 60_000_000
MOST_TEMPLATES = 5_000
MOST_KNOWN = 8_192  # lines known without their digits, and as many by their mask
MOST_BUCKETS = 200_000  # counts over time of all templates: about 20 MB
LONGEST = 2_048  # bytes of a line that are looked at

_DIGITS = b"0123456789"


class Miner:
    """Templates of lines, learned one by one or all at once."""

    def __init__(self) -> None:
        self.lines = 0
        self.bucket_us = MINUTE_US
        self.forgotten_lines = 0
        self._by_digits: dict[bytes, Template] = {}
        self._by_mask: dict[tuple[str, ...], Template] = {}
        self._shelves: dict[tuple[int, str], Shelf] = {}
        self._number = 0
        self._buckets = 0

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_by_digits": {}, "_by_mask": {}}  # they are found again

    def __iter__(self) -> Iterator[Template]:
        for shelf in self._shelves.values():
            for cluster in shelf.clusters:
                yield from cluster.templates

    def learn(self, message: str | bytes, at_us: int | None = None) -> Template:
        """Count this message to its template, which is returned. A record of many lines counts by its essential line.

        at_us: when it was said, in microseconds since the epoch, UTC.
        """
        raw = message if isinstance(message, bytes) else message.encode("utf-8", "replace")
        key = (raw if len(raw) <= LONGEST else essential(raw)[:LONGEST]).translate(None, _DIGITS)
        template = self._by_digits.get(key)
        if template is None or template.into is not None:
            template = self._meet(raw, key)
        template.count += 1
        self.lines += 1
        if at_us is None:
            return template
        if template.last is None or template.first is None:
            template.first = template.last = at_us
        elif at_us > template.last:
            template.last = at_us
        elif at_us < template.first:
            template.first = at_us
        over_time = template.over_time
        bucket = at_us // self.bucket_us
        if bucket in over_time:
            over_time[bucket] += 1
        else:
            over_time[bucket] = 1
            self._opened(1)
        return template

    def learn_all(self, message: str | bytes, times: Sequence[int]) -> Template:
        """Count this message once for each time when it was said, in microseconds since the epoch, UTC."""
        template = self.learn(message)
        template.count += len(times) - 1
        self.lines += len(times) - 1
        before = len(template.over_time)
        template.over_time.update(at_us // self.bucket_us for at_us in times)
        template.first = min(times if template.first is None else (template.first, *times))
        template.last = max(times if template.last is None else (template.last, *times))
        self._opened(len(template.over_time) - before)
        return template

    def group(self, lines: Iterable[str | bytes]) -> list[str]:
        """The template's id for each of these lines, with all that can be learned from all of them."""
        return [template.id for template in [self.learn(line) for line in lines]]

    def merge(self, other: Miner) -> list[tuple[Template, Template]]:
        """Count what the other learned here too. Returns each of its templates with the one it is part of here."""
        while self.bucket_us < other.bucket_us:
            self._widen()
        pairs = []
        for theirs in other:
            ours = self._place(theirs.tokens, theirs.parameters)
            ours.count_in(theirs, self.bucket_us // other.bucket_us)
            pairs.append((theirs, ours))
        self.lines += other.lines
        self.forgotten_lines += other.forgotten_lines
        self._count_buckets()
        return [(theirs, ours.resolved()) for theirs, ours in pairs]

    def _meet(self, raw: bytes, key: bytes) -> Template:
        """The template of a line that is not known by its digits."""
        said = essential(raw)[:LONGEST]
        words = tokens(mask(said.decode("utf-8", "replace")))
        template = self._by_mask.get(words)
        if template is None or template.into is not None:
            template = self._place(words)
            if len(self._by_mask) >= MOST_KNOWN:
                self._by_mask.clear()
            self._by_mask[words] = template
        if len(self._by_digits) >= MOST_KNOWN:
            self._by_digits.clear()
        self._by_digits[key] = template
        template.keep_sample(raw)
        return template

    def _place(self, words: tuple[str, ...], parameters: frozenset[int] = frozenset()) -> Template:
        """The template of these words, in the cluster most like them."""
        first = words[0] if words and words[0].isalpha() else ""
        shelf = self._shelves.setdefault((len(words), first), Shelf())
        before = shelf.templates
        template = shelf.template(words, parameters)
        self._number += shelf.templates - before
        if self._number > MOST_TEMPLATES:
            self._forget(template)
        return template

    def _forget(self, but: Template) -> None:
        """Make room: drop the tenth of the templates that came least often."""
        least = nsmallest(MOST_TEMPLATES // 10, (t for t in self if t is not but), key=lambda t: t.count)
        self.forgotten_lines += sum(template.count for template in least)
        gone = {id(template) for template in least}
        for place, shelf in list(self._shelves.items()):
            shelf.forget(gone)
            if not shelf.clusters:
                del self._shelves[place]
        self._by_mask.clear()
        self._by_digits.clear()
        self._number = sum(1 for _ in self)

    def _opened(self, buckets: int) -> None:
        self._buckets += buckets
        if self._buckets > MOST_BUCKETS:
            self._widen()

    def _widen(self) -> None:
        """Count per twice as long a time as before."""
        self.bucket_us *= 2
        for template in self:
            narrow, template.over_time = template.over_time, Counter()
            for bucket, count in narrow.items():
                template.over_time[bucket // 2] += count
        self._count_buckets()

    def _count_buckets(self) -> None:
        self._buckets = sum(len(template.over_time) for template in self)
