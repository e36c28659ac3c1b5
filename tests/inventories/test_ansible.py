"""Inventories read as Ansible reads them. What Ansible says was recorded with ansible-core 2.19 beside each inventory:

ansible-inventory -i corpus/simple.ini --list > corpus/simple.ini.json
ansible -i corpus/groups.ini 'atlanta:&raleigh' --list-hosts
"""

import json
from pathlib import Path

import pytest

from diagkit.inventories import patterns, reading
from diagkit.inventories.connections import ADDRESS, IDENTITY, PORT, USER, Connections
from diagkit.inventories.groups import ALL

CORPUS = Path(__file__).parent / "corpus"
INVENTORIES = sorted(path.with_suffix("") for path in CORPUS.glob("*.json"))
PATTERNS = json.loads((CORPUS.parent / "patterns.json").read_text())


def said(variables, names):
    """The variable that counts, as text: of two names the one with ssh in it."""
    return str(next((variables[name] for name in names if name in variables), ""))


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.name)
def test_the_same_groups_and_hosts(path):
    recorded = json.loads(Path(f"{path}.json").read_text())
    inventory = reading.read([str(path)])
    del recorded["_meta"]
    ours = {
        name: {"children": sorted(group.children), "hosts": list(group.hosts)}
        for name, group in inventory.groups.items()
        if group.children or group.hosts
    }
    theirs = {
        name: {"children": sorted(group.get("children", [])), "hosts": group.get("hosts", [])}
        for name, group in recorded.items()
    }
    ours[ALL]["hosts"] = theirs[ALL]["hosts"] = []  # Ansible does not list what is in `all` itself
    assert ours == theirs


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.name)
@pytest.mark.parametrize("through", ["file", "list"])
def test_the_same_way_to_each_host(path, through):
    """Read from the file itself, and from what `ansible-inventory --list` made of it."""
    recorded = json.loads(Path(f"{path}.json").read_text())
    piped = Path(f"{path}.json").read_text()
    inventory = reading.read([str(path)]) if through == "file" else reading.read(["-"], piped)
    connections = Connections(inventory)
    variables = recorded["_meta"]["hostvars"]
    assert set(inventory.hosts) >= set(variables)
    for name in inventory.hosts:
        known = variables.get(name, {})
        if set(said(known, USER)) & set("'\"; "):
            assert said(known, USER) == inventory.settings(inventory.hosts[name])["ansible_user"].text
            continue  # read alike, but no user name for us
        target = connections.target(name)
        assert target.host == (said(known, ADDRESS) or name)
        assert target.port == int(said(known, PORT) or 0)
        assert target.user == said(known, USER)
        assert target.identity == said(known, IDENTITY)


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, pattern) for name, recorded in PATTERNS.items() for pattern in recorded]
)
def test_the_same_hosts_for_a_pattern(name, pattern):
    inventory = reading.read([str(CORPUS / name)])
    groups = {group: inventory.members(group) for group in inventory.groups}
    names = patterns.Names(hosts=list(inventory.hosts), groups=groups)
    try:
        found = patterns.select(patterns.terms(pattern), names)
    except patterns.NothingMatches:
        found = []
    expected = PATTERNS[name][pattern]
    assert found == expected if pattern != "*" else set(found) == set(expected)
