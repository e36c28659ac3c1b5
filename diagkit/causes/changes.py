"""Causes that are changes: packages, so far; a release is services.bad_deployment."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, sometimes
from diagkit.causes.conditions import service_down
from diagkit.checks.logs import signatures

package_change = Cause(
    title="Package upgrade broke off: packages are half installed",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(sometimes(service_down),),
    verify="diagkit functional {target} --only 'functional.changes.*' -v",
    act="`dpkg --audit` names them; `dpkg --configure -a` (or `dnf history undo last`) finishes or undoes it.",
    roll_back="Install the previous versions; the package manager's log names them.",
    look_alikes=(LookAlike(cause="library_missing", tell="the upgrade is complete, and a library is gone with it"),),
    source="dpkg(1) half-installed, half-configured",
)
