"""From one instrument's bars to its forecast: pure, so that a thread, a worker and a replay give the same bytes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from ara.errors import AraError, HistoryError, IntegrityError, ModelError, words_of
from ara.lineage import Lineage, digest_arrays
from ara.market.bars import Bars
from ara.market.calendar import Calendar, calendar
from ara.market.timeframe import DAY, Timeframe
from ara.models.panel import Panel
from ara.models.registry.card import BASELINE
from ara.prediction.compute import ENGINE, Answer, Recipe, compute, family, platform_facts
from ara.prediction.doubt import aged, doubted, newest
from ara.prediction.explain import DRAWN, REASONS, Why, whys
from ara.prediction.forecast import Day, Forecast
from ara.prediction.mood import mood
from ara.prediction.oddity import odd_forecast, odd_origin
from ara.prediction.record import KIND, Record, record
from ara.prediction.soundness import soundness
from ara.prediction.sureness import sureness
from ara.prediction.widening import HELD, held, widened

__all__ = ["data_digest", "outlook"]

_USED = ("open", "high", "low", "close", "volume")
_YEAR, _RECENT = 250, 20
_LOW = 0.5
_UNIT = "as if in another unit"
_LEAP = 20  # no market moves so far in one bar; a price in cents or in another currency does


def outlook(
    bars: Bars,
    days: int,
    recipe: Recipe,
    *,
    context: Sequence[Bars] = (),
    failed: int = 0,
    why: bool = True,
    without: Collection[str] = (),
    stand_in: bool = False,
) -> Forecast:
    """Forecast the next `days` bars from the last of `bars`.

    Parameters
    ----------
    bars
        What was known, adjusted to its last bar.
    days
        Bars ahead, 1 to 30.
    recipe
        Which model answers.
    context
        Bars of other instruments, known at the same moment, for a model that looks at them too.
    failed
        How many links of the chain failed before this one answers: each makes the bands wider.
    why
        Whether it is explained; the figures are the same either way, and the lineage says which it was.
    without
        Of `calibration`, `reasons` and `regime` those that failed when it was made: a replay does without them too.
    stand_in
        Whether the model answers in place of one that failed: its bands are then no narrower than those of `ewma_t`,
        and so are those of an ensemble whose calibration fails.
    """
    _priced(bars)
    recipe = recipe if recipe.artefact else replace(recipe, made=family(recipe))  # looked up once for all
    panel = Panel.build([bars, *context], range(1, days + 1))
    _, end = panel.span(panel.symbols.index(bars.instrument.symbol))
    sound, bare = soundness(bars), "calibration" in without
    quality = newest(bars) * sound.grade
    asks = why and not {"reasons", "regime"} & set(without)
    answer = compute(panel, np.array([end - 1]), recipe, why=asks, spare=True, bare=bare)
    answer = doubted(aged(answer, panel, end - 1, recipe, sound.stood), quality)
    if stand_in or (answer.lost and not bare):
        answer = _no_surer(answer, panel, end - 1, recipe, sound.stood, quality)
    failed += len(answer.lost)
    answer = widened(answer, failed)
    reasons, regime, untold = _reasons(answer, panel, end - 1, days, why=why, without=without)
    answer = widened(answer, len(untold))
    failed += len(untold)
    judged, missed = _record(bars, recipe)
    _refuse_endless(answer, bars)
    last = bars.frame.row(-1, named=True)
    sessions = calendar(bars.instrument.calendar)
    doubts = _lacking(answer, quality, sound.stood, failed, regime=regime is not None, untold=bool(untold), why=why)
    told = [*sound.words, *_doubts(bars)]
    targets = _targets(last["known_at"], bars.timeframe, sessions, days)
    return Forecast(
        instrument=bars.instrument,
        as_of=last["known_at"],
        last=sessions.dated(last["at"]),
        close=last["close"],
        model=recipe.model,
        days=_days(answer, bars, targets, judged, reasons),
        regime=regime,
        source=last["source"],
        quality=float(bars.frame["quality"].tail(_YEAR).mean()),  # type: ignore[arg-type]
        warnings=(*_warnings(bars, told), *_odd(told, answer, panel, end - 1), *answer.notes, *missed, *_drawn(doubts)),
        degraded=(*_lost(answer, stand_in), *untold),
        lineage=_lineage(
            bars, days, recipe, context, _cited(answer, judged), {"reasons": REASONS if why else 0, **doubts}
        ),
    )


def _priced(bars: Bars) -> None:
    """Refuse bars that end in no price, aren't there, or of which no close ever differs: nothing true follows."""
    if not len(bars):
        raise ModelError(f"{bars.instrument.symbol} has no bars to forecast from")
    if not 0 < bars.frame["close"][-1] < np.inf:
        raise ModelError(
            f"the last close of {bars.instrument.symbol} is {bars.frame['close'][-1]}, which is no price",
            hint="Name another source, or an earlier moment with --as-of.",
        )
    closes = bars.frame["close"]
    if len(closes) > _RECENT and closes.min() == closes.max():
        raise HistoryError(
            f"the price of {bars.instrument.symbol} never moved: all its {len(closes):,} closes are {closes[-1]:.10g}, "
            "from which no range and no chance follow",
            hint=f"Is it pegged, suspended or dead? Look at its bars: ara data check {bars.instrument.symbol}; "
            "or name a source in which it trades: data.providers.",
            closes=len(closes),
        )


