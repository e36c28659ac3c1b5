"""Several targets weighed together: what they share, and which of them is behind the trouble of others.

Each target has a net of its own. Two kinds of roots stand in more than one:

- a shared thing (a name server, a gateway, a service nobody looked at): one entity for each address, whoever uses it;
- a provider: another target whose services this one uses (`provider_fails`, about that target).

The nets exchange messages about these, and about nothing else. What a target's findings say of a shared root is the
odds they leave it with over the odds it began with, a likelihood ratio. Everybody else begins with the product of those
ratios; so ten hosts that each half suspect the name server convict it, and one that uses it happily acquits it. From a
provider's side the ratio is graded evidence that its clients fail, and its own findings say how likely that is: a
database that fills its disk thus explains the errors of the web servers, and they speak for its trouble. On targets
that hang together as a tree, this is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from diagkit.causes.engine import WINDOW
from diagkit.causes.grounding import PROVIDER, Beyond, Node
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.topology import Place, Topology
from diagkit.causes.weighing import Memo, Weighing, sick, weigh_one
from diagkit.model import Finding, Status

CLIENTS_FAIL = "clients_fail"  # the condition of a provider that its clients notice
ASSUMED = 0.05  # a provider's trouble, before it was heard
STRONGEST = 1e3  # no message speaks louder
PROBING = 10.0  # a likelihood ratio to learn a condition's probability with
KINDS = 32  # of hosts that are alike, of which a weighing is kept for the next; it takes some 200 kB

Shared = tuple[str, str]  # cause, and subject as everybody writes it


@dataclass(frozen=True)
class Fleet:
    """The targets with trouble that have to do with others, weighed; and how all hang together.

    shared: shared thing -> target -> the node that stands for it there.
    """

    weighings: Mapping[str, Weighing]
    topology: Topology
    shared: Mapping[Shared, Mapping[str, int]] = field(default_factory=dict)

    def thing(self, cause: str, subject: str, target: str) -> Shared | None:
        """The shared thing that a cause on one target is about, if it is about one."""
        named = (cause, self.topology.common_name(subject, target)) if subject else None
        return named if named in self.shared else None


def weigh_together(
    findings: Mapping[str, Sequence[Finding]],
    places: Iterable[Place],
    knowledge: Knowledge,
    each: Callable[[Weighing], None],
) -> Fleet:
    """Weigh all targets with trouble one by one, and those that have to do with others in the light of each other.

    `each` is told of every one once it is weighed. A weighing is large, and only those of the latter are kept.
    """
    memo: Memo = {}
    topology = Topology(places)
    troubled = {target: found for target, found in findings.items() if sick(found)}
    beyond = {target: _around(target, topology, troubled) for target in troubled}
    providers = {provider for about in beyond.values() for provider in about.providers}
    alone: dict[str, Weighing] = {}
    for target, found in troubled.items():
        weighing = weigh_one(target, found, knowledge, memo, beyond[target])
        if target in providers or beyond[target].providers or (len(findings) > 1 and _shared_nodes(weighing)):
            alone[target] = weighing
        else:
            each(weighing)
        if len(memo) > KINDS:
            del memo[next(iter(memo))]
    priors = _hear_shared(alone, _shared(alone, topology), findings, topology, knowledge)
    after = _hear_clients(alone, beyond, troubled, knowledge, memo)
    together = {t: weigh_one(t, troubled[t], knowledge, memo, replace(after[t], priors=priors[t])) for t in alone}
    for weighing in together.values():
        each(weighing)
    return Fleet(together, topology, _shared(together, topology))


def _around(target: str, topology: Topology, troubled: Iterable[str]) -> Beyond:
    """The troubled targets whose services this one uses."""
    used = {p: endpoints for p, endpoints in topology.providers(target).items() if p in troubled}
    return Beyond(
        providers=dict.fromkeys(used, ASSUMED),
        owners={endpoint: provider for provider, endpoints in used.items() for endpoint in endpoints},
    )


def _shared(weighings: Mapping[str, Weighing], topology: Topology) -> dict[Shared, dict[str, int]]:
    """The shared things that any target has a node for."""
    found: dict[Shared, dict[str, int]] = {}
    for target, weighing in weighings.items():
        for i, node in _shared_nodes(weighing):
            found.setdefault((node.id, topology.common_name(node.subject, target)), {})[target] = i
    return found


def _shared_nodes(weighing: Weighing) -> list[tuple[int, Node]]:
    """Those that stand for what other targets may use too."""
    return [(i, n) for i, n in enumerate(weighing.nodes) if n.subject and n.state is not None and n.state.shared]


def _hear_shared(
    alone: Mapping[str, Weighing],
    shared: Mapping[Shared, Mapping[str, int]],
    findings: Mapping[str, Sequence[Finding]],
    topology: Topology,
    knowledge: Knowledge,
) -> dict[str, dict[tuple[str, str], float]]:
    """The prior of each shared thing for each of its users, given what all the others say of it."""
    priors: dict[str, dict[tuple[str, str], float]] = {target: {} for target in alone}
    for (cause, thing), members in shared.items():
        said = {target: _message(alone[target], node) for target, node in members.items()}
        sign = knowledge.states[cause].shows[0]
        content = [  # others that use it, and have no trouble with it
            f
            for target, found in findings.items()
            if target not in members
            for f in found
            if f.check == sign.check.name and f.status is Status.OK
            if topology.common_name(f.subject.raw, target) == thing
        ]
        against = (1 - sign.weight) ** len(content)
        for target, node in members.items():
            others = math.prod(ratio for other, ratio in said.items() if other != target) * against
            weighing = alone[target]
            own = weighing.grounded.net.priors[node]
            priors[target][(cause, weighing.nodes[node].subject)] = _shifted(own, others)
    return priors


def _hear_clients(
    alone: Mapping[str, Weighing],
    beyond: Mapping[str, Beyond],
    troubled: Mapping[str, Sequence[Finding]],
    knowledge: Knowledge,
    memo: Memo,
) -> dict[str, Beyond]:
    """What providers and their clients know of each other, once both have spoken."""
    changed = dict(beyond)
    for provider in sorted({p for about in beyond.values() for p in about.providers}):
        said = {
            client: _message(alone[client], node)
            for client, about in beyond.items()
            if provider in about.providers and (node := alone[client].place(PROVIDER, provider)) is not None
        }
        probed = replace(beyond[provider], told={CLIENTS_FAIL: PROBING})
        raised = weigh_one(provider, troubled[provider], knowledge, memo, probed).found.evidence
        gain = math.exp(raised - alone[provider].found.evidence)
        own = min(max((gain - 1) / (PROBING - 1), 1e-4), 1 - 1e-4)  # P(clients fail | the provider's own findings)
        together = math.prod(said.values())
        changed[provider] = replace(changed[provider], told={CLIENTS_FAIL: _bounded(together)})
        for client, ratio in said.items():
            known = {**changed[client].providers, provider: _shifted(own, together / ratio)}
            changed[client] = replace(changed[client], providers=known)
    return changed


def _message(weighing: Weighing, node: int) -> float:
    """How much likelier this target's findings are with that root than without: odds after over odds before."""
    before = weighing.grounded.net.priors[node]
    after = weighing.found.marginal.get(node, min(before, math.exp(-WINDOW)))
    after = min(max(after, 1e-6), 1 - 1e-6)
    return _bounded(after / (1 - after) * (1 - before) / before)


def _bounded(ratio: float) -> float:
    return min(max(ratio, 1 / STRONGEST), STRONGEST)


def _shifted(probability: float, ratio: float) -> float:
    """A probability after evidence of this likelihood ratio, never quite certain."""
    odds = probability / (1 - probability) * _bounded(ratio)
    return min(max(odds / (1 + odds), 1e-4), 0.999)
