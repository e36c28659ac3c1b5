"""What there is: probes, checks, causes and outputs, found by type, named by where they live.

Third parties add modules through the entry points `diagkit.probes`, `diagkit.checks`, `diagkit.causes`,
`diagkit.outputs`; users through their configuration directory (see `own`). What of that cannot take part is told by
`faults`, and takes nothing else down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import TYPE_CHECKING, Generic, TypeVar, get_args

from diagkit import causes, checks, own, plugins, probes, timeline
from diagkit.admission import refuse_check, refuse_probe, refuse_state
from diagkit.causes import WORDS, Cause, Condition, State
from diagkit.causes.knowledge import Knowledge
from diagkit.checks import PHASES, Check
from diagkit.frozen import frozen
from diagkit.model import Fault, Untrusted
from diagkit.probes import Probe, needs
from diagkit.timeline import Teller

if TYPE_CHECKING:
    from diagkit.differences.outliers import SetUp
    from diagkit.timeline.story import Gauges

    Wanting = Check | Teller | type[Gauges | SetUp]

T = TypeVar("T")
SHIPPED = Path(__file__).parent


@frozen
class Home:
    """Where a thing is defined: the file, its name there, and the module (or family) below its package."""

    file: Path
    name: str
    module: str

    @property
    def shipped(self) -> bool:
        """Whether it is ours, and not a plug-in's or the user's."""
        return self.file.is_relative_to(SHIPPED)

    @property
    def place(self) -> str:
        """`file:line`."""
        shown = self.file.relative_to(SHIPPED.parent) if self.shipped else self.file
        return f"{shown}:{own.line_of(self.file, self.name)}"


@frozen
class Known(Generic[T]):
    """What there is of one kind, by name, with the home of each, and what was refused."""

    things: dict[str, T]
    homes: dict[str, Home]
    faults: tuple[Fault, ...]


@cache
def _joined() -> None:
    """The user's modules refer to each other as to ours, whichever is loaded first."""
    for package in (probes, checks, causes):
        own.join(package)


@cache
def _modules(package: ModuleType) -> tuple[tuple[ModuleType, ...], tuple[Fault, ...]]:
    """The package's own modules, then those that plug-ins offer for it, then the user's; and what failed to load."""
    _joined()
    ours = str(Path(package.__path__[0]))
    walked = walk_packages(package.__path__, f"{package.__name__}.")
    found = [import_module(m.name) for m in walked if getattr(m.module_finder, "path", "").startswith(ours)]
    faults: list[Fault] = []
    for point in plugins.offered(package.__name__):
        try:
            found.append(import_module(point.module))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody's code; whatever it does, the run goes on
            said = Untrusted(f"cannot be loaded: {type(error).__name__}: {error}")
            faults.append(Fault(where=f"plug-in {point.name} = {point.value}", error=said))
    if package in (probes, checks, causes):
        mine, broken = own.modules(package)
        found += mine
        faults += broken
    return tuple(found), tuple(faults)


def members(package: ModuleType, kind: type[T]) -> Iterator[tuple[str, T, Home]]:
    """Every `kind` bound to a public name in a module of the package, each once: that name, itself, its home."""
    values: dict[int, T] = {}
    homes: dict[int, list[Home]] = {}
    for module in _modules(package)[0]:
        file, place = Path(module.__file__ or ""), module.__name__.removeprefix(f"{package.__name__}.")
        for attribute, value in vars(module).items():
            if isinstance(value, kind) and not attribute.startswith("_"):
                values[id(value)] = value
                homes.setdefault(id(value), []).append(Home(file, attribute, place))
    for known, found in homes.items():
        home = found[0] if len(found) == 1 else next((h for h in found if own.line_of(h.file, h.name)), found[0])
        yield home.name, values[known], home


def _known(package: ModuleType, kind: type[T], refuse: Callable[[str, Mapping[str, T]], str]) -> Known[T]:
    """All of a kind that may take part. What is shipped comes first, and is never refused."""
    things: dict[str, T] = {}
    homes: dict[str, Home] = {}
    faults: list[Fault] = []
    for attribute, value, home in members(package, kind):
        name = str(getattr(value, "name", attribute))
        if name in things:
            taken = Untrusted(f"the name {name} is taken, by {homes[name].place}; call yours something else")
            faults.append(Fault(where=home.place, error=taken))
        else:
            things[name], homes[name] = value, home
    strangers = [name for name in things if not homes[name].shipped] if guests() else []
    while refused := next(((n, why) for n in strangers if n in things and (why := refuse(n, things))), None):
        name, why = refused
        faults.append(Fault(where=homes[name].place, error=Untrusted(f"{name} does not take part: {why}")))
        del things[name]
    return Known(things, {name: homes[name] for name in things}, tuple(faults))


@cache
def _probes() -> Known[Probe]:
    return _known(probes, Probe, refuse_probe)


@cache
def _checks() -> Known[Check]:
    return _known(checks, Check, partial(refuse_check, probes=all_probes()))


@cache
def _states() -> Known[State]:
    return _known(causes, State, partial(refuse_state, checks=all_checks()))


@cache
def guests() -> bool:
    """Whether anything may take part that is not shipped."""
    return plugins.there_are_any() or any((own.root() / kind).is_dir() for kind in own.KINDS)


def all_probes() -> dict[str, Probe]:
    """Every probe by name."""
    return _probes().things


