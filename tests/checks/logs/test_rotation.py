"""Log rotation by logrotate.service."""

import pytest

from diagkit.checks.logs import rotation
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.systemd import Unit, Units

UNHEARD = Unknown("unit_log.last_words", Silence.DENIED)
LOGROTATE = Unit(name="logrotate.service", load="loaded", active="inactive", sub="dead")
FAILED = Unit(
    name="logrotate.service", load="loaded", active="failed", sub="failed", result="exit-code", code="exited", status=1
)


@pytest.mark.parametrize(("units", "status"), [((), Status.SKIP), ((LOGROTATE,), Status.OK), ((FAILED,), Status.FAIL)])
def test_works(units, status):
    (found,) = rotation.works.judge(Units(all=units), UNHEARD)
    assert found.status is status
