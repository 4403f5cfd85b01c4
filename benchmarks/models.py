"""Models: fitting and answering.

A made-up series of 2,500 bars is fitted and its last bar answered over 1, 5 and 21 bars, by `drift`, `ewma_t`, `har_t`
and `garch_t` together (`four_ms`, and as a ratio to `ewma_t` alone, whose shape is a search over 14 tails), with all
their caches empty. `garch_fit_ms` is one maximum likelihood fit to 1,500 returns, `garch_over_passes` the same over
100 passes of a plain recursion through these returns, which is what a fit by numeric slopes needs at the least.
`pooled_ms` is the first answer of `pooled_har` for that series with all caches empty, `pooled_over_ewma` its ratio to
`ewma_t`, `pooled_next_over_first` what the refit of the following month costs over the first fit.
`fast_ms` is the first answer of `fast` for that series over 1 to 5 bars with all caches empty, two years of what its
members would have said included; `fast_over_pooled` its ratio to `pooled_har`, `fast_next_over_first` what the answer
of the following month costs over the first.
`shipped_cold_s` is the processor time of a whole `ara predict AAPL --model fast` on a machine that knows nothing yet,
answered by a shipped model; `shipped_over_fitted` the same over one that finds none and fits.
`regimes_fit_ms` fits the four states of a market to 2,500 bars from the beginning, `regimes_over_passes` the same over
100 passes of a plain recursion through as many.
`served_row_ms` is one row's answer by a served LightGBM of 100 trees of 31 leaves on 60 features, `served_over_native`
the same over LightGBM's own prediction of that row; `served_load_ms` reads that model from its folder, checks it and
makes it ready, with nothing remembered; `shapley_over_native` is 500 rows of its Shapley values over LightGBM's own.
`cnn_lstm_window_ms` is one answer of a served `cnn_lstm` of the size small to a window of 60 bars of 64 features,
`cnn_lstm_over_native` the same over PyTorch's own. `networks_epoch_s` is one epoch of the slowest of the five tiny
networks, with its export and all else that a fit needs, on 33 series of 1,260 bars with 60 features, and
`networks_epoch_over_least` the same over that of the quickest.
`ensemble_row_ms` is the answer to one row of a `default` that is fitted, each of its 12 members counting, over 1, 5 and
21 bars; `ensemble_batch_ms` that to the last rows of 99 series at once, and `ensemble_batch_over_row` the one over the
other. `default_sample_s` is the time by the clock of a whole `default` trained on the bundled sample up to 2020 over 30
horizons, by as many processes as it takes, and `default_sample_cpu_s` their processor time; `default_sample_gb` is the
most that its own process holds in memory, `default_sample_both_gb` the most that all of them hold at one moment, pages
that they share counted once, whose bound is 1.5. `default_over_fast` is the processor time over that of `fast` on the
same bars.
`lightgbm_fit_s` is a whole refit of `lightgbm` on three series of 3,000 bars over 1, 5 and 21 bars, to the graph;
`lightgbm_fit_over_raw` the same over LightGBM alone, asked for the same 24 regressors on the same matrix with the same
weights. It bins the matrix once, as the refit does, and makes a part of that for each set of rows; it makes no
forecasts of what was left out, no shapes and no graph.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ara.jobs import memory
from ara.models import fits
from ara.models.checks import toy_panel
from ara.models.ensemble import Default, Fast
from ara.models.ensemble.fitting import _stages as stages
from ara.models.ensemble.panels import alone
from ara.models.families.boosters import LightGbm
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import EwmaT
from ara.models.families.ewma_t import _lately as shapes
from ara.models.families.garch import GarchT
from ara.models.families.har import HarT
from ara.models.families.har import _learned as regressions
from ara.models.families.pooled import PooledHar
from ara.models.families.pooled.features import _kept as tables
from ara.models.families.pooled.model import _chains as chains
from ara.models.families.pooled.seen import _kept as sightings
from ara.models.families.pooled.seen import _lately as sighted
from ara.models.graphs import Output, Parts, session
from ara.models.graphs.boosters import from_lightgbm
from ara.models.head import Head, features_id
from ara.models.inputs import attached
from ara.models.learning.folds import blocks, outside
from ara.models.learning.targets import targets
from ara.models.learning.work import FOLDS
from ara.models.model import Model
from ara.models.months import DAY, month_of
from ara.models.networks import BiLstm, CnnLstm, Gru, Network, SeqToSeq, Transformer
from ara.models.panel import Panel
from ara.models.quantiles import LEVELS
from ara.models.regimes import Inputs, fit_states
from ara.models.served import Served
from ara.models.shapley import of_trees
from ara.statistics import distributions, fit_garch
from benchmarks.measure import show

__all__ = ["figures"]

_BARS, _RUNS, _PASSES, _PAUSE = 2500, 7, 100, 0.25


def figures() -> dict[str, float]:
    """Measure: milliseconds of processor time, and ratios."""
    small = _four() | _garch() | _pooled() | _fast() | _shipped() | _regimes() | _served() | _networks() | _learned()
    return small | _ensemble() | _sample()


def _four() -> dict[str, float]:
    panel = _one(toy_panel(bars=_BARS))
    four = _least(lambda: _answered((Drift(), EwmaT(), HarT(), GarchT()), panel))
    plain = _least(lambda: _answered((EwmaT(),), panel))
    return {"four_ms": 1000 * four, "four_over_ewma": four / plain}


def _garch() -> dict[str, float]:
    returns = toy_panel(bars=1501).bars[1:1501, 3]
    squares = (0.1 * returns * returns).tolist()

    def passes() -> None:
        for _ in range(_PASSES):
            list(accumulate(squares, lambda variance, part: 0.9 * variance + part, initial=1e-4))

    fit, least = _least(lambda: fit_garch(returns)), _least(passes)
    return {"garch_fit_ms": 1000 * fit, "garch_over_passes": fit / least}


def _pooled() -> dict[str, float]:
    panel = _one(toy_panel(bars=_BARS))
    last = int(panel.known_at[-1])
    months = (month_of(last - 31 * DAY), month_of(last))

    def first() -> None:
        chains.clear()
        tables.clear()
        sightings.clear()
        sighted.clear()
        _answered((PooledHar(),), panel)

    def following() -> float:
        chains.clear()
        spent = []
        for month in months:
            begin = time.process_time()
            past = panel.until(month)
            rows = np.arange(len(past))
            PooledHar().fit(past, rows, rows[:0], seed=0, watch=lambda _: True)
            spent.append(time.process_time() - begin)
        return spent[1] / spent[0]

    pooled, plain = _least(first), _least(lambda: _answered((EwmaT(),), panel))
    ratio = min(following() for _ in range(_RUNS))
    return {"pooled_ms": 1000 * pooled, "pooled_over_ewma": pooled / plain, "pooled_next_over_first": ratio}


def _fast() -> dict[str, float]:
    panel = _one(toy_panel(bars=_BARS, horizons=(1, 2, 3, 4, 5)))
    last = int(panel.known_at[-1])
    first, following, pooled = [], [], []
    for _ in range(3):
        # a first answer has nothing to remember
        for kept in (chains, tables, sightings, sighted, shapes, regressions, stages, fits._fits):  # noqa: SLF001
            kept.clear()
        spent = []
        for month in (month_of(last - 31 * DAY), month_of(last)):
            begin = time.process_time()
            fits.fit_until(Fast(), panel, month, seed=0).predict(panel, np.array([_BARS - 1]))
            spent.append(time.process_time() - begin)
        first.append(spent[0])
        following.append(spent[1] / spent[0])
        chains.clear()
        tables.clear()
        sightings.clear()
        sighted.clear()
        begin = time.process_time()
        _answered((PooledHar(),), panel)
        pooled.append(time.process_time() - begin)
    return {
        "fast_ms": 1000 * min(first),
        "fast_over_pooled": min(first) / min(pooled),
        "fast_next_over_first": min(following),
    }


def _shipped() -> dict[str, float]:
    unshipped = "from ara.models.registry import Registry; Registry.shipped = lambda self, family='': []; "
    asked = "import sys; sys.argv = ['ara', 'predict', 'AAPL', '--model', 'fast']; from ara.cli.app import main; main()"

    def cold(code: str) -> float:
        with tempfile.TemporaryDirectory() as home:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            environ = {**os.environ, "ARA_HOME": home, "OMP_NUM_THREADS": "1"}
            subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    shipped, fitted = min(cold(asked) for _ in range(3)), min(cold(unshipped + asked) for _ in range(3))
    return {"shipped_cold_s": shipped, "shipped_over_fitted": shipped / fitted}


def _ensemble() -> dict[str, float]:
    few = attached(toy_panel(bars=800), Default())
    rows = np.arange(len(few))
    fitted = Default().fit(few, rows, rows[:0], seed=0, watch=lambda _: True)
    state = fitted.state
    equal = tuple((1 / len(state.members),) * len(state.members) for _ in state.horizons)
    classes = {name: msgspec.structs.replace(one, weights=equal) for name, one in state.classes.items()}
    fitted = replace(fitted, state=msgspec.structs.replace(state, classes=classes))
    many = attached(replace(_many(99, 800, 0), symbols=few.symbols * 33), Default())  # each series 33 times
    last = np.searchsorted(many.series, np.arange(99), side="right") - 1
    one, first = alone(many, 0)
    row = _least(lambda: fitted.predict(one, last[:1] - first))
    batch = _least(lambda: fitted.predict(many, last))
    return {"ensemble_row_ms": 1000 * row, "ensemble_batch_ms": 1000 * batch, "ensemble_batch_over_row": batch / row}


def _sample() -> dict[str, float]:
    told = {}
    for name in ("fast", "default"):
        said, most = _watched((sys.executable, "-c", _TRAINED, name))
        told[name] = [*(float(text) for text in said.split()[-3:]), most]
    seconds, spent, own, both = told["default"]
    return {
        "default_sample_s": seconds,
        "default_sample_cpu_s": spent,
        "default_sample_gb": own / 2**20,
        "default_sample_both_gb": both / 2**20,
        "default_over_fast": spent / told["fast"][1],
    }


def _watched(command: Sequence[str]) -> tuple[str, float]:
    """Run a program and give what it printed, and the most KB that it and all it started held at one moment."""
    most = 0.0
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, sum(map(_held, memory.family(process.pid))))
            time.sleep(_PAUSE)
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said, most


def _held(pid: int) -> float:
    """Give the KB that a process holds, its part of what it shares with others; 0 where that is not told."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended meanwhile, or this is no Linux
        return 0.0
    return float(next((line.split()[1] for line in lines if line.startswith("Pss:")), 0.0))


