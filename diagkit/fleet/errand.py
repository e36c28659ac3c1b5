"""What to ask of which targets, in plain values: an errand may be carried out in another process, or far from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from diagkit.frozen import frozen
from diagkit.model import Moment, Site, Target
from diagkit.transports.ssh.switchboard import Choice

if TYPE_CHECKING:
    from diagkit.conclusions import Settings


@frozen(kw_only=True)
class Errand:
    """It holds no secret: keys, agents and passphrases are found where it is carried out.

    sites: what ought to be on each target, by label. timeout: seconds for each target. ssh_config: a file instead of
    the user's; `none` for no file. transport: `auto`, `paramiko` or `openssh`. parallel: at most so many targets at the
    same time; 0: as many as suit.
    """

    targets: tuple[Target, ...]
    settings: Settings
    moment: Moment
    timeout: float
    sites: Mapping[str, Site] = field(default_factory=dict)
    ssh_config: str = ""
    transport: Choice = "auto"
    parallel: int = 0

    def site(self, target: Target) -> Site:
        """What ought to be on this target."""
        return self.sites.get(target.label, Site())

    def of(self, *targets: Target) -> Errand:
        """The same errand to these targets only."""
        return replace(
            self, targets=targets, sites={t.label: self.sites[t.label] for t in targets if t.label in self.sites}
        )
