"""Causes about who may do what: logins, attacks, mandatory access control."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often
from diagkit.causes.conditions import service_down
from diagkit.checks.connectivity import ports
from diagkit.checks.logs import auth, signatures

sshd_down = Cause(
    title="sshd stopped: connection refused on ssh, port 22 refused although the host answers",
    prior=0.004,
    shows=(always(ports.ssh),),
    verify="diagkit connectivity {target} --only 'connectivity.ports.*,connectivity.path.loss' -v",
    act="Log in over the console and `systemctl start ssh` (unmask it first where it is masked).",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="firewall_blocks", tell="filtered, not refused"),),
    source="sshd(8); TCP RST on a host that answers ping",
)
ssh_brute_force = Cause(
    title="SSH brute force: password guessing, many failed SSH logins",
    prior=0.004,
    shows=(always(auth.failures),),
    verify="diagkit logs {target} --only logs.auth.failures -v",
    act=(
        "Block the sources in front of the host; allow keys only (PasswordAuthentication no); look for a "
        "login that succeeded."
    ),
    roll_back="Take the block away.",
    source="sshd `Failed password`, `Invalid user`, `maximum authentication attempts`",
)
apparmor_denial = Cause(
    title="AppArmor denial: the profile forbids what the service does",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(often(service_down),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Compare the profile in /etc/apparmor.d with what the service needs; `aa-complain PROFILE` to prove it.",
    roll_back="`aa-enforce PROFILE`",
    look_alikes=(LookAlike(cause="permission_denied", tell="no denial in the kernel log: owner or mode is wrong"),),
    source='apparmor(7): audit records apparmor="DENIED"',
)
selinux_denial = Cause(
    title="SELinux denial: the policy forbids what the service does",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(often(service_down),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="`ausearch -m avc -ts recent` names source and target; usually the label is wrong: `restorecon -Rv PATH`.",
    roll_back="`chcon` with the old label.",
    look_alikes=(LookAlike(cause="permission_denied", tell="no avc line: owner or mode is wrong"),),
    source="audit records `avc: denied` with permissive=0",
)
