"""The settings of jobs: what they may use of a machine, how workers hear of them, what is done by itself and when."""

from typing import Annotated

from msgspec import Meta, Struct, field

__all__ = ["JobSettings", "ScheduleSettings"]

_REDIS = r"^(rediss?(\+sentinel)?://.+)?$"
_TIMES = r"([01]?[0-9]|2[0-3]):[0-5][0-9](,([01]?[0-9]|2[0-3]):[0-5][0-9])*"
_DAYS = r"[A-Za-z0-9]+(-[A-Za-z]+)?(,[A-Za-z0-9]+(-[A-Za-z]+)?)*"
_WHEN = rf"^(|[1-9][0-9]{{0,3}}[mhdw]|({_DAYS} )?{_TIMES})$"
_ALLOWED = {"allowed": 'a span such as 30m or 1d, times such as 06:00 or MON-FRI 22:30, or "" for never'}


class ScheduleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What workers do by themselves, and when; one of them, the leader, sees to it."""

    update: Annotated[str, Meta(description="Bring all kept bars up to date.", pattern=_WHEN, extra=_ALLOWED)] = ""
    score: Annotated[str, Meta(description="Score forecasts that came due.", pattern=_WHEN, extra=_ALLOWED)] = ""
    retrain: Annotated[
        str,
        Meta(description="Review champions and do what follows.", pattern=_WHEN, extra=_ALLOWED),
    ] = ""
    drift: Annotated[
        str, Meta(description="Look for features that are no longer what they were.", pattern=_WHEN, extra=_ALLOWED)
    ] = ""
    regimes: Annotated[
        str, Meta(description="Tell of markets whose regime changed.", pattern=_WHEN, extra=_ALLOWED)
    ] = ""
    backup: Annotated[
        str, Meta(description="Back up the lake into `backup_folder`.", pattern=_WHEN, extra=_ALLOWED)
    ] = ""
    clean: Annotated[
        str, Meta(description="Forget jobs that ended `keep_days` ago.", pattern=_WHEN, extra=_ALLOWED)
    ] = ""
    zone: Annotated[
        str,
        Meta(
            description="The zone of these times.",
            pattern=r"^[A-Za-z0-9_+/-]{1,60}$",
            extra={"allowed": "a zone such as UTC or Europe/Berlin"},
        ),
    ] = "UTC"
    watched: Annotated[
        str,
        Meta(
            description="Whose regimes are looked at; empty: of all that was forecast lately.",
            pattern=r"^([^,\s]{1,40}(, ?[^,\s]{1,40}){0,99})?$",
            extra={"allowed": 'symbols by commas, such as AAPL,SPY, or "" for all that was forecast'},
        ),
    ] = ""
    backup_folder: Annotated[
        str,
        Meta(
            description="The folder of back-ups; empty: `backups` in `home`.",
            extra={"path": True, "allowed": 'the path of a folder, or ""'},
        ),
    ] = ""
    keep_days: Annotated[int, Meta(description="Days that a job is kept after its end.", ge=1, le=3650)] = 30


class JobSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the jobs of this machine may use of it together, and how workers hear of them."""

    cpus: Annotated[int, Meta(description="Processors; 0: all there are.", ge=0, le=4096)] = 0
    memory: Annotated[
        str,
        Meta(
            description="Memory of all of them together; empty: four fifths of what there is.",
            pattern=r"^([0-9]{1,6}(\.[0-9]{1,3})?[MGT])?$",
            extra={"allowed": 'an amount such as 800M or 8G, or "" for four fifths of it'},
        ),
    ] = ""
    gpus: Annotated[int, Meta(description="Graphics cards; -1: all there are.", ge=-1, le=4096)] = -1
    broker: Annotated[
        str,
        Meta(
            description="The Redis server by which Celery tells workers of jobs; empty: they look by themselves.",
            pattern=_REDIS,
            extra={"allowed": 'redis://HOST:PORT/1, redis+sentinel://HOST:PORT/NAME/1, rediss://…, or "" for none'},
        ),
    ] = ""
    inside: Annotated[
        int,
        Meta(description="Jobs that `ara serve` does at once itself; 0: none, workers do them.", ge=0, le=256),
    ] = 1
    free: Annotated[int, Meta(description="Jobs of a user of the tier free that wait or run.", ge=1, le=10_000)] = 2
    pro: Annotated[int, Meta(description="Jobs of a user of the tier pro that wait or run.", ge=1, le=10_000)] = 10
    enterprise: Annotated[
        int, Meta(description="Jobs of a user of the tier enterprise that wait or run.", ge=1, le=10_000)
    ] = 100
    seconds: Annotated[
        int, Meta(description="Seconds that a job which was asked for over HTTP may take.", ge=1, le=86_400)
    ] = 3600
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
