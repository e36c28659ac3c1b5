"""Patterns of names as OpenSSH matches them in known_hosts and certificates: its match.c."""

from __future__ import annotations

LONGEST = 1022  # bytes of one pattern; a list with a longer one matches nothing


def matches(name: bytes, patterns: bytes) -> bool:
    """Whether a lower-case name matches a comma-separated list of patterns; one `!pattern` that matches vetoes it."""
    hit = False
    for pattern in patterns.lower().split(b","):
        bare = pattern[1:] if pattern.startswith(b"!") else pattern
        if len(bare) > LONGEST:
            return False
        if glob(name, bare):
            if bare is not pattern:
                return False
            hit = True
    return hit


def glob(name: bytes, pattern: bytes) -> bool:
    """`*` and `?` as in a shell, nothing else is special. Never slower than len(name) * len(pattern)."""
    at = on = 0
    star, resume = -1, 0
    while at < len(name):
        if on < len(pattern) and pattern[on] == ord("*"):
            star, resume = on, at
            on += 1
        elif on < len(pattern) and pattern[on] in (ord("?"), name[at]):
            at += 1
            on += 1
        elif star >= 0:
            resume += 1
            at, on = resume, star + 1
        else:
            return False
    return pattern[on:].strip(b"*") == b""
