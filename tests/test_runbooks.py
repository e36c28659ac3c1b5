"""What the runbooks say works: every diagkit line in them is read by the real command line, and proves what it should."""

import re
import shlex
import subprocess
from datetime import UTC, datetime

import pytest

from diagkit import catalog
from diagkit.causes import OFTEN, Cause
from diagkit.checks import PHASES
from diagkit.checks.logs.signatures import judge_of
from diagkit.cli import knowledge, when
from diagkit.cli.app import Commands
from diagkit.cli.runbook import SECTIONS, part, read, shelf, title
from diagkit.cli.selection import select
from diagkit.cli.targets import parse
from diagkit.logs.signatures import catalogue

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(diagkit [^`]+)`")
NAMED = re.compile(rf"`((?:{'|'.join({*catalog.families().values(), 'phases'})})/\w+)`")
EVENING = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
PAGES = {name: read(name) for name in sorted(shelf())}
OF_CAUSES = {catalog.runbooks()[name]: (name, cause) for name, cause in catalog.all_causes().items()}
every_page = pytest.mark.parametrize(("name", "text"), PAGES.items(), ids=PAGES)


def fenced(text: str) -> list[str]:
    """The lines of diagkit that stand in a fence, to be typed as they are."""
    return [line for _, block in FENCE.findall(text) for line in block.splitlines() if line.startswith("diagkit ")]


def written(text: str) -> list[str]:
    """Those, and the ones in the prose."""
    return fenced(text) + SPAN.findall(FENCE.sub("", text))


def understood(line: str) -> tuple[str, dict[str, object]]:
    """The command that a line invokes, and its options, as the program itself reads them. Raises what it refuses."""
    command = Commands()
    context = command.make_context("diagkit", shlex.split(line, comments=True)[1:])
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return context.command_path.removeprefix("diagkit "), context.params


def selected(line: str) -> set[str]:
    """The checks that a line runs; none if it is not of the checklist."""
    command, options = understood(line)
    if command not in ("check", *PHASES):
        return set()
    phase = command if command in PHASES else ""
    return {check.name for check in select(catalog.all_checks(), phase, options["only"] or (), options["skip"] or ())}


def proofs(name: str, cause: Cause) -> set[str]:
    """The checks that can confirm a cause: its direct one, or those that report the signatures which speak for it."""
    if cause.shows:
        return {cause.shows[0].check.name}
    return {judge_of(s).name for s in catalogue().values() if catalog.voices()[s.id].get(name, 0) >= OFTEN}


@every_page
def test_the_headings_are_complete_and_in_order(name: str, text: str) -> None:
    headings = re.findall(r"^#+ .*", FENCE.sub("", text), re.MULTILINE)
    assert headings == [f"# {title(text)}", *(f"## {section}" for section in SECTIONS)]
    assert text.startswith("# ")
    assert all(len(part(text, section).splitlines()) > 2 for section in SECTIONS), "a section says nothing"


@every_page
def test_the_title_is_that_of_the_cause(name: str, text: str) -> None:
    family, _, short = name.partition("/")
    if family == "phases":
        assert title(text).startswith(f"{short.capitalize()}: ")
    else:
        assert title(text) == OF_CAUSES[name][1].title


@every_page
def test_the_program_reads_every_line_of_its_own(name: str, text: str) -> None:
    for line in written(text):
        command, options = understood(line)
        phase = command if command in PHASES else ""
        for pattern in (*(options.get("only") or ()), *(options.get("skip") or ())):
            select(catalog.all_checks(), phase, [pattern], [])
        for target in options.get("targets") or ():
            parse(target)
        if times := {key: options[key] for key in ("since", "until", "at") if options.get(key)}:
            when.window(**times, now=EVENING, zone=UTC)
        if command == "explain":
            assert list(knowledge.about(options["name"])), line


@every_page
def test_the_runbooks_that_a_runbook_names_are_there(name: str, text: str) -> None:
    assert set(NAMED.findall(text)) <= set(PAGES) - {name}
    for line in written(text):
        words = shlex.split(line, comments=True)
        if words[1:3] == ["runbook", "show"]:
            page, _, fragment = words[3].partition("#")
            assert page in PAGES, line
            for section in (*words[4:5], *filter(None, [fragment])):
                part(PAGES[page], section)


@every_page
def test_diagnosis_and_verify_invoke_the_check_that_proves_it(name: str, text: str) -> None:
    for section in ("Diagnosis", "Verify"):
        lines = fenced(part(text, section))
        assert lines, f"{section} has no diagkit line to type"
        ran = set().union(*map(selected, lines))
        if name in OF_CAUSES:
            assert proofs(*OF_CAUSES[name]) & ran, f"{section} does not run what proves the cause"


@every_page
def test_escalate_says_what_to_hand_over(name: str, text: str) -> None:
    assert any(line.startswith("diagkit capture ") for line in fenced(part(text, "Escalate")))


@every_page
def test_the_fences_are_whole_and_can_be_pasted_into_a_shell(name: str, text: str) -> None:
    assert text.count("```") == 2 * len(FENCE.findall(text))
    assert {language for language, _ in FENCE.findall(text)} <= {"sh", "bash"}
    blocks = "\n".join(block for _, block in FENCE.findall(text))
    read_by_sh = subprocess.run(["sh", "-n"], input=blocks, text=True, capture_output=True, timeout=10, check=False)
    assert not read_by_sh.stderr
    assert not re.search(r"^\$ ", blocks, re.MULTILINE), "a prompt cannot be pasted"


@every_page
def test_nothing_is_left_open(name: str, text: str) -> None:
    assert not re.search(r"\b(TODO|TBD|FIXME|XXX)\b|lorem", text, re.IGNORECASE)
    assert text == text.rstrip() + "\n"


def test_no_two_runbooks_share_their_words() -> None:
    """Sections that read alike were copied, and help with neither cause."""
    for section in ("Meaning", "Impact", "Diagnosis", "Mitigation"):
        texts = [part(text, section) for text in PAGES.values()]
        assert len(set(texts)) == len(texts), section


def test_list_has_every_runbook_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    assert Commands().main(["runbook", "list"], standalone_mode=False) == 0
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert listed == {name: title(text) for name, text in PAGES.items()}
    assert set(listed) >= set(OF_CAUSES) | {f"phases/{phase}" for phase in PHASES}


@every_page
def test_show_takes_each_by_its_id_or_its_name_alone(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    alone = name.rpartition("/")[2]
    assert Commands().main(["runbook", "show", name], standalone_mode=False) == 0
    assert capsys.readouterr().out == text
    for section in SECTIONS:
        assert Commands().main(["runbook", "show", alone, section.lower()], standalone_mode=False) == 0
        assert Commands().main(["runbook", "show", f"{name}#{section.lower()}"], standalone_mode=False) == 0
        assert capsys.readouterr().out == f"{part(text, section)}\n" * 2
