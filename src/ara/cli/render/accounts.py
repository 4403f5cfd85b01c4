"""Users, keys and the audit log on a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, stamp, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.accounts import Key, Seen, User
    from ara.accounts.quota import Standing
    from ara.settings import Secret
    from ara.store import Verification

__all__ = ["key_words", "keys_table", "log_table", "user_words", "users_table"]


def users_table(found: "Sequence[User]", s: Screen) -> str:
    """Give the list of users."""
    if not found:
        return "\n".join(wrapped("There is no user. Make one: ara users add ada@example.org --role admin", s.width))
    columns = [
        Column(head="user", cells=[one.email for one in found]),
        Column(head="role", cells=[one.role.value for one in found]),
        Column(head="tier", cells=[one.tier for one in found]),
        Column(head="name", cells=[one.name for one in found], leave=2),
        Column(head="since", cells=[stamp(one.made_at, s) for one in found], leave=3),
        Column(head="id", cells=[one.id for one in found], leave=1),
        Column(head="", cells=["shut" if one.disabled_at else "" for one in found]),
    ]
    return "\n".join(table(columns, s))


def user_words(user: "User", may: Sequence[str], days: "Sequence[Standing]", s: Screen) -> str:
    """Give all that is to be said of a user."""
    paint = s.palette()
    name = f" ({clean(user.name)})" if user.name else ""
    state = f"Shut since {stamp(user.disabled_at, s, zoned=True)}." if user.disabled_at else "Open."
    way = "Logs in by a password." if user.password else "Has no password: asks by keys alone."
    lines = [
        f"{state} Role {user.role.value}, tier {user.tier}, since {stamp(user.made_at, s, zoned=True)}. {way}",
        f"May: {', '.join(may)}.",
        f"Today: {_today(days, s)}.",
        f"Id {user.id}.   Keys: ara keys list {clean(user.email)}",
    ]
    head = paint(f"{clean(user.email)}{name}", "strong")
    return "\n".join([head, *(line for one in lines for line in wrapped(one, s.width))])


def key_words(key: "Key", secret: "Secret", owner: "User", s: Screen) -> str:
    """Show a key, this once."""
    opens = "all that its owner may" if key.scopes is None else ", ".join(key.scopes)
    ends = f" until {stamp(key.expires_at, s, zoned=True)}" if key.expires_at else ""
    lines = [
        f"It is {clean(owner.email)}'s, for {clean(key.name)!r}, and opens {opens}{ends}.",
        "It is shown this once: keep it where secrets are kept. Send it as: Authorization: Bearer KEY",
        f"Rotate it by {stamp(key.remind_at, s)}: ara keys rotate {key.id}",
    ]
    return "\n".join([secret.reveal(), "", *(line for one in lines for line in wrapped(one, s.width))])


def keys_table(found: "Sequence[tuple[Key, User]]", now: datetime, s: Screen) -> str:
    """Give the list of keys, with what should be done about each."""
    if not found:
        return "\n".join(wrapped("There is no key. Make one: ara keys make ada@example.org", s.width))
    columns = [
        Column(head="key", cells=[key.id for key, _ in found]),
        Column(head="user", cells=[owner.email for _, owner in found]),
        Column(head="for", cells=[key.name for key, _ in found], leave=1),
        Column(head="opens", cells=["all" if k.scopes is None else " ".join(k.scopes) for k, _ in found], leave=3),
        Column(head="used", cells=[stamp(key.seen_at, s) if key.seen_at else "never" for key, _ in found], leave=2),
        Column(head="", cells=[_state(key, now, s) for key, _ in found]),
    ]
    return "\n".join(table(columns, s))


def log_table(shown: "Sequence[Seen]", count: int, check: "Verification | None", s: Screen) -> str:
    """Give the audit log, and what its chain says."""
    columns = [
        Column(head="no", cells=[str(one.sequence) for one in shown], right=True),
        Column(head="when", cells=[stamp(one.at, s) for one in shown]),
        Column(head="who", cells=[one.act.actor or "nobody" for one in shown]),
        Column(head="what", cells=[one.act.action for one in shown]),
        Column(head="", cells=["refused" if one.act.outcome == "refused" else "" for one in shown]),
        Column(head="about", cells=[one.act.about for one in shown], leave=2),
        Column(head="from", cells=[_personal(one) for one in shown], leave=1),
    ]
    lines = table(columns, s) if shown else []
    if len(shown) < count:
        lines += wrapped(f"The last {len(shown)} of {count}; all of them: ara users log --last 0", s.width)
    if not count:
        lines += ["Nothing was done yet."]
    if check is not None:
        lines += wrapped(f"The chain of {check.entries} entries is whole: nothing was changed or taken out.", s.width)
    return "\n".join(lines)


def _today(days: "Sequence[Standing]", s: Screen) -> str:
    parts = [f"{one.used:,} of {one.most:,} {one.what}" for one in days]
    return f"{', '.join(parts)}; anew at {stamp(days[0].resets_at, s, zoned=True)}"


def _personal(seen: "Seen") -> str:
    return " ".join(seen.personal.values()) if seen.personal else ""


def _state(key: "Key", now: datetime, s: Screen) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.valid(now):
        return "expired"
    if key.remind_at <= now:
        return "rotate it"
    return f"until {stamp(key.expires_at, s)}" if key.expires_at else ""
