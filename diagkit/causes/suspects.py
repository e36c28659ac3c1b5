"""A possible root cause as it is told: what speaks for it and against it, what follows from it, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from diagkit.causes import Cause
from diagkit.causes.fleet import CLIENTS_FAIL, Fleet
from diagkit.causes.grounding import PROVIDER, Node
from diagkit.causes.verdicts import FIRMNESS, confidence, gate
from diagkit.causes.weighing import NOTICEABLE, Weighing, World
from diagkit.model import Step, Suspect, Untrusted, Weighed

WORTH_NAMING = 0.01  # a less likely cause is not listed
AT_MOST = 5  # causes listed for one target
ESTABLISHED = 0.5  # a provider's trouble this likely is a part of the story


def suspects_of(weighing: Weighing, runbooks: Mapping[str, str], *, over: bool) -> list[Suspect]:
    """The causes on one target that are worth naming, likeliest first."""
    nodes, found = weighing.nodes, weighing.found
    named = [n for n, p in found.marginal.items() if isinstance(nodes[n].state, Cause) and p >= WORTH_NAMING]
    named.sort(key=lambda n: (-found.marginal[n], nodes[n].id, nodes[n].subject))
    suspects = [_suspect(weighing, node, runbooks, over=over) for node in named[:AT_MOST]]
    return sorted(suspects, key=lambda s: -FIRMNESS.index(s.verdict))


def _suspect(weighing: Weighing, node: int, runbooks: Mapping[str, str], *, over: bool) -> Suspect:
    about = weighing.nodes[node]
    cause = about.state
    assert isinstance(cause, Cause)  # noqa: S101 - those who call have looked
    evidence = weighing.evidence(node)
    own = weighing.grounded.direct.get(node, [])
    # that something else passed speaks for this only in so far as it clears a rival: nobody wants to read that here
    support = [(j, d) for j, d in evidence if d >= NOTICEABLE and _speaks(weighing, j)]
    support.sort(key=lambda pair: pair[0] not in own)
    return Suspect(
        id=about.id,
        title=cause.title,
        verdict=gate(weighing, node, over=over),
        confidence=round(confidence(weighing, node), 4),
        target=Untrusted(weighing.target),
        entity=Untrusted(about.subject or _subject(weighing, node, evidence)),
        because=tuple(weighing.weighed(j, d) for j, d in support),
        despite=tuple(weighing.weighed(j, d) for j, d in reversed(evidence) if d <= -NOTICEABLE),
        missing=weighing.grounded.missing.get(node, ()),
        explains=tuple(_explains(weighing, node, evidence)),
        story=tuple(_story(weighing, node)),
        next=_steps_to_take(cause, about, weighing.target),
        runbook=runbooks.get(about.id, ""),
    )


def _subject(weighing: Weighing, node: int, evidence: list[tuple[int, float]]) -> str:
    """What a cause of the whole host is about, in the words of its strongest own sign."""
    own = [j for j, decibans in evidence if decibans >= NOTICEABLE and j in weighing.grounded.direct.get(node, [])]
    about = weighing.grounded.observed[own[0]] if own else None
    return about.finding.subject.raw if about and not about.finding.check.startswith("logs.") else ""


def _explains(weighing: Weighing, node: int, evidence: list[tuple[int, float]]) -> Iterable[Untrusted]:
    """Bad findings that this cause brings about through something else."""
    for j, decibans in evidence:
        if decibans >= NOTICEABLE and j not in weighing.grounded.direct.get(node, []) and _bad(weighing, j):
            yield _line(weighing, j)


def _speaks(weighing: Weighing, j: int) -> bool:
    return weighing.grounded.net.observations[j].bad


def _bad(weighing: Weighing, j: int) -> bool:
    return bool(weighing.grounded.observed[j].grade)


def _line(weighing: Weighing, j: int, where: str = "") -> Untrusted:
    finding = weighing.grounded.observed[j].finding
    return Untrusted(f"{where}{finding.subject.raw or finding.check}: {finding.summary.raw}")


def _story(weighing: Weighing, root: int) -> Iterator[Step]:
    """The root, what it brings about, and so on: each state of the likeliest world with what shows it, told once.

    A state that several others could have brought about follows from the one that most surely does.
    """
    world, _ = weighing.worlds(root)
    net, told = weighing.grounded.net, {root}
    yield Step(title=_title(weighing, root), shown_by=tuple(_shown(weighing, root, world)))
    for node in sorted(world):
        behind = [(weight, parent) for parent, weight in net.parents[node] if parent in told]
        if behind and node not in told and weighing.nodes[node].state is not None:
            told.add(node)
            shown = tuple(_shown(weighing, node, world))
            follows = _title(weighing, max(behind)[1])
            yield Step(title=_title(weighing, node), follows=follows, shown_by=shown)


def _title(weighing: Weighing, node: int) -> str:
    state = weighing.nodes[node].state
    return state.title if state is not None else ""


def _shown(weighing: Weighing, node: int, world: World) -> Iterator[Weighed]:
    """The bad findings that show this state, and no state of this world more surely."""
    for j, seen in enumerate(weighing.grounded.seen):
        behind = {n: a for n, a, _ in seen.links if n in world and weighing.nodes[n].state is not None}
        if seen.grade and node in behind and behind[node] == max(behind.values()):
            yield weighing.weighed(j, 0.0)


def _steps_to_take(cause: Cause, node: Node, target: str) -> tuple[Untrusted, ...]:
    """Verify, act, roll back, with the names filled in."""
    steps = (cause.verify, cause.act, cause.roll_back)
    subject = node.subject or "…"
    return tuple(Untrusted(s.replace("{subject}", subject).replace("{target}", target)) for s in steps if s)


def across_hosts(suspects: Iterable[Suspect], fleet: Fleet) -> list[Suspect]:
    """The same, with what is one thing told once, and a provider's cause told with the trouble of its clients."""
    merged: list[Suspect] = []
    for suspect in sorted(suspects, key=lambda s: (-FIRMNESS.index(s.verdict), -s.confidence, s.target.raw)):
        thing = _thing(fleet, suspect)
        twin = next((i for i, other in enumerate(merged) if thing and thing == _thing(fleet, other)), None)
        if twin is None:
            merged.append(suspect)
        else:
            merged[twin] = _joined(merged[twin], suspect)
    return [_with_clients(suspect, fleet) for suspect in merged]


