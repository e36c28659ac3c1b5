"""All that is known about a check, cause, condition, probe or log signature, read off the thing itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from diagkit import catalog, codec
from diagkit.causes import WORDS, Cause, LookAlike, State
from diagkit.checks import Check
from diagkit.cli.exits import USAGE, Refusal
from diagkit.logs.signatures import Signature, catalogue
from diagkit.model import Status
from diagkit.probes import Probe
from diagkit.spelling import nearest


def about(name: str) -> Iterator[str]:
    """What is known about this name, line by line; a cause and a log signature may share one."""
    checks, probes, states, signatures = catalog.all_checks(), catalog.all_probes(), _states(), catalogue()
    told: list[Iterator[str]] = []
    if name in checks:
        told.append(about_check(checks[name]))
    if name in states:
        told.append(about_state(name, states[name]))
    if name in probes:
        told.append(about_probe(probes[name]))
    if name in signatures:
        told.append(about_signature(signatures[name]))
    if not told:
        close = nearest(name, [*checks, *states, *probes, *signatures]) or "; see diagkit list checks, causes, probes"
        raise Refusal(USAGE, f"nothing is called {name!r}{close}")
    for number, lines in enumerate(told):
        yield from ("", "") if number else ()
        yield from lines


def about_check(check: Check) -> Iterator[str]:
    """What it judges, from what, how strictly, and what for."""
    yield f"{check.name}, a check of the {check.phase} phase"
    yield ""
    yield check.doc
    yield ""
    if check.deep:
        yield f"It takes {check.cost:g} s more, and runs only where it is named in full or --deep needs its answer."
    if not check.vital:
        yield "Where it cannot be judged the run still counts as complete."
    warns, fails = check.noise
    yield f"On a host where nothing is wrong it warns in {warns:.1%} of runs and fails in {fails:.1%}."
    yield from _limits(check)
    yield from _section("Needs", [f"{probe.name}: {_first_line(probe.doc)}" for probe in _probes(check)])
    yield from _section("Runs on the host", _asks(*_probes(check)))
    speaks_for = [
        f"{name}, {_word(sign.weight)}: {state.title}"
        for name, state in _states().items()
        for sign in state.shows
        if sign.check is check
    ]
    yield from _section("Speaks for", speaks_for)


def about_state(name: str, state: State) -> Iterator[str]:
    """How it shows, what it leads to, and for a cause what to do about it."""
    yield f"{name}, a {'cause' if isinstance(state, Cause) else 'condition'}: {state.title}"
    if isinstance(state, Cause):
        yield f"Given an incident, the cause on {state.prior:.1%} of hosts. Source: {state.source}"
    signs = [f"{_word(sign.weight)} {sign.check.name}: {_first_line(sign.check.doc)}" for sign in state.shows]
    if signs:
        signs[0] += " (the direct check: without it the cause is never confirmed)" if isinstance(state, Cause) else ""
    yield from _section("Shows as", signs)
    names = {id(other): other_name for other_name, other in _states().items()}
    yield from _section(
        "Leads to", [f"{_word(e.weight)} {names[id(e.state)]}: {e.state.title}" for e in state.leads_to]
    )
    brought = [
        f"{_word(e.weight)} by {other}: {s.title}"
        for other, s in _states().items()
        for e in s.leads_to
        if e.state is state
    ]
    yield from _section("Brought about", brought)
    if isinstance(state, Cause):
        yield from _section("Not to be confused with", [_told_apart(other.cause, other) for other in state.look_alikes])
        yield from _section("And where those are suspected, this one if", list(_taken_for(name, state)))
        yield from _section("Verify", [state.verify])
        yield from _section("Act", [state.act])
        yield from _section("Roll back", [state.roll_back])
        runbook = catalog.runbooks().get(name)
        yield from _section("Runbook", [f"diagkit runbook show {runbook}"] if runbook else [])


def _taken_for(name: str, cause: Cause) -> Iterator[str]:
    """The causes that it is taken for by what they say, not by what it says itself: being alike is mutual."""
    said = {alike.cause for alike in cause.look_alikes}
    for other, rival in catalog.all_causes().items():
        for alike in rival.look_alikes:
            if alike.cause == name and other not in said:
                yield _told_apart(other, alike)


def _told_apart(cause: str, alike: LookAlike) -> str:
    return f"{cause}: {alike.tell}{f' ({alike.by.name})' if alike.by else ''}"


def about_probe(probe: Probe) -> Iterator[str]:
    """What it learns, and from what."""
    yield f"{probe.name}, a probe"
    yield ""
    yield probe.doc
    learned = [f.name for f in fields(probe.fact)] if is_dataclass(probe.fact) else []
    yield from _section(f"Learns {probe.fact.__name__}", [", ".join(learned)])
    yield from _section("Runs on the host", _asks(probe))
    yield from _section("Where it is not allowed to look", [probe.opens] if probe.opens else [])
    wanting = [check.name for check in catalog.all_checks().values() if probe in _probes(check)]
    yield from _section("Needed by", wanting)


def about_signature(signature: Signature) -> Iterator[str]:
    """Which lines of a log have it, and what they speak for."""
    yield f"{signature.id}, a signature of log lines: {signature.title}"
    yield f"Source: {signature.source}"
    yield from _section("A line that has it", [signature.match])
    yield from _section("A line that has it not", [signature.miss] if signature.miss else [])
    yield from _section("Said by", sorted(signature.by))
    yield from _section("Speaks for", [f"{state}, {word}" for state, word in signature.causes.items()])
    yield ""
    if signature.severity is Status.OK:
        yield "Such lines are counted; alone they are no finding."
    else:
        amount = "One such line" if signature.least == 1 else f"{signature.least} such lines"
        yield f"{amount} in the window: {signature.severity.value}."


def _states() -> Mapping[str, State]:
    return {**catalog.all_causes(), **catalog.all_conditions()}


def _probes(check: Check) -> list[Probe]:
    return catalog.probes_for((check,))


def _asks(*probes: Probe) -> list[str]:
    found = list(dict.fromkeys(str(ask) for probe in probes for ask in probe.asks()))
    return found + [f"and what {p.name} asks once it has seen that" for p in probes if p.also]


def _limits(check: Check) -> Iterator[str]:
    limits = codec.dump(check.limits)
    if limits:
        lines = [f"{key} = {codec.dump(value)}" for key, value in limits.items()]
        yield from _section(f"Limits, with the defaults: [checks.{check.name}] in diagkit.toml", lines)
        yield f"  {' '.join((type(check.limits).__doc__ or '').split())}"


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _word(weight: float) -> str:
    return min(WORDS, key=lambda word: abs(WORDS[word] - weight))


def _first_line(doc: str) -> str:
    return doc.partition("\n")[0]
