"""Causes that begin in a TLS certificate."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, services, sometimes, usually
from diagkit.causes.conditions import requests_fail
from diagkit.checks.connectivity import tls
from diagkit.checks.functional import starts as start_checks
from diagkit.checks.logs import signatures
from diagkit.checks.resources import clock

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
        LookAlike(
            cause="tls_stale_certificate", tell="the file on disk is new; only the reload is missing", by=tls.reloaded
        ),
        LookAlike(cause="clock_skew", tell="the clock is wrong, not the certificate", by=clock.offset),
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
    look_alikes=(LookAlike(cause="tls_expired", tell="it has ended already", by=tls.expiry),),
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
    look_alikes=(LookAlike(cause="clock_skew", tell="a clock is wrong, there or here", by=clock.offset),),
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
    look_alikes=(LookAlike(cause="tls_self_signed", tell="nobody but itself has signed it", by=tls.trust),),
    source="RFC 9525",
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
    look_alikes=(
        LookAlike(cause="tls_chain_incomplete", tell="the leaf is signed; an intermediate is not served", by=tls.chain),
    ),
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
    look_alikes=(LookAlike(cause="tls_self_signed", tell="the leaf has signed itself", by=tls.trust),),
    source="RFC 8446 4.4.2",
)
tls_stale_certificate = Cause(
    title="TLS certificate renewed but not reloaded: the service still serves the old certificate",
    prior=0.002,
    per_subject=True,
    shows=(
        always(tls.reloaded, fails=0.0),
        sometimes(tls.renewal, same=True, fails=0.0),
        sometimes(tls.expiry, same=True),
    ),
    verify=TLS,
    act="Reload the service (`systemctl reload UNIT`).",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="tls_expired", tell="the file on disk is old as well", by=tls.reloaded),
        LookAlike(cause="tls_expiring", tell="the file on disk is as old as what is served", by=tls.reloaded),
    ),
    source="served certificate compared with the file that the configuration names",
)
tls_key_mismatch = Cause(
    title="TLS key does not match the certificate, or cannot be read: key values mismatch, cannot load certificate",
    prior=0.001,
    shows=(always(start_checks.key_pair),),
    leads_to=(usually(services.service_failed), sometimes(requests_fail)),
    verify="diagkit functional {target} --only functional.starts.key_pair -v",
    act=(
        "Compare the public halves (`openssl x509 -noout -pubkey -in CERT` and `openssl pkey -pubout -in KEY`); "
        "install the pair that belongs together, owned as before; test (`nginx -t`), then reload."
    ),
    roll_back="Put the previous pair back and reload.",
    look_alikes=(
        LookAlike(
            cause="config_invalid", tell="the message names a directive, not a certificate", by=signatures.applications
        ),
        LookAlike(cause="permission_denied", tell="the file is whole but may not be read", by=start_checks.permission),
    ),
    source="OpenSSL X509_R_KEY_VALUES_MISMATCH, nginx `cannot load certificate`",
)
tls_handshake_failed = Cause(
    title="TLS handshake fails: no common protocol version or cipher (handshake failure, unsupported protocol)",
    prior=0.001,
    per_subject=True,
    shows=(always(tls.handshake),),
    leads_to=(sometimes(requests_fail),),
    verify=TLS,
    act="Allow TLS 1.2 and 1.3 (`ssl_protocols`) and the ciphers of a healthy server again, then reload.",
    roll_back="Put the previous settings back and reload.",
    look_alikes=(
        LookAlike(cause="tls_name_mismatch", tell="the handshake is done, the name is another", by=tls.handshake),
    ),
    source="RFC 8446 6.2: alerts protocol_version, handshake_failure, internal_error",
)
ca_bundle_stale = Cause(
    title="CA bundle stale or damaged: certificate signed by unknown authority, unable to get local issuer certificate",
    prior=0.001,
    shows=(always(tls.authorities),),
    told_by=signatures.applications,
    leads_to=(sometimes(requests_fail),),
    verify="diagkit connectivity {target} --only connectivity.tls.authorities -v",
    act="`update-ca-certificates` (Debian), `update-ca-trust` (RHEL); add the private CA that is missing.",
    roll_back="Take the added CA out again and run the same.",
    look_alikes=(
        LookAlike(cause="tls_chain_incomplete", tell="the server does not send its intermediate", by=tls.chain),
    ),
    source="X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY on the client's side",
)
