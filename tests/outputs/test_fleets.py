"""What an engineer must see of many hosts at a glance, and what must not be lost on the way."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.cells import cell_len

from diagkit.model import Diagnosis, Forecast, Outlier, Report, Status, Verdict
from diagkit.outputs import View, all_outputs
from diagkit.outputs.json import schema
from diagkit.outputs.overview import so_far
from tests.outputs import fleets, reports
from tests.outputs.hostile import CORPUS, poisoned
from tests.outputs.reports import RUN, U
from tests.outputs.test_hostile import FORBIDDEN, obeyed


def say(report: Report, form: str = "text", **view) -> str:
    return all_outputs()[form].render(report, View(**({"width": 120} | view)))


def first_line(report: Report) -> str:
    (line,) = say(report, width=10_000, quiet=True).splitlines()
    return line


def fleet(**of: Report) -> Report:
    return fleets.together((name.replace("_", "-"), one) for name, one in of.items())


def test_the_first_line_says_how_many_are_well_and_who_is_not():
    assert first_line(fleets.hundred()) == (
        "CONFIRMED: 96 of 100 healthy; 3 like web-17: Disk full: no space left on device (/var); "
        "web-99: not reached: TCP"
    )
    assert first_line(fleets.of_five_kinds()).endswith(
        "57 more of 5 other kinds (3 failed, 10 warnings, 2 not judged, 42 not reached)"
    )


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (reports.healthy(), "HEALTHY: all 5 targets; nothing wrong found in 75 of 75 checks"),
        (fleets.lost(1, "refused"), "NOT REACHED: 0 of 5 healthy; 5 like w-0: not reached: TCP"),
        (
            reports.incomplete(),
            "No problem found: 0 of 5 healthy; 5 like w-0: nothing wrong in what could be seen; 2 of 16 checks not judged",
        ),
        (fleets.full_disk(), "CONFIRMED: 0 of 5 healthy; 5 like w-0: Disk full: no space left on device (/var)"),
    ],
)
def test_where_all_are_alike_it_says_so(kind: Report, line: str):
    assert first_line(fleets.together((f"w-{n}", kind) for n in range(5))) == line


def test_up_to_three_are_told_one_by_one():
    three = fleet(a=fleets.full_disk(), b=fleets.full_disk(), c=reports.healthy())
    said = say(three)
    assert "OVERVIEW" not in said
    assert "CHECKLIST  a: 15 of 15 checks judged; and 1 like it: b" in said
    assert "HEALTHY  c (15 of 15 checks judged)" in said
    assert said.count("because") == 1


def test_of_two_or_three_the_one_that_is_not_reached_is_named_first():
    line = first_line(fleet(a=reports.healthy(), b=fleets.lost(1, "refused")))
    assert line == "NOT REACHED: b: TCP: refused; nothing wrong seen on the rest (2 targets: 1 ok, 1 not reached)"


def test_those_whose_turn_had_not_come_are_no_failures():
    left = fleets.lost(1, "the run was stopped first", None)
    stopped = fleets.together([("a", reports.healthy()), *((f"w-{n}", left) for n in range(4))])
    assert first_line(stopped) == "No problem found: 1 of 5 healthy; 4 like w-0: not asked"
    assert "OVERVIEW  5 targets: 1 ok, 4 not asked" in say(stopped)
    assert "not asked: the run was stopped first" in say(stopped)
    assert "not reached" not in say(stopped) + say(stopped, "markdown")


def test_the_next_command_shows_the_worst_kind_on_the_one_that_stands_for_it():
    assert say(fleets.hundred()).splitlines()[-1] == "   diagkit resources web-17 --only 'resources.disk.*' -v"


def test_commands_to_type_find_the_same_targets():
    found_by = ("-i", "my hosts.ini", "--ssh-config", "cfg")
    said = "-i 'my hosts.ini' --ssh-config cfg"
    for form in ("text", "markdown"):
        well = fleets.together((f"w-{n}", reports.healthy()) for n in range(5))
        assert say(well, form, found_by=found_by).rstrip().endswith(f"--all {said}")
        assert said not in say(fleets.together([("a", fleets.lost(1))] * 1), form, found_by=found_by)  # a runbook's
    assert f"--only 'resources.disk.*' -v {said}" in say(fleets.hundred(), found_by=found_by, width=200)


def test_nothing_odd_is_hidden_without_a_word():
    unlike = fleets.unlike()
    said = say(unlike)
    assert "and 20 more kinds: 20 failed (--all shows them)" in said
    assert len(said.splitlines()) < 90
    whole = say(unlike, everything=True)
    for group in unlike.alike[:-1]:
        assert re.search(rf"\b{group.like.raw}\n", whole)
    assert "web-999" in whole


def test_with_all_every_name_stands_in_full():
    whole = "".join(say(fleets.hundred(), everything=True, width=10_000))
    assert "web-1, web-2, web-3, web-4" in whole
    assert ".." not in whole
    assert whole.count("CHECKLIST") == 100


def test_what_some_of_those_alike_have_besides_is_told():
    said = say(fleets.of_five_kinds(), width=200)
    besides = said[said.index("besides, on some of them") :]
    assert "units.failed postgresql@15-main.service on web-08: failed (Result: exit-code)" in besides


def test_the_same_on_many_hosts_is_one_line():
    hosts = {f"w_{n}": reports.incomplete() for n in range(40)} | {f"x_{n}": fleets.full_disk() for n in range(5)}
    report = fleet(**hosts)
    foretold = [
        Forecast(target=U(f"w-{n}"), check="c.c", subject=U(f"w-{n}:443"), at=RUN.until, soonest=None, latest=None,
                 summary=U("certificate expires"))
        for n in range(40)
    ]  # fmt: skip
    odd = [
        Outlier(target=U(f"x-{n}"), what=U("kernel"), value=U("6.1"), usual=U("6.2"), agreeing=40, of=45)
        for n in range(5)
    ]
    said = say(replace(report, forecasts=tuple(foretold), outliers=tuple(odd)), width=200)
    assert "UTC on w-0..w-39, w-0:443: certificate expires" in said
    assert "x-0..x-4: kernel: 6.1; 40 of 45 have 6.2" in said
    assert said.count("kernel_log: denied") == 1
    assert "logs.kernel.errors, resources.memory.oom on w-0..w-39" in said


@pytest.mark.parametrize("name", fleets.ALL)
@pytest.mark.parametrize("width", [32, 40, 60, 80, 120])
def test_no_line_is_wider_than_the_page(name: str, width: int):
    lines = say(fleets.ALL[name](), width=width, verbose=True).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)
    assert lines[-1].startswith("   ")


def test_colour_changes_no_word():
    plain, coloured = (say(fleets.of_five_kinds(), width=80, colour=c) for c in (False, True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.usefixtures("short_fields")
@pytest.mark.parametrize("text", [t for _, t in CORPUS], ids=[n for n, _ in CORPUS])
def test_hostile_names_and_words_do_no_harm(text: str):
    report = poisoned(fleet(a=reports.confirmed(), b=fleets.lost(1), c=reports.healthy(), d=fleets.lost(2)), text)
    assert isinstance(report, Report)
    for form in ("text", "markdown"):
        said = say(report, form, verbose=True)
        assert not FORBIDDEN.search(said)
        assert not any(obeyed(line) for line in said.split("\n"))


@pytest.mark.parametrize("name", ["hundred", "of_five_kinds"])
def test_programs_get_every_name(name: str):
    report = fleets.ALL[name]()
    said = json.loads(say(report, "json"))
    jsonschema.Draft202012Validator(schema()).validate(said)
    assert sum(len(group["targets"]) for group in said["alike"]) == 100
    events = [json.loads(line) for line in say(report, "jsonl").splitlines()]
    assert [{"event": "alike", **group} for group in said["alike"]] == [e for e in events if e["event"] == "alike"]
    suites = ET.fromstring(say(report, "junit")).findall("testsuite")
    assert [suite.get("name") for suite in suites] == [t.name.raw for t in report.targets]


def test_a_ticket_takes_it():
    assert len(say(fleets.unlike(), "markdown")) < 60_000


def test_while_it_runs():
    done = fleets.of_five_kinds().targets[:61]
    assert so_far(done, 100) == "61 of 100 asked: 9 failed, 10 warnings, 21 ok, 21 not reached"
    assert so_far((), 100) == "0 of 100 asked"


def crowd(of: int) -> Report:
    """Every tenth host is sick in one of several ways; each has 35 findings."""
    more = [
        reports.finding(Status.OK, f"resources.c{n}.x", "", "as it should be", measured={"x": 1.0}) for n in range(20)
    ]
    well = reports.report([*reports.passing(), *more], Diagnosis(verdict=Verdict.HEALTHY))
    sick = [fleets.full_disk(), fleets.lost(1), reports.confirmed(), reports.two_causes(), reports.incomplete()]
    return fleets.together((f"w{n}", sick[n // 10 % 5] if n % 10 == 0 else well) for n in range(of))


@pytest.mark.parametrize("form", all_outputs())
def test_ten_times_the_hosts_cost_about_ten_times_as_much(form: str):
    few, many = crowd(30), crowd(300)
    say(few, form)

    def cost(report: Report) -> float:
        start = time.process_time()
        say(report, form)
        return time.process_time() - start

    assert min(cost(many) for _ in range(2)) < 40 * min(cost(few) for _ in range(3))
