"""Causes about who may do what: logins, attacks, mandatory access control."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often
from diagkit.causes.conditions import service_down
from diagkit.checks.connectivity import identity, names, path, ports
from diagkit.checks.functional import starts
from diagkit.checks.logs import auth, signatures

sshd_down = Cause(
    title="sshd stopped: connection refused on ssh, port 22 refused although the host answers",
    prior=0.004,
    shows=(always(ports.ssh),),
    verify="diagkit connectivity {target} --only 'connectivity.ports.*,connectivity.path.loss' -v",
    act="Log in over the console and `systemctl start ssh` (unmask it first where it is masked).",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="firewall_blocks", tell="filtered, not refused", by=ports.ssh),
        LookAlike(cause="host_unreachable", tell="nothing of the host answers", by=path.reach),
    ),
    source="sshd(8); TCP RST on a host that answers ping",
)
host_key_changed = Cause(
    title="Host key changed or revoked: the machine that answers is not the one that is known by this name",
    prior=0.002,
    per_subject=True,
    shows=(always(identity.host_key, fails=0.98),),
    verify="diagkit connectivity {target} --only 'connectivity.identity.*,connectivity.names.*' -v",
    act=(
        "Do not log in. Have whoever runs the machine read its fingerprint to you from its console: "
        "`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`. If it is the one shown here, the machine was rebuilt: "
        "`ssh-keygen -R '{subject}'` and connect again. If it is another, somebody is in between: call security."
    ),
    roll_back="`ssh-keygen -R` keeps the old file as known_hosts.old: move it back.",
    look_alikes=(
        LookAlike(cause="dns_wrong_answer", tell="the name leads to another machine", by=names.consistent),
        LookAlike(cause="hosts_file_override", tell="/etc/hosts sends the name elsewhere", by=names.hosts_file),
        LookAlike(
            cause="ssh_login_refused", tell="the key is the known one; the login is refused", by=identity.host_key
        ),
    ),
    source="ssh(1) VERIFYING HOST KEYS; sshd(8) SSH_KNOWN_HOSTS FILE FORMAT, @revoked; RFC 4251 section 9.3.4",
)
sshd_max_startups = Cause(
    title="sshd drops connections: MaxStartups exceeded, too many logins at once",
    prior=0.002,
    shows=(always(auth.startups, fails=0.4),),
    verify="diagkit logs {target} --only 'logs.auth.*' -v",
    act=(
        "Find who opens connections and does not log in (`ss -tn state established '( sport = :22 )'`); block them, "
        "or raise MaxStartups in sshd_config and reload."
    ),
    roll_back="Set the old MaxStartups again and reload.",
    look_alikes=(
        LookAlike(cause="ssh_brute_force", tell="logins fail, for many users", by=auth.failures),
        LookAlike(cause="sshd_down", tell="refused at once, always", by=ports.ssh),
    ),
    source="sshd_config(5) MaxStartups; `drop connection #N … past MaxStartups`",
)
ssh_login_refused = Cause(
    title="SSH login refused: account locked or expired, bad ownership or modes of authorized_keys, PAM denies",
    prior=0.003,
    shows=(always(auth.accounts, fails=0.0),),
    verify="diagkit logs {target} --only 'logs.auth.*' --since 1h -v",
    act=(
        "The line says why: `usermod -U USER` (locked), `chage -E -1 USER` (expired), `chown`/`chmod go-w` on the home "
        "and .ssh, AllowUsers in sshd_config, /etc/nologin."
    ),
    roll_back="Set the old state again: a lock may have been meant.",
    look_alikes=(
        LookAlike(cause="ssh_brute_force", tell="many users and sources fail", by=auth.failures),
        LookAlike(cause="permission_denied", tell="a service, not a login, is refused", by=starts.permission),
    ),
    source="OpenSSH auth.c, pam_unix(8), pam_nologin(8)",
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
    look_alikes=(
        LookAlike(cause="ssh_login_refused", tell="one known user is refused, and the line says why", by=auth.accounts),
        LookAlike(cause="sshd_max_startups", tell="connections are dropped before any login", by=auth.startups),
    ),
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
    look_alikes=(
        LookAlike(
            cause="permission_denied", tell="no denial in the kernel log: owner or mode is wrong", by=starts.permission
        ),
    ),
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
    look_alikes=(
        LookAlike(cause="permission_denied", tell="no avc line: owner or mode is wrong", by=starts.permission),
    ),
    source="audit records `avc: denied` with permissive=0",
)
