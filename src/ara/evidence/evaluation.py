"""One evaluation: forecasts in; figures, claims, alarms and a verdict out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl

from ara.errors import ValidationError
from ara.evidence import grid
from ara.evidence.claims import Claim, alarms, claims
from ara.evidence.forecasts import COLUMNS, checked, joined
from ara.evidence.losses import with_losses
from ara.evidence.outcomes import outcomes
from ara.evidence.scores import BASE, NAIVE, samples, scored
from ara.evidence.sureness import with_usual
from ara.evidence.verdict import Line, broken_line, verdict
from ara.evidence.worlds import after_break
from ara.evidence.yardstick import flattered
from ara.lineage import digest, digest_arrays
from ara.workers import Progress

__all__ = ["RIVALS", "Evaluation", "evaluate"]

RIVALS: Final = (BASE, NAIVE, "garch_t", "fhs", "har_t", "har_fhs", grid.MEAN)
"""The baselines, on which no verdict is passed and of which nothing is claimed."""

_EMPIRICAL: Final = "har_fhs"
"""HAR with the shape of past errors, over weeks the hardest of all."""
_NEEDED: Final = (BASE, NAIVE, *grid.PARTS, _EMPIRICAL)
_HARD: Final = ("garch_t", "har_t", _EMPIRICAL, grid.MEAN)
_VERSION: Final = "2"
_KEY: Final = ["symbol", "instant", "horizon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came of an evaluation.

    Parameters
    ----------
    id
        Of bars, forecasts and protocol: the same id, the same figures.
    names, classes
        Whose forecasts, and of how many asset classes.
    first, last
        Labels of the first and last origin.
    rows
        Figures of each model and horizon.
    checks
        By model, what no forecast may have.
    claims, alarms
        What may be claimed of the models that are no baselines, and what is too good to be true.
    verdicts
        By model, each floor.
    """

    id: str
    names: tuple[str, ...]
    classes: int
    first: datetime
    last: datetime
    rows: tuple[Mapping[str, Any], ...]
    checks: Mapping[str, Mapping[str, float]]
    claims: tuple[Claim, ...]
    alarms: tuple[str, ...]
    verdicts: Mapping[str, tuple[Line, ...]]

    @property
    def passed(self) -> bool:
        """Whether every model reaches every floor, none was left unjudged, and nothing is too good to be true."""
        lines = [line for own in self.verdicts.values() for line in own]
        return bool(lines) and not self.alarms and all(line.passed for line in lines)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "id": self.id,
            "symbols": list(self.names),
            "classes": self.classes,
            "first": self.first.isoformat().replace("+00:00", "Z"),
            "last": self.last.isoformat().replace("+00:00", "Z"),
            "base": BASE,
            "rows": [dict(row) for row in self.rows],
            "checks": {
                name: {key: None if math.isnan(value) else value for key, value in own.items()}
                for name, own in self.checks.items()
            },
            "claims": [one.as_dict() for one in self.claims],
            "alarms": list(self.alarms),
            "verdicts": [
                {
                    "model": name,
                    "passed": all(line.passed for line in own),
                    "rows": [x.as_dict() for x in own],
                }
                for name, own in self.verdicts.items()
            ],
            "passed": self.passed,
        }


def evaluate(
    bars: pl.DataFrame,
    forecasts: pl.DataFrame | None = None,
    *,
    models: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    baselines: bool = True,
    broken: bool = False,
    seed: int = 0,
    watch: Callable[[str, Progress], bool] | None = None,
) -> Evaluation:
    """Judge forecasts, and families of models asked for the same origins, beside the baselines.

    Parameters
    ----------
    bars
        As `read_bars` gives them.
    forecasts
        As `read_forecasts` gives them; None to judge families alone.
    models
        Families to be asked, refitted at the first instant of each month on what was known then.
    start, end
        First and last label of an origin. Without forecasts and a start, the last three years.
    baselines
        Whether baselines that the forecasts lack are made; without them what needs one is not judged.
    broken
        Whether each of `models` is also asked after a break of volatility, in made-up markets.
    seed
        Of what is random in the families.
    watch
        Told of each family's progress; False stops.
    """
    if forecasts is None and not models:
        raise ValidationError("there is nothing to evaluate", hint="Name forecasts (--forecasts FILE) or --models.")
    if forecasts is None:
        wanted = grid.origins(bars, start=start, end=end)
        there: list[str] = []
    else:
        forecasts = _within(forecasts, start, end)
        wanted, there = grid.asked(forecasts), forecasts["model"].unique().to_list()
    needed = _NEEDED if baselines else ()
    missing = [name for name in dict.fromkeys((*needed, *models)) if name not in there]
    made = grid.told(bars, wanted, missing, seed=seed, watch=watch) if missing else None
    whole = pl.concat([part for part in (forecasts, made) if part is not None])
    mean = None if grid.MEAN in there else grid.mean_of_three(whole)
    with np.errstate(all="ignore"):  # what has no figure is told as such
        found = _judged(bars, whole if mean is None else pl.concat([whole, mean]))
        if forecasts is not None and found.verdicts:
            lies = tuple(flattered(bars, forecasts, outcomes(bars), seed=seed))
            found = replace(found, alarms=(*lies, *found.alarms))
    if not broken:
        return found
    after = {name: after_break(name, seed=seed, watch=watch) for name in models if name in found.verdicts}
    verdicts = {
        name: (*own, broken_line(after[name])) if name in after else own for name, own in found.verdicts.items()
    }
    return replace(found, verdicts=verdicts)


