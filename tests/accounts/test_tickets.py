"""Tickets for sockets: good once, for seconds, and gone when they are over."""

import asyncio

import pytest

from ara.accounts.ticket import Ticket, Tickets
from ara.errors import UnauthenticatedError


async def test_a_ticket_is_good_once_also_for_two_who_send_it_at_once(opened, url):
    async with opened(url) as one, opened(url) as two:
        desks = (one, one) if url == "memory:" else (one, two)
        ticket, _ = await Tickets(one).issue("ara_key")
        sent = [Tickets(desks[number % 2]).spend(ticket.reveal()) for number in range(4)]
        told = await asyncio.gather(*sent, return_exceptions=True)
    assert [one for one in told if not isinstance(one, UnauthenticatedError)] == ["ara_key"]


async def test_a_ticket_is_over_after_thirty_seconds_and_forgotten_with_the_next(opened, clock):
    async with opened("memory:") as desk:
        tickets = Tickets(desk)
        ticket, until = await tickets.issue("ara_key")
        assert (until - clock.now()).total_seconds() == 30
        clock.on(seconds=30)
        with pytest.raises(UnauthenticatedError):
            await tickets.spend(ticket.reveal())
        later, _ = await tickets.issue("ara_key")
        assert len([one async for one in desk.store.find(Ticket)]) == 1
        changed = later.reveal()[:-1] + ("A" if later.reveal()[-1] != "A" else "B")
        with pytest.raises(UnauthenticatedError):
            await tickets.spend(changed)
        assert await tickets.spend(later.reveal()) == "ara_key"
