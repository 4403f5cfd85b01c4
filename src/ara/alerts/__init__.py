"""Alerts: what happened, and who is told of it.

`publish` is the one place where events come in; webhooks are the first way out. What is to be told is kept in the store
before anybody is told, so nothing is lost where a process dies.
"""

from ara.alerts.deliverer import Deliverer
from ara.alerts.event import EVENTS, Event
from ara.alerts.notifier import Delivery, Message, Notifier
from ara.alerts.outgoing import Attempt, Outgoing, State
from ara.alerts.publishing import events_after, publish
from ara.alerts.signature import genuine
from ara.alerts.webhook import Webhook, Webhooks

__all__ = [
    "EVENTS",
    "Attempt",
    "Deliverer",
    "Delivery",
    "Event",
    "Message",
    "Notifier",
    "Outgoing",
    "State",
    "Webhook",
    "Webhooks",
    "events_after",
    "genuine",
    "publish",
]
