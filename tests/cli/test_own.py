"""Knowledge of the user's own: it takes part, and what is wrong with it is told and takes nothing else down."""

import json
import re
from pathlib import Path

import pytest

from tests.cli import tapes

GOOD = """\
from diagkit.causes import Cause, always
from diagkit.checks.resources import files

shop_full = Cause(
    title="The shop is full",
    prior=0.005,
    shows=(always(files.system_limit),),
    verify="diagkit resources {target}",
    act="Close the shop.",
    roll_back="Open it.",
)
"""


@pytest.fixture
def own(home: Path) -> Path:
    folder = home / ".config/diagkit"
    for kind in ("causes", "checks/functional", "probes", "signatures"):
        (folder / kind).mkdir(parents=True)
    return folder


@pytest.fixture
def faults(diagkit, home):
    """What a run says is wrong with the knowledge; the run itself must go on."""

    def run() -> dict[str, str]:
        tape = tapes.keep(tapes.host(used_percent=3), home / "a.tape")
        ran = diagkit("check", f"replay:{tape}", "--only", tapes.CHECK, "--format", "json")
        assert ran.returncode == 0, ran.stderr
        return {fault["where"]: fault["error"] for fault in json.loads(ran.stdout)["faults"]}

    return run


def test_a_cause_of_ones_own_takes_part(diagkit, own, faults, home):
    (own / "causes/shop.py").write_text(GOOD)
    assert not faults()
    assert re.search(r"^shop_full +The shop is full$", diagkit("list", "causes").stdout, re.MULTILINE)
    told = diagkit("explain", "shop_full").stdout
    assert "always resources.files.system_limit" in told
    assert "Runbook" not in told
    tape = tapes.keep(tapes.host(used_percent=99), home / "full.tape")
    named = json.loads(diagkit("check", f"replay:{tape}", "--format", "json").stdout)["diagnosis"]["causes"]
    assert "shop_full" in {cause["id"] for cause in named}
    assert "1 of your own" in diagkit("doctor").stdout


def test_all_kinds_refer_to_each_other_as_if_they_were_shipped(diagkit, own, faults):
    (own / "probes/aisles.py").write_text(
        "from dataclasses import dataclass\n"
        "from diagkit.model import Read, Reply\n"
        "from diagkit.probes import probe\n\n"
        "@dataclass(frozen=True)\n"
        "class Aisles:\n    count: int\n\n"
        "@probe(Read('/etc/aisles'))\n"
        "def aisles(reply: Reply) -> Aisles:\n    '''How many.'''\n    return Aisles(int(reply.text))\n"
    )
    (own / "checks/functional/aisles.py").write_text(
        "from diagkit.checks import Findings, check, ok\n"
        "from diagkit.probes.aisles import Aisles\n\n"
        "@check()\n"
        "def enough(aisles: Aisles) -> Findings:\n    '''There are enough.'''\n    yield ok(str(aisles.count))\n"
    )
    (own / "causes/aisles.py").write_text(
        "from diagkit.causes import Cause, always\n"
        "from diagkit.checks.functional import aisles\n\n"
        "few = Cause(title='Few', prior=0.01, shows=(always(aisles.enough),), verify='', act='', roll_back='')\n"
    )
    assert not faults()
    assert "/etc/aisles" in diagkit("explain", "functional.aisles.enough").stdout
    assert "few, always" in diagkit("explain", "functional.aisles.enough").stdout


