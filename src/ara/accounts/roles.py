"""What somebody may do: permissions, the roles that hold them, and scopes that narrow a key or a token."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from ara.errors import ValidationError

__all__ = ["PERMISSIONS", "ROLES", "Role", "granted", "scopes_of"]


class Role(StrEnum):
    """What a user is to an installation."""

    VIEWER = "viewer"
    TRADER = "trader"
    ANALYST = "analyst"
    ADMIN = "admin"
    SERVICE = "service"


PERMISSIONS: Final[Mapping[str, str]] = {
    "market:read": "bars, indicators, patterns, levels, regimes, correlations",
    "predictions:read": "kept forecasts, their scores and receipts",
    "predictions:write": "ask for forecasts",
    "backtests:read": "results of back-tests",
    "backtests:write": "begin back-tests",
    "portfolio:read": "analyse portfolios",
    "portfolio:write": "optimise and rebalance portfolios",
    "models:read": "the registry of models",
    "models:train": "train and tune models",
    "models:deploy": "deploy, roll back and delete models",
    "jobs:read": "jobs of one's own",
    "jobs:write": "begin and cancel jobs of one's own",
    "webhooks:read": "webhooks of one's own, and their deliveries",
    "webhooks:write": "register and change webhooks of one's own",
    "alerts:read": "alerts of one's own",
    "alerts:write": "create and change alerts of one's own",
    "trading:read": "signals, orders and positions of one's own",
    "trading:write": "send and cancel orders of one's own",
    "keys:write": "make, rotate and revoke keys of one's own",
    "cache:write": "drop what is cached",
    "users:admin": "see and change all users, and what is theirs",
    "audit:read": "read and export the audit log",
}
"""Every permission, and what it opens."""

_READS: Final = frozenset(name for name in PERMISSIONS if name.endswith(":read") and name != "audit:read")
_OWN: Final = frozenset({"keys:write", "webhooks:write", "alerts:write", "jobs:write", "predictions:write"})
_TRADER: Final = _READS | _OWN | {"backtests:write", "portfolio:write", "trading:write"}
_ANALYST: Final = (_TRADER - {"trading:write"}) | {"models:train"}

ROLES: Final[Mapping[Role, frozenset[str]]] = {
    Role.VIEWER: _READS | {"keys:write", "alerts:write"},
    Role.TRADER: _TRADER,
    Role.ANALYST: _ANALYST,
    Role.SERVICE: _READS | {"predictions:write", "backtests:write", "portfolio:write", "jobs:write", "webhooks:write"},
    Role.ADMIN: frozenset(PERMISSIONS),
}
"""What each role may do. `service` is for programs: it makes no keys and sends no orders."""


def scopes_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Read scopes: names of permissions, sorted and each once; unknown ones are refused with what there is."""
    found = tuple(sorted({one.strip().lower() for one in asked if one.strip()}))
    unknown = [one for one in found if one not in PERMISSIONS]
    if unknown:
        words = ", ".join(repr(one[:60]) for one in unknown[:5])
        raise ValidationError(f"There is no scope {words}.", hint=f"Scopes are: {', '.join(PERMISSIONS)}")
    return found


def granted(role: Role, scopes: Iterable[str] | None) -> frozenset[str]:
    """Give what a holder may do: what the role may, narrowed by scopes; None narrows nothing."""
    return ROLES[role] if scopes is None else ROLES[role] & frozenset(scopes)
