"""The store goes while a request with a key is answered: the same may be sent again as soon as it is back."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ara.api.once import once
from ara.api.service import Service
from ara.errors import StoreError
from ara.settings import Settings


class Asked(BaseModel):
    number: int = 1


@pytest.mark.slow
async def test_a_key_is_let_go_of_when_the_store_is_back(own_postgres, tmp_path):
    asked = {"home": str(tmp_path), "store.url": own_postgres.create_database("once"), "api.seconds": "300"}
    who = SimpleNamespace(user=SimpleNamespace(id="u_ada"))
    done = []

    async def stops():
        await asyncio.to_thread(own_postgres.stop)
        return Asked()

    async def works():
        done.append(1)
        return Asked(number=2)

    async with Service.open(Settings.load(asked, environ={})) as service:
        with pytest.raises(StoreError):
            await once(service, who, "order-0001", Asked(), stops)
        with pytest.raises(StoreError):  # it can't be taken either
            await once(service, who, "order-0001", Asked(), works)
        await asyncio.to_thread(own_postgres.start)
        for _ in range(300):
            with suppress(HTTPException):  # 409: the key is held until it was let go of
                assert await once(service, who, "order-0001", Asked(), works) == Asked(number=2)
                break
            await asyncio.sleep(0.1)
        again = await once(service, who, "order-0001", Asked(), works)
        assert again.headers["idempotency-replayed"] == "true"
        assert len(done) == 1
