"""What another target looks like to those that use its services, when it is in trouble."""

from __future__ import annotations

from diagkit.causes import Condition, dependencies, often, proxies, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down, service_slow

provider_fails = Condition(
    title="A host whose services it uses is in trouble",
    leads_to=(
        often(dependencies.dependency_unreachable),
        often(proxies.upstream_down),
        usually(requests_fail),
        often(service_slow),
        sometimes(service_down),
    ),
)
