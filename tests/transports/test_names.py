"""Names that may reach a resolver or a command line, and those that must not."""

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diagkit.transports.names import check_host_name, check_user_name


@pytest.mark.parametrize(
    "name", ["web1", "web-1.example.org", "10.0.0.1", "::1", "fe80::1%eth0", "web_1", "bücher.example", "a" * 253]
)
def test_host_names_that_pass(name):
    check_host_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "-oProxyCommand=id",
            "web1;id",
            "$(id)",
            "`id`",
            "a b",
            "a\nb",
            "a\0b",
            "web%h",
            "fe80::1%",
            "fe80::1%e;d",
        ),
        *("%h", "a" * 254, "a\u202eb", "a\x1b[0m", "{a,b}", "a'b", "a\\b", "a\ud800", "10.0.0.1%eth0"),
    ],
)
def test_host_names_that_do_not(name):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        check_host_name(name)


@pytest.mark.parametrize("name", ["deploy", "CORP\\deploy", "deploy@corp.example", "svc-web", "_apt"])
def test_user_names_that_pass(name):
    check_user_name(name)


@pytest.mark.parametrize("name", ["", "-l", "a b", "a;b", "$(id)", "a\n", "%r", "a\\", "a" * 257, "a\x1b"])
def test_user_names_that_do_not(name):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        check_user_name(name)


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text))
@example("a,b")
def test_what_ssh_refuses_is_refused_here_too(name):
    try:
        check_host_name(name)
    except ValueError:
        return
    said = subprocess.run(["ssh", "-F", "none", "-G", "--", name], check=False, capture_output=True)
    assert said.returncode == 0, said.stderr
