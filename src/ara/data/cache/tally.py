"""What the cache counts of itself."""

from collections import Counter
from typing import Final

__all__ = ["Popularity", "Tally"]

_MOST: Final = 4_096


class Popularity:
    """How often each symbol was asked for; of more than 4,096 the rarer half is forgotten."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._new: Counter[str] = Counter()

    def ask(self, symbol: str) -> None:
        """Count one question."""
        self._counts[symbol] += 1
        self._new[symbol] += 1
        if len(self._counts) > _MOST:
            self._counts, self._new = (Counter(dict(c.most_common(_MOST // 2))) for c in (self._counts, self._new))

    def first(self, count: int) -> list[str]:
        """Give the symbols that were asked for most, the first one first, equals by name."""
        return [name for name, _ in sorted(self._counts.items(), key=lambda row: (-row[1], row[0]))[:count]]

    def fresh(self) -> dict[str, int]:
        """Give what was counted since it was last given."""
        new, self._new = self._new, Counter()
        return dict(new)


class Tally:
    """Sums by name, and what of them nobody was told yet."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._new: Counter[str] = Counter()

    def __getitem__(self, name: str) -> int:
        return self._sums[name]

    def add(self, name: str, number: int = 1) -> None:
        """Add to a sum."""
        self._sums[name] += number
        self._new[name] += number

    def reasons(self) -> dict[str, int]:
        """Give how many values were dropped, by reason."""
        return {name.removeprefix("dropped_"): n for name, n in self._sums.items() if name.startswith("dropped_")}

    def fresh(self) -> dict[str, int]:
        """Give what was added since it was last given."""
        new, self._new = self._new, Counter()
        return dict(new)
