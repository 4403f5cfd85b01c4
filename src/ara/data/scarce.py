"""What is said where so few bars are kept that they hide more than they tell."""

from collections.abc import Iterable
from typing import Final

__all__ = ["FEW", "origins", "scarce"]

FEW: Final = 30
"""Bars of which nothing can be forecast; where fewer are kept, it is said what stands behind them."""


def origins(sources: Iterable[str]) -> list[str]:
    """Give the names of the sources of some bars, each once, merged ones apart."""
    return sorted({name for source in sources for name in source.split("+")})


def scarce(symbol: str, count: int, *, sources: Iterable[str], behind: str = "", held: int = 0) -> str:
    """Say where a few bars come from, what they stand before, and the way out.

    Parameters
    ----------
    symbol
        Whose.
    count
        How many.
    sources
        Of the bars.
    behind, held
        A source that has more of them and isn't asked since these are kept, and how many.
    """
    names = origins(sources)
    noun = "bar" if count == 1 else "bars"
    kept = f"only {count:,} {noun} of {symbol} {'is' if count == 1 else 'are'} kept, from {' and '.join(names)}"
    hidden = f", and they stand before the {held:,} of the source {behind}" if behind else ""
    files = [name for name in names if name.startswith("file:")]
    ways = [f"fetch more: ara data fetch {symbol}"]
    ways += [f"take a wrong import back: ara data withdraw {name} --symbol {symbol}" for name in files[:1]]
    return f"{kept}{hidden}; {', or '.join(ways)}"
