"""Where a webhook may go: to hosts of the internet, never to what only this machine or its network can reach.

A name is looked up once; what is checked is the address that is connected to. So a name that changes its mind between
the look and the connection (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from ara.errors import ValidationError

__all__ = [
    "Address",
    "Lookup",
    "Network",
    "Place",
    "allowed",
    "lookup",
    "networks",
    "open_to",
    "place_of",
    "reach",
    "within",
]

Address: TypeAlias = IPv4Address | IPv6Address
"""An address of the network."""

Network: TypeAlias = IPv4Network | IPv6Network
"""A range of addresses."""

Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host."""

_LONGEST: Final = 2_000
_NAT64: Final = IPv6Network("64:ff9b::/96")
_DEFAULTS: Final = {"https": 443, "http": 80}
_HINT: Final = "Give an address such as https://example.org/hooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request goes.

    Parameters
    ----------
    scheme, host, port
        Of the address; the host in the letters that go over the wire.
    path
        With the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """Give the address of the request with the host replaced by one of its addresses."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def place_of(url: str) -> Place:
    """Read where a webhook goes; ValidationError for what can't be one, whoever it leads to."""
    if len(url) > _LONGEST:
        raise ValidationError(f"The address has more than {_LONGEST} characters.", hint=_HINT)
    if not url.isascii() or not url.isprintable() or any(one in url for one in ' \\"<>^`{|}'):
        raise ValidationError("The address has characters that no address has.", hint=_HINT)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError("The address can't be read.", hint=_HINT) from None
    if parts.scheme not in _DEFAULTS or not parts.hostname:
        raise ValidationError("A webhook goes to https://HOST/PATH.", hint=_HINT)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValidationError("The address holds a user or a password.", hint="Check the signature instead.")
    if parts.fragment or port == 0:
        raise ValidationError("The address has a fragment, or no port.", hint=_HINT)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Place(scheme=parts.scheme, host=_host(parts), port=port or _DEFAULTS[parts.scheme], path=path)


def networks(text: str) -> tuple[Network, ...]:
    """Read ranges with commas between them, `127.0.0.0/8,fd00::/8`; ValueError for what is none."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def open_to(address: Address) -> bool:
    """Tell whether an address is one of the internet, for whoever asks.

    Addresses that stand for one of IPv4 (mapped, 6to4, Teredo, NAT64) are judged by that one.
    """
    if not all(open_to(inner) for inner in _inner(address)):
        return False
    if address in _NAT64:
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def allowed(address: Address, extra: Iterable[Network]) -> bool:
    """Tell whether a webhook may go to an address: one of the internet, or within a range that the settings allow."""
    return open_to(address) or within(address, extra)


def within(address: Address, ranges: Iterable[Network]) -> bool:
    """Tell whether an address, or the one that it stands for, lies in a range."""
    every = (address, *_inner(address))
    return any(one.version == two.version and one in two for one in every for two in ranges)


async def lookup(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host, in the order in which it would use them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def reach(place: Place, extra: Sequence[Network], *, ask: Lookup = lookup) -> str:
    """Give the address to connect to.

    One that is not allowed among those of a host refuses all of them: who owns the name means something by it.

    Raises
    ------
    ValidationError
        The host has no address, or one that a webhook may not go to, or plain HTTP would go over the internet.
    """
    try:
        told = await ask(place.host, place.port)
        found = [ip_address(one.partition("%")[0]) for one in told]
    except (OSError, ValueError, UnicodeError):
        found = []
    if not found:
        raise ValidationError("The host of the address is not known.", hint="Check how it is written.")
    if not all(allowed(one, extra) for one in found):
        raise ValidationError(
            "The address leads into a private network; webhooks go to the internet alone.",
            hint="Whoever runs the service can allow a network: webhooks.networks",
        )
    if place.scheme == "http" and not all(within(one, extra) for one in found):
        raise ValidationError("A webhook over the internet needs https.", hint=_HINT)
    return str(found[0])


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host or len(host) > 253 or any(not 1 <= len(one) <= 63 for one in host.split(".") if ":" not in host):
        raise ValidationError("The address names no host.", hint=_HINT)
    return host


def _inner(address: Address) -> tuple[IPv4Address, ...]:
    """Give the addresses of IPv4 that one of IPv6 stands for."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    if int(address) >> 32 == 0 and int(address) > 1:
        found.append(IPv4Address(int(address)))
    return tuple(one for one in found if one is not None)
