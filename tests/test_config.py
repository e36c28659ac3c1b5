"""diagkit.toml: what is read, from where, what wins, and how its mistakes are told."""

from pathlib import Path

import pytest

from diagkit import catalog, config
from diagkit.config import Misconfigured


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The four places settings come from: system, own, here, named. None exists yet."""
    monkeypatch.setattr(config, "SYSTEM", tmp_path / "etc/diagkit.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("DIAGKIT_CONFIG", raising=False)
    for folder in ("etc", "xdg/diagkit", "here"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    return {
        "system": tmp_path / "etc/diagkit.toml",
        "own": tmp_path / "xdg/diagkit/diagkit.toml",
        "here": tmp_path / "here/diagkit.toml",
        "named": tmp_path / "named.toml",
    }


def settled(named="") -> config.Config:
    return config.load(config.layers(named))


def test_without_any_file_the_defaults_hold(places):
    assert settled() == config.Config()
    assert settled().timeout == 30


def test_the_nearer_file_wins_and_says_so(places):
    places["system"].write_text('timeout = 1\nsince = "1h"\nascii = true\n')
    places["own"].write_text('timeout = 2\nsince = "2h"\n')
    places["named"].write_text("timeout = 3\n")
    stack = config.layers(str(places["named"]))
    assert (config.load(stack).timeout, config.load(stack).since, config.load(stack).ascii) == (3, "2h", True)
    origins = config.origins(stack)
    assert origins["timeout"] == str(places["named"])
    assert origins["since"] == str(places["own"])


def test_tables_are_laid_over_one_another_key_by_key(places):
    places["own"].write_text('[targets.a]\naddress = "ops@a:2222"\n[targets.b]\n')
    places["here"].write_text('[targets.a]\ntags = ["web"]\n')
    assert settled().targets["a"] == config.Declared(address="ops@a:2222", tags=("web",))
    assert set(settled().targets) == {"a", "b"}


def test_the_environment_names_a_file_and_the_flag_takes_its_place(places, monkeypatch, tmp_path):
    places["named"].write_text("timeout = 3\n")
    monkeypatch.setenv("DIAGKIT_CONFIG", str(places["named"]))
    assert settled().timeout == 3
    other = tmp_path / "other.toml"
    other.write_text("timeout = 4\n")
    assert settled(str(other)).timeout == 4


def test_a_file_here_that_was_named_is_trusted(places):
    places["here"].write_text('[services.shop]\ncommand = ["/usr/local/bin/ping-shop"]\n')
    assert settled("diagkit.toml").services["shop"].command == ("/usr/local/bin/ping-shop",)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[services.shop]\ncommand = ["id"]\n', "services.shop.command"),
        ('ssh_config = "evil"\n', "ssh_config"),
        ('fail_on = "never"\n', "fail_on"),
    ],
)
def test_a_file_that_merely_lies_here_may_run_nothing(places, text, key):
    places["here"].write_text(text)
    with pytest.raises(Misconfigured, match="merely lies in the current directory") as refused:
        settled()
    assert str(refused.value).startswith(f"./diagkit.toml: {key}: ")


def test_a_file_that_merely_lies_here_may_say_what_ought_to_be(places):
    places["here"].write_text(
        'logs = ["/var/log/shop.log"]\n[targets.web1]\n[groups]\nall = ["web1"]\n'
        '[services.shop]\nurl = "http://web1/"\non = ["all"]\n[checks.resources.disk.space]\nwarn = 0.05\n'
        '[[deploys]]\nat = 2026-11-21T14:05:00+01:00\nwhat = "shop 1.2"\n'
    )
    loaded = settled()
    assert loaded.services["shop"].url == "http://web1/"
    assert loaded.deploys[0].at.isoformat() == "2026-11-21T14:05:00+01:00"


MISTAKES = [
    ("tiemout = 3", "unknown key 'tiemout'; did you mean timeout?"),
    ('timeout = "soon"', "timeout: expected a value of type float, got 'soon'"),
    ("timeout = true", "timeout: expected a value of type float, got True"),
    ('color = "blue"', "color: expected one of auto, always, never, got 'blue'"),
    ("[targets.web1]\nadress = 'x'", "targets.web1: unknown key 'adress'; did you mean address?"),
    ("[targets]\nweb1 = 3", "targets.web1: expected a table, got 3"),
    ("[groups]\nall = 'web1'", "groups.all: expected a list, got 'web1'"),
    ("[services]\nshop = 3", "services.shop: expected a table"),
    ("services = 3", "services: expected a table"),
    ("[services.shop]\nexpect = 200", "services.shop: nothing to check; give it one of url, tcp, unit, process, command"),
    ("[services.shop]\nurl = 'https://me:secret@shop/'", "services.shop.url: a password does not belong here; check a page that needs none"),
    ("[services.shop]\ntcp = 80", "services.shop.tcp: expected a value of type str, got 80"),
    ("[checks]\nresources = 3", "checks.resources: expected a table named after a check"),
    ("[[deploys]]\nat = 2026-11-21T14:05:00\nwhat = 'x'", "deploys[0].at: 2026-11-21 14:05:00 needs a zone, as in 2026-11-21T14:05:00Z"),
    ("[[deploys]]\nwhat = 'x'", "deploys[0]: 'at' is missing"),
    ("timeout = = 3", "Invalid value (at line 1, column 11)"),
    ("[targets.a]\n[groups]\na = []", "groups.a: there is a target of that name"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[said[:40] for _, said in MISTAKES])
def test_every_mistake_is_told_with_file_and_key(places, text, said):
    places["own"].write_text(text)
    with pytest.raises(Misconfigured) as told:
        settled()
    assert str(told.value) == f"{places['own']}: {said}"


def test_a_named_file_must_be_there_and_be_text(places, tmp_path):
    with pytest.raises(Misconfigured, match="cannot be read: No such file or directory"):
        settled(str(tmp_path / "nowhere.toml"))
    with pytest.raises(Misconfigured, match="cannot be read: Is a directory"):
        settled(str(tmp_path))
    places["named"].write_bytes(b'since = "\xff"')
    with pytest.raises(Misconfigured, match="is not UTF-8 text"):
        settled(str(places["named"]))
    places["named"].write_bytes(b"#" * (config.LARGEST_FILE + 1))
    with pytest.raises(Misconfigured, match="larger than"):
        settled(str(places["named"]))


SPACE = "[checks.resources.disk.space]\n"


def limits_of(text: str, place: Path) -> dict[str, object]:
    place.write_text(text)
    return config.limits(config.layers(), catalog.all_checks())


def test_limits_of_a_check_are_replaced_key_by_key(places):
    default = catalog.all_checks()["resources.disk.space"].limits
    places["system"].write_text(f"{SPACE}fail = 0.01\n")
    replaced = limits_of(f"{SPACE}warn = 0.05\n", places["here"])["resources.disk.space"]
    assert type(replaced) is type(default)
    assert (replaced.warn, replaced.fail) == (0.05, 0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[checks.resources.disk.spce]\nwarn = 1", "resources.disk.spce: there is no such check; did you mean resources.disk.space?"),
        (f"{SPACE}wran = 1", "resources.disk.space: unknown key 'wran'; did you mean warn?"),
        (f'{SPACE}warn = "5%"', "resources.disk.space.warn: expected a value of type float, got '5%'"),
    ],
)  # fmt: skip
def test_mistakes_in_limits_are_told_with_file_and_key(places, text, said):
    with pytest.raises(Misconfigured) as told:
        limits_of(text, places["here"])
    assert str(told.value) == f"./diagkit.toml: checks.{said}"


def test_a_target_is_in_a_group_by_name_glob_tag_and_group():
    groups = {"shop": ("web-*", "cache"), "front": ("tag:edge",), "most": ("shop", "front"), "round": ("round",)}
    settled_ = config.Config(groups=groups)
    assert settled_.groups_of("web-1", ()) == {"shop", "most"}
    assert settled_.groups_of("x", ("edge",)) == {"front", "most"}
    assert settled_.groups_of("db", ()) == frozenset()


def test_an_inventory_lies_where_the_file_that_names_it_says(places):
    places["own"].write_text('inventory = "hosts.ini"\n')
    assert settled().inventory == str(places["own"].parent / "hosts.ini")
    places["here"].write_text('inventory = "inv/hosts.ini"\n')
    assert settled().inventory == "inv/hosts.ini"


@pytest.mark.parametrize("elsewhere", ["/etc/passwd", "../hosts", "~/hosts"])
def test_a_file_that_merely_lies_here_names_no_inventory_elsewhere(places, elsewhere):
    places["here"].write_text(f'inventory = "{elsewhere}"\n')
    with pytest.raises(Misconfigured, match="may not name one elsewhere"):
        settled()
