"""The grammar of targets."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.cli.choice import choose
from diagkit.cli.exits import Refusal
from diagkit.cli.targets import parse, resolve
from diagkit.config import Config, Declared
from diagkit.inventories.patterns import is_pattern
from diagkit.model import Target

SITE = Config(
    targets={"web1": Declared(address="deploy@10.0.0.5:22", tags=("web",)), "db1": Declared(tags=("db",))},
    groups={"shop": ("web1", "db1", "cache1"), "all": ("shop", "local"), "circle": ("circle",)},
)

WORDS = [
    ("local", Target("local", label="local")),
    ("web-1", Target("ssh", host="web-1", label="web-1")),
    ("[::1]", Target("ssh", host="::1", label="[::1]")),
    ("ops@[::1]:2222", Target("ssh", host="::1", user="ops", port=2222, label="ops@[::1]:2222")),
    ("ops@web-1", Target("ssh", host="web-1", user="ops", label="ops@web-1")),
    ("ops@web-1:2222", Target("ssh", host="web-1", user="ops", port=2222, label="ops@web-1:2222")),
    ("ssh://ops@web-1:22/", Target("ssh", host="web-1", user="ops", port=22, label="ssh://ops@web-1:22/")),
    ("2001:db8::1", Target("ssh", host="2001:db8::1", label="2001:db8::1")),
    ("[2001:db8::1]:22", Target("ssh", host="2001:db8::1", port=22, label="[2001:db8::1]:22")),
    ("ops@[fe80::1%eth0]", Target("ssh", host="fe80::1%eth0", user="ops", label="ops@[fe80::1%eth0]")),
    ("replay:a b:c.tape", Target("replay", path="a b:c.tape", label="replay:a b:c.tape")),
]


@pytest.mark.parametrize(("word", "target"), WORDS, ids=[word for word, _ in WORDS])
def test_addresses(word, target):
    assert parse(word) == target


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (["web1"], ["web1"]),
        (["shop"], ["web1", "db1", "cache1"]),
        (["all", "web1"], ["web1", "db1", "cache1", "local"]),
        (["tag:db", "tag:web"], ["db1", "web1"]),
    ],
)
def test_declared_names_groups_and_tags(words, labels):
    assert [target.label for target in resolve(words, SITE)] == labels


def test_a_declared_name_keeps_its_label_and_takes_its_address():
    assert resolve(["web1"], SITE) == (
        Target("ssh", host="10.0.0.5", user="deploy", port=22, label="web1", tags=("web",)),
    )
    assert resolve(["db1"], SITE)[0].host == "db1"


REFUSED = [
    ("-oProxyCommand=id", "reads as an option"),
    ("$(id)", "cannot contain '$'"),
    ("web1;id", "cannot contain ';'"),
    ("a b", "cannot contain ' '"),
    ("web%h", "cannot contain '%'"),
    ("x" * 300, "at most 253 bytes"),
    ("", "is empty"),
    ("ops@", "is empty"),
    ("@web1", "user name is empty"),
    ("-l@web1", "reads as an option"),
    ("web1:0", "not a port number"),
    ("web1:65536", "not a port number"),
    ("web1:ssh", "not a port number"),
    ("web1:٢٢", "not a port number"),
    ("[::1", "written [address]:port"),
    ("ops:secret@web1", "a password does not belong"),
    ("http://web1", "not http://"),
    ("replay:", "wants the file of a tape"),
    ("reply:x.tape", "written replay:x.tape"),
    ("./x.tape", "written replay:./x.tape"),
    ("x.tape", "written replay:x.tape"),
    (",", "an empty pattern"),
    ("!", "an empty pattern"),
    ("tag:wbe", "did you mean web?"),
    ("circle", "contains itself"),
]


@pytest.mark.parametrize(("word", "said"), REFUSED, ids=[word[:30] for word, _ in REFUSED])
def test_what_is_no_target_is_refused_in_one_sentence(word, said):
    with pytest.raises(Refusal) as refused:
        resolve([word], SITE)
    assert said in refused.value.sentence
    assert refused.value.code == 64
    assert "\n" not in refused.value.sentence
    assert "secret" not in refused.value.sentence


@given(st.text(max_size=40).filter(lambda word: word != "-"))
def test_any_text_is_targets_or_a_sentence(word):
    try:
        found = resolve([word], Config())
    except Refusal:
        return
    assert all(not target.host.startswith("-") for target in found)
    assert is_pattern(word) or [target.label for target in found] == [word]


INI = """
bastion
[web]
web-[1:6]
[db]
db-1 ansible_host=127.0.0.9 ansible_user=dba
db-2
[live:children]
db
"""
FLEET = Config(
    targets={"web-1": Declared(tags=("front",)), "web-9": Declared(tags=("front",)), "cache": Declared()},
    groups={"shop": ("web-*", "cache"), "front": ("tag:front",)},
)


@pytest.fixture
def ini(tmp_path):
    (tmp_path / "hosts.ini").write_text(INI)
    return [str(tmp_path / "hosts.ini")]


def labels(words, config=FLEET, ssh_config="none", **narrowed):
    return [target.label for target in choose(words, config, ssh_config=ssh_config, **narrowed).targets]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["bastion", *(f"web-{n}" for n in range(1, 7)), "db-1", "db-2"]),
        (["live", "bastion"], ["db-1", "db-2", "bastion"]),
        (["web:!web-[34]*"], ["web-1", "web-2", "web-5", "web-6"]),
        (["web:!web-[3:4]"], ["web-1", "web-2", "web-5", "web-6"]),
        (["all:&live"], ["db-1", "db-2"]),
        (["web[0:1]"], ["web-1", "web-2"]),
        (["~(web|db)-2"], ["db-2", "web-2"]),
        (["db-*,web-1"], ["db-1", "db-2", "web-1"]),
        (["shop"], ["web-1", "web-9", "web-2", "web-3", "web-4", "web-5", "web-6", "cache"]),
        (["ops@db-1", "ssh://x"], ["ops@db-1", "ssh://x"]),
    ],
    ids=str,
)
def test_words_about_an_inventory(words, expected, ini):
    assert sorted(labels(words, inventory=ini)) == sorted(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["web-?"], ["web-1", "web-9", "web-x"]),
        (["all"], ["web-1", "web-9", "cache"]),
        (["front"], ["web-1", "web-9"]),
        (["jump*"], ["jump-eu", "jump-us"]),
        (["r[01:03].x"], ["r01.x", "r02.x", "r03.x"]),
        (["a,b:22"], ["a", "b:22"]),
    ],
    ids=str,
)
def test_patterns_over_declared_names_and_the_ssh_configuration(words, expected, tmp_path):
    (tmp_path / "more").write_text("Host jump-us web-x !web-y *.lan\n")
    (tmp_path / "config").write_text(f"Host jump-eu\nInclude {tmp_path}/more\nHost *\n  User me\n")
    assert labels(words, ssh_config=str(tmp_path / "config")) == expected


def test_an_inventory_says_how_and_diagkit_toml_what_for(ini):
    config = Config(targets={"db-1": Declared(tags=("mine",), depends_on=("cache",))})
    (target,) = choose(["db-1"], config, inventory=ini).targets
    assert (target.host, target.user) == ("127.0.0.9", "dba")
    assert (target.tags, target.depends_on) == (("mine", "db", "live"), ("cache",))


def test_limits_and_exclusions(ini, tmp_path):
    assert labels([], inventory=ini, limit=["web-[12]", "db"], exclude=["db-2"]) == ["web-1", "web-2", "db-1"]
    assert labels(["ops@db-1", "x"], limit=["db-1"]) == ["ops@db-1"]
    (tmp_path / "failed").write_text("# of yesterday\nweb-3\ndb-2\n")
    assert labels([], inventory=ini, limit=[f"@{tmp_path}/failed"]) == ["web-3", "db-2"]
    said = choose([], FLEET, inventory=ini, limit=["web"], exclude=["web-3"]).notes
    assert said == ("5 of 9 targets (--limit web --exclude web-3): web-1, web-2, web-4, web-5, web-6",)


def test_a_canary_is_of_all_groups_and_always_the_same(ini):
    first = choose([], FLEET, inventory=ini, canary="3")
    assert len({target.tags for target in first.targets}) == 3
    assert first == choose([], FLEET, inventory=ini, canary="3")
    assert set(labels([], inventory=ini, canary="3")) < set(labels([], inventory=ini, canary="5"))
    assert len(labels([], inventory=ini, canary="1%")) == 1
    assert "3 of 9 targets (--canary 3): " in first.notes[0]


LEFT = [
    ({"limit": ["wbe"]}, 64, "--limit: there is no target, group or tag 'wbe'; did you mean web?"),
    ({"exclude": ["web-77"]}, 64, "did you mean web-"),
    ({"limit": ["web"], "exclude": ["web*"]}, 64, "no target is left of "),
    ({"limit": ["@/nowhere"]}, 66, "there is no file '/nowhere'"),
    ({"limit": ["~("]}, 64, "is no regular expression"),
    ({"limit": [""]}, 64, "an empty pattern"),
    ({"exclude": [","]}, 64, "an empty pattern"),
    ({"canary": "0"}, 64, "is not a number of targets"),
    ({"canary": "many"}, 64, "is not a number of targets"),
    ({"canary": "101%"}, 64, "more than all"),
]


@pytest.mark.parametrize(("narrowed", "code", "said"), LEFT, ids=str)
def test_nothing_left_is_refused(narrowed, code, said, ini):
    with pytest.raises(Refusal) as refused:
        choose([], FLEET, inventory=ini, **narrowed)
    assert said in refused.value.sentence
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("wbe", "there is no host or group 'wbe'; did you mean web?"),
        ("wbe*", "there is no target like 'wbe*'"),
        ("web[9]", "counts from 0"),
        ("web-[5:9]", "there is no host or group 'web-7'"),
    ],
)
def test_with_an_inventory_a_slip_is_no_address(word, said, ini):
    with pytest.raises(Refusal) as refused:
        labels([word], config=Config(), inventory=ini)
    assert said in refused.value.sentence


def test_what_is_piped_in(diagkit, home, environment):
    def piped(text, *words):
        return subprocess.run(
            [sys.executable, "-m", "diagkit", "connectivity", *words, "--only", "connectivity.names", "--timeout", "5"],
            check=False, env=environment, cwd=home, input=text, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    found = piped("127.0.0.1:1\r\n\r\n# none\n127.0.0.1:2\n", "-", "--exclude", "127.0.0.1:2")
    assert "1 of 2 targets (--exclude 127.0.0.1:2): 127.0.0.1:1" in found.stderr
    listed = piped('{"db": {"hosts": ["h"]}}', "-i", "-", "dbs")
    assert (listed.returncode, listed.stderr) == (
        64,
        "diagkit: stdin: there is no host or group 'dbs'; did you mean db?\n",
    )
    nothing = piped("", "-")
    assert (nothing.returncode, nothing.stdout) == (66, "")
