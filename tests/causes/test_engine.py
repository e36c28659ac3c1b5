"""The engine against brute force, and the invariants of the model."""

import itertools
import math
import random

import pytest

from diagkit.causes import engine
from diagkit.causes.engine import infer, likeliest_world, log_ratio
from diagkit.causes.net import Net, Observation, set_of


def random_net(rng: random.Random, roots: int = 6, hidden: int = 4, observations: int = 10) -> Net:
    """A net as the knowledge makes them: roots above hidden conditions, findings at both, some of them missing."""
    nodes = roots + hidden
    edges = [(p, c, rng.uniform(0.2, 0.95)) for c in range(roots, nodes) for p in range(c) if rng.random() < 0.35]
    edges += [(p, c, rng.uniform(0.1, 0.5)) for p in range(roots) for c in range(p + 1, roots) if rng.random() < 0.1]
    seen = []
    for _ in range(observations):
        links = []
        for node in range(nodes):
            if rng.random() < 0.25:
                a = rng.uniform(0.3, 0.95)
                links.append((node, a, a * rng.uniform(0.3, 0.95)))
        grade = rng.choices((0, 1, 2), (6, 2, 3))[0]
        seen.append(Observation(grade, (rng.uniform(0.01, 0.05), 0.005), tuple(links), rng.choice((1.0, 0.8))))
    priors = [rng.choice((0.003, 0.01, 0.03)) for _ in range(roots)] + [0.0] * hidden
    return Net(priors, edges, seen)


def brute_force(net: Net) -> tuple[list[float], float]:
    """P(root) for every root and P(no root), by enumerating every trigger and every hidden node."""
    size = len(net.priors)
    roots = [n for n in range(size) if net.priors[n] > 0]
    marginal, healthy, total = [0.0] * size, 0.0, 0.0
    for on in itertools.product((False, True), repeat=len(roots)):
        triggered = {n for n, yes in zip(roots, on, strict=True) if yes}
        prior = math.prod(net.priors[n] if n in triggered else 1 - net.priors[n] for n in roots)
        rest = [n for n in range(size) if n not in triggered]
        likelihood = 0.0
        for states in itertools.product((False, True), repeat=len(rest)):
            active = triggered | {n for n, yes in zip(rest, states, strict=True) if yes}
            p = 1.0
            for node, yes in zip(rest, states, strict=True):
                silent = math.prod(1 - w for parent, w in net.parents[node] if parent in active)
                p *= 1 - silent if yes else silent
                if p == 0:
                    break
            if p:
                likelihood += p * math.prod(o.likelihood(set_of(active)) for o in net.observations)
        mass = prior * likelihood
        total += mass
        healthy += mass if not triggered else 0.0
        for node in triggered:
            marginal[node] += mass
    return [m / total for m in marginal], healthy / total


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the search as wide as it goes, every candidate's probability is that of full enumeration."""
    monkeypatch.setattr(engine, "WINDOW", 60.0)
    monkeypatch.setattr(engine, "MARGIN", 60.0)
    monkeypatch.setattr(engine, "MAX_ROOTS", 6)
    monkeypatch.setattr(engine, "MAX_EXPANDED", 10_000)
    net = random_net(random.Random(seed))
    exact, _ = brute_force(net)
    found = infer(net).marginal
    for node in found:
        # roots that only passed checks speak about are left out of the search: their influence is below this
        assert found[node] == pytest.approx(exact[node], abs=1e-4)
    missed = [n for n in range(len(exact)) if net.priors[n] and n not in found]
    assert all(exact[n] <= net.priors[n] + 1e-9 for n in missed), (
        "whatever nothing bad speaks for keeps at most its prior"
    )


def test_the_default_window_loses_little() -> None:
    """The search as shipped is within one percent of enumeration on average, and within three at the worst."""
    worst = []
    for seed in range(40, 70):
        net = random_net(random.Random(seed))
        exact, _ = brute_force(net)
        worst.append(max((abs(p - exact[node]) for node, p in infer(net).marginal.items()), default=0.0))
    assert sum(worst) / len(worst) < 0.01
    assert max(worst) < 0.03


def test_nothing_observed_is_evidence_for_nothing() -> None:
    net = Net([0.01, 0.0], [(0, 1, 0.9)], [])
    assert infer(net).marginal == {}
    assert infer(net).healthy == 1.0


def test_dropping_an_observation_equals_not_having_asked() -> None:
    """Unknown is factor 1: a net with an unlinked, passed observation says the same as one without it."""
    seen = Observation(2, (0.02, 0.005), ((0, 0.9, 0.8),))
    idle = Observation(0, (0.02, 0.005), ())
    assert infer(Net([0.01], [], [seen, idle])).marginal == pytest.approx(infer(Net([0.01], [], [seen])).marginal)


def test_passed_checks_speak_against() -> None:
    bad = Observation(2, (0.02, 0.005), ((0, 0.6, 0.5), (1, 0.6, 0.5)))
    passed = Observation(0, (0.02, 0.005), ((0, 0.98, 0.9),))
    found = infer(Net([0.01, 0.01], [], [bad, passed])).marginal
    assert found[1] > 10 * found[0]


