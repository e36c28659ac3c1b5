"""Findings of a fleet: kept once where hosts say the same, and each with the name of its host when it is read."""

import pickle

from diagkit.model import Finding, Found, Status, Untrusted

WEB, DB = Untrusted("web"), Untrusted("db")
FINE = Finding(check="resources.disk.space", status=Status.OK, summary=Untrusted("60 % free"))
FULL = Finding(check="resources.disk.space", status=Status.FAIL, summary=Untrusted("full"))
FLEET = Found(((WEB, (FINE, FULL)), (DB, (FINE,))))


def test_each_bears_the_name_of_its_host_in_the_order_of_the_hosts():
    assert tuple(FLEET) == (FINE.on(WEB), FULL.on(WEB), FINE.on(DB))
    assert len(FLEET) == 3
    assert FLEET[-1] == FINE.on(DB)
    assert [f.target for f in FLEET.where(lambda f: f.status is Status.FAIL)] == [WEB]


def test_what_hosts_say_alike_is_there_once():
    first, _, last = FLEET.said()
    assert first is last
    assert FLEET.said_of() == {WEB: (FINE, FULL), DB: (FINE,)}


def test_findings_from_elsewhere_and_of_several_in_pieces_are_the_same():
    assert Found.over(list(FLEET)) == FLEET == tuple(FLEET)
    assert Found.over(FLEET) is FLEET
    assert Found.together([Found(((WEB, (FINE, FULL)),)), Found(((DB, (FINE,)),))]) == FLEET
    split = Found(((WEB, (FINE,)), (DB, (FINE,)), (WEB, (FULL,))))
    assert {target: len(said) for target, said in split.said_of().items()} == {WEB: 2, DB: 1}
    assert pickle.loads(pickle.dumps(FLEET)) == FLEET