@pytest.mark.parametrize(
    ("file", "text", "place", "said"),
    [
        ("causes/a.py", "from diagkit.checks.resources.disk import spcae\n", "causes/a.py:1", "did you mean space?"),
        ("causes/a.py", "\ndef (:\n", "causes/a.py:2", "cannot be loaded: invalid syntax"),
        ("causes/a.py", "import sys\nsys.exit('no')\n", "causes/a.py:2", "cannot be loaded: SystemExit: no"),
        (
            "causes/a.py",
            "from diagkit.checks.resources import disk\nx = 1\ny = disk.spaec\n",
            "causes/a.py:3",
            "did you mean space?",
        ),
        ("causes/storage.py", "", "causes/storage.py", "rename the file"),
        ("causes/a.py", GOOD.replace("shop_full", "disk_full"), "causes/a.py:4", "taken, by diagkit/causes/storage.py"),
        ("causes/a.py", GOOD.replace("),),", ")),"), "causes/a.py:4", "put a comma behind a single one"),
        ("causes/a.py", GOOD.replace("0.005", "5"), "causes/a.py:4", "no probability"),
        ("causes/a.py", GOOD.replace("files.system_limit", "'files'"), "causes/a.py:4", "import the check itself"),
        (
            "causes/a.py",
            GOOD + "import dataclasses as d\n"
            "from diagkit.causes import often\n"
            "_b = d.replace(shop_full)\n"
            "shop_full = d.replace(shop_full, leads_to=(often(_b),))\n",
            "causes/a.py:4",
            "give that a public name",
        ),
        (
            "causes/a.py",
            GOOD + "object.__setattr__(shop_full, 'leads_to', (__import__('diagkit').causes.often(shop_full),))\n",
            "causes/a.py:4",
            "in a circle: shop_full -> shop_full",
        ),
        (
            "checks/a.py",
            "from diagkit.checks import check\n@check()\ndef x():\n    '''X.'''\n    yield\n",
            "checks/a.py:3",
            "there is no phase 'a'",
        ),
        (
            "checks/functional/a.py",
            "from diagkit.checks import check\n@check()\ndef x(y: int):\n    '''X.'''\n    yield\n",
            "checks/functional/a.py:3",
            "wants int, which no probe learns",
        ),
        (
            "probes/a.py",
            (
                "from diagkit.model import *\nfrom diagkit.probes import probe\n\n"
                "@probe(Run(('reboot',)))\ndef x(r: Reply) -> Target:\n    '''X.'''\n"
            ),
            "probes/a.py:5",
            "would run what diagkit may not: 'reboot'",
        ),
        (
            "probes/a.py",
            (
                "from diagkit.model import Read, Reply\nfrom diagkit.probes import probe\n"
                "from diagkit.probes.memory import Memory\n\n"
                "@probe(Read('/proc/meminfo'))\ndef x(r: Reply) -> Memory:\n    '''X.'''\n"
            ),
            "probes/a.py:6",
            "it learns Memory, as memory.memory does already",
        ),
        ("signatures/a.toml", "[x\n", "signatures/a.toml", "cannot be read"),
        ("signatures/a.toml", "[x]\nlitral = 'licence'\n", "signatures/a.toml:1", "did you mean literal?"),
        ("signatures/a.toml", "[x]\nliteral = 'licence'\n", "signatures/a.toml:1", "it has no severity"),
        ("signatures/a.toml", "\n[oom_kill]\nliteral = 5\n", "signatures/a.toml:2", "oom_kill: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_run_goes_on(own, faults, file, text, place, said):
    (own / file).write_text(text)
    ((where, error),) = faults().items()
    assert where == f"{own}/{place}"
    assert said in error
    assert "\n" not in error


def test_nothing_in_the_current_directory_is_run(diagkit, home):
    (home / "causes").mkdir()
    (home / "causes/mine.py").write_text("open('ran', 'w')\n")
    for setting in (".", "", "causes/.."):
        (home / "diagkit/causes").mkdir(parents=True, exist_ok=True)
        (home / "diagkit/causes/mine.py").write_text("open('ran', 'w')\n")
        diagkit("list", "causes", XDG_CONFIG_HOME=setting)
        assert not (home / "ran").exists()


def test_the_tab_key_knows_it(diagkit, own):
    (own / "causes/shop.py").write_text(GOOD)
    (own / "signatures/shop.toml").write_text("[shop_closed]\n")
    offered = diagkit("diagkit explain shop_", _DIAGKIT_COMPLETE="bash").stdout.split()
    assert offered == ["shop_closed", "shop_full"]


def test_what_others_can_write_is_not_run(own, faults):
    mine = own / "causes/mine.py"
    mine.write_text("open('ran', 'w')\n")
    mine.chmod(0o666)
    ((where, error),) = faults().items()
    assert where == str(mine)
    assert "writable for everybody" in error
    mine.chmod(0o600)
    own.chmod(0o777)
    assert "writable for everybody" in faults()[str(mine)]
    assert not Path("ran").exists()


def test_a_plug_in_that_cannot_be_loaded_stops_nothing(diagkit, home, faults, environment):
    packages = home / "packages"
    (packages / "acme.dist-info").mkdir(parents=True)
    (packages / "acme.dist-info/METADATA").write_text("Name: acme\nVersion: 1\n")
    (packages / "acme.dist-info/entry_points.txt").write_text("[diagkit.causes]\nacme = acme_causes\n")
    environment["PYTHONPATH"] += f":{packages}"
    assert "No module named 'acme_causes'" in faults()["plug-in acme = acme_causes"]
    (packages / "acme_causes.py").write_text(GOOD)
    assert not faults()
    assert "The shop is full" in diagkit("list", "causes").stdout
