"""`diagkit connectivity`."""

from __future__ import annotations

from diagkit.cli.checklist import checklist

connectivity = checklist("connectivity", "Can it be reached? Name, route, TCP, SSH, TLS, HTTP.")