_TRAINED = """
import asyncio, resource, sys, time
from datetime import date
import numpy as np
from ara import plugins
from ara.models.inputs import attached
from ara.models.panel import Panel
from tools.shipped import bars_until
model = plugins.load("models", sys.argv[1])()
panel = attached(Panel.build(asyncio.run(bars_until(date(2020, 12, 31))), range(1, 31)), model)
rows, kinds = np.arange(len(panel)), (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
begin, before = time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, kinds))
model.fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
used = [resource.getrusage(kind) for kind in kinds]
spent = sum(one.ru_utime + one.ru_stime for one in used) - before
print(time.perf_counter() - begin, spent, used[0].ru_maxrss)
"""


def _regimes() -> dict[str, float]:
    path = np.concatenate((np.zeros(200), np.cumsum(toy_panel(bars=_BARS + 1).bars[1 : _BARS + 1, 3])))
    returns = np.diff(path[199:])
    spans = {f"momentum_{span}": path[200:] - path[200 - span : -span] for span in (20, 50, 200)}
    rough = np.log(1e-8 + np.sqrt(np.convolve(returns * returns, np.full(20, 0.05))[:_BARS]))
    columns = {"return": returns, **spans, "realised_volatility": rough}
    values = np.stack(list(columns.values()), axis=1)
    inputs = Inputs(known_at=np.arange(_BARS), names=tuple(columns), values=values, missing={})
    plain = returns.tolist()

    def passes() -> None:
        for _ in range(_PASSES):
            list(accumulate(plain, lambda level, part: 0.9 * level + part, initial=0.0))

    fit, least = _least(lambda: fit_states(inputs, _BARS)), _least(passes)
    return {"regimes_fit_ms": 1000 * fit, "regimes_over_passes": fit / least}


