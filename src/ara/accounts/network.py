"""What counts as one place in the network, where guesses and wrong keys are counted by where they come from."""

import ipaddress
from functools import lru_cache
from typing import Final

__all__ = ["network_of"]

_PREFIX: Final = 64
_KNOWN: Final = 10_000
_LONGEST: Final = 64


@lru_cache(_KNOWN)
def network_of(address: str) -> str:
    """Give the place that an address belongs to: itself, or the first half of an IPv6 address.

    The second half of it is its owner's to choose: who could guess anew from each would never have to wait. An IPv4
    address that is written as one of IPv6 is the IPv4 address; what is no address counts as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), _PREFIX), strict=False))
