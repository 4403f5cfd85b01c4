"""A subject before its judge: built again and again from other pasts and futures of the same bars."""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import AuditError, FeatureEngineeringError
from ara.features.audit.moments import moments, opened
from ara.features.audit.outcome import Audit, Finding
from ara.features.audit.scene import Scene
from ara.features.audit.subject import Subject
from ara.features.audit.swaps import EVERY, foretells, still, suspects
from ara.features.audit.table import Difference, Table, differences, spread
from ara.market.bars import Bars
from ara.market.instrument import AssetClass

__all__ = ["audit"]

_FEWEST: Final = 60
_NEWEST: Final = (1, 2, 5)
_SEEN: Final = 2
_SELDOM: Final = 2
_NOISE: Final = 10.0
_FAST: Final = 1.5
_AFRESH: Final = 2
_LOOKS: Final = 2
_SPLIT: Final = 4.0
_ROUNDED: Final = 0.01
_SPLITTING: Final = frozenset({AssetClass.STOCK, AssetClass.ETF})
_HINT: Final = "What fails or takes too long can't be judged; --limit gives it more seconds."


def audit(
    subject: Subject,
    *bars: Bars,
    others: Mapping[str, Bars] | None = None,
    cuts: int = 3,
    seed: int = 20,
    tolerance: float = 1e-6,
    limit: float = 60.0,
    step: Callable[[int, int], object] | None = None,
) -> Audit:
    """Look for values that nobody could have known, and for what a subject says of itself and doesn't keep.

    The subject is built from all bars, then from bars that end earlier, that go on in another way, that begin later, in
    which one bar differs, or before and after a split. What each says of the same past must be the same. Bars are cut
    at random, and where features are most tempted to look ahead: see `ara.features.audit.moments`.

    Parameters
    ----------
    subject
        What is audited.
    *bars
        Of one instrument or of several, each audited by itself.
    others
        Bars of instruments to compare with, by the name that the subject calls them.
    cuts
        How many random cuts, futures and bars are tried; two thirds as many of every other kind of moment.
    seed
        Of what is random.
    tolerance
        Share of a value, and of the usual size of its column, that counts as equal.
    limit
        Seconds that one build may take, as `ara.plugins.guest` can hold to them; 0 for any.
    step
        Told how many builds are done, and of about how many.

    Raises
    ------
    AuditError
        There are too few bars, or the subject fails on all of them or doesn't give features.
    """
    if not bars:
        raise AuditError("There are no bars to audit on.")
    trials: list[_Trial] = []
    tell = step or (lambda done, total: None)

    def built() -> None:
        tell(sum(one.builds for one in trials), sum(one.planned for one in trials))

    findings: list[Finding] = []
    trials += [
        _Trial(subject, Scene(bars=one, others=others or {}), cuts, seed, tolerance, limit, built) for one in bars
    ]
    for trial in trials:
        findings += trial.findings()
    columns = tuple(dict.fromkeys(name for trial in trials for name in trial.whole.names))
    seen = {name for trial in trials for name in trial.valued}
    return Audit(
        subject=subject.name,
        symbols=tuple(one.instrument.symbol for one in bars),
        rows=sum(len(trial.whole) for trial in trials),
        columns=columns,
        builds=sum(trial.builds for trial in trials),
        unjudged=tuple(name for name in columns if name not in seen),
        findings=tuple(sorted(findings, key=lambda one: not one.leak)),
        moments=dict(sum((trial.moments for trial in trials), Counter())),
        failed=sum(trial.failed for trial in trials),
    )


