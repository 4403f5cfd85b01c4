"""How a market stands: its state now, how long such states lasted, and what followed when they were entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from ara.errors import ValidationError
from ara.features.patterns.followed import Followed, followed
from ara.market.bars import Bars
from ara.models.regimes.breaks import WILDNESS, Break, break_test, volatility_states
from ara.models.regimes.fit import FEWEST
from ara.models.regimes.history import Change, Regimes, regimes
from ara.models.regimes.inputs import measured
from ara.models.regimes.regime import STATES, Regime

__all__ = ["Standing", "standing"]

_WAYS: Final = {"bull": 1, "bear": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a market stands.

    Parameters
    ----------
    bars
        Which were looked at.
    dates
        Of each of them.
    history
        Their states.
    now
        The regime of the last.
    lasted
        Lengths in bars of the earlier stays in that state, ascending.
    followed
        What followed when the state was entered.
    wildness
        Its third of the realised volatility; empty where none is known.
    broken
        What the test for a break says; None with too few bars.
    changes
        The last three changes that were told, the newest last.
    """

    bars: Bars
    dates: Sequence[date]
    history: Regimes
    now: Regime
    lasted: Sequence[int]
    followed: Followed
    wildness: str
    broken: Break | None
    changes: Sequence[Change]

    @property
    def median(self) -> int | None:
        """Bars that half of the earlier stays lasted at most; None without one."""
        return self.lasted[(len(self.lasted) - 1) // 2] if self.lasted else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "schema": 1,
            "symbol": self.bars.instrument.symbol,
            "timeframe": str(self.bars.timeframe),
            "bars": len(self.bars),
            "date": self.dates[-1].isoformat(),
            "close": float(self.bars.frame["close"][-1]),
            "currency": self.bars.instrument.currency,
            **self.now.as_dict(),
            "since": self.dates[-1 - self.now.age].isoformat(),
            "volatility": self.wildness or None,
            "lasted": {"count": len(self.lasted), "median": self.median},
            "changed": self._changed(),
            "changes": [self._told(one) for one in reversed(self.changes)],
            "break": None
            if self.broken is None
            else {**self.broken.as_dict(), "bar": self.dates[self.broken.bar].isoformat()},
            "horizon": self.followed.horizon,
            "followed": self.followed.as_dict(),
        }

    def _changed(self) -> dict[str, Any] | None:
        if not self.changes:
            return None
        return self._told(self.changes[-1])

    def _told(self, change: Change) -> dict[str, Any]:
        return {
            "date": self.dates[change.bar].isoformat(),
            "days_ago": len(self.dates) - 1 - change.bar,
            "from": change.before or None,
            "to": change.after,
            "probability": change.probability,
        }


def standing(bars: Bars, *, implied: Bars | None = None, others: Sequence[Bars] = (), horizon: int = 21) -> Standing:
    """Tell the state of a market at its last bar.

    Parameters
    ----------
    bars
        Of the instrument, daily.
    implied
        Of the index of implied volatility, for shares.
    others
        Of instruments for correlation and breadth.
    horizon
        Bars after which is looked at what followed.
    """
    history = regimes(measured(bars, implied=implied, others=others))
    if not len(history) or history.which[-1] < 0:
        raise ValidationError(
            f"{bars.instrument.symbol} has {len(bars)} bar{'' if len(bars) == 1 else 's'}; "
            f"states need {FEWEST} that move before the month begins.",
            hint="Ask as of another day, if one has more.",
        )
    dates, still = bars.dates(), history.inputs.still
    if still[-1]:
        moved = int(np.flatnonzero(history.inputs.returns != 0)[-1])
        raise ValidationError(
            f"The price of {bars.instrument.symbol} has stood still since {dates[moved]}: it is in no state.",
            hint="Ask as of a day before that.",
        )
    now = history.at()
    own = STATES.index(now.state)
    stays = [(first, end) for state, first, end in history.runs() if state == own]
    entered = np.array([first for first, _ in stays if first > 0 and history.states[first - 1] >= 0], np.int64)
    wild = int(volatility_states(history.inputs)[-1])
    return Standing(
        bars=bars,
        dates=dates,
        history=history,
        now=now,
        lasted=sorted(end - first for first, end in stays if end < len(history)),
        followed=followed(entered, _WAYS.get(now.state, 0), bars.frame["close"], horizon=horizon, unit="day"),
        wildness=WILDNESS[wild] if wild >= 0 else "",
        broken=break_test(history.surprises),
        changes=history.changes()[-3:],
    )