def _thing(fleet: Fleet, suspect: Suspect) -> tuple[str, str] | None:
    return fleet.thing(suspect.id, suspect.entity.raw, suspect.target.raw)


def _joined(one: Suspect, other: Suspect) -> Suspect:
    """Two targets' view of one thing."""
    heard = tuple(replace(weighed, target=other.target) for weighed in other.because)
    explained = tuple(Untrusted(f"{other.target.raw}: {line.raw}") for line in other.explains)
    return replace(
        one,
        because=one.because + heard,
        explains=one.explains + explained,
        affects=(*one.affects, other.target),
    )


def _with_clients(suspect: Suspect, fleet: Fleet) -> Suspect:
    """What a cause does to the targets that use this one's services, where it is that which they suffer from."""
    weighing = fleet.weighings.get(suspect.target.raw)
    if weighing is None:
        return suspect
    node = next((n for n in weighing.found.best if weighing.nodes[n].id == suspect.id), None)
    fails = weighing.place(CLIENTS_FAIL)
    if node is None or fails is None or fails not in weighing.world:
        return suspect
    steps, lines, clients = [], [], []
    for client, other in sorted(fleet.weighings.items()):
        place = other.place(PROVIDER, suspect.target.raw)
        if place is None or other.probability(place) < ESTABLISHED:
            continue
        clients.append(Untrusted(client))
        seen = [j for j, d in other.evidence(place) if d >= NOTICEABLE and _bad(other, j)]
        lines += [_line(other, j, f"{client}: ") for j in seen]
        shown = tuple(other.weighed(j, 0.0, away=True) for j in seen)
        steps.append(
            Step(title=_title(other, place), follows=_title(weighing, fails), target=Untrusted(client), shown_by=shown)
        )
    return replace(
        suspect,
        story=suspect.story + tuple(steps),
        explains=suspect.explains + tuple(lines),
        affects=suspect.affects + tuple(clients),
    )