class _Trial:
    """One subject on one instrument's bars."""

    def __init__(
        self,
        subject: Subject,
        scene: Scene,
        cuts: int,
        seed: int,
        tolerance: float,
        limit: float,
        built: Callable[[], object],
    ) -> None:
        self._subject, self._scene, self._tolerance = subject, scene, tolerance
        self._limit, self._tell = limit, built
        self._symbol = scene.bars.instrument.symbol
        self._length = len(scene.bars)
        if self._length < _FEWEST:
            words = f"{self._symbol} has {self._length} bars; an audit needs {_FEWEST} at least"
            raise AuditError(f"{words}.")
        self._random = np.random.default_rng(seed)
        self._known = scene.known
        self._found: dict[tuple[str, str], Finding] = {}
        self._noise: dict[str, float] = {}
        self.builds = self.failed = self._looked = 0
        self._looks = _LOOKS * cuts
        try:
            self.whole = self._built(scene, subject)
        except FeatureEngineeringError as error:
            raise AuditError(error.message, hint=error.hint, **error.context) from error
        self._cuts = self._chosen(cuts)
        self._moments = moments(
            scene.bars,
            each=max(1, round(cuts / _FAST)),
            first=self._length // 4,
            last=self._length - max(_NEWEST),
            random=np.random.default_rng(seed),
        )

    @property
    def moments(self) -> Counter[str]:
        """How many moments are tried, by kind."""
        kinds = {kind: len(counts) for kind, counts in self._moments.items()}
        drawn, seldom = self._drawn, len(self._cuts) - self._drawn
        return Counter(random=drawn, seldom=seldom, swap=self._looked, newest=len(_NEWEST), **kinds)

    @property
    def planned(self) -> int:
        """How many builds there are to be, about."""
        cuts = 3 * len(self._cuts) + sum(map(len, self._moments.values()))
        return 10 + len(_NEWEST) + cuts + EVERY + self._looks

    @property
    def valued(self) -> list[str]:
        """The columns that have a value."""
        return [
            name for name, column in zip(self.whole.names, self.whole.x.T, strict=True) if np.isfinite(column).any()
        ]

    def findings(self) -> Iterator[Finding]:
        """Try everything; one finding for each column and rule."""
        self._finite()
        self._same()
        self._stamps()
        self._prefixes()
        self._afresh()
        self._renamed()
        self._futures()
        self._touches()
        self._splits()
        self._starts()
        self._swaps()
        yield from self._found.values()

    def _chosen(self, cuts: int) -> list[int]:
        """Choose how many bars are known: at random, then so that what is seldom there, such as a top, is newest."""
        first, last = self._length // 2, self._length - max(_NEWEST)
        random = self._random.integers(first, last, cuts).tolist()
        order = np.argsort(self.whole.known, kind="stable")
        row = np.searchsorted(self.whole.known[order], self._known[first - 1 : last - 1], side="right") - 1
        there = self.whole.events[order[np.maximum(row, 0)]] & (row >= 0)[:, None]
        wanted = _SEEN - there[[count - first for count in random]].sum(axis=0)
        chosen = list(random)
        for _ in range(_SELDOM * cuts):
            gain = there @ (wanted > 0).astype(np.float64)
            best = np.flatnonzero(gain == gain.max(initial=0.0))
            if not len(best) or not gain[best[0]]:
                break
            place = int(self._random.choice(best))
            wanted = wanted - there[place]
            there[place] = False
            chosen.append(first + place)
        self._drawn = len(set(random))
        return sorted(set(chosen))

    def _finite(self) -> None:
        for place, name in enumerate(self.whole.names):
            endless = np.flatnonzero(np.isinf(self.whole.x[:, place]))
            if len(endless):
                at = self.whole.at[endless[0]]
                self._keep("infinite", name, at, len(endless), float(self.whole.x[endless[0], place]), math.nan, "")

    def _same(self) -> None:
        """Build the same again: what differs is noise, and a leak must be larger than that to be seen."""
        other = self._built_or_note(self._scene)
        if other is None:
            return
        apart = spread(self.whole, other)
        until = int(self.whole.known.max(initial=0))
        for one in differences(self.whole, other, until=until, tolerance=self._tolerance):
            self._note("same", one)
            self._noise[one.column] = _NOISE * apart[one.column]

    def _stamps(self) -> None:
        """See that no row is known before the bar of the same opening is."""
        at = self._scene.bars.frame["at"].cast(int).to_numpy()
        place = np.searchsorted(at, self.whole.at, side="right") - 1
        inside = place >= 0
        early = (
            inside
            & (self.whole.known < self._known[np.maximum(place, 0)])
            & (at[np.maximum(place, 0)] == self.whole.at)
        )
        early |= ~inside
        if early.any():
            row = int(np.argmax(early))
            for place_, name in enumerate(self.whole.names):
                value = float(self.whole.x[row, place_])
                self._keep(
                    "known_at", name, self.whole.at[row], int(early.sum()), value, math.nan, "before its bar closed"
                )

    def _prefixes(self) -> None:
        for count in sorted({*self._cuts, *(count for counts in self._moments.values() for count in counts)}):
            self._compare("prefix", self._scene.until(count), count, f"{count} of {self._length} bars known")
        for back in _NEWEST:
            count = self._length - back
            self._compare("end", self._scene.until(count), count, f"{back} bar{'s' * (back > 1)} before the last")

    def _afresh(self) -> None:
        """Build anew what may remember what it was given before, from fewer bars than it knows of by now."""
        for part in range(1, _AFRESH + 1) if self._subject.anew else ():
            count = self._length * part // (_AFRESH + 1)
            other = self._built_or_note(self._scene.until(count), anew=True)
            detail = f"{count} of {self._length} bars known, and nothing remembered of earlier calls"
            for one in self._apart(other, until=int(self._known[count - 1])):
                self._note("prefix", one, detail)

    def _renamed(self) -> None:
        """Ask for the past, then for all, under symbols that nobody has heard: what is kept by symbol is not there."""
        if not self._subject.anew:
            return
        count = self._cuts[0]
        past = self._scene.until(count)
        try:  # what knows its symbols by heart may fail on these, and is none the worse for it
            told = [self._built(one.renamed(), self._subject) for one in (past, self._scene, past)]
        except FeatureEngineeringError:
            return
        until, (before, whole, again) = int(self._known[count - 1]), told
        named = {one.column for one in self._apart(again, until=until, whole=before)}
        detail = f"{count} of {self._length} bars known, under a symbol that it had not heard"
        for one in self._apart(before, until=until, whole=whole):
            if one.column not in named:
                self._note("prefix", one, detail)

    def _futures(self) -> None:
        for count in self._cuts:
            scene = self._scene.shuffled(count, self._random)
            self._compare("future", scene, count, f"bars after the first {count} in another order")

    def _touches(self) -> None:
        """Change a few bars: a row that was known before the close of the first may not move."""
        for row in self._cuts:
            scene = self._scene.touched(row, self._random)
            for one in self._differences(scene, until=int(self._known[row]) - 1):
                self._note("known_at", one, f"bars from {opened(self._known[row]):%Y-%m-%d} on changed it")

    def _splits(self) -> None:
        """Let a split follow: what was known before may not move, however the bars are told."""
        if self._scene.bars.instrument.asset_class not in _SPLITTING:
            return
        count = self._cuts[-1]
        detail = f"a split of {_SPLIT:g} for 1 after {count} bars"
        self._compare("split", self._scene.split_after(count, _SPLIT), count, detail)
        claims = self._subject.claims
        before = self._built_or_note(self._scene.until(count))
        if before is None:
            return
        for one in self._differences(
            self._scene.seen_after_split(count, _SPLIT), until=int(self._known[count - 1]), whole=before
        ):
            # a level moves nearly everywhere; a rank that turns on the last digit does so in a row or two
            many = one.count > _ROUNDED * before.events[:, before.names.index(one.column)].sum()
            if many and (one.column not in claims or claims[one.column].scale.value == "free"):
                self._note("split", one, f"{detail}, prices adjusted for it")

    def _starts(self) -> None:
        """Let the bars begin later: once its memory is full, a column may not differ."""
        first = self._length // 4
        at = self._scene.bars.frame["at"].cast(int).to_numpy()
        late = np.iinfo(np.int64).max
        since: NDArray[np.int64] = np.full(len(self.whole.names), late)
        for place, name in enumerate(self.whole.names):
            claim = self._subject.claims.get(name)
            # of a column that claims nothing, the last quarter is asked to be free of where the bars begin
            reach = claim.reach(self._scene.bars.timeframe) if claim else self._length // 2
            if first + reach < self._length:
                since[place] = at[first + int(reach)]
        detail = f"without the first {first} bars"
        for one in self._differences(self._scene.since(first), until=int(self._known[-1]), since=since):
            self._note("start", one, detail)

    def _swaps(self) -> None:
        """Let bars change places, in all of them, and look closely where that moved what was known before."""
        tables = ((first, self._built_or_note(self._scene.swapped(first))) for first in range(1, EVERY + 1))
        told = [(first, other) for first, other in tables if other is not None]
        tried: set[int] = set()
        for name, count in suspects(self.whole, told, self._known, tolerance=self._tolerance):
            if len(tried) == self._looks:
                break
            if count not in tried and name not in {one.column for one in self._found.values() if one.leak}:
                tried.add(count)
                self._compare("prefix", self._scene.until(count), count, f"{count} of {self._length} bars known")
        self._looked = len(tried)
        closes = self._scene.bars.frame["close"].to_numpy()
        for name in still(self.whole, told):
            like, count = foretells(self.whole, name, self._known, closes)
            if like:
                at, words = int(self.whole.at[-1]), f"a correlation of {like:.2f}"
                self._keep("brought", name, at, count, math.nan, math.nan, words)

    def _compare(self, rule: str, scene: Scene, count: int, detail: str) -> None:
        for one in self._differences(scene, until=int(self._known[count - 1])):
            self._note(rule, one, detail)

    def _differences(
        self, scene: Scene, *, until: int, whole: Table | None = None, since: NDArray[np.int64] | None = None
    ) -> list[Difference]:
        return self._apart(self._built_or_note(scene), until=until, whole=whole, since=since)

    def _apart(
        self, other: Table | None, *, until: int, whole: Table | None = None, since: NDArray[np.int64] | None = None
    ) -> list[Difference]:
        if other is None:
            return []
        return differences(
            whole or self.whole, other, until=until, since=since, tolerance=self._tolerance, noise=self._noise
        )

    def _built_or_note(self, scene: Scene, *, anew: bool = False) -> Table | None:
        try:
            subject = self._subject.anew() if anew and self._subject.anew else self._subject
            return self._built(scene, subject)
        except FeatureEngineeringError as error:
            at = scene.bars.frame["at"].cast(int)[-1]
            self.failed += 1
            self._keep("fails", "", at, len(scene.bars), math.nan, math.nan, error.message)
            return None

    def _built(self, scene: Scene, subject: Subject) -> Table:
        self.builds += 1
        self._tell()
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(action="ignore", category=RuntimeWarning),
            plugins.guest(subject.name, error=FeatureEngineeringError, hint=_HINT, seconds=self._limit),
        ):
            frame = subject.build(scene.bars, scene.others)
        return Table.of(frame, name=subject.name)

    def _note(self, rule: str, one: Difference, detail: str = "") -> None:
        self._keep(rule, one.column, one.at, one.count, one.whole, one.other, detail)

    def _keep(self, rule: str, column: str, at: int, count: int, was: float, now: float, detail: str) -> None:
        """Keep what is found; of several findings of a column by one rule, the one in the most rows."""
        kept = self._found.get((rule, column))
        if kept is not None and kept.count >= count:
            return
        self._found[rule, column] = Finding(
            subject=self._subject.name,
            column=column,
            symbol=self._symbol,
            rule=rule,
            at=opened(at),
            count=count,
            was=was,
            now=now,
            detail=detail.rstrip("."),
        )