def _within(forecasts: pl.DataFrame, start: datetime | None, end: datetime | None) -> pl.DataFrame:
    for bound, late in ((start, False), (end, True)):
        if bound is not None:
            forecasts = forecasts.filter(pl.col("instant") <= bound if late else pl.col("instant") >= bound)
    if not forecasts.height:
        raise ValidationError("no forecast lies between these days", hint="Name other days with --from and --to.")
    return forecasts


def _judged(bars: pl.DataFrame, forecasts: pl.DataFrame) -> Evaluation:
    table = joined(forecasts, outcomes(bars))
    checks, given = checked(table), table["model"].unique().sort()
    sound = pl.all_horizontal(pl.col(COLUMNS).is_finite(), pl.col("p_up").is_finite(), pl.col("y").is_not_null())
    table = table.filter(sound).unique(["model", *_KEY], keep="first", maintain_order=True)
    table = with_losses(with_usual(table, bars) if table.height else table)
    if not table.height:
        raise ValidationError(
            "no forecast has an outcome in the bars",
            hint="Origins are the ts of bars in the file, over 1, 5 or 21 bars.",
        )
    if gone := [one for one in given if one not in {*table["model"], *RIVALS}]:
        raise ValidationError(
            f"no forecast of {', '.join(gone[:5])} can be judged",
            hint="Each needs prices and a chance that are finite numbers, and an outcome in the bars.",
        )
    rows = {(one.model, one.horizon): scored(one) for one in samples(table)}
    names = [name for name in sorted({model for model, _ in rows}) if name not in RIVALS]
    for name in names:
        _over_best(rows, table, name)
    by_model = {model: {h: row for (own, h), row in rows.items() if own == model} for model, _ in rows}
    mine = [row for (model, _), row in rows.items() if model in names]
    first, last = table["instant"].sort()[[0, -1]].to_list()
    return Evaluation(
        id=_id(bars, forecasts),
        names=tuple(table["symbol"].unique().sort()),
        classes=table["asset_class"].n_unique(),
        first=first,
        last=last,
        rows=tuple(rows.values()),
        checks=checks,
        claims=tuple(claims(mine)),
        alarms=tuple(alarms(mine)),
        verdicts={name: tuple(verdict(by_model[name], checks[name], by_model)) for name in names},
    )


def _over_best(rows: dict[tuple[str, int], dict[str, Any]], table: pl.DataFrame, name: str) -> None:
    """Add to a model's rows what it saves beyond the best of the hard rivals on the same grid, and how surely.

    The interval is that of the skill over this rival, times the share of loss that the rival leaves of `ewma_t`'s; how
    surely that share is known counts for a hundredth of it and less.
    """
    for horizon in sorted({h for model, h in rows if model == name}):
        skill = {one: rows.get((one, horizon), {}).get("crps_skill") for one in _HARD}
        known = {one: told for one, told in skill.items() if told is not None}
        own = rows[name, horizon]
        if not known or "crps_skill" not in own:
            continue
        best = max(known, key=lambda one: known[one])
        pair = table.filter(pl.col("model").is_in([name, best]) & (pl.col("horizon") == horizon))
        beside = next(scored(one, base=best) for one in samples(pair, base=best) if one.model == name)
        own |= {"best_rival": best, "over_best": own["crps_skill"] - known[best]}
        if "skill_low" in beside:
            left = 1 - known[best]
            own |= {"over_best_low": left * beside["skill_low"], "over_best_high": left * beside["skill_high"]}
        if "dm_p" in beside:
            own |= {"over_best_t": beside["dm_t"], "over_best_p": beside["dm_p"]}


def _id(bars: pl.DataFrame, forecasts: pl.DataFrame) -> str:
    def columns(frame: pl.DataFrame) -> list[tuple[str, "np.ndarray[Any, Any]"]]:
        found = []
        for one in frame.get_columns():
            if one.dtype.is_temporal():
                found.append((one.name, one.dt.epoch("us").to_numpy()))
            elif one.dtype.is_numeric():
                found.append((one.name, one.cast(pl.Float64).fill_null(np.nan).to_numpy()))
            else:
                text = "\n".join(one.cast(pl.String).fill_null("").to_list()).encode()
                found.append((one.name, np.frombuffer(text, np.uint8)))
        return found

    judged = f"{_VERSION} beside {_EMPIRICAL}" if _EMPIRICAL in forecasts["model"] else _VERSION
    return digest(
        {"protocol": judged, "bars": digest_arrays(columns(bars)), "forecasts": digest_arrays(columns(forecasts))}
    )
