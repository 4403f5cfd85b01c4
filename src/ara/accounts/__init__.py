"""Accounts: who asks, what they may do, and a log of what was done.

Users log in by a password and get tokens; programs send keys; programs of third parties get tokens that users lend them
and can take back. `Accounts` is the front; `Principal` says who asks and what that opens.
"""

from ara.accounts.account import Accounts, Principal
from ara.accounts.app import App, Apps
from ara.accounts.audit import Act, Audit, Seen
from ara.accounts.consent import Consent, Consents
from ara.accounts.key import Key, Keys
from ara.accounts.oauth import Asked, Given, OAuth
from ara.accounts.roles import PERMISSIONS, ROLES, Role
from ara.accounts.token import Pair, Tokens
from ara.accounts.user import TIERS, User, Users

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "TIERS",
    "Accounts",
    "Act",
    "App",
    "Apps",
    "Asked",
    "Audit",
    "Consent",
    "Consents",
    "Given",
    "Key",
    "Keys",
    "OAuth",
    "Pair",
    "Principal",
    "Role",
    "Seen",
    "Tokens",
    "User",
    "Users",
]
