"""Secrets out, before anything is shown or kept: `redact` is applied to every answer as it is taken in.

A secret becomes `<secret:8 hex>`, a hash under a key of this run: the same secret reads the same everywhere in the run,
and cannot be guessed from its hash. Secrets are found by structure (the name of a key, a header, a token's prefix), on
a shadow of the text without ANSI sequences and zero-width characters, and replaced in the text itself.

It does not look for names, addresses and other personal data, does not decode base64, and does not find a token of
which a byte cap has left less than tells its kind.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter

from diagkit.logs.matching.engine import Finder, finder, hits_of
from diagkit.redact.keys import private_keys
from diagkit.redact.rules import RULES, Rule
from diagkit.redact.shadow import MASK, Shadow

Span = tuple[int, int, bytes]  # from, to, what takes its place

_KEY = secrets.token_bytes(32)
_LITERALS = tuple(dict.fromkeys(literal for rule in RULES for literal in rule.literals))
_ROUNDS = 5  # one finds nearly everything; what a replacement lays open, the next


def redact(data: bytes) -> bytes:
    """The same bytes with secrets replaced. Redacting twice changes nothing more.

    A line on which a rule fails, or which does not settle, is replaced as a whole: it must not get out.
    """
    for rounds in reversed(range(_ROUNDS if data else 0)):
        shadow = Shadow(data)
        spans = list(_spans(shadow.text))
        if not spans:
            break
        data = shadow.replaced(spans if rounds else [_whole_line(shadow.text, *span) for span in spans])
    return data


def _spans(text: bytes) -> Iterator[Span]:
    for start, end in private_keys(text):
        yield start, end, _stand_in(text[start:end])
    for start, rules in _suspicious_lines(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        try:
            found = [(s, e, quote) for rule in rules for s, e, quote in rule.secrets(line)]
        except Exception:  # noqa: BLE001 - closed on failure: what could not be looked at must not get out
            yield start, end, _unredactable(end - start)
        else:
            for s, e, quote in found:
                if line[s:e].strip(MASK):  # else it is a stand-in already
                    yield start + s, start + e, quote + _stand_in(line[s:e]) + quote


def _suspicious_lines(text: bytes) -> Iterator[tuple[int, list[Rule]]]:
    """Where the lines begin that hold a rule's literals, with those rules. Searching for literals makes this fast."""
    for start, hits in groupby(hits_of(_finder(), text), key=itemgetter(0)):
        literals = {_LITERALS[which] for _, which in hits}
        yield start, [rule for rule in RULES if not literals.isdisjoint(rule.literals)]


@cache
def _finder() -> Finder:
    return finder(_LITERALS)


def _stand_in(secret: bytes) -> bytes:
    return b"<secret:%s>" % hmac.digest(_KEY, secret, "sha256").hex()[:8].encode()


def _unredactable(size: int) -> bytes:
    return b"<unredactable line, %d bytes>" % size


def _whole_line(text: bytes, start: int, end: int, _: bytes) -> Span:
    start, end = text.rfind(b"\n", 0, start) + 1, text.find(b"\n", end)
    end = len(text) if end < 0 else end
    return start, end, _unredactable(end - start)
