"""The services on other hosts that a host uses."""

import pytest

from diagkit.checks.functional.dependencies import reachable
from diagkit.model import Status
from diagkit.probes.endpoints import Attempt, Attempts, Endpoint

DATABASE = Endpoint(host="db1", port=5432, via="/etc/shop/shop.ini")


@pytest.mark.parametrize(
    ("state", "status", "says"),
    [
        ("open", Status.OK, "takes connections (named by /etc/shop/shop.ini)"),
        ("mute", Status.OK, "takes connections"),
        ("refused", Status.FAIL, "connection refused"),
        ("filtered", Status.FAIL, "timed out"),
        ("unreachable", Status.FAIL, "no route to host"),
        ("unresolved", Status.UNKNOWN, "unresolved"),
        ("", Status.UNKNOWN, "not allowed"),
    ],
)
def test_each_endpoint_is_told_by_how_it_took_the_connection(state: str, status: Status, says: str) -> None:
    (found,) = reachable.judge(Attempts(all=(Attempt(endpoint=DATABASE, state=state, error="not allowed"),)))
    assert (found.status, found.subject.raw) == (status, "db1:5432")
    assert says in found.summary.raw
