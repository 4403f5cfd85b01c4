"""The tree of all settings: one frozen branch per room, each value with its bounds and its meaning.

A setting is declared here, or in `ara.settings.data` for that branch, and nowhere else. Validation, `ara config`, the
templates' test and the reference page read the types; the words of `Meta.description` are what users see.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ara.settings.accounts import AccountSettings
from ara.settings.data import DataSettings
from ara.settings.jobs import JobSettings
from ara.settings.origin import Origin
from ara.settings.secret import Secret
from ara.settings.store import StoreSettings
from ara.settings.telling import SocketSettings, WebhookSettings, are_networks

__all__ = [
    "ApiSettings",
    "CliSettings",
    "LogSettings",
    "ModelSettings",
    "PredictionSettings",
    "Settings",
    "TelemetrySettings",
    "VaultSettings",
    "WorkerSettings",
]

_NAME = r"^[a-z][a-z0-9_]{0,63}$"
_NAME_WORDS = "a name of small letters, digits and _"
_URL = r"^(https?://[^\s/]+.*)?$"
_SITE = r"^(https?://[A-Za-z0-9.:\[\]-]{1,253})?$"
_SITES = {"allowed": 'an address such as https://ara.example.org, or ""'}


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        return not name or bool(ZoneInfo(name).key)
    except (KeyError, ValueError, OSError):
        return False


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged, how it looks and where it goes."""

    level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        Meta(description="The least severity that is logged."),
    ] = "info"
    format: Annotated[
        Literal["auto", "human", "json"],
        Meta(description="How a record looks; `auto` is human on a terminal and beside readable output, JSON else."),
    ] = "auto"
    file: Annotated[
        str, Meta(description="The file that is written to beside stderr; empty: stderr only.", extra={"path": True})
    ] = ""


class VaultSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the key that encrypts secrets comes from."""

    key_file: Annotated[
        str, Meta(description="The file of the vault's key; empty: `vault.key` in `home`.", extra={"path": True})
    ] = ""
    keyring: Annotated[bool, Meta(description="Keep the vault's key in the system's keyring, not in a file.")] = False


class PredictionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How forecasts are made when a command doesn't say otherwise."""

    model: Annotated[
        str,
        Meta(
            description="The model that forecasts; `auto`: `fast`, by what came with Ara where it may answer, "
            "else `ewma_t`.",
            pattern=_NAME,
            extra={"allowed": _NAME_WORDS},
        ),
    ] = "auto"
    days: Annotated[int, Meta(description="How many trading days a forecast looks ahead.", ge=1, le=30)] = 5
    seed: Annotated[
        int,
        Meta(description="The seed of everything random; the same seed gives the same figures.", ge=0, le=2**32 - 1),
    ] = 0
    seconds: Annotated[
        int,
        Meta(
            description="Seconds that a forecast may take; what is late by then is left out, simpler models answer, "
            "and the forecast says so.",
            ge=1,
            le=3600,
        ),
    ] = 600


class ModelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where trained models are kept, and how often what they are judged by may be looked at."""

    folder: Annotated[
        str,
        Meta(
            description="The folder of trained models; empty: `models` in `home`.",
            extra={"path": True, "allowed": 'the path of a folder, or ""'},
        ),
    ] = ""
    objects: Annotated[
        str,
        Meta(
            description="The S3 bucket of trained models that machines share; the folder holds what was fetched.",
            pattern=r"^(|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?(\?[^\s#]+)?)$",
            extra={"allowed": 's3://BUCKET/PREFIX, s3://BUCKET/PREFIX?endpoint=https://HOST:PORT, or "" for none'},
        ),
    ] = ""
    studies: Annotated[
        str,
        Meta(
            description="The database of tuning, one of its own; empty: the SQLite file `studies.db` in `home`.",
            pattern=r"^(|sqlite:///.+|postgres(ql)?://.+)$",
            extra={"allowed": 'sqlite:///PATH, postgresql://USER@HOST/NAME, or "" for studies.db in home'},
        ),
    ] = ""
    looks: Annotated[
        int, Meta(description="How often a hold-out may be looked at before it proves nothing more.", ge=1, le=1000)
    ] = 20
    precision: Annotated[
        Literal["exact", "half", "int8"],
        Meta(
            description="How exactly the graphs of trained networks answer: as trained, in half precision, in 8 bits."
        ),
    ] = "exact"
    device: Annotated[
        Literal["cpu", "cuda", "tensorrt", "auto"],
        Meta(
            description="What runs the graphs of trained models; `auto`: the fastest there is. "
            "What is not there is left for the processor, which the forecast says."
        ),
    ] = "cpu"


class WorkerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the machine is used."""

    threads: Annotated[int, Meta(description="Threads for short computations.", ge=1, le=256)] = 2
    processes: Annotated[
        int, Meta(description="Processes for training, back-tests and other long work.", ge=1, le=256)
    ] = 1
    ray: Annotated[
        str,
        Meta(
            description="The Ray cluster that tunes and trains; empty: one on this machine, while it is used.",
            pattern=r"^(|auto|(ray://)?[A-Za-z0-9_.\-]+:[0-9]{1,5})$",
            extra={"allowed": 'an address such as 10.0.0.1:6379 or ray://HOST:10001, auto, or "" for one of its own'},
        ),
    ] = ""


class ApiSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the service listens, and what it takes."""

    host: Annotated[
        str,
        Meta(
            description="Address to listen on; 0.0.0.0 for all.",
            pattern=r"^[A-Za-z0-9.:-]{1,253}$",
            extra={"allowed": "an address or a name of this machine"},
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on; 0: any free one.", ge=0, le=65_535)] = 8000
    body_kb: Annotated[int, Meta(description="Kilobytes that a request may bring.", ge=1, le=65_536)] = 256
    seconds: Annotated[int, Meta(description="Seconds after which a request is given up.", ge=1, le=3600)] = 30
    workers: Annotated[int, Meta(description="Processes that answer requests.", ge=1, le=256)] = 1
    trust_seconds: Annotated[
        int, Meta(description="Seconds for which a valid key or token is believed unasked; 0: never.", ge=0, le=60)
    ] = 1
    origins: Annotated[
        str,
        Meta(
            description="Sites whose pages may ask (CORS), with commas between them; empty: the service's own.",
            pattern=r"^(https?://[A-Za-z0-9.:\[\]-]{1,253}(,https?://[A-Za-z0-9.:\[\]-]{1,253}){0,49})?$",
            extra={"allowed": 'sites such as https://example.org, or ""'},
        ),
    ] = ""
    url: Annotated[
        str,
        Meta(description="Where programs reach it; empty: as they ask, on this machine.", pattern=_SITE, extra=_SITES),
    ] = ""
    certificate: Annotated[
        str,
        Meta(
            description="Certificate, with those above it, to speak TLS 1.3 by; empty: plain HTTP.",
            max_length=4096,
            extra={"allowed": 'a file in PEM such as /etc/ara/tls.pem, or ""'},
        ),
    ] = ""
    private_key: Annotated[
        str,
        Meta(
            description="Where the certificate's private key is; empty: in the same file.",
            max_length=4096,
            extra={"allowed": 'a file in PEM such as /etc/ara/tls.key, or ""'},
        ),
    ] = ""
    proxies: Annotated[
        str,
        Meta(
            description="Networks of proxies whose word on who asks is taken (X-Forwarded-For); empty: nobody's.",
            extra={"allowed": 'ranges such as 127.0.0.1/32,172.16.0.0/12, or ""', "rule": are_networks},
        ),
    ] = ""


class TelemetrySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told how Ara is doing; all off costs nothing."""

    prometheus: Annotated[bool, Meta(description="Keep metrics for Prometheus to collect.")] = False
    otlp_endpoint: Annotated[
        str,
        Meta(
            description="Where traces and metrics are sent by OpenTelemetry; empty: nowhere.",
            pattern=_URL,
            extra={"allowed": 'an address such as http://localhost:4318, or "" for none'},
        ),
    ] = ""
    sentry_dsn: Annotated[Secret, Meta(description="Where errors are reported to Sentry; empty: nowhere.")] = Secret()


class CliSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the command line shows its results."""

    colour: Annotated[
        Literal["auto", "always", "never"],
        Meta(description="When to use colour; `auto` is on a terminal that has it."),
    ] = "auto"
    width: Annotated[int, Meta(description="Columns to print in; 0: as wide as the terminal.", ge=0, le=10_000)] = 0
    timezone: Annotated[
        str,
        Meta(
            description="The zone that times are shown in; empty: the machine's.",
            extra={"allowed": 'a zone such as Europe/Paris or UTC, or "" for the machine\'s', "rule": _is_zone},
        ),
    ] = ""


def _default_home() -> str:
    from ara.settings.places import data_folder

    return str(data_folder(os.environ))


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Every setting of one run; made by `load`, never changed after.

    Equal settings are those with equal values, wherever these came from. A value that is out of bounds raises
    ConfigurationError also when the tree is built in code.
    """

    profile: Annotated[
        Literal["dev", "test", "staging", "prod"],
        Meta(description="The set of defaults to start from; the long names development, testing, production do too."),
    ] = "dev"
    home: Annotated[
        str,
        Meta(
            description="The folder of Ara's own state: ledger, vault key, models.",
            min_length=1,
            extra={"path": True, "default": "the user's data folder", "allowed": "the path of a folder"},
        ),
    ] = msgspec.field(default_factory=_default_home)
    log: LogSettings = msgspec.field(default_factory=LogSettings)
    store: StoreSettings = msgspec.field(default_factory=StoreSettings)
    vault: VaultSettings = msgspec.field(default_factory=VaultSettings)
    data: DataSettings = msgspec.field(default_factory=DataSettings)
    prediction: PredictionSettings = msgspec.field(default_factory=PredictionSettings)
    models: ModelSettings = msgspec.field(default_factory=ModelSettings)
    workers: WorkerSettings = msgspec.field(default_factory=WorkerSettings)
    jobs: JobSettings = msgspec.field(default_factory=JobSettings)
    accounts: AccountSettings = msgspec.field(default_factory=AccountSettings)
    api: ApiSettings = msgspec.field(default_factory=ApiSettings)
    sockets: SocketSettings = msgspec.field(default_factory=SocketSettings)
    webhooks: WebhookSettings = msgspec.field(default_factory=WebhookSettings)
    telemetry: TelemetrySettings = msgspec.field(default_factory=TelemetrySettings)
    cli: CliSettings = msgspec.field(default_factory=CliSettings)

    def __post_init__(self) -> None:
        from ara.settings.values import validate

        validate(self)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> "Settings":
        """Gather the settings of a run: defaults, profile, user's file, project's file, environment, flags.

        The later of these wins, value by value. An unknown `ARA_` variable is logged as a warning; an unknown key or
        a value out of bounds anywhere else is an error.

        Parameters
        ----------
        flags
            Values given on the command line, by dotted key: `{"log.level": "debug"}`.
        environ
            The environment; the process's own where none is given. An empty variable counts as not set.
        folder
            Where the search for the project's `.ara.yaml` begins, going up; the working folder where none is given.

        Raises
        ------
        ConfigurationError
            With key, value, place and what is allowed; `context["problems"]` holds every problem found.
        """
        from ara.settings.load import load

        return load(flags, environ=environ, folder=folder)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Settings":
        """Build settings from the nested mapping that `as_dict(reveal=True)` gave, in this process or another."""
        from ara.settings.values import from_dict

        return from_dict(values)

    def as_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """Give all values as a nested mapping of JSON values.

        Parameters
        ----------
        reveal
            Give secrets in clear, for another process of the same run; else as `***`.
        """
        from ara.settings.values import to_dict

        return to_dict(self, reveal=reveal)

    def value(self, key: str) -> Any:
        """Give the value of a dotted key; ConfigurationError with the nearest key where there is none of that name."""
        from ara.settings.keys import find

        return find(key).of(self)

    def origin(self, key: str) -> Origin:
        """Tell where the value of a dotted key came from."""
        from ara.settings.keys import find

        origins: Mapping[str, Origin] | None = vars(self).get("_origins")
        rest = Origin(kind="code" if origins is None else "default")
        return (origins or {}).get(find(key).name, rest)

    @property
    def id(self) -> str:
        """The sha256, in hex, of all values in order of their keys; of a secret, only whether it is set."""
        import hashlib

        return hashlib.sha256(msgspec.json.encode(self.as_dict(), order="sorted")).hexdigest()
