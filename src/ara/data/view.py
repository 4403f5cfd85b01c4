"""From all that is kept of an instrument to its bars as they were known at a moment: pure, so it can be seen again.

The kept rows are split by source. Those whose prices as traded can be told are merged into one series and adjusted by
the actions that are believed. Where none can be, the best single source is adjusted by what it publishes itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from ara.data.actions import Action, believed, read
from ara.data.adjust import adjusted, as_traded, seen_from_last
from ara.data.provider import BARS, SCHEMAS, Kind
from ara.market.bars import Bars, Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import Timeframe

__all__ = ["Kept", "View", "levelled", "stated", "together", "view"]

_WITH_ACTIONS: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a store has of one instrument in one timeframe.

    Parameters
    ----------
    rows
        Columns as in `ara.data.bar_store.ROWS`: the latest revision of each source's bar.
    actions
        `symbol`, `source` and the columns of the kind `ACTIONS`. A source that is in it was asked for its actions, if
        only by a row whose action is `asked`.
    """

    rows: pl.DataFrame
    actions: pl.DataFrame

    def until(self, moment: datetime) -> "Kept":
        """Give what was public at a moment, without bars that were received before they closed.

        Actions stay: a later one is needed to undo what a source did, and is applied to nothing.
        """
        known, learned = self.rows["known_at"], self.rows["learned_at"]
        newest = None if known.null_count() + learned.null_count() else known.max()
        if newest is not None and newest <= moment and (learned >= known).all():  # type: ignore[operator]
            return self
        rows = self.rows.filter(pl.col("learned_at") >= pl.col("known_at"), pl.col("known_at") <= moment)
        return Kept(rows=rows, actions=self.actions)

    def by_source(self) -> dict[str, pl.DataFrame]:
        """Give each source's bars, ascending."""
        names = self.rows["source"]
        if names.n_unique() == 1 and self.rows["at"].is_sorted():  # as most that is read is; sorting takes longer
            return {str(names[0]): self.rows}
        parts = self.rows.sort("source", "at").partition_by("source", as_dict=True, maintain_order=True)
        return {str(source): own for (source,), own in parts.items()}

    def traded(
        self, instrument: Instrument, sources: Mapping[str, pl.DataFrame] | None = None
    ) -> dict[str, pl.DataFrame]:
        """Give the bars of each source whose prices as traded can be told, in the basis `raw`.

        `sources` is what `by_source` gives, where that was asked already.
        """
        asked = set(self.actions["source"])
        splits: dict[str, list[Action]] = {}
        for action in read(self.actions):
            if action.split:
                splits.setdefault(action.sources[0], []).append(action)
        found = {}
        for source, own in (self.by_source() if sources is None else sources).items():
            basis = _basis_of(own)
            if instrument.asset_class not in _WITH_ACTIONS or basis == Basis.RAW.value:
                found[source] = own
            elif basis == Basis.SPLIT.value and source in asked:
                found[source] = as_traded(own, splits.get(source, []))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An instrument's bars, and what they were made of.

    Parameters
    ----------
    bars
        The series, adjusted to its last bar.
    traded
        The sources that were merged into it, in the basis `raw`; empty where one source was adjusted by itself.
    whole
        What they were merged into, before any adjustment, or the one source's bars as published.
    actions
        The splits and dividends that were believed.
    weights
        How much each merged source counts.
    """

    bars: Bars
    traded: Mapping[str, pl.DataFrame]
    whole: pl.DataFrame
    actions: Sequence[Action]
    weights: Mapping[str, float]


def view(
    kept: Kept,
    instrument: Instrument,
    timeframe: Timeframe,
    *,
    moment: datetime,
    order: Sequence[str] = (),
    repaired: bool = False,
) -> View | None:
    """Give the closed bars that were public at a moment, or None where there are none.

    Parameters
    ----------
    kept
        What is kept; what was learned too late must be gone already.
    instrument, timeframe
        Whose they are.
    moment
        Bars and actions that became public later are cut before anything is computed.
    order
        Names of sources, the preferred one first; others come after them.
    repaired
        Whether bars that can't be used are put right where two witnesses say how (`ara.data.quality.repair`).
    """
    seen = kept.until(moment)
    sources = seen.by_source()
    if not sources:
        return None
    # what has nothing to adjust needs nobody's word on it, and an adjusted close of it says nothing
    asked = _asked(seen.actions, sources) if instrument.asset_class in _WITH_ACTIONS else set(sources)
    best = next(iter(sources))
    if len(sources) > 1:
        best = min(sources, key=lambda name: _rank(sources[name], order, asked))
    own, traded = sources[best], seen.traded(instrument, sources)
    if best not in traded or (best not in asked and _gives_adjusted(own)):
        own = _repaired(own, {}, instrument, timeframe) if repaired else own
        frame, basis = adjusted(own, best)
        basis = Basis.TOTAL if (own["basis"] == Basis.TOTAL.value).any() else basis
        traded, whole, actions, weights = {}, own, [], {best: 1.0}
    else:
        weights = _weights(traded, order)
        whole = together(traded, timeframe, weights)
        whole = _repaired(whole, traded, instrument, timeframe) if repaired else whole
        until = int(moment.timestamp() * 1_000_000)
        known = [one for one in read(seen.actions) if one.known <= until]
        actions, basis = believed(known, _own(traded, seen.actions), whole), _basis(instrument, asked)
        frame = seen_from_last(whole, actions, best)
    splits = sum(one.split for one in actions)
    counts = (splits, len(actions) - splits) if traded and basis is Basis.TOTAL else (None, None)
    bars = Bars(
        instrument=instrument, timeframe=timeframe, basis=basis, frame=frame, splits=counts[0], dividends=counts[1]
    )
    return View(bars=bars, traded=traded, whole=whole, actions=actions, weights=weights)


def levelled(seen: View, moment: datetime | None) -> tuple[str, ...]:
    """Say of a look into the past that its prices carry what their source has adjusted since."""
    received: datetime = seen.whole["learned_at"].max()  # type: ignore[assignment]
    share = seen.bars.instrument.asset_class in _WITH_ACTIONS
    if moment is None or seen.traded or not share or received <= moment or Basis.RAW in set(seen.whole["basis"]):
        return ()
    source = seen.whole["source"][0]
    return (f"{source} had adjusted its prices by {received:%Y-%m-%d}: their level may not be what was traded then",)


def stated(kept: Kept, source: str, *, moment: datetime) -> pl.DataFrame:
    """Give the splits and dividends by which one source's bars are to be judged as published.

    Parameters
    ----------
    kept
        What a store has of the instrument.
    source
        Whose bars, the `basis` of each in its rows.
    moment
        What became public later is nobody's knowledge.

    Returns
    -------
    pl.DataFrame
        Columns as those of `kept.actions`: what the source itself states, whether it is believed or not. Of prices as
        traded also what `view` believes of others, for there such an event leaves a move.
    """
    known = kept.actions.filter(pl.col("known_at") <= moment)
    own = known.filter(pl.col("source") == source)
    rows = kept.by_source()[source]
    if set(rows["basis"].unique()) != {Basis.RAW.value}:
        return own
    found = believed(read(known), _own([source], known), rows)
    others = [_row(one, rows["symbol"][0], moment) for one in found if source not in one.sources]
    more = pl.DataFrame(others, schema={"symbol": pl.String, "source": pl.String, **SCHEMAS[Kind.ACTIONS]})
    return pl.concat([own.select(more.columns), more]).sort("at", maintain_order=True)


def together(traded: Mapping[str, pl.DataFrame], timeframe: Timeframe, weights: Mapping[str, float]) -> pl.DataFrame:
    """Merge the bars of several sources, all in one basis, into one series; one source's stand as they are."""
    if len(traded) == 1:
        return next(iter(traded.values()))
    from ara.data.merge import merge

    frames = {name: own.select(*BARS, "quality", "imputed") for name, own in traded.items()}
    return merge(frames, timeframe, weights=weights)


