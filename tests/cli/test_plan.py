"""What ought to be on which target."""

from datetime import UTC, datetime

from diagkit.cli.plan import Plan
from diagkit.conclusions import Settings
from diagkit.config import Config, Declared
from diagkit.model import Moment, Service, Target

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def test_a_service_belongs_to_the_targets_groups_and_tags_it_names():
    config = Config(
        targets={"web1": Declared(tags=("web",))},
        groups={"shop": ("db1",)},
        services={
            name: Service(name=name, on=on, unit="x.service")
            for name, on in {"everywhere": (), "web": ("web",), "shop": ("shop",), "one": ("web1",)}.items()
        },
    )
    plan = Plan(
        targets=(), settings=Settings(checks=()), moment=Moment(NOW, NOW, NOW), timeout=1, ssh_config="", config=config,
        understood="",
    )  # fmt: skip

    def services(target):
        return [service.name for service in plan.site(target).services]

    assert services(Target("ssh", label="web1", tags=("web",))) == ["everywhere", "web", "one"]
    assert services(Target("ssh", label="db1")) == ["everywhere", "shop"]
    assert services(Target("local", label="local")) == ["everywhere"]
