"""What may be claimed of models, after all tests that were made; and figures that are too good to be true."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ara.performance.inference import holm, tail

__all__ = ["LEVEL", "Claim", "alarms", "claims"]

LEVEL: Final = 0.05
"""Below which a corrected chance lets a claim be made."""

_ACCURACY, _SKILL, _RANKS = 0.55, 0.05, 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One test of one model.

    Parameters
    ----------
    model, horizon
        Of what, over how many bars.
    test
        `pt`: directions told better than by their own frequencies. `ic`: instruments ranked, better than by the naive
        frequency of rises where that is known. `brier`: chances nearer to what happened than one half, and than the
        naive frequency. `dm`: smaller CRPS than the baseline's.
    kind
        `direction`, or `volatility` for `dm`, whose skill lies in the width.
    p
        Chance of so good a figure where there is no skill, corrected for all tests (Holm).
    raw
        The same before.
    n_eff
        How many forecasts that do not hang together these are worth.
    claimed
        Whether it is claimed.
    """

    model: str
    horizon: int
    test: str
    kind: str
    p: float
    raw: float
    n_eff: float | None
    claimed: bool

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            name: getattr(self, name) for name in ("model", "horizon", "test", "kind", "p", "raw", "n_eff", "claimed")
        }


def claims(rows: Sequence[Mapping[str, Any]]) -> list[Claim]:
    """Make all claims that rows of scores allow, each corrected for all tests of all of them."""
    tests = [(row, test, kind, p) for row in rows for test, kind, p in _tests(row)]
    corrected = holm([p for *_, p in tests])
    return [
        Claim(
            model=row["model"],
            horizon=row["horizon"],
            test=test,
            kind=kind,
            p=p,
            raw=raw,
            n_eff=row.get("da_n_eff" if kind == "direction" else "dm_n_eff"),
            claimed=p < LEVEL,
        )
        for (row, test, kind, raw), p in zip(tests, corrected, strict=True)
    ]


def _tests(row: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    found = []
    if "pt_p" in row:
        found.append(("pt", "direction", _chance(row, "pt")))
    if "ic_t" in row:
        found.append(("ic", "direction", max(_chance(row, "ic"), _chance(row, "ic_minus_hist"))))
    if "brier_p" in row:
        found.append(("brier", "direction", max(_chance(row, "brier"), _chance(row, "brier_vs_hist"))))
    if "dm_p" in row:
        found.append(("dm", "volatility", _chance(row, "dm")))
    return [(test, kind, 1.0 if math.isnan(p) else p) for test, kind, p in found]


def _chance(row: Mapping[str, Any], test: str) -> float:
    """Give the chance by the test that bears overlaps where there are some; 0 of what was not tested."""
    for name in (f"{test}_overlap_p", f"{test}_p"):
        if name in row:
            return float(row[name])
    return tail(row[f"{test}_t"]) if f"{test}_t" in row else 0.0


def alarms(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name figures that no honest forecast of prices has had: a leak is likelier than a find."""
    told = []
    for row in rows:
        bars = "1 bar" if row["horizon"] == 1 else f"{row['horizon']} bars"
        where = f"{row['model']}, {bars} ahead"
        if row["horizon"] == 1 and row.get("da", 0.0) > _ACCURACY:
            told.append(f"{where}: {row['da']:.1%} of directions are right; beyond {_ACCURACY:.0%} look for a leak")
        if row["horizon"] <= 5 and row.get("crps_skill", 0.0) > _SKILL:
            told.append(f"{where}: the CRPS skill is {row['crps_skill']:.1%}; beyond {_SKILL:.0%} look for a leak")
        if row.get("ic", 0.0) > _RANKS:
            told.append(f"{where}: the rank correlation is {row['ic']:.3f}; beyond {_RANKS:.2f} look for a leak")
    return told
