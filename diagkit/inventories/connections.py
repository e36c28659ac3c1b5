"""From a host of an inventory to a target: the variables that say how to reach it, and what of them is not done.

Where a variable has two names, the one with `ssh` in it wins, as it does in Ansible's ssh plugin.
https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ssh_connection.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from diagkit.inventories import Malformed
from diagkit.inventories.addresses import parse, port_number
from diagkit.inventories.groups import PRIORITY, Host, Inventory, Setting
from diagkit.inventories.ssh_arguments import understood
from diagkit.model import Target
from diagkit.transports.names import check_host_name, check_user_name

ADDRESS = ("ansible_ssh_host", "ansible_host")
PORT = ("ansible_ssh_port", "ansible_port")
USER = ("ansible_ssh_user", "ansible_user")
IDENTITY = ("ansible_ssh_private_key_file", "ansible_private_key_file")
CONNECTION = ("ansible_connection",)
ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")  # in ssh's order; the first wins
BY_KEY = "diagkit proves who you are by keys and the agent, never by a password in a file"
PASSED_OVER = {  # and why
    "ansible_password": BY_KEY,
    "ansible_ssh_pass": BY_KEY,
    "ansible_ssh_password": BY_KEY,
    "ansible_private_key": "diagkit reads keys from files and from the agent",
    "ansible_ssh_private_key": "diagkit reads keys from files and from the agent",
    "ansible_ssh_executable": "diagkit runs no program that an inventory names",
    "ansible_ssh_pkcs11_provider": "name it as PKCS11Provider in ~/.ssh/config",
}
KEPT = frozenset((*ADDRESS, *PORT, *USER, *IDENTITY, *CONNECTION, *ARGUMENTS, *PASSED_OVER, PRIORITY))
OVER_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh"})
HERE = "local"
OWN_NAME = re.compile(r"\{\{\s*inventory_hostname(_short)?\s*\}\}")
TEMPLATE = re.compile(r"\{[{%#]")


class Connections:
    """The targets of one inventory.

    passed_over: what the inventory says and is not done, with the reason, and the hosts it is said of.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.passed_over: dict[str, list[str]] = {}

    def target(self, name: str) -> Target:
        """The target that a host of the inventory is. Raises `Malformed` with the file and the line.

        What only Ansible could work out makes a target that says so when it is asked: the others are asked as ever.
        """
        host = self._inventory.hosts[name]
        written = self._inventory.settings(host)
        settings = {key: _named(value, name) for key, value in written.items()} if written else {}
        tags = self._inventory.lineage(host)
        connection = _first(settings, CONNECTION)
        kind = connection.text.removeprefix("ansible.builtin.") if connection else "ssh"
        barred = _beyond_us(settings)
        if connection and not barred and kind not in OVER_SSH:
            if kind == HERE:
                return Target("local", label=name, tags=tags)
            barred = f"{connection.place}: {name} is reached by {kind!r}, and diagkit reaches hosts over ssh"
        address = _first(settings, ADDRESS)
        if address and not barred:
            base = Target("ssh", host=_checked(address, name, check_host_name), label=name, tags=tags)
        else:
            base = replace(_by_name(host), label=name, tags=tags)
        if barred or base.scheme != "ssh":
            return replace(base, barred=barred)
        if user := _first(settings, USER):
            base = replace(base, user=_checked(user, name, check_user_name))
        if port := _first(settings, PORT):
            base = replace(base, port=int(_checked(port, name, port_number)))
        if key := _first(settings, IDENTITY):
            base = replace(base, identity=str(Path(os.path.expandvars(key.text)).expanduser().absolute()))
        self._mention(PASSED_OVER.keys() & settings.keys(), name)
        jump = self._jump(settings, name) if any(key in settings for key in ARGUMENTS) else ""
        return replace(base, jump=jump) if jump else base

    def _mention(self, keys: set[str], name: str) -> None:
        for key in sorted(keys):
            self.passed_over.setdefault(f"{key} is passed over: {PASSED_OVER[key]}", []).append(name)

    def _jump(self, settings: Mapping[str, Setting], name: str) -> str:
        """The jump hosts that its arguments for ssh name; what else they ask for is noted."""
        jump = ""
        for key in ARGUMENTS:
            if key in settings:
                try:
                    hops, left = understood(settings[key].text)
                except ValueError as error:
                    raise Malformed(f"{settings[key].place}: {key} of {name}: {error}") from error
                jump = jump or hops
                for argument in left:
                    said = f"{argument} in {key} is passed over: put it into ~/.ssh/config if it is needed"
                    self.passed_over.setdefault(said, []).append(name)
        return jump


def _first(settings: Mapping[str, Setting], keys: tuple[str, ...]) -> Setting | None:
    """The setting that counts, of those that mean the same. An empty one says nothing."""
    return next((settings[key] for key in keys if key in settings and settings[key].text), None)


def _named(setting: Setting, name: str) -> Setting:
    """The one expression that needs no Ansible: the host's own name."""
    if "{{" not in setting.text:
        return setting
    own = OWN_NAME.sub(lambda found: name.partition(".")[0] if found[1] else name, setting.text)
    return setting._replace(text=own)


def _beyond_us(settings: Mapping[str, Setting]) -> str:
    """Why only Ansible could reach the host; empty where we can."""
    for key in (*CONNECTION, *ADDRESS, *PORT, *USER, *IDENTITY, *ARGUMENTS):
        if key in settings:
            text, place, sealed = settings[key]
            if sealed:
                return f"{place}: {key} {sealed}"
            if TEMPLATE.search(text):
                return f"{place}: only Ansible can work out {key}, {text!r}; write the value itself"
    return ""


def _by_name(host: Host) -> Target:
    """A host that has no address of its own: its name is one."""
    try:
        return parse(host.name)
    except ValueError as error:
        raise Malformed(f"{host.place}: {error}") from error


def _checked(setting: Setting, name: str, check: Callable[[str], object]) -> str:
    """The text, once the check has let it pass."""
    try:
        check(setting.text)
    except ValueError as error:
        raise Malformed(f"{setting.place}: host {name}: {error}") from error
    return setting.text
