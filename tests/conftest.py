"""Options that several test suites share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ["XDG_CONFIG_HOME"] = "/nonexistent"  # what the tester knows of hosts is no part of the tests
os.environ["XDG_CACHE_HOME"] = "/dev/null"  # nor is anything kept of them

# how long an example takes says how busy the machine is
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite the expected results from what the code gives now; then read the diff",
    )
