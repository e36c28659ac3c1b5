"""Causes that begin in the clock."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, sometimes, usually
from diagkit.causes.conditions import requests_fail
from diagkit.checks.logs import signatures
from diagkit.checks.resources import clock

clock_skew = Cause(
    title="Clock skew: the clock of the host is wrong",
    prior=0.003,
    shows=(always(clock.offset),),
    leads_to=(sometimes(requests_fail),),
    verify="diagkit resources {target} --only 'resources.clock.*' -v",
    act="See why it is not kept (`chronyc sources`, `timedatectl`), then step it: `chronyc makestep`.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="ntp_unsynchronised", tell="the offset is still small", by=clock.offset),
        LookAlike(cause="tls_not_yet_valid", tell="the clocks agree: the certificate is wrong", by=clock.offset),
    ),
    source="RFC 5905; X.509 and Kerberos (5 minutes) refuse a wrong clock",
)
ntp_unsynchronised = Cause(
    title="NTP unsynchronised: nothing keeps the clock right",
    prior=0.002,
    shows=(usually(clock.synchronised),),
    verify="diagkit resources {target} --only 'resources.clock.*' -v",
    act="Start the time service and let it reach its servers (UDP 123).",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="clock_skew", tell="the clock is wrong already", by=clock.offset),),
    source="adjtimex(2) STA_UNSYNC; chronyc(1) tracking",
)
clock_stepped = Cause(
    title="Clock stepped: the time has been changed, the clock jumped",
    prior=0.001,
    told_by=signatures.system,
    leads_to=(sometimes(requests_fail),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="See who set it (NTP after a long pause, `date`, the hypervisor); restart what counts by the wall clock.",
    roll_back="None: a clock that is right now stays.",
    look_alikes=(LookAlike(cause="clock_skew", tell="the clock is still wrong", by=clock.offset),),
    source="systemd-timedated `Changed local time`, chronyd `System clock was stepped by`; VM pause and migration",
)
