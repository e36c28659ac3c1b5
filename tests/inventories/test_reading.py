"""Which format an inventory is in, what is wrong with it, and what becomes of a host."""

import json
import time

import pytest

from diagkit.inventories import Malformed, Unreadable, reading
from diagkit.inventories.connections import Connections


def read(text, tmp_path, name="hosts"):
    (tmp_path / name).write_text(text)
    return reading.read([str(tmp_path / name)])


SAME = {
    "hosts.ini": "[web]\nweb1\nweb2 ansible_port=22\n",
    "hosts.yml": "web:\n  hosts:\n    web1:\n    web2: {ansible_port: 22}\n",
    "hosts": "---\nweb:\n  hosts:\n    web1:\n    web2: {ansible_port: 22}\n",
    "hosts.json": '{"web": {"hosts": ["web1", "web2"]}, "_meta": {"hostvars": {"web2": {"ansible_port": 22}}}}',
    "hosts.toml": "[web.hosts]\nweb1 = {}\nweb2 = {ansible_port = 22}\n",
    "bom.ini": "\ufeff[web]\r\nweb1\r\nweb2 ansible_port=22\r\n",
}


@pytest.mark.parametrize("name", SAME)
def test_every_format_says_the_same(name, tmp_path):
    inventory = read(SAME[name], tmp_path, name)
    assert inventory.members("web") == ["web1", "web2"]
    assert Connections(inventory).target("web2").port == 22


@pytest.mark.parametrize("name", [name for name in SAME if not name.endswith("toml")])
def test_what_is_piped_in_is_known_by_its_looks(name):
    assert reading.read(["-"], SAME[name].lstrip("\ufeff")).members("web") == ["web1", "web2"]


def test_a_plain_list_is_targets_as_they_are_typed(tmp_path):
    text = "# mine\n\nweb-1\r\nops@127.0.0.1:2201 # the first\n127.0.0.1:2202\n2001:db8::1\nssh://a@b:22\nr[1:2].x\nweb-1\n"
    inventory = read(text, tmp_path)
    assert list(inventory.hosts) == [
        "web-1", "ops@127.0.0.1:2201", "127.0.0.1:2202", "2001:db8::1", "ssh://a@b:22", "r1.x", "r2.x",
    ]  # fmt: skip
    target = Connections(inventory).target("ops@127.0.0.1:2201")
    assert (target.host, target.user, target.port) == ("127.0.0.1", "ops", 2201)


def test_powershell_writes_utf_16(tmp_path):
    (tmp_path / "hosts.txt").write_bytes("web-1\r\nweb-2\r\n".encode("utf-16"))
    assert list(reading.read([str(tmp_path / "hosts.txt")]).hosts) == ["web-1", "web-2"]


WRONG = [
    ("hosts", "web1\nweb2 web3\n", "hosts:2: 'web2 web3' is more than one target"),
    ("hosts", "-oProxyCommand=id\n", "hosts:1: '-oProxyCommand=id' is not the name of a host"),
    ("hosts", "$(id)\n", "hosts:1: a host name cannot contain '$'"),
    ("hosts", "web%h\n", "hosts:1: a host name cannot contain '%'"),
    ("hosts", "a:secret@web\n", "a password does not belong"),
    ("hosts", "web[1:99999999]\n", "more than 1000000"),
    ("hosts", "web[3:1]\n", "ends before it begins"),
    ("hosts.ini", "[web]\nweb1 ansible_port\n", "hosts.ini:2: 'ansible_port' after 'web1' is no variable=value"),
    ("hosts.ini", "[web]\na\n[wbe:vars]\nx=1\n", "hosts.ini:3: there is no group [wbe]; did you mean web?"),
    ("hosts.ini", "[web]\na\n[all:children]\nwbe\n", "hosts.ini:4: there is no group [wbe]; did you mean web?"),
    ("hosts.ini", "[web:childern]\na\n", "hosts.ini:1: a section is [web], [web:children] or [web:vars]"),
    ("hosts.ini", "[a:children]\nb\n[b:children]\na\n", "contains itself"),
    ("hosts.ini", "[web]\nweb1 x='\n", "hosts.ini:2: No closing quotation"),
    ("hosts.yml", "web:\n  hosts:\n  - [1\n", "hosts.yml:4:"),
    (
        "hosts.yml",
        "web:\n  hosts:\n    a:\n      ansible_host: {{ ip }}\n",
        "hosts.yml:4: a list or table stands where",
    ),
    ("hosts.yml", "hosts:\n  web1:\n", "hosts.yml:1: 'hosts' stands where the name of a group belongs"),
    ("hosts.yml", "plugin: aws_ec2\n", "hosts.yml:1: is the configuration of the inventory plugin aws_ec2"),
    ("hosts.yml", "[" * 100_000, "nested more than 200 levels deep"),
    ("hosts.yml", "a: *b\n", "there is no &b above"),
    ("hosts.yml", "a: 1\n---\nb: 1\n", "a second document begins"),
    ("hosts.json", '{"web": [', "hosts.json:1: is not JSON"),
    ("hosts.json", '{"a":' * 100_000, "hosts.json: is nested too deeply"),
    ("ec2.py", "#!/usr/bin/env python\nprint()\n", "runs no inventory scripts"),
    ("hosts", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "is encrypted by ansible-vault"),
    ("hosts", "web1\n\x00\n", "is not text"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG, ids=[f"{name}-{said[:40]}" for name, _, said in WRONG])
def test_what_is_wrong_is_one_sentence_with_its_line(name, text, said, tmp_path):
    with pytest.raises(Malformed) as wrong:
        read(text, tmp_path, name)
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "hosts.ini").write_text("web1\n")
    with pytest.raises(Unreadable, match=r"did you mean .*/hosts\.ini\?"):
        reading.read([str(tmp_path / "host.ini")])