@cache
def all_checks() -> dict[str, Check]:
    """Every check by name, in the order of the checklist."""
    return _in_order(_checks().things.values())


def checks_of(patterns: Iterable[str]) -> dict[str, Check]:
    """The checks that these patterns may mean, and perhaps others, in the order of the checklist.

    Where every pattern names the module that its checks live in, as `resources.memory.*` does, only those are loaded.
    """
    shipped = {f"{file.parent.name}.{file.stem}" for file in SHIPPED.glob("checks/*/*.py")}
    places = {".".join(pattern.split(".")[:2]) for pattern in patterns}
    if not places or guests() or not places <= shipped:
        return all_checks()
    modules = [import_module(f"{checks.__name__}.{place}") for place in sorted(places)]
    found = (thing for module in modules for thing in vars(module).values())
    return _in_order(c for c in found if isinstance(c, Check) and ".".join(c.name.split(".")[:2]) in places)


def _in_order(found: Iterable[Check]) -> dict[str, Check]:
    return {c.name: c for c in sorted(found, key=lambda c: (PHASES.index(c.phase), c.name))}


@cache
def all_causes() -> dict[str, Cause]:
    """Every cause by id: its bare name, for causes/storage.py::disk_full is `disk_full`."""
    return {name: state for name, state in _states().things.items() if isinstance(state, Cause)}


@cache
def all_conditions() -> dict[str, Condition]:
    """Every condition by name."""
    return {name: state for name, state in _states().things.items() if isinstance(state, Condition)}


@cache
def homes() -> dict[str, Home]:
    """Where each probe, check, cause, condition and log signature is defined; a signature by `signatures.ID`."""
    from diagkit.logs import signatures

    told = {f"signatures.{s.id}": Home(Path(s.file), s.id, s.family) for s in signatures.catalogue().values()}
    return {**_probes().homes, **_checks().homes, **_states().homes, **told}


@cache
def faults() -> tuple[Fault, ...]:
    """What of plug-ins and of the user's own knowledge does not take part, and why."""
    if not guests():
        return ()
    from diagkit.logs import signatures

    loaded = [fault for package in (probes, checks, causes) for fault in _modules(package)[1]]
    return (*loaded, *signatures.faults(), *_probes().faults, *_checks().faults, *_states().faults)


@cache
def families() -> dict[str, str]:
    """The family of each cause: the file it lives in, and the folder of its runbook."""
    return {name: _states().homes[name].module.split(".")[0] for name in all_causes()}


@cache
def all_tellers() -> tuple[Teller, ...]:
    """Everything that tells of the past, in the order of their names."""
    return tuple(sorted((teller for _, teller, _ in members(timeline, Teller)), key=lambda teller: teller.name))


def probes_for(wanted: Iterable[Wanting]) -> list[Probe]:
    """The probes whose facts these checks and tellers need, with those that their probes need in turn."""
    return list(_probes_for(tuple(wanted)))


@lru_cache(maxsize=16)  # a run wants the same of each host
def _probes_for(wanted: tuple[Wanting, ...]) -> tuple[Probe, ...]:
    by_fact = {probe.fact: probe for probe in all_probes().values()} if guests() else {}
    found: dict[str, Probe] = {}
    kinds = [kind for one in wanted for kind in one.needs.values()]
    while kinds:
        kind = kinds.pop()
        for candidate in get_args(kind) or (kind,):
            probe = by_fact.get(candidate) if guests() else _beside(candidate)
            if probe and probe.name not in found:
                found[probe.name] = probe
                kinds += [k for source in probe.sources for k in needs(source.parse).values()]
                kinds += list(needs(probe.also).values()) if probe.also else []
    return tuple(found[name] for name in sorted(found))


@cache
def _beside(fact: type) -> Probe | None:
    """The shipped probe that learns this: it lives where that is declared."""
    there = vars(import_module(fact.__module__)).values()
    return next((probe for probe in there if isinstance(probe, Probe) and probe.fact is fact), None)


def runbooks() -> dict[str, str]:
    """The runbook of each shipped cause, as `diagkit runbook show` takes it."""
    return {name: f"{family}/{name}" for name, family in families().items() if _states().homes[name].shipped}


@cache
def voices() -> dict[str, dict[str, float]]:
    """What each log signature speaks for: cause or condition -> weight."""
    from diagkit.logs import signatures

    return {
        name: {cause: WORDS[word] for cause, word in signature.causes.items() if word in WORDS}
        for name, signature in signatures.catalogue().items()
    }


@cache
def knowledge() -> Knowledge:
    """All that the diagnosis weighs with."""
    return replace(
        knowledge_of(all_checks().values()),
        causes=all_causes(),
        conditions=all_conditions(),
        voices=voices(),
        runbooks=runbooks(),
    )


def knowledge_of(known: Iterable[Check]) -> Knowledge:
    """What there is to know of these checks alone: enough where nothing is wrong, and no cause is looked for."""
    known = tuple(known)
    return Knowledge(
        causes={},
        conditions={},
        voices={},
        runbooks={},
        noises={check.name: check.noise for check in known},
        vital=frozenset(check.name for check in known if check.vital),
        groups={check.name: check.group for check in known if check.group},
        for_people=frozenset(check.name for check in known if check.for_people),
        costs={check.name: check.cost for check in known if check.cost},
    )
