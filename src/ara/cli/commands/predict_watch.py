"""`ara predict --watch` and others that watch: what a watch tells, printed as it comes."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from ara.cli.screen import Screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.errors import AraError
    from ara.prediction.many import Missed
    from ara.prediction.watch import Trouble

__all__ = ["alone", "tell"]

_T = TypeVar("_T")


def alone(**others: object) -> None:
    """Refuse options that make no sense beside `--watch`, named as they are typed."""
    for name, given in others.items():
        if given:
            raise ValidationError(
                f"--watch and --{name.replace('_', '-')} exclude each other.", hint="Leave out one of them."
            )


async def tell(
    s: Screen,
    heard: "AsyncGenerator[_T | Trouble | Missed, None]",
    *,
    single: bool,
    dressed: "Callable[[_T], Awaitable[tuple[dict[str, Any], Callable[[], str]]]]",
) -> int:
    """Print each answer when it comes, under `--json` one document a line; say on stderr what stands in the way.

    Gives the exit code of the first instrument that can't be watched, once none is left; a single one's error is
    raised. `dressed` gives an answer's document, and what makes its text.
    """
    from ara.prediction.many import Missed
    from ara.prediction.watch import Trouble

    code, shown = 0, False
    async with aclosing(heard) as told:
        async for one in told:
            if isinstance(one, Missed) and single:
                raise one.error
            if isinstance(one, Missed):
                code = code or one.error.exit_code
                _say(s, one.symbol, one.error)
            elif isinstance(one, Trouble):
                _trouble(s, one)
            else:
                document, text = await dressed(one)
                s.write(_line(document, s) if s.json else "\n" * shown + text())
                shown = True
    return code


def _trouble(s: Screen, one: "Trouble") -> None:
    if one.seconds:
        again = f"Asked again in {one.seconds:.0f} s." if one.seconds >= 1 else "It is watched on."
        _say(s, one.symbol, one.error, again)
        return
    said = f"{one.error.message} What helps: {one.error.hint} Until one does, the answer is of the bars that are kept."
    _say(s, one.symbol, one.error, said=f"no live source gives new bars yet. {said}")


def _say(s: Screen, symbol: str, error: "AraError", more: str = "", *, said: str = "") -> None:
    if s.json:
        s.write(_line({"schema": 1, "symbol": symbol, "error": error.problem()}, s))
    else:
        s.warn(f"{symbol}: {said or error.message} {more}".strip())


def _line(data: dict[str, Any], s: Screen) -> str:
    return json.dumps(data, ensure_ascii=s.plain, allow_nan=False, separators=(",", ":"))
