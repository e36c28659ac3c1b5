"""Causes that begin in a TLS certificate."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, sometimes
from diagkit.causes.conditions import requests_fail
from diagkit.checks.connectivity import tls

TLS = "diagkit connectivity {target} --only 'connectivity.tls.*' -v"

tls_expired = Cause(
    title="TLS certificate expired: certificate has expired",
    prior=0.003,
    per_subject=True,
    shows=(always(tls.expiry),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act=(
        "Renew the certificate and reload the service; see why the renewal did not happen (`systemctl "
        "list-timers`, the ACME client's log)."
    ),
    roll_back="Put the previous files back and reload.",
    look_alikes=(
        LookAlike(cause="tls_stale_certificate", tell="the file on disk is new; only the reload is missing"),
        LookAlike(cause="clock_skew", tell="the clock is wrong, not the certificate"),
    ),
    source="RFC 5280 notAfter",
)
tls_expiring = Cause(
    title="TLS certificate expires soon: certificate near expiry",
    prior=0.003,
    per_subject=True,
    shows=(always(tls.renewal, fails=0.0),),
    verify=TLS,
    act="Renew the certificate now and reload; see why the automatic renewal did not happen.",
    roll_back="Put the previous files back and reload.",
    source="RFC 5280 notAfter",
)
tls_not_yet_valid = Cause(
    title="TLS certificate not yet valid: it begins in the future",
    prior=0.001,
    per_subject=True,
    shows=(always(tls.validity_start),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act="Compare the clocks first; then install a certificate that is valid now.",
    roll_back="Put the previous files back and reload.",
    look_alikes=(LookAlike(cause="clock_skew", tell="the clock of the host or of this workstation is wrong"),),
    source="RFC 5280 notBefore",
)
tls_name_mismatch = Cause(
    title="TLS hostname mismatch: the certificate is for another name (subjectAltName does not match)",
    prior=0.002,
    per_subject=True,
    shows=(always(tls.name),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act="Install the certificate that has the name, or correct the virtual host that serves it.",
    roll_back="Put the previous files back and reload.",
    source="RFC 6125",
)
tls_self_signed = Cause(
    title="TLS self-signed certificate: untrusted certificate",
    prior=0.002,
    per_subject=True,
    shows=(always(tls.trust),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act="Install a certificate from the CA that the clients trust.",
    roll_back="Put the previous files back and reload.",
    look_alikes=(LookAlike(cause="tls_chain_incomplete", tell="the leaf is signed; an intermediate is not served"),),
    source="X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT",
)
tls_chain_incomplete = Cause(
    title="TLS chain incomplete: an intermediate certificate is missing (unable to get local issuer certificate)",
    prior=0.002,
    per_subject=True,
    shows=(always(tls.chain),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act="Serve the intermediates behind the leaf (fullchain), then reload.",
    roll_back="Put the previous files back and reload.",
    look_alikes=(LookAlike(cause="tls_self_signed", tell="the leaf has signed itself"),),
    source="RFC 8446 4.4.2",
)
tls_stale_certificate = Cause(
    title="TLS certificate renewed but not reloaded: the service still serves the old certificate",
    prior=0.002,
    per_subject=True,
    shows=(always(tls.reloaded, fails=0.0),),
    verify=TLS,
    act="Reload the service (`systemctl reload UNIT`).",
    roll_back="None is needed.",
    source="served certificate compared with the file that the configuration names",
)
