"""The settings of a run: one frozen tree, every value checked, every value knowing where it came from.

Defaults, then the profile, the user's `~/.ara.yaml`, the project's `.ara.yaml`, `ARA_…` variables and flags; the later
wins, value by value. `Settings.load` gathers them.
"""

from ara.settings.accounts import AccountSettings, TierSettings
from ara.settings.data import CacheSettings, DataSettings, SourceSettings
from ara.settings.jobs import JobSettings, ScheduleSettings
from ara.settings.origin import Origin, Problem
from ara.settings.secret import Secret
from ara.settings.store import StoreSettings
from ara.settings.telling import SocketSettings, WebhookSettings
from ara.settings.tree import (
    ApiSettings,
    CliSettings,
    LogSettings,
    PredictionSettings,
    Settings,
    TelemetrySettings,
    VaultSettings,
    WorkerSettings,
)

__all__ = [
    "AccountSettings",
    "ApiSettings",
    "CacheSettings",
    "CliSettings",
    "DataSettings",
    "JobSettings",
    "LogSettings",
    "Origin",
    "PredictionSettings",
    "Problem",
    "ScheduleSettings",
    "Secret",
    "Settings",
    "SocketSettings",
    "SourceSettings",
    "StoreSettings",
    "TelemetrySettings",
    "TierSettings",
    "VaultSettings",
    "WebhookSettings",
    "WorkerSettings",
]
