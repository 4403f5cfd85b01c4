"""What is asked of a kept forecast: itself again, what moved it to another, and where its networks looked."""

from typing import TYPE_CHECKING

from ara.desk import Desk
from ara.quick.running import run

if TYPE_CHECKING:
    from ara.prediction.attention import Attention
    from ara.prediction.difference import Change
    from ara.prediction.replay import Replay

__all__ = ["attention", "diff", "replay"]


def replay(prefix: str) -> "Replay":
    """Compute a kept forecast again, offline, and say whether every byte is as it was.

    Parameters
    ----------
    prefix
        The first characters of its id.
    """
    from ara.prediction.replay import replay as replayed

    async def ask() -> "Replay":
        async with Desk.open() as desk:
            return await replayed(desk, prefix)

    return run(ask())


def diff(one: str, two: str) -> "Change":
    """Say what moved a kept forecast to another, data, features, model or settings, and by how much.

    Parameters
    ----------
    one, two
        The first characters of their ids.
    """
    from ara.prediction.difference import change

    async def ask() -> "Change":
        async with Desk.open() as desk:
            return await change(desk, one, two)

    return run(ask())


def attention(prefix: str) -> "list[Attention]":
    """Say where the networks looked that a kept forecast comes from; empty where none of them says so.

    Parameters
    ----------
    prefix
        The first characters of its id.
    """
    from ara.prediction.attention import attention as looked

    async def ask() -> "list[Attention]":
        async with Desk.open() as desk:
            return await looked(desk, prefix)

    return run(ask())
