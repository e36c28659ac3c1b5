"""Hosts that share an answer of `ssh -G`: it is the one that ssh would have given for each."""

import subprocess
import threading
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from diagkit.transports.ssh.config import route as ssh_config
from diagkit.transports.ssh.config import settings as ssh_settings
from diagkit.transports.ssh.config.reader import read
from diagkit.transports.ssh.config.settings import Answers, Hop
from diagkit.transports.ssh.stages import Stopped

MINE = {"loglevel"} | ssh_settings.UNUSED  # -v of ours shows in the first


def from_ssh(hop, config):
    """What ssh says when it is asked about this one alone; None when it refuses."""
    argv = [
        "ssh",
        "-G",
        "-F",
        str(config),
        *(["-l", hop.user] if hop.user else []),
        *(["-p", str(hop.port)] if hop.port else []),
    ]
    done = subprocess.run([*argv, "--", hop.host], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    said = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        said.setdefault(key, []).append(value)
    return {key: value for key, value in said.items() if key not in MINE}


def from_us(answers, hop):
    try:
        return {key: value for key, value in answers.about(hop).items() if key not in MINE}
    except Stopped:
        return None


def same_for_each(config, hops):
    answers = Answers(str(config))
    for hop in hops:
        assert from_us(answers, hop) == from_ssh(hop, config), hop


@pytest.fixture
def asked(monkeypatch):
    """The hosts that ssh was really asked about."""
    hosts = []
    ask = ssh_settings._ask
    monkeypatch.setattr(ssh_settings, "_ask", lambda hop, config: (hosts.append(hop.host), ask(hop, config))[1])
    return hosts


def written(folder, text, name="config"):
    (folder / name).write_text(text)
    return folder / name


FLEETS = {
    "no file says anything": "",
    "every host has an address": "Host web1\n HostName 10.0.0.1\nHost web2\n HostName 10.0.0.2\nHost *\n User deploy\n",
    "names are completed": "Host web*\n HostName %h.example.org\n User deploy\n",
    "ports and users": "Host web1\n Port 2201\n User a\nHost web2\n Port 2202\n User b\nHost *\n IdentityFile ~/.ssh/%r\n",
    "aliases": "Host web1\n HostKeyAlias one\nHost web2\n HostKeyAlias two\n",
    "a socket for each": "Host *\n ControlPath ~/.ssh/cm-%C-%r@%h:%p-%n-%k\n ControlMaster auto\n",
    "known hosts of each": 'Host *\n UserKnownHostsFile ~/kh/%k "/with space/%h"\n',
    "an agent of each": "Host *\n IdentityAgent ~/agents/%n.sock\n",
    "keys of each": "Host *\n IdentityFile ~/.ssh/%n\n IdentityFile ~/.ssh/id_%r\n CertificateFile ~/.ssh/%h-cert.pub\n",
    "a way of each": "Host *\n ProxyCommand ssh -W %h:%p bastion\n KnownHostsCommand /bin/known %H\n",
    "as Fedora has it": "Host web1\n HostName db.example.org\nMatch final all\n User last\nHost *.example.org\n Port 99\n",
    "a bastion": "Host !bastion,*\n User x\nHost * !bastion\n ProxyJump bastion\n",
    "a jump host that would lead to itself": "Host *\n ProxyJump web1\n",
    "equals signs and case": "hOsT=web1\n UsEr = deploy\n PORT=2200\n",
    "match all": "Host web1\n User a\nMatch all\n Port 2200\n",
}


@pytest.mark.parametrize("fleet", FLEETS)
def test_a_shared_answer_is_the_answer_for_each(tmp_path, asked, fleet):
    config = written(tmp_path, FLEETS[fleet])
    hops = [Hop(host=name) for name in ("web1", "web2")]
    same_for_each(config, [*hops, Hop(host="web3"), Hop(host="web4", user="root", port=2222)])
    assert asked != ["web1", "web2", "web3", "web4"], "nothing was shared"


DIFFERING = {
    "commands": 'Match exec "test %h = web1"\n User only\n',
    "hosts": "Match host web1\n User only\n",
    "what is looked up": "CanonicalizeHostname yes\nCanonicalDomains invalid\nCanonicalizeFallbackLocal yes\n",
    "names in capitals": "Host *\n HostName %h.Example.ORG\n",
    "names that are not plain": "Host *\n HostName %%h\n",
    "comments": "Host web1 # and web2\n User only\n",
}


@pytest.mark.parametrize("kind", DIFFERING)
def test_where_hosts_may_differ_each_is_asked_about(tmp_path, asked, kind):
    config = written(tmp_path, DIFFERING[kind])
    same_for_each(config, [Hop(host="web1"), Hop(host="web2"), Hop(host="web3")])
    assert {"web2", "web3"} <= {*asked}


@pytest.mark.parametrize("name", ["Web1", "fe80::1%eth0", "::1", "10.0.0.1", "web_1", "none"])
def test_names_of_all_forms(tmp_path, name):
    config = written(tmp_path, "Host *\n ControlPath ~/%h-%C\n")
    same_for_each(config, [Hop(host="first"), Hop(host=name), Hop(host=name, port=2200)])


def test_included_files_count_where_the_include_does(tmp_path, asked):
    written(tmp_path, "User inner\nHost web2\n Port 2200\n", "one.conf")
    written(tmp_path, "Host web3\n Port 2300\n", "two.conf")
    config = written(
        tmp_path, f"Host web1 web2\n Include {tmp_path}/*.conf\n IdentityFile ~/after\nHost *\n User outer\n"
    )
    same_for_each(config, [Hop(host=f"web{n}") for n in range(1, 6)])
    assert "web5" not in asked


def test_a_file_that_only_ssh_can_find_is_noticed(tmp_path, asked, monkeypatch):
    """Another build of ssh may have its system-wide file elsewhere."""
    monkeypatch.setattr("diagkit.transports.ssh.config.files.SYSTEM_FILE", str(tmp_path / "elsewhere"))
    written(tmp_path, "User somebody\n", "elsewhere")
    answers = Answers()
    answers.about(Hop(host="web1"))
    answers.about(Hop(host="web2"))
    assert asked == ["web1", "web2"]


def test_a_configuration_that_does_not_parse_is_asked_about_once(tmp_path, asked):
    answers = Answers(str(written(tmp_path, "Host *\n NoSuchThing yes\n")))
    for host in ("web1", "web2"):
        with pytest.raises(Stopped, match=r"(?i)nosuchthing") as stopped:
            answers.about(Hop(host=host))
        assert "\r" not in stopped.value.why.detail
    assert asked == ["web1"]


def test_many_threads_ask_once(tmp_path, asked):
    answers = Answers(str(written(tmp_path, "Host *\n User deploy\n ControlPath ~/%C\n")))
    found = Counter()
    start = threading.Barrier(40)

    def resolve(number):
        start.wait()
        found[answers.about(Hop(host=f"web{number}"))["hostname"][0]] += 1

    threads = [threading.Thread(target=resolve, args=[number]) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    assert found == Counter(f"web{number}" for number in range(40))


NAMES = ("web1", "web2", "db1", "a.b", "10.0.0.1")
PATTERNS = st.lists(
    st.sampled_from([*NAMES, "web*", "*", "web?", "!web1", "!db*", "*.b", "*.example.org", "10.0.0.?", "!*.b"]),
    min_size=1,
    max_size=3,
)
VALUES = st.sampled_from(
    [
        *(
            "HostName %h.example.org",
            "HostName 10.1.1.1",
            "HostName a.b",
            "HostName=x-%h",
            "HostName UP.case",
            "HostName %%",
        ),
        *(
            "Port 2200",
            "Port 22",
            "Port=2201",
            "User deploy",
            "User %u",
            "User none",
            "HostKeyAlias all",
            "HostKeyAlias ALL",
        ),
        *("ControlPath ~/cm/%C", "ControlPath /tmp/%r@%h:%p", "ControlPath none", "UserKnownHostsFile ~/kh ~/kh-%k"),
        *(
            "IdentityFile ~/.ssh/a",
            "IdentityFile ~/.ssh/%h",
            "IdentityFile none",
            "CertificateFile ~/c-%n",
            "IdentitiesOnly yes",
        ),
        *(
            "IdentityAgent ~/a-%r",
            "IdentityAgent none",
            "IdentityAgent $SOCK",
            "ProxyJump web1",
            "ProxyJump me@gate:22,x",
            "ProxyJump none",
        ),
        *(
            "ProxyCommand nc %h %p",
            "ProxyCommand none",
            "KnownHostsCommand /bin/k %H",
            "AddressFamily inet",
            "ConnectTimeout 5",
        ),
        *(
            "StrictHostKeyChecking accept-new",
            "Ciphers aes128-ctr",
            "SetEnv A=%h",
            "LocalForward 5432 localhost:5432",
            "Tunnel no",
        ),
        *(
            "RevokedHostKeys ~/r-%h",
            "GlobalKnownHostsFile /g/%h",
            "SendEnv LANG",
            "RemoteCommand echo %n",
            "LocalCommand x %h",
        ),
    ]
)
CONDITIONS = st.one_of(
    PATTERNS.map(lambda words: f"Host {' '.join(words)}"),
    PATTERNS.map(lambda words: f"Host {' '.join(words)}"),
    st.sampled_from(
        [
            "Match all",
            "Match final all",
            "Match final",
            "Match host web1",
            "Match originalhost web*",
            "Match user deploy",
        ]
    ),
)
BLOCK = st.tuples(CONDITIONS, st.lists(VALUES, max_size=4)).map(lambda block: "\n  ".join([block[0], *block[1]]))
FILE = st.tuples(st.lists(VALUES, max_size=2), st.lists(BLOCK, max_size=4)).map(
    lambda parts: "\n".join([*parts[0], *parts[1], ""])
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=FILE, more=FILE, included=st.booleans(), user=st.sampled_from(["", "root"]), port=st.sampled_from([0, 2222])
)
def test_for_any_configuration_the_answer_is_that_of_ssh(tmp_path, text, more, included, user, port):
    """ssh refuses some of these: the same ones are refused here."""
    written(tmp_path, more, "more")
    config = written(tmp_path, f"{text}Include {tmp_path}/more\n" * included or text)
    same_for_each(config, [Hop(host=name, user=user, port=port) for name in NAMES])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILE, more=FILE, user=st.sampled_from(["", "root"]), port=st.sampled_from([0, 2222]))
def test_what_we_read_without_ssh_is_what_ssh_reads(tmp_path, text, more, user, port):
    """But for tokens in User, which only newer versions of ssh know."""
    assume("%u" not in text + more)
    written(tmp_path, more, "more")
    config = str(written(tmp_path, f"{text}Include {tmp_path}/more\n"))
    for name in NAMES:
        hop = Hop(host=name, user=user, port=port)
        try:
            expected = route_by(hop, _ask_alone(hop, config), None)
        except Stopped:
            continue
        found, notes = read(hop, config)
        assert route_by(hop, found, notes) == expected


def _ask_alone(hop, config):
    return ssh_settings._ask(hop, config)[0]


def route_by(hop, found, notes):
    """The route, without what is different by intention: defaults that only ssh knows, and what only ssh can do."""
    route = ssh_config._route(hop, found, {}, notes)
    keys = tuple(path for path in route.identities if not path.endswith(("/id_xmss", "/id_dsa")))
    return replace(route, key_algorithms="", authority_algorithms="", beyond=(), notes=(), identities=keys)
