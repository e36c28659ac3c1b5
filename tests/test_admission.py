"""What is asked of others' knowledge holds for ours."""

from diagkit import catalog
from diagkit.admission import refuse_check, refuse_probe, refuse_state


def test_all_that_is_shipped_would_be_admitted() -> None:
    probes, checks = catalog.all_probes(), catalog.all_checks()
    states = {**catalog.all_conditions(), **catalog.all_causes()}
    refused = [refuse_probe(name, probes) for name in probes]
    refused += [refuse_check(name, checks, probes) for name in checks]
    refused += [refuse_state(name, states, checks) for name in states]
    assert not [why for why in refused if why]


def test_nothing_of_the_tester_takes_part() -> None:
    assert not catalog.faults()
    assert all(home.shipped for home in catalog.homes().values())


def test_everything_has_a_place_where_it_is_defined() -> None:
    lost = {name: home.place for name, home in catalog.homes().items() if home.place.endswith(":0")}
    assert not lost
