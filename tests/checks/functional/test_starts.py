"""Why services do not start: each check hears its own reason, and only that."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagkit.checks.functional import starts
from diagkit.logs.occurrences import Occurrence
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.logs import Occurrences
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import LastWords, Words

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FAILED = Unit(name="shop.service", load="loaded", active="failed", sub="failed", result="exit-code", since=NOON)
DENIED = Unknown("unit_log.last_words", Silence.DENIED, "not for this user")
REASONS = {
    starts.configuration: '[emerg] 451#451: unknown directive "proxy_set_headers" in /etc/nginx/sites-enabled/shop:20',
    starts.permission: "PermissionError: [Errno 13] Permission denied: '/var/log/shop/app.log'",
    starts.port: "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
    starts.executable: "shop.service: Failed at step EXEC spawning /opt/shop/bin: No such file or directory",
    starts.library: "/opt/shop/bin: error while loading shared libraries: libpq.so.5: cannot open shared object file",
    starts.account: "shop.service: Failed at step USER spawning /opt/shop/bin: No such process",
    starts.directory: "shop.service: Changing to the requested working directory failed: No such file or directory",
    starts.environment: "KeyError: 'SHOP_CONF'",
    starts.sandbox: "OSError: [Errno 30] Read-only file system: '/var/log/shop/app.log'",
    starts.file: "FileNotFoundError: [Errno 2] No such file or directory: '/etc/shop/shop.conf'",
    starts.peer: "could not connect to server: Connection refused",
    starts.tasks: "RuntimeError: can't start new thread",
    starts.watchdog: "shop.service: Watchdog timeout (limit 3s)!",
    starts.in_time: "shop.service: start operation timed out. Terminating.",
    starts.program: "ValueError: invalid literal for int() with base 10: 'eighty'",
}
every_reason = pytest.mark.parametrize("check", REASONS, ids=lambda c: c.name)


def known(*those):
    return Units(all=those)


def words(*lines):
    return LastWords(all=(Words(unit="shop.service", said=lines, told=()),))


def judged(findings):
    return [(f.status, f.subject.raw) for f in findings]


@every_reason
@pytest.mark.parametrize("spoken", REASONS, ids=lambda c: c.name)
def test_last_words_speak_for_one_reason_alone(check, spoken):
    found = check.judge(known(FAILED), words("Starting", REASONS[spoken]))
    assert judged(found) == ([(Status.FAIL, "shop.service")] if check is spoken else [(Status.OK, "")])


@every_reason
def test_without_words_there_is_no_reason(check):
    assert judged(check.judge(known(), LastWords(all=()))) == [(Status.SKIP, "")]
    assert judged(check.judge(known(FAILED), words())) == [(Status.UNKNOWN, "shop.service")]
    assert judged(check.judge(known(FAILED), DENIED)) == [(Status.UNKNOWN, "shop.service")]


@pytest.mark.parametrize(
    ("check", "status"),
    [(starts.account, 217), (starts.executable, 203), (starts.directory, 200), (starts.sandbox, 226)],
)
def test_where_the_journal_is_not_for_us_the_exit_status_tells(check, status):
    (finding,) = check.judge(known(replace(FAILED, code="exited", status=status)), DENIED)
    assert finding.status is Status.FAIL
    assert finding.summary.raw == f"does not start (exit-code, status {status})"


def test_a_unit_file_that_cannot_be_loaded_is_an_error_of_configuration():
    bad = replace(FAILED, active="inactive", load="bad-setting")
    found = list(starts.configuration.judge(known(bad), LastWords(all=())))
    assert judged(found)[0] == (Status.FAIL, "shop.service")


@pytest.mark.parametrize(
    ("unit", "status"),
    [
        (replace(FAILED, active="inactive"), Status.FAIL),
        (replace(FAILED, name="other.service"), Status.FAIL),  # systemd has forgotten it
        (replace(FAILED, active="active"), Status.OK),  # it was started since
    ],
)
def test_a_dependency_that_failed(unit, status):
    said = Occurrence(
        signature=starts.REFUSED,
        count=1,
        first=NOON,
        last=NOON,
        source="journal",
        sample="Dependency failed for shop.service - Shop.",
        programs=("systemd",),
        fields={"unit": ("shop.service",)},
        bursts=(),
        minutes={},
    )
    (finding,) = starts.dependency.judge(known(unit), Occurrences(all=(said,)))
    assert finding.status is status
    (finding,) = starts.dependency.judge(known(unit), Occurrences(all=()))
    assert finding.status is Status.OK
