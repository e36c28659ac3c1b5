"""What last words speak for: lines as real programs write them."""

import pytest

from diagkit.checks.functional.complaints import Reason, complaint, ending, last_words
from diagkit.model import Silence, Unknown
from diagkit.probes.systemd import Unit
from diagkit.probes.unit_log import LastWords, Words


def said(*lines, told=()):
    return Words(unit="a.service", said=lines, told=told)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("OSError: [Errno 98] Address already in use", Reason.PORT_TAKEN),
        ("Error: listen EADDRINUSE: address already in use :::3000", Reason.PORT_TAKEN),
        ("(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80", Reason.PORT_TAKEN),
        ('nginx: [emerg] open() "/run/nginx.pid" failed (13: Permission denied)', Reason.DENIED),
        ("shop: data directory /var/lib/shop is not writable", Reason.DENIED),
        ("/opt/a/bin: error while loading shared libraries: libssl.so.1.1: cannot open", Reason.LIBRARY),
        ("ModuleNotFoundError: No module named 'flask'", Reason.LIBRARY),
        ("/lib/libc.so.6: version `GLIBC_2.38' not found (required by /opt/a/bin)", Reason.LIBRARY),
        ("a.service: Unable to locate executable '/opt/a/bin': No such file or directory", Reason.NOT_EXECUTABLE),
        (
            'nginx: [emerg] cannot load certificate "/a.crt": BIO_new_file() failed (No such file or directory)',
            Reason.FILE_MISSING,
        ),
        ("django.db.utils.OperationalError: could not connect to server: Connection refused", Reason.PEER),
        ("dial tcp: lookup db1: Temporary failure in name resolution", Reason.PEER),
        ("nginx: [emerg] still could not bind()", Reason.PORT_TAKEN),
        ("a.service: Failed at step EXEC spawning /opt/a: Exec format error", Reason.NOT_EXECUTABLE),
        ("a.service: Failed at step EXEC spawning /opt/a: Permission denied", Reason.DENIED),
        ("a.service: Failed at step EXEC spawning /opt/a: Resource temporarily unavailable", Reason.TASKS),
        ("a.service: Failed at step CHDIR spawning /opt/a: No such file or directory", Reason.DIRECTORY),
        ("a.service: Failed to determine user credentials: No such process", Reason.ACCOUNT),
        ("a.service: Failed to load environment files: No such file or directory", Reason.ENVIRONMENT),
        ("KeyError: 'SHOP_CONF'", Reason.ENVIRONMENT),
        ("KeyError: 'shop'", Reason.PROGRAM),
        ("start.sh: line 3: DATABASE_URL: unbound variable", Reason.ENVIRONMENT),
        ("Error: environment variable DATABASE_URL is required", Reason.ENVIRONMENT),
        ("OSError: [Errno 30] Read-only file system: '/var/log/a/a.log'", Reason.SANDBOX),
        ("a.service: Failed at step NAMESPACE spawning /opt/a: No such file or directory", Reason.SANDBOX),
        ("a.service: Watchdog timeout (limit 3s)!", Reason.WATCHDOG),
        ("a.service: start operation timed out. Terminating.", Reason.START_TIMEOUT),
        ("ValueError: invalid literal for int() with base 10: 'eighty'", Reason.PROGRAM),
        ("AH00526: Syntax error on line 12 of /etc/apache2/sites-enabled/a.conf:", Reason.CONFIGURATION),
        ("Bad configuration option: PermitRootLogn", Reason.CONFIGURATION),
        ("/etc/ssh/sshd_config: terminating, 1 bad configuration options", Reason.CONFIGURATION),
        ("*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***", Reason.CONFIGURATION),
        ('unrecognized configuration parameter "shared_bufers"', Reason.CONFIGURATION),
        ("yaml.scanner.ScannerError in /etc/a/config.yaml: error in line 3", Reason.CONFIGURATION),
        ("Starting A ...", None),
        ("nginx: configuration file /etc/nginx/nginx.conf test failed", None),
        ("Configuration loaded from /etc/a.conf", None),
    ],
)
def test_a_line_speaks_for(line, reason):
    assert complaint(said(line)) == (reason, line)


def test_what_was_said_last_counts_and_programs_before_systemd():
    old, new = "Permission denied: '/a'", "No such file or directory: '/b'"
    assert complaint(said(old, new, "bye"))[1] == new
    assert complaint(said(new, told=(old,)))[1] == new
    assert complaint(said("bye", told=(old,)))[1] == old


def test_without_known_words_it_is_the_last_line_or_how_it_ended():
    ended = "a.service: Main process exited, code=killed, status=9/KILL"
    told = ("Started a.service", ended, "a.service: Failed with result 'signal'.")
    assert complaint(said("one", "two ", told=told)) == (None, "two")
    assert complaint(said(told=told)) == (None, ended)
    assert complaint(said()) == (None, "")


def test_last_words_are_empty_where_we_may_not_read_them():
    assert last_words("a.service", Unknown("unit_log.last_words", Silence.DENIED)) == ""
    assert last_words("a.service", LastWords(all=())) == ""
    assert last_words("a.service", LastWords(all=(said("two"),))) == "two"


@pytest.mark.parametrize(
    ("result", "code", "status", "reason"),
    [
        ("exit-code", "exited", 217, Reason.ACCOUNT),
        ("exit-code", "exited", 203, Reason.NOT_EXECUTABLE),
        ("exit-code", "killed", 9, None),
        ("exit-code", "exited", 1, None),
        ("watchdog", "killed", 6, Reason.WATCHDOG),
        ("timeout", "killed", 15, Reason.START_TIMEOUT),
    ],
)
def test_how_it_ended_speaks_for(result, code, status, reason):
    unit = Unit(name="a.service", load="loaded", active="failed", sub="failed", result=result, code=code, status=status)
    assert ending(unit) is reason


def test_what_systemd_repeats_in_fewer_words_is_passed_over():
    told = (
        "a.service: Failed to load environment files: No such file",
        "a.service: Failed to run 'start' task: No such file or directory",
    )
    assert complaint(said(told=told))[0] is Reason.ENVIRONMENT
