"""How Binance knows that a request is the account's own."""

import hashlib
import hmac

__all__ = ["sign"]


def sign(secret: str, query: str) -> str:
    """Give the `signature` of a request: HMAC-SHA256 of its query, in hex.

    Parameters
    ----------
    secret
        The secret half of the key.
    query
        Query and body as they are sent, joined, without the signature.
    """
    return hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
