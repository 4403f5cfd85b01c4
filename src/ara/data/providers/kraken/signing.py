"""How Kraken knows that a request is the account's own."""

import base64
import binascii
import hashlib
import hmac

from ara.errors import ValidationError

__all__ = ["sign"]


def sign(secret: str, path: str, post: str, nonce: str) -> str:
    """Give the header `API-Sign`: HMAC-SHA512 of the path and of SHA256(nonce and body), in base64.

    Parameters
    ----------
    secret
        The secret half of the key, base64 as Kraken gives it.
    path
        Of the request, such as `/0/private/AddOrder`.
    post
        The body as it is sent, the nonce within.
    nonce
        A number that only grows.

    Raises
    ------
    ValidationError
        The secret isn't base64; it is not quoted.
    """
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise ValidationError(
            "Kraken's secret is not base64.", hint="Copy the private key whole, with the signs at its end."
        ) from None
    digest = hashlib.sha256(f"{nonce}{post}".encode()).digest()
    return base64.b64encode(hmac.new(key, path.encode() + digest, hashlib.sha512).digest()).decode()
