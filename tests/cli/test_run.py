"""Whole runs: exit codes, formats, reports beside the report, and what is refused."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli import tapes

HANDLES = ["--only", tapes.CHECK]


@pytest.fixture
def taped(home):
    """Put a tape of a host with so many open files into a file; the target that replays it."""

    def keep(used, name="host.tape"):
        tapes.keep(tapes.host(used, name.partition(".")[0]), home / name)
        return f"replay:{name}"

    return keep


@pytest.mark.parametrize(
    ("used", "options", "code"),
    [
        (50, [], 0),
        (80, [], 1),
        (80, ["--fail-on", "warning"], 1),
        (80, ["--fail-on", "critical"], 0),
        (99, [], 2),
        (99, ["--fail-on", "critical"], 2),
        (99, ["--fail-on", "never"], 0),
        (None, [], 3),
        (None, ["--fail-on", "critical"], 3),
        (None, ["--fail-on", "never"], 0),
    ],
)
def test_the_exit_code_is_the_verdict(diagkit, taped, used, options, code):
    assert diagkit("resources", taped(used), *HANDLES, *options).returncode == code


def test_a_warning_that_is_tolerated_does_not_hide_what_is_unknown(diagkit, taped):
    targets = [taped(80, "full.tape"), taped(None, "mute.tape")]
    assert diagkit("resources", *targets, *HANDLES).returncode == 1
    assert diagkit("resources", *targets, *HANDLES, "--fail-on", "critical").returncode == 3


def test_what_fails_the_run_can_be_configured_and_the_flag_wins(diagkit, home, taped):
    (home / "ci.toml").write_text('fail_on = "critical"\n')
    words = ["resources", taped(80), *HANDLES, "--config", "ci.toml"]
    assert diagkit(*words).returncode == 0
    assert diagkit(*words, "--fail-on", "warning").returncode == 1


def test_limits_come_from_the_configuration(diagkit, home, taped):
    (home / "diagkit.toml").write_text(f"[checks.{tapes.CHECK}]\nwarn = 0.3\nfail = 0.4\n")
    assert diagkit("resources", taped(50), *HANDLES).returncode == 2


def test_stdout_is_the_report_and_stderr_is_silent_when_quiet(diagkit, taped):
    answer = diagkit("resources", taped(99), *HANDLES, "-q")
    assert answer.stderr == ""
    assert answer.stdout


def test_json_fits_the_schema_that_schema_prints(diagkit, taped):
    report = json.loads(diagkit("resources", taped(99), *HANDLES, "--format", "json", FORCE_COLOR="1").stdout)
    jsonschema.validate(report, json.loads(diagkit("schema").stdout))
    assert report["targets"][0]["name"] == "host"
    assert report["summary"]["status"] == "fail"
    assert report["run"]["interrupted"] is False


def test_a_replay_says_the_same_every_time_but_for_the_run(diagkit, taped):
    target = taped(99)
    first, second = (json.loads(diagkit("check", target, "--format", "json").stdout) for _ in range(2))
    assert first.pop("run")["id"] != second.pop("run")["id"]
    assert first == second


def test_one_run_leaves_many_reports_with_modes_of_their_own(diagkit, home, taped):
    written = [f"{name}={home / name}" for name in ("json", "junit", "markdown", "jsonl", "text")]
    words = [word for place in written for word in ("--report", place)]
    answer = diagkit("resources", taped(99), *HANDLES, *words, "--color", "always")
    assert answer.returncode == 2
    assert "\x1b[" in answer.stdout
    for place in written:
        path = home / place.partition("=")[0]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "\x1b" not in path.read_text()
    assert json.loads((home / "json").read_text())["summary"]["status"] == "fail"


def test_a_report_that_cannot_be_written_is_told_and_the_findings_still_come(diagkit, taped):
    answer = diagkit("resources", taped(50), *HANDLES, "--report", "json=/nowhere/report.json")
    assert answer.returncode == 73
    assert "HEALTHY" in answer.stdout
    assert "cannot write '/nowhere/report.json'" in answer.stderr


REFUSED = [
    (["chekc"], 64, "Did you mean 'check'"),
    (["check", "--tiemout", "3"], 64, "did you mean --timeout?"),
    (["check", "--timeout", "soon"], 64, "'soon' is not a valid float"),
    (["check", "--timeout", "0"], 64, "'--timeout'"),
    (["check", "--timeout"], 64, "requires an argument"),
    (["check", "--only", "resources.files.systm_limit"], 64, "did you mean resources.files.system_limit?"),
    (["connectivity", "--only", "resources.files"], 64, "leave no check of connectivity"),
    (["check", "--format", "jsno"], 64, "did you mean json?"),
    (["check", "--report", "json"], 64, "FORMAT=PATH"),
    (["check", "--report", "jnit=x"], 64, "did you mean junit?"),
    (["check", "--since", "soonish"], 64, "is not a time"),
    (["check", "--at", "20m", "--since", "1h"], 64, "leave out --since"),
    (["check", "--", "-oProxyCommand=id"], 64, "reads as an option"),
    (["check", "$(touch owned)"], 64, "cannot contain '$'"),
    (["check", "web1;touch owned"], 64, "cannot contain ';'"),
    (["check", "–only", "x"], 64, "did you mean --only?"),
    (["check", "--only", "“resources”"], 64, "pasted smart punctuation"),
    (["check", "replay:nothing.tape"], 66, "cannot read the tape 'nothing.tape': No such file or directory"),
    (["check", "replay:bad.tape"], 65, "'bad.tape' is not a tape"),
    (["check", "replay:newer.tape"], 65, "update diagkit"),
    (["check", "--config", "nothing.toml"], 78, "nothing.toml: cannot be read: No such file or directory"),
    (["check", "--config", "bad.toml"], 78, "bad.toml: unknown key 'tiemout'; did you mean timeout?"),
    (["config", "show", "--config", "bad.toml"], 78, "did you mean timeout?"),
    (["capture", "local"], 64, "'-o'"),
    (["capture", "replay:nothing.tape", "-o", "x"], 66, "cannot read the tape"),
    (["compare", "local"], 64, "Missing argument"),
    (["compare", "local", "local"], 64, "wants two targets"),
    (["explain", "resources.files.systm_limit"], 64, "did you mean resources.files.system_limit?"),
    (["list", "chekcs"], 64, "'chekcs' is not one of"),
    (["runbook", "show", "conectivity"], 64, "did you mean connectivity?"),
    (["runbook", "show", "connectivity", "verfy"], 64, "did you mean verify?"),
    (["completion", "show", "tcsh"], 64, "'tcsh' is not one of"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED, ids=[" ".join(words) for words, *_ in REFUSED])
def test_bad_input_is_one_sentence_and_an_exit_code_that_is_no_verdict(diagkit, home, words, code, said):
    (home / "bad.tape").write_text("no tape\n")
    (home / "newer.tape").write_text('{"diagkit_tape": 99}\n')
    (home / "bad.toml").write_text("tiemout = 3\n")
    answer = diagkit(*words)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (home / "owned").exists()


def test_a_program_that_reads_json_is_told_refusals_in_json(diagkit):
    answer = diagkit("check", "replay:nothing.tape", "--format", "json")
    assert answer.returncode == 66
    (error,) = json.loads(answer.stdout)["errors"]
    assert error == {"code": 66, "message": "cannot read the tape 'nothing.tape': No such file or directory"}


def test_a_bug_of_ours_leaves_one_line_and_a_trace_in_a_file(environment, home):
    words = [sys.executable, "-c", BROKEN]
    answer = subprocess.run(words, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 70
    assert answer.stderr.startswith("diagkit: a bug in diagkit (ZeroDivisionError at ")
    assert answer.stderr.count("\n") == 1
    (log,) = (home / ".local/state/diagkit").iterdir()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "ZeroDivisionError" in log.read_text()
    assert "s3cret" not in log.read_text()


def test_debug_shows_the_trace_and_is_no_verdict_either(environment):
    words = [sys.executable, "-c", BROKEN, "--debug"]
    answer = subprocess.run(words, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 70
    assert "Traceback" in answer.stderr
    assert "s3cret" not in answer.stderr


BROKEN = """
import sys
from pathlib import Path
from diagkit.cli import app, schema
def schema_():
    password = "s3cret"
    return 1 / 0