def _served() -> dict[str, float]:
    import lightgbm

    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 60)).astype(np.float32)
    data = lightgbm.Dataset(x, x[:, 0] * x[:, 1] + random.normal(size=len(x)))
    booster = lightgbm.train({"num_leaves": 31, "num_threads": 1, "verbose": -1}, data, 100)
    trees, wide, names = from_lightgbm(booster), x.astype(float), tuple(f"x{place}" for place in range(x.shape[1]))
    outputs = {name: Output(regressors=(trees,)) for name in ("location", "log_scale")}
    parts = Parts(width=len(names), outputs=outputs)
    head = Head(
        family="lightgbm", levels=LEVELS, horizons=(1,), names=names, features=features_id(names), gives="shape"
    )
    plain = EwmaT().fit(toy_panel(), np.arange(0), np.arange(0), seed=0, watch=lambda _: True)
    served = Served.of(head=head, graph=parts.graph(), residuals={"": [list(LEVELS)]}, plain=plain, parts=parts)

    def load(folder: Path) -> None:
        session._sessions.clear()  # noqa: SLF001 (a first load has nothing to remember)
        Served.load(folder)

    with tempfile.TemporaryDirectory() as folder:
        served.save(Path(folder))
        loaded = _least(lambda: load(Path(folder)))
    row = _least(lambda: [session.run(served.graph, served.sha256, x[:1], names=("location",)) for _ in range(200)])
    native = _least(lambda: [booster.predict(wide[:1], num_threads=1) for _ in range(200)])
    own = _least(lambda: booster.predict(wide[:500], pred_contrib=True, num_threads=1))
    shares = _least(lambda: of_trees(trees, x[:500]))
    return {
        "served_row_ms": 1000 * row / 200,
        "served_over_native": row / native,
        "served_load_ms": 1000 * loaded,
        "shapley_over_native": shares / own,
    }


