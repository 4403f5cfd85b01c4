"""What compare.py asks of accounts."""

import json
from datetime import UTC, datetime

import jwt as pyjwt

from ara.accounts.signing import checked, signed
from ara.alerts.signature import genuine, genuine_payment
from ara.errors import UnauthenticatedError
from ara.settings import Secret


def jwt(token, jwk, algorithm):
    key = pyjwt.PyJWK(json.loads(json.dumps(jwk)), algorithm=algorithm).key
    found = {"signature_valid": True, "accepted": True}
    for name, ask in (("signature_valid", signed), ("accepted", checked)):
        try:
            ask(token, key, algorithm, **({"now": datetime.now(UTC)} if ask is checked else {}))
        except UnauthenticatedError:
            found[name] = False
    return found


def webhooks(scheme, secret, headers, payload, now):
    moment, body = datetime.fromtimestamp(now, UTC), payload.encode()
    if scheme == "stripe":
        return genuine_payment(Secret(secret), headers.get("Stripe-Signature", ""), body, now=moment)
    return genuine(Secret(secret), headers, body, now=moment)
