"""What our own software dies of."""

from diagkit.causes import Cause, LookAlike, always, often
from diagkit.causes.conditions import requests_fail
from diagkit.checks.functional import licence

licence_expired = Cause(
    title="Acme licence expired: the shop answers 503",
    prior=0.004,
    per_subject=True,
    shows=(always(licence.valid),),
    leads_to=(often(requests_fail),),
    verify="diagkit functional {target} --only functional.licence.valid -v",
    act="Order a new licence, put it into {subject} and restart acme-shop.",
    roll_back="The old file does no harm: put it back.",
    look_alikes=(LookAlike(cause="tls_expired", tell="a certificate has ended, not a licence", by=licence.valid),),
    source="the incidents of 2024-03 and 2025-03",
)
