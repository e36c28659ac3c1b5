"""What shows that a cause is true: `proofs/FAMILY.toml` has a table for each cause of that family.

[disk_full]
proof = "tests/hosts/disk_full"          # recorded on a real host where it comes first; or a list of such places
[raid_degraded]
unproved = "needs a software RAID; the check is tested on a recorded /proc/mdstat"
[multipath_lost]
not_yet = "needs two paths to one device"  # not in the catalogue
"""

import tomllib
from pathlib import Path

import pytest

from diagkit import catalog

ROOT = Path(__file__).parents[2]
FILES = {path.stem: path for path in (Path(__file__).parent / "proofs").glob("*.toml")}
FAMILIES = sorted(set(catalog.families().values()))
TABLES = {family: tomllib.loads(path.read_text()) for family, path in FILES.items()}
SAID = {"proof", "unproved", "not_yet"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_cause_of_a_family_says_what_shows_it(family: str) -> None:
    assert family in FILES, f"write tests/causes/proofs/{family}.toml"
    of_family = {cause for cause, home in catalog.families().items() if home == family}
    written = {cause for cause, table in TABLES[family].items() if "not_yet" not in table}
    assert of_family - written == set(), "say what shows them"
    assert written - of_family == set(), "these are no causes of this family"


@pytest.mark.parametrize("family", FILES)
def test_proofs_are_there(family: str) -> None:
    for cause, table in TABLES[family].items():
        ((how, what),) = table.items()
        assert how in SAID, cause
        assert what, cause
        for path in ([what] if isinstance(what, str) else what) if how == "proof" else []:
            assert (ROOT / path).exists(), f"{cause}: there is no {path}"
            if (expected := ROOT / path / "expect.toml").exists():
                said = tomllib.loads(expected.read_text())
                assert cause in (said["cause"], *said.get("also", ())), f"{path} proves {said['cause']}, not {cause}"


@pytest.mark.parametrize("family", FILES)
def test_what_is_not_there_yet_is_not_there(family: str) -> None:
    missing = {cause for cause, table in TABLES[family].items() if "not_yet" in table}
    assert not missing & set(catalog.all_causes())


def test_no_cause_is_written_twice() -> None:
    named = [cause for tables in TABLES.values() for cause in tables]
    assert len(named) == len(set(named))
