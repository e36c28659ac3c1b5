"""From knowledge and one host's findings to a net: which states could hold here, and what was seen of each.

- A state per subject gets one node for each subject its first sign's check speaks up about; if there is none, one
  nameless node, so that evidence against it and around it still counts.
- A cause whose direct check was skipped cannot be, and has no node, unless a log line names it: what a web server's log
  says of its database is about another host.
- Log findings name, by their signature, the causes they speak for.
- Checks of one group repeat one fact; so do several findings of one check. Each then counts for less.
- Another target whose services this host uses is a root, too (`provider_fails`); how likely, fleet.py knows.
- One more root stands for everything we do not model; it keeps us from inventing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diagkit.causes import ALWAYS, OFTEN, Cause, Sign, State
from diagkit.causes.knowledge import Knowledge, Voices
from diagkit.causes.net import Net, Observation
from diagkit.causes.observed import FAILED, Observed, by_check, grade, kept_silent, observations, unjudged
from diagkit.frozen import frozen
from diagkit.model import Finding, Status

INCIDENT = 0.5  # P(something is wrong | somebody looks)
MOST_SCALED = 4.0  # few causes (a plug-in's test, `--only`) do not become likely by being few
UNMODELLED_PRIOR = 0.01  # per host; 0.01 to 0.03 cut wrong conclusions about unknown faults by a third
UNMODELLED_WEIGHTS = (0.12, 0.05)  # at most
ONE_OF_MANY = 0.2  # of the noise of a check of many signatures, for one of them
TIMES_CHANCE = 10  # what we do not model shows in a check this much oftener than nothing does
SUBJECTS = {
    "unit": re.compile(r"\.(?:service|socket|mount|timer|swap|target)$"),
    "path": re.compile(r"^/"),
    "port": re.compile(r":\d+$"),
    "process": re.compile(r"\[\d+\]$"),
}
SAME_FACT = 0.15  # correlation of findings of one check or group, a guess
PROVIDER = "provider_fails"  # the condition that stands for another target; its subject is that target


@frozen
class Node:
    """One state on this host; `subject` is empty for the host itself or where it is not known.

    No state: the unmodelled.
    """

    id: str
    state: State | None
    subject: str


@dataclass(frozen=True)
class Grounded:
    """The net with its meaning: node i is `nodes[i]`, observation j is `observed[j]`."""

    net: Net
    nodes: tuple[Node, ...]
    observed: tuple[Observed, ...]
    direct: dict[int, list[int]] = field(default_factory=dict)  # node -> observations that are its own signs
    missing: dict[int, tuple[str, ...]] = field(default_factory=dict)  # node -> checks of its signs not judged

    @property
    def seen(self) -> Sequence[Observation]:
        """The net's observations that are findings of this host; those behind them are hearsay of others."""
        return self.net.observations[: len(self.observed)]


@frozen(kw_only=True)
class Beyond:
    """What is known of a host from beyond it.

    providers: other targets whose services it uses -> the probability that they fail it. owners: subjects (endpoints,
    as this host writes them) -> the target they belong to. priors: (state, subject) -> the prior that other hosts'
    findings give it. told: (state) -> likelihood ratio that other hosts' findings give it.
    """

    providers: Mapping[str, float] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    priors: Mapping[tuple[str, str], float] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)

    @property
    def signature(self) -> Hashable:
        """All of it as a key."""
        return tuple(tuple(sorted(known.items())) for known in (self.providers, self.owners, self.priors, self.told))


NOTHING_BEYOND = Beyond()


def ground(findings: Sequence[Finding], knowledge: Knowledge, beyond: Beyond = NOTHING_BEYOND) -> Grounded:
    """Build the net of one host."""
    found = by_check(findings)
    observed = observations(found)
    heard = _heard(observed, knowledge.voices)
    nodes = _nodes(knowledge.ordered, found, heard, beyond.providers)
    links: list[list[tuple[int, float, float]]] = [[] for _ in observed]
    direct: dict[int, list[int]] = {}
    missing: dict[int, tuple[str, ...]] = {}
    places = _places(observed)
    for i, node in enumerate(nodes):
        if node.state is None:
            for one, about in zip(observed, links, strict=True):
                about.append((i, *_unmodelled(_leak(one.finding, knowledge))))
            continue
        for sign in node.state.shows:
            for j in _seen(sign, node, observed, places):
                links[j].append((i, sign.weight, min(sign.weight, sign.fails)))
                direct.setdefault(i, []).append(j)
        for j, weight in heard.get(node.id, ()):
            if j not in direct.get(i, []):
                links[j].append((i, weight, weight if observed[j].grade == FAILED else 0.0))
                if weight >= OFTEN:  # a line that says just this is direct evidence; a hint is not
                    direct.setdefault(i, []).append(j)
        signs = [s.check.name for s in node.state.shows] + ([node.state.told_by.name] if node.state.told_by else [])
        missing[i] = tuple(name for name in signs if unjudged(found.get(name, [])))
        if (silent := kept_silent(node.state, found)) and i not in direct:
            observed.append(Observed(silent, 0))
            links.append([(i, OFTEN, OFTEN)])
    seen = _weighted(observed, links, knowledge)
    seen += [
        Observation(0, (0.0, 0.0), ((i, ALWAYS, ALWAYS),), ratio=beyond.told[node.id])
        for i, node in enumerate(nodes)
        if node.id in beyond.told
    ]
    scale = _incident_scale(knowledge)
    priors = [_prior(node, scale, beyond) for node in nodes]
    net = Net(priors, _edges(nodes, beyond.owners), seen, connectors=(0,))
    return Grounded(net, nodes, tuple(observed), direct, missing)


