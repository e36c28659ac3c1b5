"""Log lines folded by what they say, with what varies masked; and which of them are new, burst or stopped."""

from diagkit.logs.templates.miner import Miner
from diagkit.logs.templates.template import Template

__all__ = ["Miner", "Template"]
