"""Programs of third parties on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, stamp, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.accounts import App, Consent, User
    from ara.settings import Secret

__all__ = ["app_made", "app_words", "apps_table"]


def app_made(app: "App", secret: "Secret | None", owner: "User", s: Screen) -> str:
    """Show a program's id and secret, this once."""
    kept = "It is shown this once: keep it where secrets are kept." if secret else "It has no secret: PKCE proves it."
    places = f"sends users back to {', '.join(app.redirects)}" if app.redirects else "sends users nowhere"
    lines = [
        f"{clean(app.name)!r} may ask for {', '.join(app.scopes)} and {places}. {kept}",
        f"{clean(owner.email)} answers for it. See who lets it in: ara apps show {app.id}",
    ]
    head = [f"client_id      {app.id}", *([f"client_secret  {secret.reveal()}"] if secret else [])]
    return "\n".join([*head, "", *(line for one in lines for line in wrapped(one, s.width))])


def apps_table(found: "Sequence[tuple[App, User | None, int]]", s: Screen) -> str:
    """Give the list of programs."""
    if not found:
        words = 'There is no program. Register one: ara apps add ada@example.org --name "Desk" --scope market:read'
        return "\n".join(wrapped(words, s.width))
    columns = [
        Column(head="app", cells=[app.id for app, _, _ in found]),
        Column(head="name", cells=[app.name for app, _, _ in found]),
        Column(head="of", cells=[owner.email if owner else "" for _, owner, _ in found], leave=1),
        Column(head="may ask for", cells=[" ".join(app.scopes) for app, _, _ in found], leave=2),
        Column(head="users", cells=[str(users) for _, _, users in found], right=True),
        Column(head="", cells=["" if app.hash else "public" for app, _, _ in found], leave=3),
    ]
    return "\n".join(table(columns, s))


def app_words(app: "App", owner: "User | None", lent: "Sequence[tuple[Consent, User]]", s: Screen) -> str:
    """Give all that is to be said of a program."""
    kind = "Has a secret." if app.hash else "Has no secret: PKCE proves it."
    of = clean(owner.email) if owner else "nobody"
    lines = [
        f"Of {of}, since {stamp(app.made_at, s, zoned=True)}. {kind}",
        f"May ask for: {', '.join(app.scopes)}.",
        f"Sends users back to: {', '.join(app.redirects)}." if app.redirects else "Sends users nowhere.",
        "" if lent else "No user lets it in.",
    ]
    head = s.palette()(f"{clean(app.name)}  {app.id}", "strong")
    said = [head, *(line for one in lines if one for line in wrapped(one, s.width))]
    if not lent:
        return "\n".join(said)
    columns = [
        Column(head="user", cells=[user.email for _, user in lent]),
        Column(head="lends", cells=[" ".join(one.scopes) for one, _ in lent], leave=1),
        Column(head="since", cells=[stamp(one.made_at, s) for one, _ in lent]),
    ]
    return "\n".join([*said, *table(columns, s)])
