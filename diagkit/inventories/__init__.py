"""Lists of hosts that others keep, read as targets.

    reading.py           which format a file, a directory or standard input is in
    plain.py             one target a line
    ini.py               Ansible's INI
    mapping.py           Ansible's YAML (yaml_values.py), JSON of `ansible-inventory --list`, TOML
    adjacent.py          the group_vars and host_vars that lie beside them
    groups.py            what they all fill in: hosts, groups of groups, and which variable wins
    connections.py       from a host and its variables to a target (addresses.py, ssh_arguments.py)
    ssh_config_hosts.py  the names that `Host` lines declare
    patterns.py          which names a pattern means
    canary.py            a few of many

Nothing here runs a program: inventory scripts, plugins, Jinja and vaults need Ansible, and are named when met.
"""

from __future__ import annotations


class Malformed(ValueError):
    """An inventory is not what it ought to be; one sentence with the file, the line and what was meant."""


class Unreadable(Exception):
    """There is no such inventory, or it may not be read; one sentence."""
