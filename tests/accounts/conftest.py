"""Desks on stores of every kind, and their accounts."""

from collections.abc import AsyncIterator

import pytest

from ara.accounts import Accounts
from tests.jobs.conftest import HandClock, Opener, alone, clock, opened, url

__all__ = ["HandClock", "alone", "clock", "opened", "url"]


@pytest.fixture
async def accounts(opened: Opener) -> AsyncIterator[Accounts]:
    """The accounts of a store in memory."""
    async with opened("memory:") as desk:
        yield Accounts(desk)