def test_a_cascade_has_one_root() -> None:
    """Disk full -> writes fail -> service down: the root explains all three, and the rest is not suspected beside it."""
    net = Net(
        [0.01, 0.01, 0.0, 0.0],  # disk_full, service_stopped, writes_fail, service_down
        [(0, 2, 0.9), (2, 3, 0.7), (1, 3, 0.95)],
        [
            Observation(2, (0.05, 0.005), ((0, 0.98, 0.9),)),
            Observation(2, (0.01, 0.005), ((2, 0.8, 0.7),)),
            Observation(2, (0.01, 0.005), ((3, 0.95, 0.9),)),
        ],
    )
    found = infer(net)
    assert found.best == frozenset({0})
    assert found.marginal[0] > 0.95
    assert found.marginal[1] < 0.1
    assert likeliest_world(net, frozenset({0})) == frozenset({0, 2, 3})


def test_the_order_of_observations_does_not_matter() -> None:
    rng = random.Random(7)
    net = random_net(rng)
    shuffled = list(net.observations)
    rng.shuffle(shuffled)
    again = Net(net.priors, net.edges, shuffled)
    assert infer(again).marginal == pytest.approx(infer(net).marginal)


def test_independent_roots_multiply() -> None:
    net = Net(
        [0.01, 0.02],
        [],
        [Observation(2, (0.03, 0.01), ((0, 0.9, 0.8),)), Observation(1, (0.03, 0.01), ((1, 0.9, 0.2),))],
    )
    both = log_ratio(net, frozenset({0, 1}))
    assert both == pytest.approx(log_ratio(net, frozenset({0})) + log_ratio(net, frozenset({1})))


def test_graded_evidence_is_a_likelihood_ratio() -> None:
    """The posterior odds are the prior odds times the ratio, where the cause surely shows."""
    seen = Observation(0, (0.0, 0.0), ((0, 1.0, 1.0),), ratio=8.0)
    found = infer(Net([0.1], [], [seen])).marginal[0]
    assert found / (1 - found) == pytest.approx(8 * 0.1 / 0.9)


def test_graded_evidence_may_speak_against() -> None:
    bad = Observation(2, (0.02, 0.005), ((0, 0.6, 0.5), (1, 0.6, 0.5)))
    calm = Observation(0, (0.0, 0.0), ((0, 0.9, 0.9),), ratio=0.2)
    found = infer(Net([0.01, 0.01], [], [bad, calm])).marginal
    assert found[1] > 3 * found[0]


def test_a_connector_changes_the_way_and_not_the_answer() -> None:
    """Whether the root that touches everything is searched like the others or fixed first, the posterior is the same."""
    for seed in range(10):
        rng = random.Random(seed)
        plain = random_net(rng, roots=4, hidden=3, observations=8)
        touching = [
            Observation(o.grade, o.leak, (*o.links, (7, 0.12, 0.05)), o.share) if o.grade else o
            for o in plain.observations
        ]
        priors = [*plain.priors, 0.01]
        through = infer(Net(priors, plain.edges, touching, connectors=(7,)))
        straight = infer(Net(priors, plain.edges, touching))
        assert through.healthy == pytest.approx(straight.healthy, abs=0.02)
        for node, p in straight.marginal.items():
            assert through.marginal.get(node, 0.0) == pytest.approx(p, abs=0.03)


def test_what_was_left_out_is_little() -> None:
    assert all(infer(random_net(random.Random(seed))).unexplored < 0.1 for seed in range(40, 70))
    mean = sum(infer(random_net(random.Random(seed))).unexplored for seed in range(40, 70)) / 30
    assert mean < 0.02


def test_one_more_active_node_never_makes_a_pass_likelier() -> None:
    rng = random.Random(3)
    for seen in random_net(rng, observations=40).observations:
        quiet = Observation(0, seen.leak, seen.links, seen.share)
        for active in range(64):
            assert all(quiet.likelihood(active | 1 << n) <= quiet.likelihood(active) + 1e-12 for n in range(10))


def test_two_equal_hosts_have_the_product_of_their_posteriors() -> None:
    one = random_net(random.Random(11), roots=3, hidden=2, observations=6)
    size = len(one.priors)
    twin = [
        Observation(o.grade, o.leak, tuple((n + size, a, b) for n, a, b in o.links), o.share) for o in one.observations
    ]
    edges = [*one.edges, *((p + size, c + size, w) for p, c, w in one.edges)]
    both = infer(Net([*one.priors, *one.priors], edges, [*one.observations, *twin]))
    alone = infer(one)
    assert both.healthy == pytest.approx(alone.healthy**2)
    for node, p in alone.marginal.items():
        assert both.marginal[node] == pytest.approx(p)
        assert both.marginal[node + size] == pytest.approx(p)


def test_decibans_add_up_to_the_odds_of_two_worlds() -> None:
    """Given two worlds, the findings are independent: their weights of evidence sum to the ratio of the likelihoods."""
    net = random_net(random.Random(5))
    with_it, without = likeliest_world(net, {0, 1}), likeliest_world(net, {1})
    weights = [10 * math.log10(o.likelihood(set_of(with_it)) / o.likelihood(set_of(without))) for o in net.observations]
    together = math.prod(o.likelihood(set_of(with_it)) for o in net.observations)
    apart = math.prod(o.likelihood(set_of(without)) for o in net.observations)
    assert sum(weights) == pytest.approx(10 * math.log10(together / apart))
