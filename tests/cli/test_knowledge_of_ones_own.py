"""From an incident to knowledge and a test of it, as the README tells it: tests/own/acme is somebody's ~/.config/diagkit."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from diagkit.model import Read, Reply, Scan, Tape
from diagkit.transports.record import dumps
from diagkit.transports.replay import read_tape
from tests.cli import tapes

TESTS = Path(__file__).parents[1]
ACME = TESTS / "own/acme"
JOURNAL = Scan("journal", root=True)
LICENCE = Read("/etc/acme/licence")


def host(valid_until: str) -> Tape:
    """A healthy web server, recorded, to which the shop, its licence and its line in the journal were added."""
    tape = read_tape(TESTS / "hosts/healthy/web.tape.gz")
    journal, now = tape.replies[JOURNAL], tape.moment.now
    added = {LICENCE: Reply(f"customer = 4711\nvalid-until = {valid_until}\n".encode(), at=now.timestamp())}
    if valid_until < f"{now:%Y-%m-%d}":
        said = f"acme-shop[812]: licence expired on {valid_until}, refusing requests"
        line = f"{now.timestamp() - 1:.6f} web1 {said}\n".encode()
        added[JOURNAL] = replace(journal, out=line + journal.out)
    return replace(tape, replies={**tape.replies, **added})


@pytest.fixture
def incident(home: Path) -> Path:
    return tapes.keep(host("2020-01-31"), home / "incident.tape")


@pytest.fixture
def taught(home: Path) -> Path:
    """The user's configuration directory, with the knowledge in it."""
    return Path(shutil.copytree(ACME, home / ".config/diagkit"))


def test_an_incident_becomes_knowledge_and_a_test(diagkit, taught, incident):
    named = json.loads(diagkit("check", f"replay:{incident}", "--format", "json").stdout)["diagnosis"]["causes"][0]
    assert (named["id"], named["verdict"], named["entity"]) == ("licence_expired", "confirmed", "/etc/acme/licence")
    assert {"functional.licence.valid", "logs.signatures.applications"} == {b["check"] for b in named["because"]}
    saved = diagkit("case", "save", str(incident), "--cause", "licence_expired", "--note", 'The "licence" has ended')
    assert saved.returncode == 0
    assert saved.stdout == f"{taught}/cases/licence_expired/web1.tape.gz: right now\n"
    expect = (taught / "cases/licence_expired/expect.toml").read_text()
    assert re.search(r'^recorded = "Debian GNU/Linux 12 .*systemd"$', expect, re.MULTILINE)
    assert r'truth = "The \"licence\" has ended"' in expect
    scored = diagkit("case", "score")
    assert scored.returncode == 0
    assert re.search(r"^licence +1/1 \(21% to 100%\)", scored.stdout, re.MULTILINE)


def test_a_host_with_a_valid_licence_is_as_healthy_as_before(diagkit, taught, home):
    tape = tapes.keep(host("2999-01-01"), home / "fine.tape")
    assert diagkit("case", "save", str(tape), "--cause", "healthy").stdout.endswith("right now\n")
    counted = json.loads(diagkit("case", "score", "--format", "json").stdout)
    assert counted["all"]["false_alarms"] == {"of": 1, "count": 0}


def test_lint_has_nothing_to_say_of_the_example(diagkit, taught):
    linted = diagkit("lint", str(taught))
    assert linted.stdout == "Nothing is wrong with the knowledge.\n"
    assert linted.returncode == 0


@pytest.mark.parametrize(
    ("file", "was", "is_", "place", "said"),
    [
        ("causes/licence.py", "{subject}", "{subjekt}", ":7", "licence_expired: its `act` has {subjekt}"),
        ("causes/licence.py", 'cause="tls_expired"', 'cause="tls_expird"', ":7", "did you mean tls_expired?"),
        ("causes/licence.py", "always(licence.valid)", "always(licnce.valid)", ":11", "did you mean licence?"),
        ("signatures/acme.toml", "licence_expired =", "licence_expird =", ":1", "did you mean licence_expired?"),
        ("signatures/acme.toml", "expires in 12 days", "expired on 1, refusing requests", ":1", "must not"),
        ("checks/functional/licence.py", "noise=(0.02, 0.001)", "noise=(0.2, 0.1)", ":7", "10.0% of healthy hosts"),
    ],
)
def test_lint_names_place_trouble_and_cure_in_one_line(diagkit, taught, file, was, is_, place, said):
    changed = taught / file
    assert was in changed.read_text()
    changed.write_text(changed.read_text().replace(was, is_, 1))
    linted = diagkit("lint", str(taught))
    assert linted.returncode == 65
    lines = [line for line in linted.stdout.splitlines() if said in line]
    assert len(lines) == 1, linted.stdout
    assert lines[0].startswith(f"{taught}/{file}{place}" if "noise" not in was else f"{taught}/causes/licence.py:7")


def test_lint_tells_programs_as_much(diagkit, taught):
    (taught / "causes/licence.py").write_text((ACME / "causes/licence.py").read_text().replace("{subject}", "{file}"))
    linted = diagkit("lint", str(taught), "--format", "json")
    assert linted.returncode == 65
    (told,) = json.loads(linted.stdout)["problems"]
    assert told == {
        "place": f"{taught}/causes/licence.py:7",
        "about": "licence_expired",
        "sentence": "its `act` has {file}, which nothing fills in; there are subject, target",
        "cure": "use {subject} and {target}",
    }