def _unmodelled(leak: tuple[float, float]) -> tuple[float, float]:
    """How a fault that nobody wrote down shows in a check: hardly at all in one that only a single fault sets off."""
    return tuple(min(most, TIMES_CHANCE * chance) for most, chance in zip(UNMODELLED_WEIGHTS, leak, strict=True))  # type: ignore[return-value]


def _weighted(
    observed: Sequence[Observed], links: Sequence[list[tuple[int, float, float]]], knowledge: Knowledge
) -> list[Observation]:
    """The observations of the net; n that repeat one fact count for little more than one."""
    group = [knowledge.groups.get(o.finding.check) or o.finding.check for o in observed]
    repeats = Counter(name for name, o in zip(group, observed, strict=True) if o.grade)
    return [
        Observation(
            o.grade,
            _leak(o.finding, knowledge),
            tuple(about),
            1 / (1 + (repeats[name] - 1) * SAME_FACT) if o.grade else 1.0,
            o.finding.likelihood_ratio,
        )
        for o, about, name in zip(observed, links, group, strict=True)
    ]


def _places(observed: Sequence[Observed]) -> dict[str, list[int]]:
    """The observations of each check."""
    places: dict[str, list[int]] = {}
    for j, seen in enumerate(observed):
        places.setdefault(seen.finding.check, []).append(j)
    return places


def _heard(observed: Sequence[Observed], voices: Voices) -> dict[str, list[tuple[int, float]]]:
    """State -> the log findings that name it, and how surely."""
    heard: dict[str, list[tuple[int, float]]] = {}
    for j, seen in enumerate(observed):
        for state, weight in voices.get(seen.finding.subject.raw, {}).items() if seen.grade else ():
            heard.setdefault(state, []).append((j, weight))
    return heard


def _leak(finding: Finding, knowledge: Knowledge) -> tuple[float, float]:
    """How often a check at least warns, and fails, with nothing wrong; the host's own history knows better than we.

    A check of many log signatures warns as often as all of them together; that it is this one is rarer.
    """
    warns, fails = knowledge.noises[finding.check]
    if finding.background is not None:
        return max(finding.background, fails), fails
    share = ONE_OF_MANY if finding.subject.raw in knowledge.voices else 1.0
    return (warns + fails) * share, fails * share


def _incident_scale(knowledge: Knowledge) -> float:
    """What to multiply the priors with, so that something is wrong with probability `INCIDENT`: somebody looks."""
    total = sum(cause.prior for cause in knowledge.causes.values())
    return min(MOST_SCALED, math.log(1 / (1 - INCIDENT)) / total) if total else 1.0


def _prior(node: Node, scale: float, beyond: Beyond) -> float:
    if node.state is None:
        return UNMODELLED_PRIOR
    if node.id == PROVIDER:
        return beyond.providers[node.subject]
    if told := beyond.priors.get((node.id, node.subject)):
        return told
    return min(0.3, node.state.prior * scale) if isinstance(node.state, Cause) else 0.0


def _nodes(
    ordered: Sequence[tuple[str, State]],
    found: Mapping[str, list[Finding]],
    heard: Container[str],
    providers: Iterable[str],
) -> tuple[Node, ...]:
    nodes = [Node("unmodelled", None, "")]
    for name, state in ordered:
        if name == PROVIDER:
            nodes += [Node(name, state, provider) for provider in sorted(providers)]
            continue
        if _cannot_be(state, found) and name not in heard:
            continue
        subjects = [""]
        if state.per_subject and state.shows:
            about = found.get(state.shows[0].check.name, [])
            subjects = sorted({f.subject.raw for f in about if grade(f)}) or [""]
        nodes += [Node(name, state, subject) for subject in subjects]
    return tuple(nodes)


def _cannot_be(state: State, found: Mapping[str, list[Finding]]) -> bool:
    """Whether what the state is about does not exist here: its direct check was skipped."""
    about = found.get(state.shows[0].check.name, []) if isinstance(state, Cause) and state.shows else []
    return bool(about) and all(f.status is Status.SKIP for f in about)


def _seen(sign: Sign, node: Node, observed: Sequence[Observed], places: Mapping[str, list[int]]) -> list[int]:
    """The observations this sign of this node is about."""
    about = places.get(sign.check.name, [])
    own = node.state is not None and sign is node.state.shows[0] and node.state.per_subject
    if (sign.same or own) and node.subject:
        return [j for j in about if observed[j].finding.subject.raw == node.subject]
    return about


def _edges(nodes: tuple[Node, ...], owners: Mapping[str, str]) -> list[tuple[int, int, float]]:
    """Every instance of a state leads to every instance of its effects that may concern the same thing.

    A provider's trouble concerns its own endpoints, and whatever has no name.
    """
    places: dict[int, list[int]] = {}
    for i, node in enumerate(nodes):
        if node.state is not None:
            places.setdefault(id(node.state), []).append(i)
    return [
        (i, j, effect.weight)
        for i, node in enumerate(nodes)
        for effect in (node.state.leads_to if node.state else ())
        for j in places.get(id(effect.state), [])
        if (
            owners.get(nodes[j].subject, node.subject) == node.subject
            if node.id == PROVIDER
            else _may_concern(node.subject, nodes[j].subject)
        )
    ]


def _may_concern(one: str, other: str) -> bool:
    """Whether two subjects can be the same thing: two units or two mounts only if equal, a unit and a port always."""
    return not one or not other or one == other or _kind(one) != _kind(other)


def _kind(subject: str) -> str:
    return next((kind for kind, form in SUBJECTS.items() if form.search(subject)), "other")
