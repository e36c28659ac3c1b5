"""What there is: probes, checks, causes and outputs, found by type, named by where they live.

Third parties add modules through the entry points `diagkit.probes`, `diagkit.checks`, `diagkit.causes`,
`diagkit.outputs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import walk_packages
from types import ModuleType
from typing import TypeVar, get_args

from diagkit import causes, checks, probes
from diagkit.causes import WORDS, Cause, Condition
from diagkit.causes.diagnosis import Knowledge
from diagkit.checks import PHASES, Check
from diagkit.logs import signatures
from diagkit.probes import Probe, needs

T = TypeVar("T")


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    """The package's own modules, then those that plug-ins offer for it."""
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        yield import_module(found.name)
    for point in entry_points(group=package.__name__):
        yield point.load()


def members(package: ModuleType, kind: type[T]) -> Iterator[tuple[str, T]]:
    """Every `kind` bound to a public name in a module of the package: (place.name, value), each once."""
    home: dict[int, str] = {}
    for module in _modules(package):
        place = module.__name__.removeprefix(f"{package.__name__}.")
        for attribute, value in vars(module).items():
            if isinstance(value, kind) and not attribute.startswith("_"):
                name = f"{place}.{attribute}"
                if id(value) not in home:
                    home[id(value)] = name
                    yield name, value


@cache
def all_probes() -> dict[str, Probe]:
    """Every probe by name."""
    return {probe.name: probe for _, probe in members(probes, Probe)}


@cache
def all_checks() -> dict[str, Check]:
    """Every check by name, in the order of the checklist."""
    found = {check.name: check for _, check in members(checks, Check)}
    return dict(sorted(found.items(), key=lambda item: (PHASES.index(item[1].phase), item[0])))


@cache
def all_causes() -> dict[str, Cause]:
    """Every cause by id: its bare name, for causes/storage.py::disk_full is `disk_full`."""
    return {name.rpartition(".")[2]: cause for name, cause in members(causes, Cause)}


@cache
def all_conditions() -> dict[str, Condition]:
    """Every condition by name."""
    return {name.rpartition(".")[2]: state for name, state in members(causes, Condition)}


@cache
def families() -> dict[str, str]:
    """The family of each cause: the file it lives in, and the folder of its runbook."""
    return {name.rpartition(".")[2]: name.split(".")[0] for name, _ in members(causes, Cause)}


def probes_for(wanted: tuple[Check, ...]) -> list[Probe]:
    """The probes whose facts these checks need, with those that their probes need in turn."""
    by_fact = {probe.fact: probe for probe in all_probes().values()}
    found: dict[str, Probe] = {}
    kinds = [kind for check in wanted for kind in check.needs.values()]
    while kinds:
        kind = kinds.pop()
        for candidate in get_args(kind) or (kind,):
            probe = by_fact.get(candidate)
            if probe and probe.name not in found:
                found[probe.name] = probe
                kinds += [k for source in probe.sources for k in needs(source.parse).values()]
                kinds += list(needs(probe.also).values()) if probe.also else []
    return [found[name] for name in sorted(found)]


def runbooks() -> dict[str, str]:
    """The runbook of each cause, as `diagkit runbook show` takes it."""
    return {name: f"{family}/{name}" for name, family in families().items()}


@cache
def voices() -> dict[str, dict[str, float]]:
    """What each log signature speaks for: cause or condition -> weight."""
    return {
        name: {cause: WORDS[word] for cause, word in signature.causes.items()}
        for name, signature in signatures.catalogue().items()
    }


@cache
def knowledge() -> Knowledge:
    """All that the diagnosis weighs with."""
    return Knowledge(
        causes=all_causes(),
        conditions=all_conditions(),
        voices=voices(),
        noises={name: check.noise for name, check in all_checks().items()},
        runbooks=runbooks(),
        vital=frozenset(name for name, check in all_checks().items() if check.vital),
    )
