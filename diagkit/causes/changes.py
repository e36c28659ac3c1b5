"""Causes that are changes: releases, packages, settings that are not what they say."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, services, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down, service_slow
from diagkit.checks.functional import changes, drift, starts, trials
from diagkit.checks.logs import applications, signatures

CHANGES = "diagkit functional {target} --only 'functional.changes.*' -v"

bad_deployment = Cause(
    title="Bad deploy: bad deployment, new errors since the new release",
    prior=0.006,
    shows=(
        usually(changes.errors_since),
        usually(changes.deploys, fails=0.0),
        often(applications.errors, fails=0.0),
    ),
    leads_to=(often(requests_fail), sometimes(service_slow), sometimes(services.service_crash_loop)),
    verify=CHANGES,
    act="Go back to the previous release.",
    roll_back="Deploy the new release again once its error is mended.",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="its settings are refused", by=starts.configuration),
        LookAlike(cause="library_missing", tell="a package is missing on this host only", by=starts.library),
        LookAlike(cause="dependency_unreachable", tell="its errors name a peer", by=signatures.kernel),
    ),
    source="site reliability practice: most outages follow a change",
)
package_change = Cause(
    title="Package upgrade broke off: packages are half installed",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(sometimes(service_down),),
    verify=CHANGES,
    act="`dpkg --audit` names them; `dpkg --configure -a` (or `dnf history undo last`) finishes or undoes it.",
    roll_back="Install the previous versions; the package manager's log names them.",
    look_alikes=(
        LookAlike(cause="library_missing", tell="the upgrade is complete, a library is gone", by=starts.library),
    ),
    source="dpkg(1) half-installed, half-configured",
)
upgrade_regression = Cause(
    title="Package upgrade broke a program: new errors since a package it uses was upgraded",
    prior=0.002,
    per_subject=True,
    shows=(always(changes.errors_since_upgrade),),
    leads_to=(usually(requests_fail), sometimes(service_down)),
    verify=CHANGES,
    act="Install the previous version of {subject} (`apt-get install PACKAGE=VERSION`, `dnf downgrade`) and hold it.",
    roll_back="Upgrade it again once the program can live with the new version.",
    look_alikes=(
        LookAlike(cause="bad_deployment", tell="the program itself was changed", by=changes.deploys),
        LookAlike(cause="package_change", tell="the upgrade is not finished", by=signatures.system),
        LookAlike(cause="library_missing", tell="a file is gone, and nothing starts", by=starts.library),
    ),
    source="the package manager's log beside the stack traces",
)
config_not_active = Cause(
    title="Configuration not active: changed on disk, and the running service has not read it",
    prior=0.002,
    per_subject=True,
    shows=(usually(changes.config_newer, fails=0.0),),
    leads_to=(often(requests_fail),),
    verify=CHANGES,
    act="Test the file, then reload {subject} (`systemctl daemon-reload` first where it is the unit's own).",
    roll_back="Put the previous file back.",
    look_alikes=(LookAlike(cause="config_invalid", tell="its own test refuses what is on disk", by=trials.accepted),),
    source="systemd NeedDaemonReload; file newer than the start of the process",
)
sysctl_drift = Cause(
    title="sysctl drift: kernel settings differ from those in /etc/sysctl.d",
    prior=0.003,
    shows=(always(drift.sysctl, fails=0.0),),
    verify="diagkit functional {target} --only functional.drift.sysctl -v",
    act="Decide which is meant: `sysctl --system` applies the files; or write the live value into /etc/sysctl.d.",
    roll_back="`sysctl -w` with the value that the finding says is live.",
    look_alikes=(
        LookAlike(cause="config_not_active", tell="a service's own file, not the kernel's", by=changes.config_newer),
    ),
    source="sysctl.d(5)",
)
update_pending = Cause(
    title="Update not active: a new kernel or library is installed, and the old one still runs (reboot required)",
    prior=0.0005,
    shows=(always(drift.reboot, fails=0.0),),
    verify="diagkit functional {target} --only functional.drift.reboot -v",
    act="Reboot in the next maintenance window, or restart what still uses the old libraries (needrestart lists it).",
    roll_back="Boot the previous kernel from the boot menu.",
    look_alikes=(LookAlike(cause="package_change", tell="the upgrade itself is not finished", by=signatures.system),),
    source="/run/reboot-required; needs-restarting(1)",
)
