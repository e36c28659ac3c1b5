"""What earlier runs measured on a host: the one thing besides its tape that a run knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from diagkit.frozen import frozen


@frozen(kw_only=True)
class Sample:
    """What one run measured: bytes, counts or shares by name and subject (`space /var`); see `diagkit.baseline`."""

    at: datetime
    measured: Mapping[str, float]


@frozen(kw_only=True)
class History:
    """The samples of one host, oldest first. Given, not asked; kept on the workstation, and only by choice."""

    samples: tuple[Sample, ...] = ()

    def series(self, name: str) -> list[tuple[float, float]]:
        """Seconds since the epoch and value, wherever it was measured."""
        return [(s.at.timestamp(), s.measured[name]) for s in self.samples if name in s.measured]
