"""The grammar of targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.cli.exits import Refusal
from diagkit.cli.targets import parse, resolve
from diagkit.config import Config, Declared
from diagkit.model import Target

SITE = Config(
    targets={"web1": Declared(address="deploy@10.0.0.5:22", tags=("web",)), "db1": Declared(tags=("db",))},
    groups={"shop": ("web1", "db1", "cache1"), "all": ("shop", "local"), "circle": ("circle",)},
)

WORDS = [
    ("local", Target("local", label="local")),
    ("web-1", Target("ssh", host="web-1", label="web-1")),
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


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_a_sentence(word):
    try:
        (target,) = resolve([word], Config())
    except Refusal:
        return
    assert target.label == word
    assert not target.host.startswith("-")