schema.schema = schema_
sys.exit(app.run(["schema", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["check", "-h"], ["schema"], ["list", "checks"], ["resources", "replay:host.tape", *HANDLES, "--all"]]
)  # fmt: skip
def test_a_reader_that_has_gone_is_no_reason_to_complain(environment, home, taped, words):
    taped(99)
    reader, writer = os.pipe()
    os.close(reader)
    answer = subprocess.run(
        [sys.executable, "-m", "diagkit", *words, *(["-q"] if "--all" in words else [])],
        check=False, env=environment, cwd=home, stdout=writer, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(writer)
    assert (answer.returncode, answer.stderr) == (141, b"")


@pytest.mark.parametrize(
    "words", [["--version"], ["schema"], *(["resources", "replay:host.tape", *HANDLES, f"--format={form}", "-q"] for form in ("text", "json"))]
)  # fmt: skip
def test_a_verdict_that_was_not_delivered_is_no_verdict(environment, home, taped, words):
    taped(50)
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "diagkit", *words],
            check=False, env=environment, cwd=home, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert answer.returncode == 73
    assert answer.stderr == "diagkit: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(("closed", "code"), [(">&-", 2), ("2>&-", 2), (">&- 2>&-", 2), ("<&-", 2)])
def test_closed_streams_are_no_reason_to_fail(environment, home, taped, closed, code):
    taped(99)
    line = f'"$0" -m diagkit resources replay:host.tape --only {tapes.CHECK} {closed}'
    answer = subprocess.run(
        ["sh", "-c", line, sys.executable], check=False, env=environment, cwd=home, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert answer.returncode == code
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_no_encoding_makes_the_report_fail(diagkit, taped, encoding, locale):
    words = ["resources", taped(99), *HANDLES, "--all", "-q"]
    answer = diagkit(*words, PYTHONIOENCODING=f"{encoding}:strict", LC_ALL=locale)
    assert answer.returncode == 2
