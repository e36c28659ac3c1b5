"""`diagkit functional`."""

from __future__ import annotations

from diagkit.cli.checklist import checklist

functional = checklist("functional", "Does it do its job? Units, services, what changed lately.")
