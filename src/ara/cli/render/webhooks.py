"""Webhooks on a terminal: what they are, and how what was sent went."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, stamp, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.alerts import Outgoing, Webhook
    from ara.settings import Secret

__all__ = ["events_table", "log_table", "secret_words", "sent_words", "webhook_words", "webhooks_table"]


def webhooks_table(rows: "Sequence[tuple[Webhook, str]]", s: Screen) -> str:
    """Give the list of webhooks."""
    if not rows:
        words = "There is no webhook. Register one: ara webhooks add WHO https://example.org/hooks --event TYPE"
        return "\n".join(wrapped(words, s.width))
    columns = [
        Column(head="webhook", cells=[one.id for one, _ in rows]),
        Column(head="user", cells=[email for _, email in rows], leave=3),
        Column(head="goes to", cells=[one.url for one, _ in rows], leave=4),
        Column(head="told of", cells=[" ".join(one.events) for one, _ in rows], leave=2),
        Column(head="delivered", cells=[stamp(one.delivered_at, s) or "never" for one, _ in rows], leave=1),
        Column(head="", cells=[_state(one) for one, _ in rows]),
    ]
    return "\n".join(table(columns, s))


def events_table(s: Screen) -> str:
    """Give what webhooks can be told of."""
    from ara.alerts import EVENTS

    columns = [
        Column(head="event", cells=list(EVENTS)),
        Column(head="needs", cells=[one.permission for one in EVENTS.values()], leave=1),
        Column(head="told when", cells=[one.words for one in EVENTS.values()]),
    ]
    return "\n".join(table(columns, s))


def webhook_words(webhook: "Webhook", s: Screen) -> str:
    """Give all that is to be said of a webhook."""
    name = f" ({clean(webhook.name)})" if webhook.name else ""
    lines = [
        f"{_state(webhook).capitalize() or 'On'}{f': {clean(webhook.why)}' if webhook.why else ''}.",
        f"Goes to {clean(webhook.url)}",
        f"Told of {', '.join(webhook.events)}.",
        f"Last delivered {stamp(webhook.delivered_at, s, zoned=True) or 'never'}.",
        f"What was sent: ara webhooks log {webhook.id}",
    ]
    head = s.palette()(f"{webhook.id}{name}", "strong")
    return "\n".join([head, *(line for one in lines for line in wrapped(one, s.width))])


def secret_words(webhook: "Webhook", secret: "Secret", email: str, s: Screen) -> str:
    """Show a secret, this once."""
    lines = [
        f"{webhook.id} tells {clean(email)}'s {clean(webhook.url)} of {', '.join(webhook.events)}.",
        "The secret is shown this once: by it the receiver checks the signature of each message (Standard Webhooks).",
        f"Try it: ara webhooks test {webhook.id}",
    ]
    return "\n".join([secret.reveal(), "", *(line for one in lines for line in wrapped(one, s.width))])


def log_table(rows: "Sequence[Outgoing]", s: Screen) -> str:
    """Give what was sent, the newest first."""
    if not rows:
        return "Nothing was sent."
    columns = [
        Column(head="at", cells=[stamp(one.made_at, s) for one in rows]),
        Column(head="event", cells=[one.type for one in rows]),
        Column(head="tries", cells=[str(one.tries) for one in rows], right=True),
        Column(head="", cells=[one.state.value for one in rows]),
        Column(head="last answer", cells=[_last(one) for one in rows], leave=1),
        Column(head="again at", cells=[_due(one, s) for one in rows], leave=2),
        Column(head="message", cells=[one.message for one in rows], leave=3),
    ]
    return "\n".join(table(columns, s))


def sent_words(one: "Outgoing", s: Screen) -> str:
    """Say what became of a message."""
    if one.ended_at is None:
        words = f"{one.message} waits and is sent within seconds where a service runs, else by: ara webhooks deliver"
    elif one.attempts and not one.attempts[-1].words:
        words = f"Delivered: {one.attempts[-1].status} after {one.attempts[-1].seconds:.2f} s."
    else:
        words = f"Not delivered: {clean(_last(one))}."
    return "\n".join(wrapped(words, s.width))


def _state(webhook: "Webhook") -> str:
    if webhook.disabled_at is not None:
        return "off"
    return "failing" if webhook.failing_since is not None else ""


def _last(one: "Outgoing") -> str:
    if not one.attempts:
        return ""
    return one.attempts[-1].words or str(one.attempts[-1].status)


def _due(one: "Outgoing", s: Screen) -> str:
    return stamp(one.due, s) if one.ended_at is None else ""
