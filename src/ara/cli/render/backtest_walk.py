"""A walk forward on a terminal."""

from collections import Counter
from typing import TYPE_CHECKING

from ara.cli.render.backtest import looks_told, measures_told, proof_told, share_told
from ara.cli.render.backtest_beside import beside_told
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.backtest.walk_forward import Walk
    from ara.performance.trials import Look

__all__ = ["walk_told"]

_SHOWN = 4


def walk_told(found: "Walk", look: "Look", held: "Look | None", s: Screen) -> str:
    """Give what it earned where it did not choose, how that compares with where it did, and what the hold-out is."""
    result = found.result
    at = result.frame["at"]
    head = (
        f"{result.strategy} on {', '.join(result.symbols[:5])}, walked forward {at[0]:%Y-%m-%d} to {at[-1]:%Y-%m-%d}: "
        f"{share_told(result.measures.total)} after costs, buy and hold {share_told(result.hold.total)}"
    )
    lines = [s.palette()(line, "strong") for line in wrapped(head, s.width)]
    lines += measures_told(result, s)
    for words in (*_steps(found), *beside_told(result), proof_told(result, look), *_hold_out(found, held)):
        lines += wrapped(words, s.width)
    for words in result.notes:
        lines += wrapped(words, s.width)
    return "\n".join([*lines, f"Lineage {result.lineage.id[:12]}"])


def _steps(found: "Walk") -> list[str]:
    rules, own = found.rules, found.result.measures.sharpe
    if found.combinations == 1:
        return [f"Nothing was chosen: {len(found.folds)} steps of {rules.every} bars with the same parameters."]
    before = "all bars before" if rules.anchored else f"the {rules.window} bars before"
    often = Counter(_named(one.chosen) for one in found.folds).most_common()
    told = ", ".join(f"{name} {count}x" for name, count in often[:_SHOWN])
    first = (
        f"{len(found.folds)} choices among {found.combinations} combinations, one every {rules.every} bars by "
        f"{before}: {told}{' and others' if len(often) > _SHOWN else ''}."
    )
    words = [first]
    if found.learned is not None and own is not None:
        words.append(
            f"What was chosen had a Sharpe ratio of {found.learned:.2f} on the bars that chose it, and {own:.2f} on "
            "those that followed; the difference is what choosing flatters."
        )
    return words


def _named(chosen: object) -> str:
    return " ".join(f"{name} {value}" for name, value in dict(chosen).items())  # type: ignore[call-overload]


def _hold_out(found: "Walk", held: "Look | None") -> list[str]:
    if found.sealed is None:
        return ["No hold-out was kept apart."]
    first, last = found.sealed
    span = f"The last {percent(found.rules.hold_out, 0, signed=False)}, {first:%Y-%m-%d} to {last:%Y-%m-%d},"
    if found.opened is None or held is None:
        return [f"{span} was not touched: --open plays it, and counts the look."]
    own, hold = found.opened.measures, found.opened.hold
    ratio = "-" if own.sharpe is None else f"{own.sharpe:.2f}"
    words = (
        f"{span} kept apart until now: {share_told(own.total)}, Sharpe {ratio}; buy and hold "
        f"{share_told(hold.total)}. {looks_told(held)}"
    )
    return [words]
