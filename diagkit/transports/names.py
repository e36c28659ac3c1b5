"""Host and user names that may be handed to a resolver, an ssh configuration or a command line.

Names come from tickets, inventories and chat. A name that reads as an option, as shell text or as an ssh token (`%h`)
has taken over workstations before (CVE-2017-1000117, CVE-2023-51385). So the rules of OpenSSH's `valid_hostname` and
`valid_ruser` hold here, plus `%`, plus the length a DNS name may have, before anything is done with the name.
"""

from __future__ import annotations

import ipaddress

LONGEST_NAME = 253  # octets of a DNS name, RFC 1035 2.3.4
LONGEST_USER = 256  # LOGIN_NAME_MAX of Linux
SHELL_TEXT = frozenset("'`\"$\\;&<>|(){},%")
USER_TEXT = frozenset("'`\";&<>|(){}%$")


def check_host_name(text: str) -> None:
    """Raise ValueError, one plain sentence, unless `text` can be a host name, an ssh alias or an IP address.

    IPv6 is written without brackets; its zone (`fe80::1%eth0`) is the one place where `%` may stand.
    """
    if not text:
        raise ValueError("the host name is empty")
    if text.startswith("-"):
        raise ValueError(f"{text!r} reads as an option, not as a host name")
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        raise ValueError(f"a host name has at most {LONGEST_NAME} bytes; this one is longer: {text[:40]!r}...")
    name = text.rpartition("%")[0] if _is_scoped_address(text) else text
    bad = [c for c in name if c in SHELL_TEXT or c.isspace() or not c.isprintable()]
    if bad:
        raise ValueError(f"a host name cannot contain {bad[0]!r}: {text!r}")


def check_user_name(text: str) -> None:
    """Raise ValueError, one plain sentence, unless `text` can be the name of a login user."""
    if not text:
        raise ValueError("the user name is empty")
    if text.startswith("-"):
        raise ValueError(f"{text!r} reads as an option, not as a user name")
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST_USER:
        raise ValueError(f"a user name has at most {LONGEST_USER} bytes; this one is longer: {text[:40]!r}...")
    bad = [c for c in text if c in USER_TEXT or c.isspace() or not c.isprintable()]
    if bad:
        raise ValueError(f"a user name cannot contain {bad[0]!r}: {text!r}")
    if text.endswith("\\"):
        raise ValueError(f"a user name cannot end in a backslash: {text!r}")


def _is_scoped_address(text: str) -> bool:
    address, percent, zone = text.rpartition("%")
    if not percent or not zone.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return False
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False
