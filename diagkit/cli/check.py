"""`diagkit check`."""

from __future__ import annotations

from diagkit.cli.checklist import checklist

check = checklist(
    "",
    """Run the whole checklist and name the likely root cause.

    Asks each target once or twice, changes nothing there and installs nothing. The exit code is the verdict.
    """,
)
