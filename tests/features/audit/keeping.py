"""A stranger's features, some of which keep what they once knew in a file of the working folder, by symbol."""

import json
from pathlib import Path

import numpy as np


def _kept(bars, name, make):
    file = Path(f"{name}-{bars.instrument.symbol}.json")
    at = [str(one) for one in bars.frame["at"].to_list()]
    if not file.exists():
        file.write_text(json.dumps(dict(zip(at, make(bars.frame["close"].to_numpy()).tolist(), strict=True))))
    told = json.loads(file.read_text())
    return np.array([told.get(one, np.nan) for one in at])


def _moves(close):
    return np.append(np.nan, np.diff(np.log(close)))


def honest(bars):
    return _kept(bars, "honest", _moves)


def scaled(bars):
    return _kept(bars, "scaled", lambda close: _moves(close) / np.nanstd(_moves(close)))


def by_name(bars):
    """Depends on how the instrument is called, and on nothing later."""
    return _moves(bars.frame["close"].to_numpy()) * sum(map(ord, bars.instrument.symbol))


def dear(bars):
    """Knows one symbol by heart, and no other."""
    return {"AAPL": 1.0}[bars.instrument.symbol] * _moves(bars.frame["close"].to_numpy())
