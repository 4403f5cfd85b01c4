"""The family as a whole: what it answers for whom, what it keeps, and what it does with hostile panels."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import LEVELS, Panel
from ara.models.checks import check_model, toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.families.pooled import YOUNG, PooledHar, features, model
from ara.models.fits import fit_until, refits
from ara.models.head import Head, read_head, write_head
from ara.performance import crps
from tests.models.panels import bent, fit, go_on, last_rows, ranged
from tests.models.pooled.worlds import forget, small, start_of_month

MOMENT = start_of_month(2020, 1)
PANEL = small()
AFTER = np.flatnonzero((PANEL.known_at > MOMENT) & (PANEL.known_at < MOMENT + 20 * 86_400_000_000))


def simple(panel: Panel, rows: np.ndarray, moment: int = MOMENT) -> np.ndarray:
    return fit_until(EwmaT(), panel, moment, seed=0).predict(panel, rows).values


def test_it_keeps_every_rule_of_models(elsewhere) -> None:
    assert [one.words for one in check_model(PooledHar(), elsewhere=elsewhere) if not one.ok] == []


def test_it_is_better_than_the_obvious_where_volatility_is_shared() -> None:
    panel = small(1500)
    rows = np.flatnonzero((panel.known_at > start_of_month(2021, 1)) & np.isfinite(panel.y).all(axis=1))
    values = {}
    for family in (PooledHar(), EwmaT()):
        values[family.family] = np.empty((len(rows), 2, len(LEVELS)))
        for moment, places in refits(panel.known_at[rows]):
            fitted = fit_until(family, panel, moment, seed=0)
            values[family.family][places] = fitted.predict(panel, rows[places]).values
    for place in range(2):
        y = panel.y[rows, place] * panel.scale[rows, place]
        mine, base = (crps(values[name][:, place], y, LEVELS).mean() for name in ("pooled_har", "ewma_t"))
        assert mine < 0.995 * base
        inside = (y >= values["pooled_har"][:, place, 4]) & (y <= values["pooled_har"][:, place, -5])
        assert 0.76 < inside.mean() < 0.84


def test_what_is_fitted_is_kept_to_the_last_bit(tmp_path: Path) -> None:
    fitted = fit_until(PooledHar(), PANEL, MOMENT, seed=0)
    fitted.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays.npz", "head.json", "params.json"]
    assert read_head(tmp_path).horizons == PANEL.horizons
    again = PooledHar.load(tmp_path)
    assert again.predict(PANEL, AFTER).values.tobytes() == fitted.predict(PANEL, AFTER).values.tobytes()
    other = tmp_path / "other"
    other.mkdir()
    again.save(other)
    assert (other / "arrays.npz").read_bytes() == (tmp_path / "arrays.npz").read_bytes()
    assert (other / "params.json").read_bytes() == (tmp_path / "params.json").read_bytes()


def test_another_process_answers_the_same_on_another_kernel(tmp_path: Path) -> None:
    fitted = fit_until(PooledHar(), PANEL, MOMENT, seed=0)
    fitted.save(tmp_path)
    code = (
        "import sys, hashlib; from pathlib import Path; from ara.models.fits import fit_until;"
        "from ara.models.families.pooled import PooledHar;"
        "from tests.models.pooled.test_pooled_har import AFTER, MOMENT, PANEL;"
        f"loaded = PooledHar.load(Path({str(tmp_path)!r})).predict(PANEL, AFTER).values;"
        "fresh = fit_until(PooledHar(), PANEL, MOMENT, seed=0).predict(PANEL, AFTER).values;"
        "print(hashlib.sha256(loaded.tobytes()).hexdigest(), loaded.tobytes() == fresh.tobytes())"
    )
    mine = hashlib.sha256(fitted.predict(PANEL, AFTER).values.tobytes()).hexdigest()
    environ = {**os.environ, "OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [mine, "True"]


@pytest.mark.parametrize(
    "harm",
    [
        "other columns",
        "other series",
        "torn",
        "no arrays",
        "an array less",
        "no zip",
        "pickled",
        "other family",
        "no params",
    ],
)
def test_a_damaged_model_is_refused_in_words(tmp_path: Path, harm: str) -> None:
    fit_until(PooledHar(), PANEL, MOMENT, seed=0).save(tmp_path)
    arrays, params = tmp_path / "arrays.npz", tmp_path / "params.json"
    if harm == "torn":
        arrays.write_bytes(arrays.read_bytes()[:-2000])
    elif harm == "no arrays":
        arrays.unlink()
    elif harm == "an array less":
        with np.load(arrays) as file:
            np.savez(arrays, **{name: file[name] for name in list(file.files)[1:]})
    elif harm in {"other columns", "other series"}:
        with np.load(arrays) as file:
            parts = {name: file[name] for name in file.files}
        name = "crypto.weights" if harm == "other columns" else "memory.sums"
        parts[name] = parts[name][..., 1:] if harm == "other columns" else parts[name][1:]
        np.savez(arrays, **parts)
    elif harm == "no zip":
        arrays.write_bytes(b"nothing of the kind")
    elif harm == "pickled":
        with zipfile.ZipFile(arrays) as archive:
            names = archive.namelist()
        np.savez(arrays, **{name.removesuffix(".npy"): np.array([{"a": 1}], object) for name in names})
    elif harm == "other family":
        write_head(tmp_path, Head(family="ewma_t", levels=LEVELS))
    else:
        params.write_text(json.dumps({"horizons": [1]}))
    with pytest.raises(ModelError, match=r"damaged|not whole|family"):
        PooledHar.load(tmp_path)


def test_a_young_series_is_answered_as_ewma_t_would_until_it_is_old_enough() -> None:
    fitted = fit_until(PooledHar(), PANEL, MOMENT, seed=0)
    starts = np.searchsorted(PANEL.series, np.arange(len(PANEL.symbols)))
    young, old = starts + YOUNG - 1, starts + YOUNG
    base = simple(PANEL, np.concatenate((young, old)))
    got = fitted.predict(PANEL, np.concatenate((young, old))).values
    assert got[: len(young)].tobytes() == base[: len(young)].tobytes()
    apart = np.abs(got[len(young) :] - base[len(young) :]).max(axis=(1, 2)) > 0
    assert dict(zip(PANEL.symbols, apart.tolist(), strict=True)) == {
        "AAA": True, "BBB": True, "CCC": True, "DDD": False, "EEE": True
    }, "the one currency is its class, which has too few outcomes"  # fmt: skip


def test_a_class_with_too_few_outcomes_is_answered_as_ewma_t_would() -> None:
    panel = small(330, skip=("AAA", "BBB", "DDD", "EEE"))
    rows = last_rows(panel)
    moment = int(panel.known_at[-3])
    got = fit_until(PooledHar(), panel, moment, seed=0).predict(panel, rows).values
    assert got.tobytes() == simple(panel, rows, moment).tobytes()


def test_a_series_that_the_fit_did_not_know_is_taken_as_its_class() -> None:
    without = small(skip=("BBB",))
    fitted = fit_until(PooledHar(), without, MOMENT, seed=0)
    rows = np.flatnonzero((PANEL.series == 1) & (PANEL.known_at > MOMENT))[:10]
    got = fitted.predict(PANEL, rows).values
    assert np.isfinite(got).all()
    assert (np.abs(got - simple(PANEL, rows)).max(axis=(1, 2)) > 0).all()
    state = fitted.states["equity"]
    assert (state.scales[:, -1] == 1).all()
    assert (state.own[:, -1] == 0).all()


def test_a_class_that_the_fit_did_not_know_is_answered_as_ewma_t_would() -> None:
    without = small(skip=("CCC",))
    fitted = fit_until(PooledHar(), without, MOMENT, seed=0)
    rows = np.flatnonzero((PANEL.series == 2) & (PANEL.known_at > MOMENT))[:10]
    base = fit_until(EwmaT(), without, MOMENT, seed=0).predict(PANEL, rows).values
    assert fitted.predict(PANEL, rows).values.tobytes() == base.tobytes()


def test_a_panel_without_anything_is_fitted_and_answers_nothing() -> None:
    rows = np.flatnonzero(PANEL.known_at < 0)
    fitted = fit(PooledHar(), PANEL.until(0))
    assert fitted.states == {}
    assert fitted.predict(PANEL, rows).values.shape == (0, 2, len(LEVELS))
    assert np.isfinite(fitted.predict(PANEL, AFTER[:3]).values).all()


def test_a_horizon_it_was_not_fitted_for_is_refused() -> None:
    fitted = fit_until(PooledHar(), PANEL, MOMENT, seed=0)
    with pytest.raises(ModelError, match="fitted for the horizons 1, 5, not for 3"):
        fitted.predict(small(horizons=(3,)), AFTER)


def test_a_saved_model_answers_some_of_its_horizons() -> None:
    both = fit_until(PooledHar(), PANEL, MOMENT, seed=0)
    one = small(horizons=(5,))
    assert both.predict(one, AFTER).values[:, 0].tobytes() == both.predict(PANEL, AFTER).values[:, 1].tobytes()


def test_one_series_alone_has_a_model_of_its_own_history() -> None:
    panel = small(900, skip=("AAA", "BBB", "CCC", "DDD"))
    rows = last_rows(panel)
    moment = int(panel.known_at[-5])
    got = fit_until(PooledHar(), panel, moment, seed=0).predict(panel, rows).values
    assert np.isfinite(got).all()
    assert np.abs(got - simple(panel, rows, moment)).max() > 0


@pytest.mark.parametrize("name", list(bent()))
def test_hostile_series_are_answered_or_left_to_ewma_t(name: str) -> None:
    forget()
    panel = bent()[name]
    fitted = fit(PooledHar(), panel.until(int(panel.known_at[425])))
    rows = last_rows(panel)
    with np.errstate(all="raise", under="ignore"):
        values = fitted.predict(panel, rows).values
    base = fit(EwmaT(), panel.until(int(panel.known_at[425]))).predict(panel, rows).values
    answered = np.isfinite(base).all(axis=(1, 2))
    assert np.isfinite(values[answered]).all()
    assert (np.diff(values[answered], axis=2) >= 0).all()
    width = values[answered][:, 0, 20] - values[answered][:, 0, 4]
    assert (width >= 0).all()


def test_volume_may_be_missing_everywhere() -> None:
    panel = replace(PANEL, volume=np.full(len(PANEL), np.nan))
    with_volume, without = (fit_until(PooledHar(), one, MOMENT, seed=0) for one in (PANEL, panel))
    values = without.predict(panel, AFTER).values
    assert np.isfinite(values).all()
    assert values.tobytes() != with_volume.predict(PANEL, AFTER).values.tobytes()
    wild = replace(PANEL, volume=np.where(np.arange(len(PANEL)) % 3 == 0, np.inf, -1.0))
    assert fit_until(PooledHar(), wild, MOMENT, seed=0).predict(wild, AFTER).values.tobytes() == values.tobytes()


def test_fitting_stops_when_told_to() -> None:
    past = PANEL.until(MOMENT)
    rows = np.arange(len(past))
    forget()
    fitted = PooledHar().fit(past, rows, rows[:0], seed=0, watch=lambda progress: progress.done < 2)
    assert set(fitted.states) == {"crypto", "equity"}
    whole = PooledHar().fit(past, rows, rows[:0], seed=0, watch=go_on)
    assert set(whole.states) == {"crypto", "equity", "forex"}


def test_caches_stay_small() -> None:
    forget()
    for month in range(1, 13):
        fit_until(PooledHar(), PANEL, start_of_month(2019, month), seed=0)
    assert len(model._chains) == 4
    assert len(features._kept) <= 2


def test_drift_is_believed_for_companies_and_not_for_currencies() -> None:
    panel = small(900)
    bars = panel.bars.copy()
    bars[:, 1:] += 0.004
    rising = replace(panel, bars=bars)
    rows = last_rows(rising)
    moment = int(rising.known_at[rows].min())
    up = fit_until(PooledHar(), rising, moment, seed=0).predict(rising, rows).above(0.0)
    by_name = dict(zip(rising.symbols, up[:, 1], strict=True))
    assert by_name["AAA"] > 0.6
    assert abs(by_name["DDD"] - 0.5) < 0.1 < by_name["AAA"] - by_name["DDD"]


def test_a_range_without_a_return_widens_tomorrow() -> None:
    panel = ranged(toy_panel(bars=700))
    fitted = fit(PooledHar(), panel.until(int(panel.known_at[650])))
    rows = last_rows(panel)
    wide = panel.bars.copy()
    wide[rows, 1] += 0.05
    wide[rows, 2] -= 0.05
    low, high = (fitted.predict(replace(panel, bars=bars), rows).band(0.8) for bars in (panel.bars, wide))
    assert ((high[1] - high[0])[:, 0] > 1.05 * (low[1] - low[0])[:, 0]).all()
