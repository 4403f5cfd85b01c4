"""The court: whether a challenger may replace the champion, however often it is asked."""

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.quantiles import LEVELS
from ara.performance.forecasts import crps
from ara.statistics.betting import bounded, wealth
from ara.store.files import unwritable
from ara.whole import write

__all__ = ["LEVEL", "Decision", "Verdict", "by_day", "differences", "judge", "read_verdict", "share", "write_verdict"]

_Array = NDArray[np.float64]

Decision: TypeAlias = Literal["replace", "keep", "undecided"]
"""`replace`: the challenger is better. `keep`: the champion is. `undecided`: neither is proven."""

LEVEL: Final = 0.05
"""The chance, at most, that any challenger that is no better is ever let in while one champion reigns."""

_NARROWEST: Final = 1e-12
_COLUMNS: Final = ("symbol", "origin", "horizon", *(f"q{level:g}" for level in LEVELS))


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the court found, and from what.

    Parameters
    ----------
    champion, challenger
        Names.
    decision
        What to do.
    horizon, offset
        Bars ahead, and which of each `horizon` days was judged: further ones would overlap.
    level
        The chance of letting in a challenger that is no better, over all looks together.
    days
        Days judged, after the first 20, which only tell the usual size of a difference.
    first, last
        The first and last day judged.
    evidence, against
        Highest wealth of one who bet on the challenger, and on the champion; 1 / level decides.
    better
        Mean difference of the scores over the champion's mean score, all days counted whole; above 0 where the
        challenger was better.
    words
        The same as a sentence.
    """

    champion: str
    challenger: str
    decision: Decision
    horizon: int
    offset: int
    level: float
    days: int
    first: datetime
    last: datetime
    evidence: float
    against: float
    better: float
    words: str


def differences(champion: pl.DataFrame, challenger: pl.DataFrame, bars: pl.DataFrame, *, horizon: int) -> pl.DataFrame:
    """Give, for each day that both forecast, how much better the challenger did: `at, champion, challenger, count`.

    Parameters
    ----------
    champion, challenger
        Forecasts as `ara forecast` writes them; only origins that both have are used.
    bars
        `symbol, ts, close`: what happened.
    horizon
        Bars ahead.

    Returns
    -------
    frame
        By origin, ascending: the mean over the instruments of each one's CRPS in units of the champion's 80 % band,
        which was known at the origin, so that each instrument counts alike; and of how many instruments.
    """
    closes = bars.sort("symbol", "ts").select(
        "symbol", origin="ts", start="close", outcome=pl.col("close").shift(-horizon).over("symbol")
    )
    one, two = (_asked(frame, horizon, name) for frame, name in ((champion, "champion"), (challenger, "challenger")))
    both = one.join(two, on=("symbol", "origin"), suffix="_2").with_columns(pl.col("symbol").cast(pl.String))
    told = both.join(closes, on=("symbol", "origin")).drop_nulls("outcome").sort("origin", "symbol")
    if not told.height:
        raise ValidationError(
            f"the two have no forecast of {horizon} bars in common whose outcome is known",
            hint="Give forecasts of the same origins, and bars that reach beyond them.",
        )
    names = [name for name in _COLUMNS if name.startswith("q")]
    start = told["start"].to_numpy()[:, None]
    first, second = (np.log(told.select(part).to_numpy() / start) for part in (names, [f"{name}_2" for name in names]))
    return by_day(first, second, np.log(told["outcome"].to_numpy() / start[:, 0]), told["origin"])


def by_day(champion: _Array, challenger: _Array, happened: _Array, at: pl.Series) -> pl.DataFrame:
    """Give what `differences` gives, from quantiles `[row, level]` of returns at `LEVELS` and what happened.

    Parameters
    ----------
    champion, challenger
        Quantiles of the log return.
    happened
        The log return, known for each row.
    at
        The day of each row; rows of one day are averaged.
    """
    low, high = LEVELS.index(0.1), LEVELS.index(0.9)
    width = np.maximum(champion[:, high] - champion[:, low], _NARROWEST)
    made = pl.DataFrame(
        {
            "at": at,
            "champion": crps(champion, happened, LEVELS) / width,
            "challenger": crps(challenger, happened, LEVELS) / width,
        }
    )
    return made.group_by("at").agg(pl.col("champion", "challenger").mean(), count=pl.len()).sort("at")


def judge(
    days: pl.DataFrame,
    *,
    champion: str,
    challenger: str,
    horizon: int = 1,
    offset: int = 0,
    level: float = LEVEL,
) -> Verdict:
    """Judge a challenger by the days that both forecast; asking daily is allowed, and costs no honesty.

    Of forecasts that overlap only each `horizon`-th day is judged, beginning with day `offset`, which is to be chosen
    before anything is seen. The wealth that decides bounds the chance of error over all looks together. What it tests
    is the mean of the differences cut at four times their usual size; so that a challenger that is a little better on
    most days and ruinous on a few is not let in, the mean of the whole differences has to be on its side too.

    Parameters
    ----------
    days
        As `differences` gives them, ascending.
    champion, challenger
        Names.
    horizon, offset
        Bars ahead, and which day of each `horizon` to judge, 0 to `horizon` - 1.
    level
        The chance of a wrong replacement, at most.

    References
    ----------
    Y. J. Choe and A. Ramdas (2024), Comparing Sequential Forecasters, Operations Research 72.
    """
    if not 0 <= offset < horizon:
        raise ValidationError(f"the offset is {offset}; of {horizon} bars it is 0 to {horizon - 1}")
    if not 0 < level < 1:
        raise ValidationError(f"the level is {level:g}, which is no chance between 0 and 1", hint="Give 0.05.")
    taken = days.sort("at").gather_every(horizon, offset)
    ours, theirs = taken["champion"].to_numpy(), taken["challenger"].to_numpy()
    gap = ours - theirs
    if not np.isfinite(gap).all():
        raise ValidationError("a score is not a number: the forecasts or the bars are damaged")
    gains, skipped = bounded(gap)
    for_it, against = (float(wealth(side).max(initial=1.0)) for side in (gains, -gains))
    mean = float(ours.mean()) if len(ours) else math.nan
    better = float(gap.mean()) / mean if mean > 0 else 0.0
    at: Sequence[datetime] = taken["at"].to_list()
    if not at:
        raise ValidationError("there is no day to judge", hint="Let both forecast the same days first.")
    verdict = Verdict(
        champion=champion,
        challenger=challenger,
        decision=_decided(for_it, against, better, 1 / level),
        horizon=horizon,
        offset=offset,
        level=level,
        days=len(gains),
        first=at[min(skipped, len(at) - 1)],
        last=at[-1],
        evidence=for_it,
        against=against,
        better=better,
        words="",
    )
    return msgspec.structs.replace(verdict, words=_words(verdict))


def share(place: int, *, level: float = LEVEL) -> float:
    """Give the part of the level that the how-manieth challenger of a champion has: a half, a sixth, a twelfth, …

    The parts, 1 / (place · (place + 1)), sum to 1 however many come. So the chance that any of those that are no better
    is ever let in stays below the level, whether they come at once or one after the other (Bonferroni).

    Parameters
    ----------
    place
        1 for the first that was held against this champion.
    level
        The chance of a wrong replacement, at most, over all of them.
    """
    if place < 1:
        raise ValidationError(f"the place of a challenger is {place}; the first has 1")
    return level / (place * (place + 1))


def write_verdict(verdict: Verdict, folder: Path) -> Path:
    """Keep a verdict as a file of its own, named after the two and the last day; the same verdict is kept once.

    Raises
    ------
    StoreError
        It can't be written; nothing of it is left, and what stood there stays.
    """
    name = f"{_safe(verdict.challenger)}_for_{_safe(verdict.champion)}_{verdict.horizon}_{verdict.last:%Y%m%d}.json"
    content = msgspec.json.format(msgspec.json.encode(verdict, order="deterministic"), indent=2) + b"\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / name, content)
    except OSError as error:
        raise unwritable(folder / name, error) from error
    return folder / name


def read_verdict(path: Path) -> Verdict:
    """Read what `write_verdict` kept."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verdict)
    except OSError as error:
        raise ValidationError(f"{path} can't be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ValidationError(f"{path} is no verdict: {error}") from error


def _decided(evidence: float, against: float, better: float, needed: float) -> Decision:
    if evidence >= needed and evidence > against and better > 0:
        return "replace"
    return "keep" if against >= needed and against > evidence else "undecided"


def _words(found: Verdict) -> str:
    how = f"{abs(found.better):.2%} {'better' if found.better > 0 else 'worse'}"
    told = f"over {found.days} days {found.challenger} was {how} than {found.champion}"
    needed = 1 / found.level
    match found.decision:
        case "replace":
            return (
                f"{told}; evidence {found.evidence:.3g}, of which {needed:.3g} decide: let it replace {found.champion}."
            )
        case "keep":
            return (
                f"{told}; evidence against it {found.against:.3g}, of which {needed:.3g} decide: keep {found.champion}."
            )
        case _:
            return f"{told}; evidence {found.evidence:.3g} of the {needed:.3g} that decide: look again later."


def _asked(frame: pl.DataFrame, horizon: int, what: str) -> pl.DataFrame:
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise ValidationError(
            f"the forecasts of the {what} lack the column {missing[0]}", hint="Make them with ara forecast."
        )
    return frame.filter(pl.col("horizon") == horizon).select(_COLUMNS).drop("horizon").unique(["symbol", "origin"])


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:80]
