"""`diagkit resources`."""

from __future__ import annotations

from diagkit.cli.checklist import checklist

resources = checklist("resources", "Is anything used up? CPU, memory, disk, files, sockets.")
