"""Kernel settings beside what the files say, and updates that wait."""

import pytest

from diagkit.checks.functional import drift
from diagkit.model import Status
from diagkit.probes.drift import RebootRequired, Setting, Sysctls


@pytest.mark.parametrize(
    ("wanted", "live", "status"),
    [
        ("1024", "1024", Status.OK),
        ("1024", "4096", Status.WARN),
        ("4096 87380 6291456", "4096 87380 6291456", Status.OK),
        ("0x10", "16", Status.OK),
        ("cubic", "bbr", Status.WARN),
        ("", "1", Status.WARN),
    ],
)
def test_sysctl(wanted, live, status):
    setting = Setting(key="net.core.somaxconn", file="/etc/sysctl.d/90-app.conf", wanted=wanted, live=live)
    (finding,) = drift.sysctl.judge(Sysctls(all=(setting,)))
    assert finding.status is status


@pytest.mark.parametrize(("packages", "status"), [((), Status.OK), (("linux-image-6.1.0-31-amd64",), Status.WARN)])
def test_reboot(packages, status):
    (finding,) = drift.reboot.judge(RebootRequired(packages=packages))
    assert finding.status is status
