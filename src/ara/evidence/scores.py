"""The figures of the protocol: one row for each model and horizon."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.interval import skill_range
from ara.evidence.losses import BANDS, Sample
from ara.evidence.outcomes import VOLATILITY
from ara.evidence.sureness import held_sure
from ara.performance.chances import calibrated, pesaran_timmermann, rank_correlations
from ara.performance.coverage import christoffersen, kupiec
from ara.performance.inference import by_day, diebold_mariano, discoveries, newey_west, overlapping, tail

__all__ = ["BASE", "NAIVE", "samples", "scored"]

BASE: Final = "ewma_t"
"""The model that all are held against."""

NAIVE: Final = "hist"
"""The model whose P(up) is the frequency of rises: skill in direction must beat it."""

_Array = NDArray[np.float64]

_KEY: Final = ["symbol", "instant", "horizon"]
_LEAST_DAYS: Final = 120
_LEAST_BARS: Final = 60
_STILL: Final = 1e-9


def samples(table: pl.DataFrame, *, base: str = BASE, naive: str = NAIVE) -> Iterator[Sample]:
    """Give each model's rows over each horizon, with the rivals' losses beside them."""
    rivals = {
        "base": (base, ["crps", "qlike", "w80", "brier"]),
        "naive": (naive, ["brier", "p_up"]),
    }
    for prefix, (name, columns) in rivals.items():
        own = table.filter(pl.col("model") == name).select(*_KEY, *(pl.col(c).alias(f"{prefix}_{c}") for c in columns))
        table = table.join(own, on=_KEY, how="left", maintain_order="left")
    many = dict(table.filter(pl.col("model") == base).group_by("horizon").len().iter_rows())
    for model in sorted(table["model"].unique()):
        for horizon in sorted(table["horizon"].unique()):
            own = table.filter((pl.col("model") == model) & (pl.col("horizon") == horizon))
            if own.height:
                grid = own.height / many[horizon] if horizon in many else math.nan
                yield Sample(model=model, horizon=horizon, frame=own, grid=grid)


def scored(sample: Sample, *, base: str = BASE, naive: str = NAIVE) -> dict[str, Any]:
    """Give all figures of a model over a horizon; those that need a rival, or more days, are left out without."""
    frame = sample.frame
    told: dict[str, Any] = {
        "model": sample.model,
        "horizon": sample.horizon,
        "n": frame.height,
        "symbols": frame["symbol"].n_unique(),
        "dates": frame["instant"].n_unique(),
        "grid": sample.grid,
        "crps_bp": float(sample.get("crps").mean() * 1e4),
    }
    if sample.model != base and frame["base_crps"].null_count() < frame.height:
        told |= _beside(sample)
    told |= _bands(sample)
    told |= held_sure(sample)
    moved = sample.only(sample.get("y") != 0)
    if moved.frame.height:
        told |= _direction(moved, sample.lag)
        told |= _ranks(sample, moved, naive)
    return {key: value for key, value in told.items() if value is not None and not _unknown(value)}


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _beside(sample: Sample) -> dict[str, Any]:
    """Give skill over the baseline, by all and by symbol."""
    whole = sample.frame.height
    sample = sample.only(sample.frame["base_crps"].is_not_null().to_numpy())
    lag, days, symbols = sample.lag, sample.days, sample.symbols
    mean = {name: _by_symbol(symbols, sample.get(name)) for name in ("crps", "base_crps", "w80", "base_w80")}
    apart = sample.get("crps") - sample.get("base_crps")
    scaled = apart / mean["base_crps"][symbols]
    series = by_day(days, scaled)
    _, t, p = diebold_mariano(series, lag)
    error = newey_west(series, lag)[1]
    qlike = diebold_mariano(by_day(days, sample.get("qlike") - sample.get("base_qlike")), lag)
    chances = [diebold_mariano(own, sample.horizon - 1)[2] for own in _each(sample, apart)]
    low, high = skill_range(days, symbols, sample.get("crps"), sample.get("base_crps"), lag=lag)
    return {
        "base_missing": whole - sample.frame.height,
        "crps_skill": float(1 - np.exp(np.log(mean["crps"] / mean["base_crps"]).mean())),
        "skill_low": low,
        "skill_high": high,
        "dm_t": t,
        "dm_p": p,
        **_overlapped(dm=(-series, lag)),
        "dm_n_eff": float(scaled.var() / error**2),
        "width80_ratio": float(np.exp(np.log(mean["w80"] / mean["base_w80"]).mean())),
        "qlike_diff": qlike[0],
        "qlike_t": qlike[1],
        "qlike_p": qlike[2],
        "sym_better_bh": int(discoveries(chances).sum()),
        "sym_worse_bh": int(discoveries([1 - one for one in chances]).sum()),
    }


def _overlapped(**tests: tuple[_Array, int]) -> dict[str, Any]:
    """Give chances of so high means by a test that bears outcomes which overlap; 1 where days are too few."""
    chances = {name: overlapping(values, lag + 1) for name, (values, lag) in tests.items() if lag}
    return {f"{name}_overlap_p": 1.0 if math.isnan(chance) else chance for name, chance in chances.items()}


def _by_symbol(symbols: NDArray[np.int64], values: _Array) -> _Array:
    return np.asarray(np.bincount(symbols, values) / np.bincount(symbols))


def _each(sample: Sample, values: _Array) -> Iterator[_Array]:
    """Give the values of each symbol in turn, by time."""
    symbols, days = sample.symbols, sample.days
    order = np.lexsort((days, symbols))
    yield from np.split(values[order], np.flatnonzero(np.diff(symbols[order])) + 1)


def _bands(sample: Sample) -> dict[str, Any]:
    """Give how many outcomes the bands held: of all, by class, year and volatility, by symbol, in the worst month."""
    lag, days = sample.lag, sample.days
    told: dict[str, Any] = {}
    for share in BANDS:
        told[f"cov{share}"], told[f"cov{share}_se"] = newey_west(by_day(days, sample.get(f"in{share}")), lag)
    missed = [own[:: sample.horizon] < 0.5 for own in _each(sample, sample.get("in80"))]
    missed = [own for own in missed if len(own) >= _LEAST_BARS]
    for name, chances in (
        ("kupiec_rej_bh", [kupiec(own, 0.2) for own in missed]),
        ("indep_rej_bh", [christoffersen(own) for own in missed]),
    ):
        told[name] = f"{int(discoveries(chances).sum())}/{len(chances)}"
    slices = {name: _slice(own, lag) for name, own in _parts(sample)}
    told["slices"] = slices
    if slices:
        least = min(slices, key=lambda name: slices[name]["cov80"])
        told |= {"cov80_min": slices[least]["cov80"], "cov80_min_at": least}
        told["cov80_max"] = max(own["cov80"] for own in slices.values())
    names = sample.frame["symbol"].unique().sort().to_list()
    own = _by_symbol(sample.symbols, sample.get("in80"))
    told |= {"cov80_sym_min": float(own.min()), "cov80_sym_max": float(own.max())}
    told["cov80_by_symbol"] = dict(zip(names, own.tolist(), strict=True))
    return told | {"worst_month": _worst(sample)}


def _parts(sample: Sample) -> Iterator[tuple[str, Sample]]:
    """Give the rows of each class, year and third of volatility that have 120 days."""
    frame = sample.frame
    wild = frame["wild"].to_list()
    keys = {
        "class": frame["asset_class"],
        "year": frame["instant"].dt.year().cast(pl.String),
        "vol": pl.Series(["nan" if one < 0 else VOLATILITY[one] for one in wild]),
    }
    for name, values in keys.items():
        for value in values.unique().sort():
            own = sample.only((values == value).to_numpy())
            if own.frame["instant"].n_unique() >= _LEAST_DAYS:
                yield f"{name}:{value}", own


def _slice(own: Sample, lag: int) -> dict[str, Any]:
    told: dict[str, Any] = {"n": own.frame.height, "dates": own.frame["instant"].n_unique()}
    told |= {f"cov{share}": float(own.get(f"in{share}").mean()) for share in BANDS}
    told["se80"] = newey_west(by_day(own.days, own.get("in80")), lag)[1]
    base = own.get("base_crps")
    if np.isfinite(base).all():
        told["crps_skill"] = float(1 - own.get("crps").mean() / base.mean())
    return told


def _worst(sample: Sample) -> Mapping[str, Any]:
    """Give the month of origins whose 80 % bands held least."""
    months = sample.frame.group_by(pl.col("instant").dt.strftime("%Y-%m").alias("month")).agg(
        cov80=pl.col("in80").mean(), n=pl.len()
    )
    return months.sort("cov80", "month").row(0, named=True)


def _direction(moved: Sample, lag: int) -> dict[str, Any]:
    """Give what is told of rises and falls, of rows whose price moved."""
    days, symbols, up, p_up = moved.days, moved.symbols, moved.get("up"), moved.get("p_up")
    hits, error = newey_west(by_day(days, moved.get("hit")), lag)
    said = (p_up > 0.5).astype(float)
    told: dict[str, Any] = {"da": hits, "da_se": error, "up_rate": float(up.mean())}
    told["da_n_eff"] = hits * (1 - hits) / error**2 if error > _STILL else None
    apart = up - _by_symbol(symbols, up)[symbols]
    for name, stated in (("pt_t", said), ("pcov_t", p_up)):
        products = by_day(days, (stated - _by_symbol(symbols, stated)[symbols]) * apart)
        mean, wide = newey_west(products, lag)
        told[name] = mean / wide if wide > 1e-12 else 0.0
        if name == "pt_t" and wide > 1e-12:
            told |= _overlapped(pt=(products, lag))
    told["pt_p"] = tail(told["pt_t"])
    brier, usual = moved.get("brier"), _by_symbol(symbols, up)[symbols]
    told["brier"] = float(brier.mean())
    told["brier_skill_vs_half"] = float(1 - brier.mean() / 0.25)
    told["brier_skill_vs_hindsight_rate"] = float(1 - brier.mean() / (usual * (1 - usual)).mean())
    views = len(p_up) > 1 and float(p_up.std(ddof=1)) > _STILL
    told["brier_t"], told["brier_p"] = diebold_mariano(by_day(days, brier - 0.25), lag)[1:] if views else (0.0, 0.5)
    if views:
        told |= _overlapped(brier=(by_day(days, 0.25 - brier), lag))
    honest = calibrated(p_up, up, days, lag=lag)
    told |= {"ece": honest.error, "ece_noise_floor": honest.floor, "ece_corrected": honest.corrected}
    told |= {"calib_p": honest.p, "p_sd": honest.spread}
    told["bins"] = [{"p": p, "freq": share, "n": count} for p, share, count in honest.bins]
    if moved.horizon == 1:
        order = np.lexsort((days, symbols))
        cuts = np.flatnonzero(np.diff(symbols[order])) + 1
        pairs = zip(np.split(said[order], cuts), np.split(up[order], cuts), strict=True)
        chances = [pesaran_timmermann(one, other)[1] for one, other in pairs]
        told["pt_sym_bh"] = f"{int(discoveries(chances).sum())}/{len(chances)}"
    return told


def _ranks(sample: Sample, moved: Sample, naive: str) -> dict[str, Any]:
    """Give how instruments were ranked within their class, and both against the naive frequency of rises."""
    lag, y = sample.lag, sample.get("y")
    told: dict[str, Any] = {}
    own = rank_correlations(sample.days, sample.kinds, sample.get("p_up"), y)
    if len(own):
        moves = float(own.std()) > _STILL
        told["ic"], wide = newey_west(own, lag)
        told["ic_t"] = told["ic"] / wide if wide > 1e-12 and moves else 0.0
        if moves:
            told |= _overlapped(ic=(own, lag))
        told["icir"] = float(own.mean() / own.std()) if moves else 0.0
    if sample.model == naive or sample.frame["naive_p_up"].null_count():
        return told
    apart = moved.get("brier") - moved.get("naive_brier")
    told["brier_vs_hist_t"], told["brier_vs_hist_p"] = diebold_mariano(by_day(moved.days, apart), lag)[1:]
    told |= _overlapped(brier_vs_hist=(by_day(moved.days, -apart), lag))
    rival = rank_correlations(sample.days, sample.kinds, sample.get("naive_p_up"), y)
    if len(own):
        told["ic_minus_hist"], wide = newey_west(own - rival, lag)
        told["ic_minus_hist_t"] = told["ic_minus_hist"] / wide if wide > 1e-12 else 0.0
        told |= _overlapped(ic_minus_hist=(own - rival, lag))
    return told