def test_lint_tries_the_cases(diagkit, taught, incident):
    diagkit("case", "save", str(incident), "--cause", "licence_expired")
    assert diagkit("lint", str(taught)).returncode == 0
    (taught / "checks/functional/licence.py").unlink()
    (taught / "causes/licence.py").write_text((ACME / "causes/licence.py").read_text().replace("licence_", "license_"))
    assert "there is no cause 'licence_expired'" in diagkit("lint", str(taught)).stderr


def test_a_case_of_an_unknown_cause_is_refused(diagkit, taught, incident):
    refused = diagkit("case", "save", str(incident), "--cause", "licence_expird")
    assert (refused.returncode, refused.stdout) == (64, "")
    assert refused.stderr == "diagkit: there is no cause 'licence_expird'; did you mean licence_expired?\n"
    assert not (taught / "cases").exists()
    nonsense = diagkit("case", "save", str(incident), "--cause", "healthy", "--entity", "/")
    assert nonsense.returncode == 64


def test_a_case_that_is_wrong_says_so_and_is_kept(diagkit, taught, incident, home):
    saved = diagkit("case", "save", str(incident), "--cause", "disk_full", "--entity", "/srv", "-o", str(home / "mine"))
    assert saved.returncode == 0
    assert (
        "wrong now: disk_full/web1: disk_full (/srv), and it names licence_expired (/etc/acme/licence)" in saved.stdout
    )
    scored = diagkit("case", "score", str(home / "mine"))
    assert scored.returncode == 1
    assert scored.stdout.splitlines()[-1].startswith("disk_full/web1: disk_full (/srv), and it names licence_expired")


def test_each_incident_has_a_folder_of_its_own_and_no_tape_is_kept_twice(diagkit, taught, incident, home):
    for day in ("2020-01-31", "2020-02-01"):
        tape = tapes.keep(host(day), home / "one.tape")
        assert diagkit("case", "save", str(tape), "--cause", "licence_expired").returncode == 0
    kept = sorted(str(path.relative_to(taught / "cases")) for path in taught.glob("cases/*/*.tape.gz"))
    assert kept == ["licence_expired-2/web1.tape.gz", "licence_expired/web1.tape.gz"]
    again = diagkit("case", "save", str(incident), "--cause", "disk_full")
    assert again.returncode == 65
    assert "is that very tape" in again.stderr


def test_a_case_is_for_its_owner_alone(diagkit, taught, incident):
    diagkit("case", "save", str(incident), "--cause", "licence_expired")
    assert {path.stat().st_mode & 0o077 for path in (taught / "cases").rglob("*") if path.is_file()} == {0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cause = 'disk_ful'", "there is no cause 'disk_ful'; did you mean disk_full?"),
        ("cuase = 'disk_full'", "there is no key 'cuase'; did you mean cause?"),
        ("truth = 'x'", "it does not say the cause"),
        ("cause = 1", "cause has a value of the wrong kind: 1"),
        ("cause =", "is not TOML"),
    ],
)
def test_what_a_case_expects_is_read_strictly(diagkit, home, incident, text, said):
    folder = home / "cases/one"
    folder.mkdir(parents=True)
    shutil.copy(incident, folder / "web1.tape")
    (folder / "expect.toml").write_text(text)
    refused = diagkit("case", "score", str(home / "cases"))
    assert refused.returncode == 65
    assert refused.stderr.startswith(f"diagkit: {folder}/expect.toml: ")
    assert said in refused.stderr


def test_no_cases_are_no_perfect_score(diagkit, home):
    (home / "none").mkdir()
    for words in ([], [str(home / "none")], [str(home / "nowhere")]):
        assert diagkit("case", "score", *words).returncode == 66
    (home / "none/one").mkdir()
    (home / "none/one/a.tape").write_text("no tape\n")
    (home / "none/one/expect.toml").write_text("cause = 'disk_full'")
    assert diagkit("case", "score", str(home / "none")).returncode == 65


def test_what_a_host_calls_itself_does_not_reach_the_terminal(diagkit, home):
    tape = tapes.host(used_percent=99, label="../\x1b[31mweb\n1")
    path = home / "bad.tape"
    path.write_text(dumps(tape))
    saved = diagkit("case", "save", str(path), "--cause", "disk_full")
    assert "\x1b" not in saved.stdout
    assert [p.name for p in (home / ".config/diagkit/cases/disk_full").iterdir() if p.suffix == ".gz"] == [
        "31mweb_1.tape.gz"
    ]


def test_score_counts_the_recorded_hosts_of_this_repository(diagkit):
    told = json.loads(diagkit("case", "score", str(TESTS / "hosts"), "--format", "json").stdout)
    assert told["all"]["top1"]["of"] >= 60
    assert told["families"]["healthy"]["false_alarms"]["of"] >= 10
    assert set(told["all"]) == {"top1", "top3", "false_alarms", "confirmed", "probable", "ece", "brier"}
