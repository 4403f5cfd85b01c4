"""Walks over the ledger that strangers ask for: one at a time, and whoever asks meanwhile gets what it finds."""

import asyncio
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from ara.api.v1.words import Absent
from ara.desk import Desk
from ara.prediction.verified import verified

__all__ = ["Anchored", "Walks"]

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

Anchored = Annotated[_Digest | Absent, Query(description="A digest that was published: whether it is held still")]
"""What was anchored: a digest alone, as files are not read for strangers."""


class Walks:
    """The walks of one process."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._under_way: dict[str | None, asyncio.Task[dict[str, Any]]] = {}

    async def walk(self, desk: Desk, anchor: str | None = None) -> dict[str, Any]:
        """Say what `ara ledger verify` says; a walk for the same that is under way answers this caller, too."""
        task = self._under_way.get(anchor)
        if task is None:
            task = asyncio.create_task(self._walked(desk, anchor), name="ara.api.verifying")
            self._under_way[anchor] = task
            task.add_done_callback(lambda _: self._under_way.pop(anchor, None))
        return await asyncio.shield(task)

    async def _walked(self, desk: Desk, anchor: str | None) -> dict[str, Any]:
        async with self._turn:
            return (await verified(desk, () if anchor is None else (anchor,))).as_dict()
