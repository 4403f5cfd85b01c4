"""The settings of accounts: how much each tier may ask for, and for how long a log-in or a key is good."""

from typing import Annotated

from msgspec import Meta, Struct, field

__all__ = ["AccountSettings", "EnterpriseSettings", "ProSettings", "TierSettings"]


class TierSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the users of a tier may ask for."""

    per_minute: Annotated[int, Meta(description="Requests a minute in the long run.", ge=1, le=1_000_000)] = 60
    burst: Annotated[int, Meta(description="Requests at once after a rest.", ge=1, le=1_000_000)] = 20
    per_day: Annotated[int, Meta(description="Forecasts in a day of UTC.", ge=1, le=100_000_000)] = 500
    jobs_per_day: Annotated[int, Meta(description="Jobs in a day of UTC.", ge=1, le=1_000_000)] = 20


class ProSettings(TierSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the users of the tier pro may ask for."""

    per_minute: Annotated[int, Meta(description="Requests a minute in the long run.", ge=1, le=1_000_000)] = 600
    burst: Annotated[int, Meta(description="Requests at once after a rest.", ge=1, le=1_000_000)] = 100
    per_day: Annotated[int, Meta(description="Forecasts in a day of UTC.", ge=1, le=100_000_000)] = 20_000
    jobs_per_day: Annotated[int, Meta(description="Jobs in a day of UTC.", ge=1, le=1_000_000)] = 500


class EnterpriseSettings(TierSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the users of the tier enterprise may ask for."""

    per_minute: Annotated[int, Meta(description="Requests a minute in the long run.", ge=1, le=1_000_000)] = 6_000
    burst: Annotated[int, Meta(description="Requests at once after a rest.", ge=1, le=1_000_000)] = 1_000
    per_day: Annotated[int, Meta(description="Forecasts in a day of UTC.", ge=1, le=100_000_000)] = 1_000_000
    jobs_per_day: Annotated[int, Meta(description="Jobs in a day of UTC.", ge=1, le=1_000_000)] = 20_000


class AccountSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may ask, how much, and for how long a log-in or a key is good."""

    token_minutes: Annotated[int, Meta(description="Minutes that an access token lives.", ge=1, le=1440)] = 15
    refresh_days: Annotated[int, Meta(description="Days without use after which a log-in ends.", ge=1, le=365)] = 30
    key_days: Annotated[int, Meta(description="Days after which a key should be rotated.", ge=1, le=3650)] = 90
    wrong_per_minute: Annotated[
        int, Meta(description="Wrong keys and tokens a minute that one address may send.", ge=1, le=1_000_000)
    ] = 120
    entries_per_minute: Annotated[
        int, Meta(description="Log-ins and grants of tokens a minute that one address may ask for.", ge=1, le=1_000_000)
    ] = 120
    free: TierSettings = field(default_factory=TierSettings)
    pro: ProSettings = field(default_factory=ProSettings)
    enterprise: EnterpriseSettings = field(default_factory=EnterpriseSettings)
