"""From what was typed and configured to what will be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from diagkit import catalog, config
from diagkit.cli import exits, when
from diagkit.cli.choice import choose
from diagkit.cli.selection import select, words
from diagkit.conclusions import Settings
from diagkit.differences.outliers import LEAST
from diagkit.fleet.errand import Errand
from diagkit.fleet.places import NotUnderstood, Places
from diagkit.frozen import frozen
from diagkit.model import Moment, Site, Target
from diagkit.transports.ssh.switchboard import Choice


@frozen(kw_only=True)
class Order:
    """What was typed: which targets, which checks, which window of time. None: it was not said."""

    targets: Sequence[str]
    inventory: Sequence[str] = ()
    limit: Sequence[str] = ()
    exclude: Sequence[str] = ()
    canary: str = ""
    phase: str = ""
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    since: str = ""
    until: str = ""
    at: str = ""
    deep: bool = False
    timeout: float | None = None
    parallel: int = 0
    baseline: bool | None = None
    config: str = ""
    ssh_config: str = ""
    transport: Choice = "auto"
    executor: str = "threads"

    @property
    def found_by(self) -> tuple[str, ...]:
        """The options without which the names of the targets may mean others."""
        named = [
            *(("-i", path) for path in self.inventory),
            ("--ssh-config", self.ssh_config),
            ("--config", self.config),
        ]
        return tuple(word for option, path in named if path for word in (option, path))


@frozen(kw_only=True)
class Plan:
    """What will be done. `timeout` in seconds for each target; `understood` says the window, if one was asked for.

    baseline: whether to read what earlier runs measured, and to remember this one. notes: how the targets were chosen.
    parallel: how many targets at the same time; 0: as many as suit. executor: opens the places where targets are asked;
    None: here.
    """

    targets: tuple[Target, ...]
    settings: Settings
    moment: Moment
    timeout: float
    ssh_config: str
    config: config.Config
    understood: str
    notes: tuple[str, ...] = ()
    parallel: int = 0
    baseline: bool = False
    transport: Choice = "auto"
    executor: Callable[[], Places] | None = None

    def errand(self, targets: Sequence[Target]) -> Errand:
        """What to ask of these targets."""
        return Errand(
            targets=tuple(targets),
            settings=self.settings,
            moment=self.moment,
            timeout=self.timeout,
            parallel=self.parallel,
            sites={target.label: self.site(target) for target in targets},
            ssh_config=self.ssh_config,
            transport=self.transport,
        )

    def site(self, target: Target) -> Site:
        """What ought to be on this target: services declared for all, for it, for one of its groups or tags."""
        names = {target.label, *target.tags, *self.config.groups_of(target.label, target.tags)}
        services = (s for s in self.config.services.values() if not s.on or names & set(s.on))
        return Site(services=tuple(services), logs=self.config.logs, deploys=self.config.deploys)


def plan(order: Order) -> Plan:
    """The plan for this order. Raises `Refusal` with the first thing that is wrong with it."""
    checks = catalog.all_checks() if order.skip or not order.only else catalog.checks_of(words(order.only))
    settled, limits = configured(order.config)
    moment, understood = _window(order, settled)
    chosen = select(checks, order.phase, order.only, order.skip)
    whole = not order.phase and not order.only
    choice = choose(
        order.targets,
        settled,
        inventory=order.inventory,
        limit=order.limit,
        exclude=order.exclude,
        canary=order.canary,
        ssh_config=order.ssh_config,
    )
    tellers = catalog.all_tellers() if whole else ()
    return Plan(
        targets=choice.targets,
        settings=Settings(checks=chosen, limits=limits, tellers=tellers, set_up=whole and len(choice.targets) >= LEAST),
        moment=moment,
        timeout=order.timeout or settled.timeout,
        ssh_config=order.ssh_config or settled.ssh_config,
        config=settled,
        understood=understood,
        notes=choice.notes,
        baseline=settled.baseline if order.baseline is None else order.baseline,
        transport=order.transport,
        parallel=order.parallel,
        executor=_executor(order.executor),
    )


def configured(named: str) -> tuple[config.Config, Mapping[str, object]]:
    """The settings, with those of a file that was named, and the limits of checks. Raises `Refusal`."""
    try:
        stack = config.layers(named)
        set_ = any("checks" in layer.data for layer in stack)
        return config.load(stack), config.limits(stack, catalog.all_checks()) if set_ else {}
    except config.Misconfigured as error:
        raise exits.Refusal(exits.CONFIG, str(error)) from error


def _executor(name: str) -> Callable[[], Places] | None:
    if name == "threads":
        return None
    from diagkit.fleet.executors import opener_of

    try:
        return opener_of(name)
    except NotUnderstood as error:
        raise exits.Refusal(exits.USAGE, str(error)) from error


def _window(order: Order, settled: config.Config) -> tuple[Moment, str]:
    since = order.since or ("" if order.at or order.until else settled.since)
    asked = bool(since or order.until or order.at)
    zone = _local_zone() if asked else UTC
    try:
        moment = when.window(since=since, until=order.until, at=order.at, now=datetime.now(UTC), zone=zone)
    except when.NotUnderstood as error:
        raise exits.Refusal(exits.USAGE, str(error)) from error
    return moment, when.echo(moment, zone) if asked else ""


def _local_zone() -> tzinfo:
    from dateutil.tz import tzlocal

    zone: tzinfo = tzlocal()
    return zone
