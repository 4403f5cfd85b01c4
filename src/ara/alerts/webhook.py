"""A webhook, and all webhooks of an installation."""

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from ara.alerts.event import EVENTS, TEST, message_id
from ara.alerts.notifier import Message
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.alerts.outgoing import Outgoing, State, tried
from ara.alerts.signature import new_secret
from ara.desk import Desk
from ara.errors import NotFoundError, ValidationError
from ara.lineage import canonical
from ara.settings import Secret
from ara.store import ConflictError, Place, Record, changed, revision

__all__ = ["Noted", "Webhook", "Webhooks", "message_of", "secrets_of"]

Noted: TypeAlias = Callable[[str, str, str], Awaitable[None]]
"""Is told what was done, to which webhook, and whose that is: what an audit log writes down."""

_NAME: Final = 100
_OVERLAP: Final = 90


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A secret, encrypted by the vault, and until when it is used; None for good."""

    box: str
    until: datetime | None = None


class Webhook(Record, frozen=True, kw_only=True):
    """An address that wants to be told.

    Parameters
    ----------
    id
        `wh_` and 24 letters and digits.
    user
        Whose it is.
    url
        Where requests go.
    events
        Types that it asks for.
    name
        What for.
    sealed
        Its secrets, the newest first.
    made_at
        When it was registered.
    disabled_at, why
        When it was switched off and why; None while it is on.
    failing_since
        When the first failure was after the last success; None where there is none.
    delivered_at
        The last success.
    """

    kind: ClassVar[str] = "webhook"
    user: str
    url: str
    events: tuple[str, ...]
    name: str = ""
    sealed: tuple[_Sealed, ...]
    made_at: datetime
    disabled_at: datetime | None = None
    why: str = ""
    failing_since: datetime | None = None
    delivered_at: datetime | None = None


class Webhooks:
    """The webhooks in a desk's store.

    Parameters
    ----------
    desk
        The desk of the process.
    noted
        Is told of what is done; nobody if None.
    sender
        Knows which addresses are allowed, and sends tests.
    """

    def __init__(self, desk: Desk, *, noted: Noted | None = None, sender: WebhookNotifier | None = None) -> None:
        self._desk = desk
        self._noted = noted
        self._sender = sender or WebhookNotifier(desk.settings.webhooks)

    async def add(self, user: str, url: str, events: Iterable[str], *, name: str = "") -> tuple[Webhook, Secret]:
        """Register an address, and give its secret, which is shown this once.

        Parameters
        ----------
        user
            Whose it is to be.
        url
            Where requests go: https, to the internet.
        events
            Types of `EVENTS`, at least one.
        name
            What for.
        """
        wanted = _events_of(events)
        await self._sender.check(url)
        most = self._desk.settings.webhooks.most
        if len([one async for one in self.of(user)]) >= most:
            raise ValidationError(f"There are {most} webhooks already.", hint="Delete one first.")
        secret = new_secret()
        made = Webhook(
            id=f"wh_{base64.b32encode(os.urandom(15)).decode().lower()}", user=user, url=url, events=wanted,
            name=_name_of(name), sealed=(_sealed(self._desk, secret),), made_at=self._desk.clock.now(),
        )  # fmt: skip
        await self._desk.store.add(made)
        await self._note("webhook.add", made)
        return made, secret

    def of(self, user: str | None) -> AsyncIterator[Webhook]:
        """Give the webhooks of a user, or of everybody, the oldest first."""
        return self._desk.store.find(Webhook, None if user is None else {"user": user}, order="made_at")

    async def get(self, id: str, *, user: str | None = None) -> Webhook:
        """Give one by its id; somebody else's is as good as none where `user` is given."""
        found = await self._desk.store.get(Webhook, id) if 0 < len(id) <= 64 and id.isprintable() else None
        if found is None or (user is not None and found.user != user):
            raise NotFoundError(f"There is no webhook {id[:40]!r}.", hint="See them: ara webhooks list")
        return found

    async def change(
        self,
        webhook: Webhook,
        *,
        url: str | None = None,
        events: Iterable[str] | None = None,
        name: str | None = None,
        on: bool | None = None,
    ) -> Webhook:
        """Change what a webhook is; None leaves it. Switched on again, it begins without failures."""
        told = {
            "url": url,
            "events": None if events is None else _events_of(events),
            "name": None if name is None else _name_of(name),
        }
        news: dict[str, Any] = {key: value for key, value in told.items() if value is not None}
        if url is not None:
            await self._sender.check(url)
        if on is not None:
            at = None if on else self._desk.clock.now()
            news |= {"disabled_at": at, "why": "" if on else "its owner switched it off", "failing_since": None}
        new = await self._put(webhook, lambda old: replace(old, **news))
        await self._note("webhook.change", new)
        return new

    async def rotate(self, webhook: Webhook, *, overlap: int = 1) -> tuple[Webhook, Secret]:
        """Give another secret; requests are signed by the old one too for some days, so that nothing stands still."""
        if not 0 <= overlap <= _OVERLAP:
            raise ValidationError(f"The overlap is {overlap} days; allowed is 0 to {_OVERLAP}.")
        now = self._desk.clock.now()
        end, secret = now + timedelta(days=overlap), new_secret()
        fresh = _sealed(self._desk, secret)

        def turned(old: Webhook) -> Webhook:
            ending = [replace(one, until=min(one.until or end, end)) for one in old.sealed]
            kept = [one for one in ending if one.until is not None and one.until > now]
            return replace(old, sealed=(fresh, *kept[:2]))

        new = await self._put(webhook, turned)
        await self._note("webhook.rotate", new)
        return new, secret

    async def remove(self, webhook: Webhook) -> None:
        """Forget a webhook and all that was sent to it."""
        await self._desk.store.remove(Webhook, webhook.id)
        found = [one async for one in self._desk.store.find(Outgoing, {"webhook": webhook.id})]
        for one in found:
            await self._desk.store.remove(Outgoing, one.id)
        await self._note("webhook.remove", webhook)

    async def remove_of(self, user: str) -> int:
        """Forget all webhooks of a user, and say how many there were."""
        found = [one async for one in self.of(user)]
        for one in found:
            await self.remove(one)
        return len(found)

    async def test(self, webhook: Webhook) -> Outgoing:
        """Send an event of the type `test` at once, one time, and give what became of it."""
        now = self._desk.clock.now()
        body = canonical(
            {"type": TEST, "timestamp": now.isoformat(), "data": {"webhook": webhook.id, "words": "It works."}}
        )
        made = Outgoing.fresh(message_id(), webhook.id, webhook.user, TEST, body.decode(), now)
        sent = await self._sender.send(message_of(self._desk, webhook, made, now))
        state = State.DELIVERED if sent.delivered else State.DEAD
        kept = replace(tried(made, sent, now), state=state, ended_at=now, tries=1)
        await self._desk.store.add(kept)
        return kept

    async def log(
        self, webhook: Webhook, *, state: State | None = None, limit: int = 50, after: Place | None = None
    ) -> Sequence[Outgoing]:
        """Give what was sent to a webhook, or is to be, the newest first; from a place on where one is given."""
        where = {"webhook": webhook.id} | ({} if state is None else {"state": state.value})
        found = self._desk.store.find(Outgoing, where, order="-made_at", limit=limit, after=after)
        return [one async for one in found]

    async def again(self, webhook: Webhook, id: str) -> Outgoing:
        """Send a message once more, from the beginning of its tries, under the id that it had."""
        kept = await self._sent(webhook, id)
        if (await self.get(webhook.id)).disabled_at is not None:
            raise ValidationError("The webhook is switched off.", hint="Switch it on first: ara webhooks update")
        now = self._desk.clock.now()
        fresh = replace(kept, state=State.WAITING, due=now, tries=0, ended_at=None)
        try:
            await self._desk.store.put(fresh, replaces=revision(kept))
        except ConflictError as error:
            raise ValidationError("It is being sent at this moment.", hint="Look at its log.") from error
        await self._note("webhook.again", webhook)
        return fresh

    async def _sent(self, webhook: Webhook, id: str) -> Outgoing:
        """Give one message of a webhook; NotFoundError for that of another, or of nobody."""
        kept = await self._desk.store.get(Outgoing, id) if 0 < len(id) <= 128 and id.isprintable() else None
        if kept is None or kept.webhook != webhook.id:
            raise NotFoundError(f"There is no delivery {id[:80]!r}.", hint="See them: ara webhooks log WEBHOOK")
        return kept

    async def _put(self, webhook: Webhook, change: Callable[[Webhook], Webhook]) -> Webhook:
        found = await changed(self._desk.store, Webhook, webhook.id, change)
        if found is None:
            raise NotFoundError(f"There is no webhook {webhook.id!r} any more.")
        return found

    async def _note(self, action: str, webhook: Webhook) -> None:
        if self._noted is not None:
            await self._noted(action, webhook.id, webhook.user)


