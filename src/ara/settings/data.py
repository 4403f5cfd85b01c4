"""The settings of market data: which sources, how they are reached, where their answers are kept."""

import re
from typing import Annotated

from msgspec import Meta, Struct, field

from ara.settings.secret import Secret

__all__ = ["SOURCE_NAME", "CacheSettings", "DataSettings", "SourceSettings"]

SOURCE_NAME = r"^[a-z][a-z0-9_]{0,63}$"
"""What the name of a source looks like."""

_NAMES = "one or more names of sources, separated by commas"
_ADDRESS = re.compile(r"https?://[^\s/]+.*|file://.+")
_REDIS = r"^(rediss?(\+sentinel|\+cluster)?://.+|unix://.+)?$"


def _is_address(text: str) -> bool:
    return "://" not in text or _ADDRESS.fullmatch(text) is not None


class SourceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one source of data is reached: `data.providers.NAME.…`; what is empty or 0 is as the source has it."""

    url: Annotated[
        str,
        Meta(
            description="Where the source is asked; of `files`, the folder, file or pattern that is read.",
            extra={"allowed": 'an address such as https://example.org, or "" for the usual one', "rule": _is_address},
        ),
    ] = ""
    socket: Annotated[
        str,
        Meta(
            description="Where the source's live data are asked for.",
            pattern=r"^(wss?://[^\s/]+.*)?$",
            extra={"allowed": 'an address such as wss://example.org/ws, or "" for the usual one'},
        ),
    ] = ""
    key: Annotated[Secret, Meta(description="The key that the source gave you; empty: the vault's `NAME.key`.")] = (
        Secret()
    )
    per_minute: Annotated[
        int, Meta(description="Questions a minute at most; 0: what the source allows.", ge=0, le=1_000_000)
    ] = 0


class CacheSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long answers are kept at hand, and where."""

    memory_mb: Annotated[
        int, Meta(description="Megabytes of the process's memory; 0: nothing is kept in it.", ge=0, le=65_536)
    ] = 100
    live_seconds: Annotated[int, Meta(description="How long a live price stands.", ge=1, le=3600)] = 10
    kept_minutes: Annotated[int, Meta(description="How long everything else stands.", ge=1, le=60)] = 15
    redis: Annotated[
        str,
        Meta(
            description="The Redis that processes share: a server, sentinels or a cluster; empty: none.",
            pattern=_REDIS,
            extra={
                "allowed": "redis://HOST:PORT/0, redis+sentinel://HOST:PORT,HOST:PORT/NAME/0, "
                'redis+cluster://HOST:PORT,HOST:PORT, rediss…, unix://…, or "" for none'
            },
        ),
    ] = ""
    redis_mb: Annotated[int, Meta(description="Megabytes that may be kept in Redis.", ge=1, le=1_048_576)] = 1024
    redis_live_seconds: Annotated[int, Meta(description="How long a live price stands in Redis.", ge=1, le=60)] = 30


class DataSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where market data comes from, and where it is kept."""

    providers: Annotated[
        tuple[Annotated[str, Meta(pattern=SOURCE_NAME)], ...],
        Meta(
            description="The sources of data, the preferred one first.",
            min_length=1,
            max_length=32,
            extra={"allowed": _NAMES},
        ),
    ] = ("sample",)
    online: Annotated[
        tuple[Annotated[str, Meta(pattern=SOURCE_NAME)], ...],
        Meta(
            description="The sources that are asked for new data where `data.providers` names no live one.",
            min_length=1,
            max_length=32,
            extra={"allowed": _NAMES},
        ),
    ] = ("yahoo", "binance", "coinbase", "kraken", "polygon", "alpha_vantage", "ecb")
    lake: Annotated[
        str,
        Meta(
            description="The folder of all data received; empty: `lake` in `home`.",
            extra={"path": True, "allowed": 'the path of a folder, or ""'},
        ),
    ] = ""
    lake_days: Annotated[
        int, Meta(description="Days for which older versions of the lake can be read.", ge=1, le=3650)
    ] = 7
    bars: Annotated[
        str,
        Meta(
            description="The database of bars that an installation shares; empty: the lake.",
            pattern=r"^(|postgres(ql)?://.+)$",
            extra={"allowed": 'postgresql://USER@HOST/NAME, or "" for the lake'},
        ),
    ] = ""
    timeout: Annotated[int, Meta(description="Seconds that a source has for an answer.", ge=1, le=600)] = 30
    retries: Annotated[int, Meta(description="How often a question that failed is asked again.", ge=0, le=3)] = 3
    max_mb: Annotated[
        int, Meta(description="Megabytes of the largest answer that is taken, after unpacking.", ge=1, le=4096)
    ] = 64
    query_mb: Annotated[
        int, Meta(description="Megabytes that a query of the lake in SQL may use.", ge=1, le=1_048_576)
    ] = 1024
    currency: Annotated[
        str,
        Meta(
            description="The currency that amounts are shown in, once it is set; until then each instrument's own.",
            pattern=r"^[A-Z]{3}$",
            extra={"allowed": "the three capital letters of a currency, such as USD"},
        ),
    ] = "USD"
    cache: CacheSettings = field(default_factory=CacheSettings)
    sources: tuple[tuple[str, SourceSettings], ...] = ()
    """How single sources are reached, by name: `data.providers.NAME.…`, as far as anything is set."""

    def source(self, name: str) -> SourceSettings:
        """Give how one source is reached; where nothing is set, as the source has it."""
        return next((settings for known, settings in self.sources if known == name), SourceSettings())
