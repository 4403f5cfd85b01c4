"""A back-test on a terminal."""

from typing import TYPE_CHECKING

from ara.cli.render.backtest_beside import beside_told
from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import counted, percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ara.backtest import Result
    from ara.backtest.sweep import Sweep
    from ara.performance.trials import Look

__all__ = [
    "looks_told",
    "measures_told",
    "proof_told",
    "replayed_told",
    "share_told",
    "sweep_told",
    "told",
]

_SHARES = (
    ("total return", "total"),
    ("growth a year", "cagr"),
    ("volatility a year", "volatility"),
    ("largest drawdown", "drawdown"),
)
_RATIOS = (("Sharpe", "sharpe"), ("Sortino", "sortino"), ("Calmar", "calmar"))
_BEST = 10
_BESIDE = (
    ("information ratio", "information_ratio"),
    ("beta", "beta"),
    ("up capture", "up_capture"),
    ("down capture", "down_capture"),
)


def told(found: "Result", look: "Look", s: Screen, *, more: "Sequence[str]" = ()) -> str:
    """Give the answer first, then the measures beside buy and hold, what they prove, and what else was asked."""
    first, last = found.frame["at"][0], found.frame["at"][-1]
    own, hold = found.measures, found.hold
    head = (
        f"{found.strategy} on {', '.join(found.symbols[:5])}{' …' if len(found.symbols) > 5 else ''}, "
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d}: {share_told(own.total)} after costs, buy and hold "
        f"{share_told(hold.total)}"
    )
    lines = [s.palette()(line, "strong") for line in wrapped(head, s.width)]
    lines += measures_told(found, s)
    proof = (proof_told(found, look), replayed_told(found))
    for words in (_trading(found), _wrong(found), *beside_told(found), *proof, *found.notes):
        lines += wrapped(words, s.width) if words else []
    return "\n".join([*lines, *more, f"Lineage {found.lineage.id[:12]}"])


def sweep_told(found: "Sweep", names: "Sequence[str]", look: "Look", s: Screen, *, more: "Sequence[str]" = ()) -> str:
    """Give the best combinations, and what the best of them proves after all that were tried."""
    best, rows = found.best, found.trials.head(_BEST).to_dicts()
    chosen = ", ".join(f"{name} {best.parameters[name]}" for name in names)
    head = (
        f"{best.strategy} on {best.symbols[0]}: the best of {found.trials.height:,} is {chosen}, "
        f"{share_told(best.measures.total)} after costs; buy and hold {share_told(best.hold.total)}"
    )
    columns = [Column(head=name, cells=[f"{row[name]}" for row in rows], right=True) for name in names]
    columns += [
        Column(head="total", cells=[share_told(row["total"]) for row in rows], right=True),
        Column(head="Sharpe", cells=[_ratio(row["sharpe"]) for row in rows], right=True),
        Column(head="drawdown", cells=[share_told(row["drawdown"]) for row in rows], right=True, leave=1),
        Column(head="fills", cells=[str(row["fills"]) for row in rows], right=True, leave=2),
    ]
    lines = [s.palette()(line, "strong") for line in wrapped(head, s.width)] + table(columns, s)
    for words in (_luck(found), replayed_told(best), *best.notes, looks_told(look)):
        lines += wrapped(words, s.width)
    return "\n".join([*lines, *more, f"Lineage {best.lineage.id[:12]}"])


def _luck(found: "Sweep") -> str:
    proof = found.proof
    if proof.deflated is None or proof.sharpe is None or proof.best is None:
        return "The bars are too few, or too even, to prove anything."
    return (
        f"Its Sharpe ratio is {proof.sharpe:.2f}; the best of {proof.trials:,} without any skill would have about "
        f"{proof.best:.2f}, and holding had {_ratio(found.best.hold.sharpe)}. The chance that it is more than luck is "
        f"{percent(proof.deflated, 0, signed=False)}; that it beats holding is another question."
    )


def looks_told(look: "Look") -> str:
    """Say how often these bars were looked at."""
    after = f" After {look.limit} they prove nothing." if look.burnt else ""
    return f"These bars were looked at {look.number:,} times.{after}"


def measures_told(found: "Result", s: Screen) -> list[str]:
    """Give the measures beside those of buy and hold, as a table."""
    return table(_columns(found), s)


def _columns(found: "Result") -> list[Column]:
    rows: list[tuple[str, str, str]] = []
    for head, name in _SHARES:
        signed = name != "volatility"
        pair = [share_told(getattr(one, name), signed=signed) for one in (found.measures, found.hold)]
        rows.append((head, pair[0], pair[1]))
    for head, name in _RATIOS:
        rows.append((head, _ratio(getattr(found.measures, name)), _ratio(getattr(found.hold, name))))
    rows += [(head, _ratio(getattr(found.measures, name)), "") for head, name in _BESIDE]
    return [
        Column(head="", cells=[row[0] for row in rows]),
        Column(head=found.strategy, cells=[row[1] for row in rows], right=True),
        Column(head="buy and hold", cells=[row[2] for row in rows], right=True),
    ]


def _trading(found: "Result") -> str:
    trades = found.trades
    win = "" if trades.win_rate is None else f", {percent(trades.win_rate, 0, signed=False)} of them gained"
    exposure = float(found.frame["exposure"].to_numpy().mean())
    words = (
        f"{counted(len(found.fills), 'fill')}, {counted(trades.count, 'round trip')}{win}; {found.fees:,.2f} "
        f"{found.currency} of commission on {found.cash:,.0f}; {percent(exposure, 0, signed=False)} invested on "
        "average."
    )
    if found.calls:
        words += f" Margin was called {counted(len(found.calls), 'time')}, first on {found.calls[0]:%Y-%m-%d}."
    return words


def _wrong(found: "Result") -> str:
    """Give how often it may be wrong, by its round trips."""
    from ara.backtest.document import wrong_of
    from ara.reports.wrong_words import wrong_words

    def money(value: float) -> str:
        return f"{value:,.2f} {found.currency}"

    return wrong_words(wrong_of(found), money, one="round trip", many="of them")


def proof_told(found: "Result", look: "Look") -> str:
    """Say what the Sharpe ratio proves after so many looks."""
    from ara.backtest.document import beyond, proven

    proof = proven(found, look.number)
    words = f"Look {look.number} at these bars"
    if proof.deflated is None or proof.sharpe is None:
        return f"{words}; they are too few, or too even, to prove anything."
    chance = percent(proof.deflated, 0, signed=False)
    words += f": the chance that its Sharpe ratio is above what luck gives the best of as many is {chance}."
    own = beyond(found, look.number)
    if own.sharpe is not None and own.deflated is not None:
        words += (
            f" Of what it earned beyond being in the market as much as on average the ratio is {own.sharpe:.2f}, and "
            f"the chance {percent(own.deflated, 0, signed=False)}."
        )
    return f"{words} After {look.limit} looks bars prove nothing." if look.burnt else words


def replayed_told(found: "Result") -> str:
    """Say what replays on shorter bars showed."""
    if found.replay is None:
        return ""
    count = len(found.replay.cuts)
    if not count:
        return "Too few bars to replay on shorter ones: nothing shows that it saw no future."
    pasts = "pasts" if count != 1 else "past"
    if found.replay.planned:
        return f"Planned anew on {count} shorter {pasts}: each bar alike there, no sign of foresight."
    return f"Replayed on {count} shorter {pasts}: it decided alike there, no sign of foresight."


def share_told(value: float | None, *, signed: bool = True) -> str:
    """Give a share in percent, or a dash."""
    return "-" if value is None else percent(value, signed=signed)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