def secrets_of(desk: Desk, webhook: Webhook, now: datetime) -> tuple[Secret, ...]:
    """Give the secrets that requests are signed by at a moment, the newest first."""
    boxes = [one.box for one in webhook.sealed if one.until is None or one.until > now]
    return tuple(Secret(desk.vault.decrypt(base64.b64decode(box)).decode()) for box in boxes)


def message_of(desk: Desk, webhook: Webhook, one: Outgoing, now: datetime) -> Message:
    """Give what is sent, signed as of a moment."""
    return Message(
        id=one.message, type=one.type, at=now, body=one.body.encode(), to=webhook.url,
        secrets=secrets_of(desk, webhook, now),
    )  # fmt: skip


def _sealed(desk: Desk, secret: Secret) -> _Sealed:
    return _Sealed(box=base64.b64encode(desk.vault.encrypt(secret.reveal().encode())).decode())


def _events_of(asked: Iterable[str]) -> tuple[str, ...]:
    """Read types of events: sorted, each once; unknown ones are refused with what there is."""
    found = tuple(sorted({one.strip().lower() for one in asked if one.strip()}))
    unknown = [one for one in found if one not in EVENTS]
    if unknown or not found:
        words = f"There is no event {unknown[0][:60]!r}." if unknown else "A webhook asks for one event at least."
        raise ValidationError(words, hint=f"Events are: {', '.join(EVENTS)}")
    return found


def _name_of(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > _NAME or not name.isprintable():
        raise ValidationError(f"A webhook's name has {_NAME} printable characters at most.")
    return name