def _lacking(
    answer: Answer, quality: float, stood: int, failed: int, *, regime: bool, untold: bool, why: bool
) -> Mapping[str, float]:
    """Give what a lineage says of poor bars, of links that failed, and of shares by permutation."""
    drawn = why and not untold and answer.told is not None and answer.told.drawn
    return {
        **({"quality": quality} if quality < 1 else {}),
        **({"stood": stood} if stood else {}),
        **({"failed": failed} if failed else {}),
        **({"held": 1} if answer.held else {}),
        **({"uncalibrated": 1} if answer.lost else {}),
        **({"untold": 1 if regime else 2} if untold else {}),
        **({"drawn": DRAWN} if drawn else {}),
    }


def _no_surer(answer: Answer, panel: Panel, row: int, recipe: Recipe, stood: int, quality: float) -> Answer:
    """Give an answer with no band narrower than that of `ewma_t`; itself where that one can't be asked."""
    simple = Recipe(model=BASELINE, seed=recipe.seed)
    if recipe.model == BASELINE:
        return answer
    try:
        plain = doubted(aged(compute(panel, np.array([row]), simple), panel, row, simple, stood), quality)
    except (AraError, ArithmeticError, LookupError, TypeError, ValueError):
        return answer
    return held(answer, plain)


def _lost(answer: Answer, stand_in: bool) -> tuple[str, ...]:
    """Give the lines on lost calibration, with what became of the bands, unless another line says that."""
    return tuple(f"{line}, but {HELD}" for line in answer.lost) if answer.held and not stand_in else answer.lost