def _repaired(
    whole: pl.DataFrame, traded: Mapping[str, pl.DataFrame], instrument: Instrument, timeframe: Timeframe
) -> pl.DataFrame:
    """Put right what can't be used; the sources are each other's witnesses, all in one basis."""
    from ara.data.quality import repair

    return repair(whole, instrument, timeframe, others=traded if len(traded) > 1 else None)


def _weights(names: Iterable[str], order: Sequence[str]) -> dict[str, float]:
    """Give how much each source counts: those of the settings 1, a little less one after the other, all others half."""
    return {name: 1.0 - 0.01 * order.index(name) if name in order else 0.5 for name in names}


def _own(traded: Iterable[str], actions: pl.DataFrame) -> set[str]:
    """Give whose word on actions goes for these bars: of imported files, each other's."""
    names = set(traded)
    return names | _files(actions) if any(name.startswith("file:") for name in names) else names


def _row(one: Action, symbol: str, moment: datetime) -> dict[str, object]:
    """Write an action as it was paid into a row of the kind `ACTIONS`."""
    return {
        "symbol": symbol,
        "source": "+".join(one.sources),
        "at": datetime.fromtimestamp(one.effective / 1_000_000, UTC),
        "known_at": datetime.fromtimestamp(one.known / 1_000_000, UTC),
        "learned_at": moment,
        "action": "split" if one.split else "dividend",
        "value": one.value,
        "currency": one.currency,
        "basis": Basis.RAW.value,
    }


def _files(actions: pl.DataFrame) -> set[str]:
    return {name for name in actions["source"].unique() if name.startswith("file:")}


def _asked(actions: pl.DataFrame, sources: Mapping[str, pl.DataFrame]) -> set[str]:
    """Give the sources whose actions are known; what one imported file states goes for all of them.

    Of a source that was asked, states none and yet gives adjusted closes, they are not: only these closes tell of them.
    """
    if actions.is_empty():
        return set()
    stated = set(actions.filter(pl.col("action") != "asked")["source"])
    files = _files(actions)
    silent = {name for name in set(actions["source"]) - stated if name in sources and _gives_adjusted(sources[name])}
    return set(actions["source"]) - silent | {name for name in sources if files and name.startswith("file:")}


def _rank(own: pl.DataFrame, order: Sequence[str], asked: set[str]) -> tuple[int, int, int, int, str]:
    """Sort the sources: the preferred, then by how much can be adjusted, the newest, the longest, by name."""
    source, basis = str(own["source"][0]), str(own["basis"][0])
    place = order.index(source) if source in order else len(order)
    wholly = source in asked or basis == Basis.TOTAL.value or _gives_adjusted(own)
    lacking = 0 if wholly else 1 if basis == Basis.SPLIT.value else 2
    last = int(own["at"].dt.epoch("us")[-1])
    return place, lacking, -last, -own.height, source


def _gives_adjusted(own: pl.DataFrame) -> bool:
    return own["adjusted"].null_count() < own.height


def _basis_of(own: pl.DataFrame) -> str:
    """Give the basis that all bars of a source share; nothing where they have several, or there are none."""
    bases = own["basis"]
    return str(bases[0]) if bases.n_unique() == 1 else ""


def _basis(instrument: Instrument, asked: set[str]) -> Basis:
    if instrument.asset_class not in _WITH_ACTIONS:
        return Basis.SPLIT
    return Basis.TOTAL if asked else Basis.RAW
