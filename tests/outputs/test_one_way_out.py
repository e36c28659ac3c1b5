"""Text from outside leaves through `rendering.render` alone, and only the command line prints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import diagkit

ROOT = Path(diagkit.__file__).parent

# who else may look at the bare text, and why it does not get out there
LOOKS_INSIDE = {
    "outputs/rendering.py": "the way out",
    "codec.py": "tapes keep what was said, escaped by JSON",
    "conclusions.py": "compares texts to group them",
    "digest/severities.py": "compares texts to find the line that a finding is about",
    "sent/__init__.py": "names the files in the commands to type",
    "sent/digest.py": "combines texts into new ones from outside",
    "sent/facts.py": "makes facts of what was counted",
    "sent/spoken.py": "compares texts to find the causes that lines speak for",
    "checks/__init__.py": "asks whether there is any",
    "checks/connectivity/firewall.py": "compares texts to tell a subject once",
    "checks/functional/redis.py": "asks what the text says",
    "checks/functional/postgresql.py": "asks what the text says",
    "checks/logs/growth.py": "counts the lines of a log",
    "checks/resources/disk.py": "adds to a text",
    "causes/diagnosis.py": "compares texts to group them",
    "causes/fleet.py": "compares texts to find the same thing on several hosts",
    "causes/suspects.py": "compares and combines texts into new ones from outside",
    "causes/next_check.py": "asks whether there is any",
    "causes/why_not.py": "combines texts into new ones from outside",
    "cases/score.py": "compares texts with what was expected",
    "cli/deeper.py": "compares texts to find the targets again",
    "cli/journals.py": "opens the file of that name",
    "cli/why_not.py": "compares texts to group them",
    "causes/grounding.py": "compares texts to find the same subject",
    "causes/observed.py": "compares texts to put findings in order",
    "timeline/merge.py": "compares texts to put them in order",
    "outputs/encoding.py": "remembers how texts that come again were rendered",
    "differences/__init__.py": "compares texts",
    "differences/alike.py": "compares texts to find hosts that are alike, without what only tells them apart",
    "cli/compare.py": "compares texts",
    "cli/differences.py": "compares texts",
}
# children of ours that answer their parent on stdout
ANSWERS_ITS_PARENT = {"transports/native.py"}


def sources() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


# here `raw` is the bytes of a log: what is only learnt mostly has no type of its own yet
BYTES_OF_A_LOG = ("logs/", "probes/")


def test_nobody_else_takes_the_text_out():
    takers = {
        name
        for name, tree in sources()
        if not name.startswith(BYTES_OF_A_LOG)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "raw"
    }
    assert takers <= set(LOOKS_INSIDE)


def test_who_has_a_raw_of_his_own_does_not_know_the_other():
    for name, tree in sources():
        if name.startswith(BYTES_OF_A_LOG):
            knows = any(isinstance(node, ast.Name) and node.id == "Untrusted" for node in ast.walk(tree))
            assert not (
                knows and any(isinstance(node, ast.Attribute) and node.attr == "raw" for node in ast.walk(tree))
            ), name


def test_only_the_command_line_prints():
    printers = {
        name
        for name, tree in sources()
        if not name.startswith("cli/") and name != "__main__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "print")
            or (isinstance(node.func, ast.Attribute) and node.func.attr in {"echo", "secho", "print_exc", "print"})
        )
    }
    assert printers <= ANSWERS_ITS_PARENT | {"outputs/page.py"}  # whose Rich console writes into a string


def test_rich_reads_no_markup():
    names = {node.attr for _, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"from_markup", "from_ansi", "render_str"}