def _networks() -> dict[str, float]:
    import torch

    from ara.models.networks.fit import network_of
    from ara.models.training.devices import repeatable

    small = _many(3, 300, 64)
    model = CnnLstm(size="small", window=60, epochs=0)
    served, row = _trained(model, small), np.array([250])
    x, network = torch.from_numpy(small.windows(row, 60)), network_of(model, served)
    quick = _least(lambda: [served.predict(small, row) for _ in range(50)]) / 50
    with repeatable(0), torch.no_grad():
        native = _least(lambda: [network(x) for _ in range(50)]) / 50
    panel = _many(33, 1260, 60)
    spent = []
    for family in (Gru, BiLstm, SeqToSeq, Transformer, CnnLstm):
        begin = time.process_time()
        _trained(family(epochs=1), panel)
        spent.append(time.process_time() - begin)
    return {
        "cnn_lstm_window_ms": 1000 * quick,
        "cnn_lstm_over_native": quick / native,
        "networks_epoch_s": max(spent),
        "networks_epoch_over_least": max(spent) / min(spent),
    }


def _trained(model: Network, panel: Panel) -> Served:
    rows = np.arange(len(panel))
    return model.fit(panel, rows, rows[:0], seed=1, watch=lambda _: True)


def _many(series: int, bars: int, features: int) -> Panel:
    """Give a panel of so many series, those of the toy panel again and again, with features of noise."""
    toy = toy_panel(bars=bars)
    names = ("at", "known_at", "group", "bars", "volume", "scale", "y", "y_known")
    again: dict[str, Any] = {name: np.concatenate([getattr(toy, name)] * (series // 3)) for name in names}
    return replace(
        toy,
        **again,
        series=np.repeat(np.arange(series, dtype=np.int32), bars),
        symbols=tuple(f"S{place:02}" for place in range(series)),
        x=np.random.default_rng(1).standard_normal((series * bars, features)).astype(np.float32),
        names=tuple(f"f{place}" for place in range(features)),
    )


def _learned() -> dict[str, float]:
    import lightgbm

    model = LightGbm()
    panel = attached(toy_panel(bars=3000), model)
    rows = np.arange(len(panel))
    seen = targets(panel, rows)
    x = panel.x[seen.rows]
    settings: dict[str, Any] = {
        "objective": "regression", "learning_rate": model.rate, "num_leaves": model.leaves, "max_bin": 63,
        "lambda_l2": 1.0, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
        "min_data_in_leaf": model.least, "feature_pre_filter": False,
    }  # fmt: skip

    def raw() -> None:
        binned = lightgbm.Dataset(x, np.zeros(len(x)), params=settings).construct()
        for place in range(len(panel.horizons)):
            known = seen.known(place)
            begin, end = seen.begin[known], seen.end[known, place]
            blind = [np.flatnonzero(np.isin(known, block)) for block in blocks(seen.begin, FOLDS)]
            for part in (np.arange(len(known)), *(outside(begin, end, block) for block in blind)):
                data = binned.subset(known[part].tolist()).construct()
                data.set_weight(seen.weight[known[part], place])
                for target in (seen.y, seen.size):
                    data.set_label(target[known[part], place])
                    lightgbm.train(settings, data, num_boost_round=model.trees)

    fit = _least(lambda: model.fit(panel, rows, rows[:0], seed=0, watch=lambda _: True), runs=3)
    return {"lightgbm_fit_s": fit, "lightgbm_fit_over_raw": fit / _least(raw, runs=3)}


def _answered(models: Sequence[Model], panel: Panel) -> None:
    distributions._quantile.cache_clear()  # noqa: SLF001 (a first answer has nothing to remember)
    shapes.clear()
    regressions.clear()
    rows = np.arange(len(panel))
    for model in models:
        model.fit(panel, rows, rows[:0], seed=0, watch=lambda _: True).predict(panel, rows[-1:])


def _one(panel: Panel) -> Panel:
    """Give the first series of the panel alone."""
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    cut = {name: getattr(panel, name)[:_BARS] for name in names}
    return replace(panel, symbols=panel.symbols[:1], **cut)


def _least(work: Callable[[], object], *, runs: int = _RUNS) -> float:
    """Give the processor time in seconds: the least of a few runs."""
    least = float("inf")
    for _ in range(runs):
        begin = time.process_time()
        work()
        least = min(least, time.process_time() - begin)
    return least


if __name__ == "__main__":
    show(figures())