def _reasons(
    answer: Answer, panel: Panel, row: int, days: int, *, why: bool, without: Collection[str]
) -> tuple[Sequence[Why | None], Mapping[str, Any] | None, tuple[str, ...]]:
    """Give the reasons, the state of the market, and one line where these can't be had; the bands stand without."""
    nothing: list[Why | None] = [None] * days
    if "regime" in without:
        return nothing, None, (_untold("as then"),)
    try:
        regime = mood(panel, row)
        if not why:
            return nothing, regime, ()
        if answer.told is None or "reasons" in without:
            return nothing, regime, (_untold(answer.untold or "as then"),)
        surely = sureness(answer.told, answer.quantiles, answer.usual_move[0])
        told = whys(answer.told, panel, row)
    except (AraError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        said = words_of(error)
        return nothing, None, (_untold(said),)
    both = zip(told, surely, strict=True)
    return [None if why is None else replace(why, sure=parts) for why, parts in both], regime, ()


def _drawn(doubts: Mapping[str, float]) -> tuple[str, ...]:
    return ("its reasons are shares by permutation: exact in their sum, drawn in their split",) * ("drawn" in doubts)


def _untold(words: str) -> str:
    return f"the reasons could not be told ({words.rstrip('.')}): the bands stand without"


def _refuse_endless(answer: Answer, bars: Bars) -> None:
    """Raise where a band reaches beyond all numbers: only prices that are none lead there."""
    with np.errstate(over="ignore"):
        prices = bars.frame["close"][-1] * np.exp(answer.quantiles.values)
    if not np.isfinite(prices).all():
        closes = bars.frame["close"].to_numpy()
        low, high = float(closes.min()), float(closes.max())
        raise ModelError(
            f"the closes of {bars.instrument.symbol} run from {low:.3g} to {high:.3g}: their band has no end",
            hint=f"Look for the wrong ones: ara data check {bars.instrument.symbol}",
        )


@lru_cache(maxsize=64)
def _targets(known_at: datetime, timeframe: Timeframe, venue: Calendar, count: int) -> Sequence[tuple[date, datetime]]:
    """Give label and close of the bars that follow one whose close was public at a moment; a venue's are the same."""
    found = []
    for _ in range(count):
        label = venue.dated(known_at - timedelta.resolution)
        within = timeframe.span < DAY.span and known_at < venue.closes(label) and venue.is_session(label)
        opens = known_at if within else venue.opens(venue.following(label, 1)[0])
        known_at = timeframe.closes(opens, venue)
        found.append((venue.dated(opens), known_at))
    return tuple(found)


def _record(bars: Bars, recipe: Recipe) -> tuple[Record | None, tuple[str, ...]]:
    """Give the record of the model that answers, if it has one, and what is to be said where that can't be read.

    Fits, own models and bars of another length have none.
    """
    if recipe.artefact is None or not recipe.artefact.sha256 or bars.timeframe != DAY:
        return None, ()
    try:
        judged = record()
    except IntegrityError as error:
        return None, (error.message,)
    known = recipe.artefact.id in judged.models and bars.instrument.asset_class in KIND
    return judged if known else None, ()


def _cited(answer: Answer, judged: Record | None) -> Mapping[str, Any]:
    """Give what a lineage cites of a model besides its parameters."""
    states = {"states": list(answer.states)} if answer.states else {}
    return states | ({"record": judged.id} if judged else {})


def _days(
    answer: Answer,
    bars: Bars,
    targets: Sequence[tuple[date, datetime]],
    judged: Record | None,
    reasons: Sequence[Why | None],
) -> tuple[Day, ...]:
    close, at = bars.frame["close"][-1], bars.frame["known_at"][-1]
    kind = KIND.get(bars.instrument.asset_class, "")
    chances, sure = answer.p_up[0].tolist(), answer.confidence[0].tolist()
    return tuple(
        Day(
            number=place + 1,
            date=label,
            at=due,
            close=close,
            quantiles=tuple(answer.quantiles.values[0, place].tolist()),
            p_up=chances[place],
            confidence=sure[place],
            usual_move=float(answer.usual_move[0, place]),
            wider=why.wider if why else None,
            factors=why.factors if why else (),
            leans=why.leans if why else (),
            sure=why.sure if why else (),
            direction=judged.direction(kind, place + 1, chances[place], at=at) if judged else None,
            receipt=judged.receipt(place + 1, sure[place], at=at) if judged else None,
        )
        for place, ((label, due), why) in enumerate(zip(targets, reasons, strict=True))
    )


def _columns(bars: Bars, symbol: str = "") -> list[tuple[str, np.ndarray[Any, Any]]]:
    columns = [(f"{symbol}{name}", bars.frame[name].to_numpy().view(np.int64)) for name in ("at", "known_at")]
    return columns + [(f"{symbol}{name}", bars.frame[name].to_numpy()) for name in _USED]


def data_digest(bars: Bars, context: Sequence[Bars] = ()) -> str:
    """Give the digest by which a lineage cites bars, and those of other instruments that a model looks at."""
    others = sorted(context, key=lambda one: one.instrument.symbol)
    beside = [column for one in others for column in _columns(one, f"{one.instrument.symbol} ")]
    return digest_arrays([*_columns(bars), *beside])


def _lineage(
    bars: Bars,
    days: int,
    recipe: Recipe,
    context: Sequence[Bars],
    cited: Mapping[str, Any],
    further: Mapping[str, float],
) -> Lineage:
    return Lineage(
        data=data_digest(bars, context),
        models={name: {**told, **cited} for name, told in recipe.described().items()},
        settings={
            "symbol": bars.instrument.symbol,
            "timeframe": str(bars.timeframe),
            "basis": bars.basis.value,
            "days": days,
            **further,
        },
        seed=recipe.seed,
        engine=ENGINE,
        platform=platform_facts(),
    )


def _warnings(bars: Bars, doubts: Sequence[str]) -> tuple[str, ...]:
    found = list(bars.notes)
    if len(bars) < 2 * _YEAR:
        found.append(f"only {len(bars)} bars of history: the usual move and the tails are less sure")
    repaired = int(bars.frame["imputed"].tail(_YEAR).sum())
    if repaired:
        found.append(f"{repaired} of the last {_YEAR} bars were repaired")
    return (*found, *doubts)


def _odd(doubts: Sequence[str], answer: Answer, panel: Panel, row: int) -> tuple[str, ...]:
    """Say what is odd of the last bar and of the forecast; nothing where a price is said to be in another unit."""
    if any(_UNIT in line for line in doubts):
        return ()
    return (*odd_origin(panel, row), *odd_forecast(answer))


def _doubts(bars: Bars) -> list[str]:
    """Say which of the newest bars can hardly be trusted: each in one sentence, with its quality."""
    closes, quality = (bars.frame[name].tail(_RECENT + 1).to_numpy() for name in ("close", "quality"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [1.0, *(closes[1:] / closes[:-1]).tolist()]
    if all(1 / _LEAP < ratio < _LEAP for ratio in ratios) and (quality >= 1).all():
        return []
    newest = bars.frame[["at", "quality", "close"]].tail(_RECENT + 1).to_dicts()
    newest = [row | {"ratio": ratio} for row, ratio in zip(newest, ratios, strict=True)][-_RECENT:]
    found, told = [], []
    leaps = [row for row in newest if 0 < row["ratio"] < np.inf and not 1 / _LEAP < row["ratio"] < _LEAP]
    for row in leaps[:1]:
        found.append(
            f"the close of {_when(bars, row)} is {row['ratio']:,.3g} times the one before, {_UNIT} or "
            f"currency; the bar's quality is {row['quality']:.2f}"
        )
        told.append(row)
    last = newest[-1]
    if last["quality"] < 1 and last not in told:
        found.append(f"the last bar, of {_when(bars, last)}, is in doubt: its quality is {last['quality']:.2f}")
    poor = [row for row in newest[:-1] if row["quality"] <= _LOW and row not in told]
    if poor:
        worst = min(poor, key=lambda row: row["quality"])
        found.append(
            f"{len(poor)} of the last {_RECENT} bars {'is' if len(poor) == 1 else 'are'} in doubt: the quality of "
            f"{_when(bars, worst)} is {worst['quality']:.2f}"
        )
    return found


def _when(bars: Bars, row: dict[str, Any]) -> str:
    """Name a bar: by its session, or by its open where it is shorter than one."""
    if bars.timeframe.span < DAY.span:
        return f"{row['at']:%Y-%m-%d %H:%M} UTC"
    return str(calendar(bars.instrument.calendar).dated(row["at"]))