def test_aliases_within_aliases_cost_nothing(tmp_path):
    lines = ["a0: &a0 {hosts: {h: }}"]
    lines += [f"a{n}: &a{n} {{children: {{x{n}: *a{n - 1}, y{n}: *a{n - 1}}}}}" for n in range(1, 40)]
    started = time.monotonic()
    assert "h" in read("\n".join(lines), tmp_path, "bomb.yml").hosts
    assert time.monotonic() - started < 20


DONE_OTHERWISE = [
    ("ansible_host='{{ ip }}'", "only Ansible can work out ansible_host"),
    ("ansible_connection=winrm", "is reached by 'winrm'"),
]


@pytest.mark.parametrize(("variable", "said"), DONE_OTHERWISE)
def test_what_only_ansible_can_do_is_said_of_that_host_alone(variable, said, tmp_path):
    connections = Connections(read(f"[web]\nweb1 {variable}\nweb2\n", tmp_path, "h.ini"))
    assert said in connections.target("web1").barred
    assert not connections.target("web2").barred


def test_a_vaulted_value_bars_its_host_and_no_other(tmp_path):
    text = "web:\n  hosts:\n    a:\n      ansible_host: !vault |\n        $ANSIBLE_VAULT;1.1\n    b: {ansible_user: !unsafe x}\n"
    connections = Connections(read(text, tmp_path, "h.yml"))
    assert "is encrypted by ansible-vault" in connections.target("a").barred
    assert connections.target("b").user == "x"


def test_the_hosts_own_name_needs_no_ansible(tmp_path):
    text = 'all:\n  hosts: {"web1.lan": {}}\n  vars: {ansible_host: "{{ inventory_hostname_short }}.example.com"}\n'
    assert Connections(read(text, tmp_path, "h.yml")).target("web1.lan").host == "web1.example.com"


def test_jump_hosts_are_taken_over_and_the_rest_is_said(tmp_path):
    arguments = '-o ProxyCommand="ssh -W %h:%p -q ops@jump" -o StrictHostKeyChecking=no -C'
    connections = Connections(
        read(f"[web]\nweb1 ansible_password=x\n[web:vars]\nansible_ssh_common_args='{arguments}'\n", tmp_path, "h.ini")
    )
    assert connections.target("web1").jump == "ops@jump"
    said = "\n".join(connections.passed_over)
    assert "StrictHostKeyChecking=no (host keys are always checked)" in said
    assert "ansible_password is passed over" in said
    assert "-C" not in said


def test_a_host_that_is_here(tmp_path):
    target = Connections(read("[a]\nme ansible_connection=local\n", tmp_path, "h.ini")).target("me")
    assert (target.scheme, target.label, target.tags) == ("local", "me", ("a",))


@pytest.mark.parametrize("bad", ["ansible_port=ssh", "ansible_port=70000", "ansible_host=-oX", "ansible_user='a;b'"])
def test_a_value_that_cannot_be_is_named_with_its_line(bad, tmp_path):
    connections = Connections(read(f"[a]\nweb1 {bad}\n", tmp_path, "h.ini"))
    with pytest.raises(Malformed, match=r"h\.ini:2: host web1: "):
        connections.target("web1")


def test_many_hosts_are_read_at_once(tmp_path):
    text = "[web]\n" + "".join(f"web-{n} ansible_host=127.0.0.1\n" for n in range(50_000))
    started = time.process_time()
    assert len(read(text, tmp_path, "h.ini").hosts) == 50_000
    assert time.process_time() - started < 10
    assert len(reading.read(["-"], json.dumps({"web": [f"w{n}" for n in range(50_000)]})).hosts) == 50_000
