"""How shipped models did on days that they did not know: whether direction can be called, and what `sure` was worth."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from math import log, sqrt
from typing import Final

import msgspec

from ara.errors import IntegrityError
from ara.market.instrument import AssetClass

__all__ = ["FILE", "HORIZONS", "KIND", "Direction", "Judged", "Receipt", "Record", "Told", "record", "wilson"]

FILE: Final = "record.json"
"""Where it lies, beside this module; made by `python -m tools.record --write`."""

HORIZONS: Final = (1, 5, 10, 21, 30)
"""Over which the record was made; other days are judged by the nearest of them."""

KIND: Final = {
    AssetClass.STOCK: "stocks",
    AssetClass.ETF: "stocks",
    AssetClass.INDEX: "stocks",
    AssetClass.CRYPTO: "coins",
    AssetClass.FOREX: "currencies",
}
"""The class whose record stands for an instrument."""

_SURE: Final = 1.959963984540054
_LEVEL: Final = 0.05


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How well direction was told, for one class and horizon, by all outcomes that were known at `until`.

    Parameters
    ----------
    until, kind, horizon
        When, of what, and over how many bars.
    forecasts, days, rose
        How many forecasts, made on how many days, and the share that rose.
    brier, half, usual
        Mean squared error of P(up), of one half, and of the share of rises in the instrument's last 500 bars.
    p
        Chance of beating both where there is no skill (Diebold-Mariano, the larger of the two).
    adjusted
        That, after Holm's correction for all classes and horizons of the same `until`.
    """

    until: datetime
    kind: str
    horizon: int
    forecasts: int
    days: int
    rose: float
    brier: float
    half: float
    usual: float
    p: float
    adjusted: float


class Judged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often forecasts that were about so sure were right, by all outcomes that were known at `until`.

    Parameters
    ----------
    until, horizon
        When, and over how many bars.
    low, high
        Of the stated probability to end within the usual move.
    forecasts, inside
        How many said so, and how many of them ended within it.
    stated
        The mean of what they said; 0 where none did.
    """

    until: datetime
    horizon: int
    low: float
    high: float
    forecasts: int
    inside: int
    stated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Whether a forecast may call a direction.

    Parameters
    ----------
    called
        `up` or `down`, or empty: no edge was shown.
    p
        Chance of so good a record where there is no skill, after correction for all tests made.
    kind, horizon
        Whose record it is.
    forecasts, days, tests
        How many forecasts it rests on, made on how many days, and how many tests it was corrected for.
    until
        The last outcome in it was known then.
    """

    called: str
    p: float
    kind: str
    horizon: int
    forecasts: int
    days: int
    tests: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What past forecasts that were about so sure were worth.

    Parameters
    ----------
    low, high
        Of the probability that they stated.
    horizon
        Bars ahead.
    forecasts, inside
        How many there were, and how many ended within the usual move.
    share, least, most
        That as a share, and its 95 % interval (Wilson, 1927).
    until
        The last outcome in it was known then.
    stated
        The mean of what they said; None in a receipt of an older version.
    """

    low: float
    high: float
    horizon: int
    forecasts: int
    inside: int
    share: float
    least: float
    most: float
    until: datetime
    stated: float | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forecasts of shipped models on a fixed universe, each of a day that its model did not know, against outcomes.

    Parameters
    ----------
    id
        sha256 of the rest, which lineages cite.
    models
        Ids of the models whose record it is.
    sample
        sha256 of the bars.
    told, judged
        Of direction and of confidence.
    """

    id: str
    models: tuple[str, ...]
    sample: str
    told: tuple[Told, ...]
    judged: tuple[Judged, ...]

    def direction(self, kind: str, horizon: int, p_up: float, *, at: datetime) -> Direction | None:
        """Say whether direction may be called at a moment; None where nothing had been judged by then."""
        before = [one for one in self.told if one.kind == kind and one.until <= at]
        if not before:
            return None
        newest = max(one.until for one in before)
        mine = [one for one in before if one.until == newest]
        near = min(mine, key=lambda one: abs(log(one.horizon / horizon)))
        side = "up" if p_up > 0.5 else "down" if p_up < 0.5 else ""
        return Direction(
            called=side if near.adjusted < _LEVEL else "",
            p=near.adjusted,
            kind=kind,
            horizon=near.horizon,
            forecasts=near.forecasts,
            days=near.days,
            tests=sum(one.until == newest for one in self.told),
            until=newest,
        )

    def receipt(self, horizon: int, confidence: float, *, at: datetime) -> Receipt | None:
        """Give what forecasts that were about so sure were worth by a moment; None where there were none."""
        before = [one for one in self.judged if one.low <= confidence < one.high and one.until <= at]
        if not before:
            return None
        newest = max(one.until for one in before)
        mine = [one for one in before if one.until == newest]
        near = min(mine, key=lambda one: abs(log(one.horizon / horizon)))
        if not near.forecasts:
            return None
        least, most = wilson(near.inside, near.forecasts)
        return Receipt(
            low=near.low,
            high=near.high,
            horizon=near.horizon,
            forecasts=near.forecasts,
            inside=near.inside,
            share=near.inside / near.forecasts,
            least=least,
            most=most,
            until=newest,
            stated=near.stated,
        )


@cache
def record() -> Record:
    """Read the record that came with the package.

    Raises
    ------
    IntegrityError
        It is missing or not as it was made.
    """
    try:
        data = (files("ara.prediction") / FILE).read_bytes()
        return msgspec.json.decode(data, type=Record)
    except (OSError, msgspec.MsgspecError) as error:
        raise IntegrityError(
            f"The record of past forecasts can't be read: {error}.",
            hint="Install the package again: pip install --force-reinstall --no-deps ara-ai",
        ) from error


def wilson(hits: float, count: float) -> tuple[float, float]:
    """Give the 95 % interval of a share of which so many of `count` were seen.

    References
    ----------
    Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference, Journal of the American
    Statistical Association 22.
    """
    share, z = hits / count, _SURE
    middle = share + z * z / (2 * count)
    wide = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    below = 1 + z * z / count
    return (middle - wide) / below, (middle + wide) / below
