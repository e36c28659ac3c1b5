"""`diagkit logs`."""

from __future__ import annotations

from diagkit.cli.checklist import checklist

logs = checklist("logs", "What do the logs say happened in the window?")
