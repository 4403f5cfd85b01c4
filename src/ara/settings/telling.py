"""The settings of what Ara tells by itself: webhooks, and live sockets."""

from ipaddress import ip_network
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["SocketSettings", "WebhookSettings", "are_networks"]


def are_networks(text: str) -> bool:
    """Say whether a text names ranges of addresses, with commas between them."""
    try:
        return all(ip_network(one.strip()).prefixlen >= 0 for one in text.split(",") if one.strip())
    except ValueError:
        return False


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where webhooks may go, how long a receiver may take, and how long what was sent is remembered."""

    networks: Annotated[
        str,
        Meta(
            description="Private networks that webhooks may go to, over plain HTTP too; empty: the internet alone.",
            extra={"allowed": 'ranges such as 127.0.0.0/8,10.1.0.0/16, or ""', "rule": are_networks},
        ),
    ] = ""
    seconds: Annotated[int, Meta(description="Seconds that a receiver may take to answer.", ge=1, le=60)] = 15
    most: Annotated[int, Meta(description="Webhooks that one user may have.", ge=1, le=1000)] = 20
    keep_days: Annotated[int, Meta(description="Days that deliveries are remembered.", ge=1, le=365)] = 30
    patience_days: Annotated[
        int, Meta(description="Days of failures alone after which a webhook is switched off.", ge=1, le=365)
    ] = 5


class SocketSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many live sockets may be open, and how long their readers may be silent or slow."""

    free: Annotated[int, Meta(description="Open sockets of a user of the tier free.", ge=0, le=100_000)] = 5
    pro: Annotated[int, Meta(description="Open sockets of a user of the tier pro.", ge=0, le=100_000)] = 50
    enterprise: Annotated[int, Meta(description="Open sockets of a user of the tier enterprise.", ge=0, le=100_000)] = (
        2_500
    )
    most: Annotated[int, Meta(description="Open sockets of a process.", ge=1, le=1_000_000)] = 10_000
    beat: Annotated[int, Meta(description="Seconds between two heart-beats.", ge=1, le=600)] = 15
    history: Annotated[int, Meta(description="Messages of a stream that can be asked for again.", ge=1, le=10_000)] = (
        256
    )
    waiting: Annotated[
        int,
        Meta(description="Messages that may wait for a slow reader before older ones are dropped.", ge=1, le=10_000),
    ] = 64
    poll: Annotated[
        int, Meta(description="Seconds between looks for new bars where no source is live.", ge=1, le=3600)
    ] = 60
