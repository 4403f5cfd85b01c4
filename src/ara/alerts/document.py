"""Webhooks and what was sent to them as plain JSON values: what `--json` prints and the service answers."""

from datetime import UTC, datetime
from typing import Any

from ara.alerts.outgoing import Outgoing
from ara.alerts.webhook import Webhook

__all__ = ["outgoing_document", "webhook_document"]


def webhook_document(webhook: Webhook) -> dict[str, Any]:
    """Give what is told of a webhook; its secrets stay where they are."""
    return {
        "id": webhook.id,
        "user": webhook.user,
        "url": webhook.url,
        "events": list(webhook.events),
        "name": webhook.name,
        "active": webhook.disabled_at is None,
        "made_at": _instant(webhook.made_at),
        "disabled_at": _instant(webhook.disabled_at),
        "why": webhook.why or None,
        "failing_since": _instant(webhook.failing_since),
        "delivered_at": _instant(webhook.delivered_at),
        "secrets": len(webhook.sealed),
    }


def outgoing_document(one: Outgoing) -> dict[str, Any]:
    """Give what is told of a delivery."""
    return {
        "id": one.id,
        "message": one.message,
        "webhook": one.webhook,
        "event": one.type,
        "state": one.state.value,
        "tries": one.tries,
        "made_at": _instant(one.made_at),
        "due": _instant(one.due) if one.ended_at is None else None,
        "ended_at": _instant(one.ended_at),
        "attempts": [
            {
                "at": _instant(try_.at),
                "status": try_.status or None,
                "seconds": try_.seconds,
                "words": try_.words or None,
            }
            for try_ in one.attempts
        ],
        "body": one.body,
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
