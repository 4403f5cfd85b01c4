"""`ara webhooks`: addresses that are told of events, and what was sent to them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import CancelledError, ValidationError

if TYPE_CHECKING:
    from ara.accounts import Accounts, User
    from ara.alerts import Outgoing, Webhook, Webhooks
    from ara.desk import Desk
    from ara.settings import Secret

__all__ = ["command"]

_T = TypeVar("_T")

command = typer.Typer(
    help="""Tell other programs of events: register addresses, see what was sent, send it again.

    ara webhooks add ada@example.org https://example.org/hooks --event prediction_complete

    ara webhooks list

    ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf --state dead

    Each message is signed as Standard Webhooks has it, and tried again for a day. The secret is shown once.
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara webhooks`."""

_Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id: wh_ and letters; see ara webhooks list")]
_Events = Annotated[
    list[str] | None, typer.Option("--event", "-e", metavar="TYPE", help="Of which it is told; repeatable")
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask")]


@command.command("add")
def _add(
    who: Annotated[str, typer.Argument(metavar="WHO", help="Whose it is to be: address of mail, or id")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where requests go: https, to the internet")],
    *,
    events: _Events = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for")] = "",
) -> None:
    """Register an address, and print its secret, this once.

    ::

        ara webhooks add ada@example.org https://example.org/hooks --event prediction_complete
        ara webhooks add ada@example.org https://example.org/ops -e model_trained -e model_deployed --name ops
        ara webhooks add ada@example.org https://example.org/hooks -e backtest_complete --json | jq -r .secret
    """
    from ara.cli.render.webhooks import secret_words

    s = screen()

    async def added(all_: "Webhooks", accounts: "Accounts") -> "tuple[Webhook, Secret, User]":
        owner = await accounts.users.get(who)
        return *await all_.add(owner.id, url, events or (), name=name), owner

    webhook, secret, owner = _with(s, added)
    s.result(_secret_facts(webhook, secret), lambda: secret_words(webhook, secret, owner.email, s))


@command.command("list")
def _list(
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="Whose; all if left out")] = "",
) -> None:
    """List webhooks: whose they are, of what they are told, and how they do.

    ::

        ara webhooks list
        ara webhooks list ada@example.org
        ara webhooks list --json
    """
    from ara.alerts.document import webhook_document
    from ara.cli.render.webhooks import webhooks_table

    s = screen()

    async def found(all_: "Webhooks", accounts: "Accounts") -> "list[tuple[Webhook, str]]":
        user = (await accounts.users.get(who)).id if who else None
        mine = [one async for one in all_.of(user)]
        emails = {one.user: await accounts.users.find(one.user) for one in mine}
        return [(one, owner.email if (owner := emails[one.user]) else one.user) for one in mine]

    rows = _with(s, found)
    data = {"schema": 1, "webhooks": [{**webhook_document(one), "email": email} for one, email in rows]}
    s.result(data, lambda: webhooks_table(rows, s))


@command.command("events")
def _events() -> None:
    """List what webhooks can be told of, and what somebody has to be allowed for it.

    ::

        ara webhooks events
        ara webhooks events --json
        ara webhooks add ada@example.org https://example.org/hooks -e system_error
    """
    from ara.alerts import EVENTS
    from ara.cli.render.webhooks import events_table

    s = screen()
    rows = [{"name": name, "permission": one.permission, "shared": one.shared, "words": one.words}
            for name, one in EVENTS.items()]  # fmt: skip
    s.result({"schema": 1, "events": rows}, lambda: events_table(s))


@command.command("show")
def _show(id: _Id) -> None:
    """Say all of a webhook but its secret.

    ::

        ara webhooks show wh_mfrggzdfmztwq2lkmfrggzdf
        ara webhooks show wh_mfrggzdfmztwq2lkmfrggzdf --json
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf
    """
    s = screen()
    _told(s, _with(s, lambda all_, _: all_.get(id)))


@command.command("update")
def _update(
    id: _Id,
    *,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where requests go")] = "",
    events: _Events = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it is for")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off")] = None,
) -> None:
    """Change address, events or name, or switch it on or off; what is left out stays.

    ::

        ara webhooks update wh_mfrggzdfmztwq2lkmfrggzdf --on
        ara webhooks update wh_mfrggzdfmztwq2lkmfrggzdf -e model_trained -e model_deployed
        ara webhooks update wh_mfrggzdfmztwq2lkmfrggzdf --url https://example.org/new --json
    """
    s = screen()
    if not url and events is None and name is None and on is None:
        raise ValidationError("What is to be changed?", hint="Say --url, --event, --name, --on or --off.")

    async def changed(all_: "Webhooks", _: "Accounts") -> "Webhook":
        return await all_.change(await all_.get(id), url=url or None, events=events, name=name, on=on)

    _told(s, _with(s, changed))


@command.command("rotate")
def _rotate(
    id: _Id,
    *,
    overlap: Annotated[str, typer.Option("--overlap", metavar="DAYS", help="How long the old secret signs too")] = "1",
) -> None:
    """Print another secret, this once; messages carry signatures by both for some days.

    ::

        ara webhooks rotate wh_mfrggzdfmztwq2lkmfrggzdf
        ara webhooks rotate wh_mfrggzdfmztwq2lkmfrggzdf --overlap 0
        ara webhooks rotate wh_mfrggzdfmztwq2lkmfrggzdf --json | jq -r .secret
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.webhooks import secret_words

    s = screen()
    days = counted(overlap, "--overlap", least=0, most=90)

    async def rotated(all_: "Webhooks", accounts: "Accounts") -> "tuple[Webhook, Secret, str]":
        webhook, secret = await all_.rotate(await all_.get(id), overlap=days)
        owner = await accounts.users.find(webhook.user)
        return webhook, secret, owner.email if owner else webhook.user

    webhook, secret, email = _with(s, rotated)
    s.result(_secret_facts(webhook, secret), lambda: secret_words(webhook, secret, email, s))


@command.command("remove")
def _remove(id: _Id, *, yes: _Yes = False) -> None:
    """Forget a webhook, and all that was or is to be sent to it.

    ::

        ara webhooks remove wh_mfrggzdfmztwq2lkmfrggzdf
        ara webhooks remove wh_mfrggzdfmztwq2lkmfrggzdf --yes
        ara webhooks update wh_mfrggzdfmztwq2lkmfrggzdf --off
    """
    s = screen()
    webhook = _with(s, lambda all_, _: all_.get(id))
    if not s.confirm(f"Forget {webhook.id} and its log?", yes=yes):
        raise CancelledError("Nothing was forgotten.", hint="Without a terminal, say --yes.")
    _with(s, lambda all_, _: all_.remove(webhook))
    s.result({"schema": 1, "removed": webhook.id}, lambda: f"{webhook.id} is forgotten.")


@command.command("test")
def _test(id: _Id) -> int:
    """Send an event of the type `test` now, one time; exit code 14 where it does not arrive.

    ::

        ara webhooks test wh_mfrggzdfmztwq2lkmfrggzdf
        ara webhooks test wh_mfrggzdfmztwq2lkmfrggzdf --json
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf
    """
    from ara.errors import AlertError

    s = screen()

    async def tested(all_: "Webhooks", _: "Accounts") -> "Outgoing":
        return await all_.test(await all_.get(id))

    sent = _with(s, tested)
    _sent(s, sent)
    return 0 if sent.attempts[-1].words == "" else AlertError.exit_code


@command.command("log")
def _log(
    id: _Id,
    *,
    state: Annotated[str, typer.Option("--state", metavar="STATE", help="waiting, delivered or dead alone")] = "",
    last: Annotated[str, typer.Option("--last", metavar="N", help="How many, the newest")] = "20",
) -> None:
    """Tell what was sent to a webhook, how it went, and what waits.

    ::

        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf --state dead
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf --last 100 --json
    """
    from ara.alerts import State
    from ara.alerts.document import outgoing_document
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.webhooks import log_table

    s = screen()
    most = counted(last, "--last", least=1, most=10_000)
    names = [one.value for one in State]
    if state and state not in names:
        raise ValidationError(f"--state is {clean(state)[:40]!r}.", hint=f"It is {', '.join(names)}.")
    wanted = State(state) if state else None

    async def found(all_: "Webhooks", _: "Accounts") -> "list[Outgoing]":
        return list(await all_.log(await all_.get(id), state=wanted, limit=most))

    rows = _with(s, found)
    s.result({"schema": 1, "deliveries": [outgoing_document(one) for one in rows]}, lambda: log_table(rows, s))


@command.command("redeliver")
def _redeliver(
    id: _Id, message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Id of the message: msg_ and letters")]
) -> None:
    """Put a message into the line once more, under the id that it had.

    ::

        ara webhooks redeliver wh_mfrggzdfmztwq2lkmfrggzdf msg_nnrwsy3pnzrwsy3pnzrwsy3p
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf --state dead
        ara webhooks deliver
    """
    s = screen()

    async def again(all_: "Webhooks", _: "Accounts") -> "Outgoing":
        webhook = await all_.get(id)
        return await all_.again(webhook, f"{message.partition('.')[0]}.{webhook.id}")

    _sent(s, _with(s, again))


@command.command("deliver")
def _deliver() -> None:
    """Send what is due now, where no service runs that does; a service sends by itself.

    ::

        ara webhooks deliver
        ara webhooks deliver --json
        ara webhooks log wh_mfrggzdfmztwq2lkmfrggzdf --state waiting
    """
    s = screen()

    async def sent(desk: "Desk") -> int:
        from ara.accounts import Accounts
        from ara.alerts import Deliverer
        from ara.alerts.notifiers.webhook import WebhookNotifier

        return await Deliverer(desk, WebhookNotifier(desk.settings.webhooks), may=Accounts(desk).may).drain()

    count = _on_desk(s, sent)
    s.result({"schema": 1, "tries": count}, lambda: f"{count} {'try was' if count == 1 else 'tries were'} made.")


def _on_desk(s: Screen, ask: "Callable[[Desk], Awaitable[_T]]") -> _T:
    async def asked() -> _T:
        from ara.desk import Desk

        async with Desk.open(s.settings()) as desk:
            return await ask(desk)

    return s.run(asked())


def _with(s: Screen, ask: "Callable[[Webhooks, Accounts], Awaitable[_T]]") -> _T:
    """Open the desk, ask its webhooks, and close it; what is done is written into the audit log."""

    async def asked(desk: "Desk") -> _T:
        from ara.accounts import Accounts
        from ara.accounts.noting import noting
        from ara.alerts import Webhooks

        accounts = Accounts(desk)
        return await ask(Webhooks(desk, noted=noting(accounts.audit)), accounts)

    return _on_desk(s, asked)


def _secret_facts(webhook: "Webhook", secret: "Secret") -> dict[str, Any]:
    from ara.alerts.document import webhook_document

    return {"schema": 1, "secret": secret.reveal(), **webhook_document(webhook)}


def _told(s: Screen, webhook: "Webhook") -> None:
    from ara.alerts.document import webhook_document
    from ara.cli.render.webhooks import webhook_words

    s.result({"schema": 1, **webhook_document(webhook)}, lambda: webhook_words(webhook, s))


def _sent(s: Screen, one: "Outgoing") -> None:
    from ara.alerts.document import outgoing_document
    from ara.cli.render.webhooks import sent_words

    s.result({"schema": 1, **outgoing_document(one)}, lambda: sent_words(one, s))
