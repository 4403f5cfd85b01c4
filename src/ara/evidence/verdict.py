"""What is asked of a model before it may answer: each floor, what it reached, and whether that is enough."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ara.evidence.interval import Range
from ara.evidence.outcomes import HORIZONS

__all__ = ["Line", "broken_line", "verdict"]

_Row = Mapping[str, Any]

_WEEK: Final = 5
_LUCK: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is asked.

    Parameters
    ----------
    name, floor, got
        What, how much of it, and what was reached; horizons in order, with a stroke between.
    passed
        Whether that is enough; None where what is needed for it is not there.
    ranges
        Of skill, by horizon: its 95 % interval, which tells what is missed or reached beyond chance. Nothing is
        passed or failed by it.
    """

    name: str
    floor: str
    got: str
    passed: bool | None
    ranges: tuple[Range, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it; `ranges` only where there are some."""
        told = {"name": self.name, "floor": self.floor, "got": self.got, "passed": self.passed}
        return told | ({"ranges": [one.as_dict() for one in self.ranges]} if self.ranges else {})


def verdict(
    rows: Mapping[int, _Row], checks: Mapping[str, float], rivals: Mapping[str, Mapping[int, _Row]]
) -> list[Line]:
    """Hold a model's figures by horizon against every floor; `rivals` are the rows of baselines, by name."""
    return [*_whole(rows, checks), *_skill(rows), *_bands(rows), *_volatility(rows, rivals), *_chances(rows, rivals)]


def broken_line(share: float) -> Line:
    """Judge the share of 80 % bands that held after returns had tripled."""
    return Line(
        name="80 % band after a break", floor=">= 72 %", got=f"{share:.1%}".replace("%", " %"), passed=share >= 0.72
    )


def _line(name: str, floor: str, rows: Mapping[int, _Row], needs: tuple[str, ...], **how: Any) -> Line:
    """Judge horizons by a test of each row; not judged where a horizon or a figure is missing."""
    horizons: tuple[int, ...] = how.get("horizons", HORIZONS)
    test: Callable[[int, _Row], bool] = how["test"]
    shown: Callable[[_Row], str] = how["shown"]
    there = [h for h in horizons if h in rows and all(need in rows[h] for need in needs)]
    got = " / ".join(shown(rows[h]) if h in there else "-" for h in horizons).replace("%", " %")
    if len(there) < len(horizons):
        return Line(name=name, floor=floor, got=got, passed=None)
    return Line(name=name, floor=floor, got=got, passed=all(test(h, rows[h]) for h in there))


def _whole(rows: Mapping[int, _Row], checks: Mapping[str, float]) -> Iterator[Line]:
    yield _line(
        "every origin answered", "1.0", rows, ("grid",),
        test=lambda _, row: row["grid"] == 1.0, shown=lambda row: f"{row['grid']:.4g}",
    )  # fmt: skip
    wrong = sum(int(checks[name]) for name in ("nan", "crossing", "duplicates", "p_range"))
    yield Line(name="gaps, crossing levels, twins", floor="0", got=str(wrong), passed=wrong == 0)
    apart = checks["p_vs_quantiles"]
    yield Line(name="P(up) and quantiles, one belief", floor="<= .02", got=f"{apart:.4f}", passed=apart <= 0.02)


def _skill(rows: Mapping[int, _Row]) -> Iterator[Line]:
    least = {1: 0.01, 5: 0.014, 21: 0.02}
    skill = _line(
        "CRPS skill over ewma_t", "1.0/1.4/2.0 %, p < .01", rows, ("crps_skill", "dm_p"),
        test=lambda h, row: row["crps_skill"] >= least[h] and row["dm_p"] < 0.01,
        shown=lambda row: f"{row['crps_skill']:.2%} (p {_chance(row['dm_p'])})",
    )  # fmt: skip
    yield replace(skill, ranges=_ranges(rows, ("crps_skill", "skill_low", "skill_high"), least))
    beyond = _line(
        "over the best of GARCH-t, HAR, mean of 3", "+.3 points, p < .01", rows, ("over_best", "over_best_p"),
        test=lambda _, row: row["over_best"] >= 0.003 and row["over_best_p"] < 0.01,
        shown=lambda row: f"{100 * row['over_best']:+.2f} (p {_chance(row['over_best_p'])})",
    )  # fmt: skip
    over = ("over_best", "over_best_low", "over_best_high")
    yield replace(beyond, ranges=_ranges(rows, over, dict.fromkeys(HORIZONS, 0.003)))
    yield _line(
        "symbols better and worse, 1 bar", ">= 85 % and 0", rows, ("sym_better_bh",), horizons=(1,),
        test=lambda _, row: row["sym_better_bh"] >= 0.85 * row["symbols"] and not row["sym_worse_bh"],
        shown=lambda row: f"{row['sym_better_bh']} and {row['sym_worse_bh']} of {row['symbols']}",
    )  # fmt: skip


def _ranges(rows: Mapping[int, _Row], names: tuple[str, str, str], least: Mapping[int, float]) -> tuple[Range, ...]:
    """Give a figure and the ends of its interval by horizon, where they are there."""
    known = {h: [rows[h][name] for name in names] for h in HORIZONS if h in rows and set(names) <= rows[h].keys()}
    return tuple(Range(horizon=h, got=got, low=low, high=high, least=least[h]) for h, (got, low, high) in known.items())


def _bands(rows: Mapping[int, _Row]) -> Iterator[Line]:
    pooled = {1: (0.79, 0.81), 5: (0.785, 0.815), 21: (0.775, 0.825)}
    parts = {1: (0.77, 0.83), 5: (0.75, 0.85), 21: (0.73, 0.87)}
    yield _line(
        "80 % band, all", "79-81/78.5-81.5/77.5-82.5", rows, ("cov80",),
        test=lambda h, row: pooled[h][0] <= row["cov80"] <= pooled[h][1], shown=lambda row: f"{row['cov80']:.1%}",
    )  # fmt: skip
    yield _line(
        "80 % band by class, year, volatility", "77-83/75-85/73-87, or 2 errors", rows, ("cov80_min",),
        test=lambda h, row: all(
            parts[h][0] <= own["cov80"] <= parts[h][1] or abs(own["cov80"] - 0.8) <= 2 * own["se80"]
            for own in row["slices"].values()
        ),
        shown=lambda row: f"{row['cov80_min']:.1%} to {row['cov80_max']:.1%}",
    )  # fmt: skip
    yield _line(
        "80 % band by symbol, 1 bar; Kupiec", "76-84, or 3 errors; 0", rows, ("kupiec_rej_bh",), horizons=(1,),
        test=lambda _, row: row["kupiec_rej_bh"].startswith("0/") and _each_symbol(row),
        shown=lambda row: f"{row['cov80_sym_min']:.1%} to {row['cov80_sym_max']:.1%}; {row['kupiec_rej_bh']}",
    )  # fmt: skip
    yield _line(
        "50 and 95 % bands, 1 bar", "49-51; 94.5-95.5", rows, ("cov50", "cov95"), horizons=(1,),
        test=lambda _, row: 0.49 <= row["cov50"] <= 0.51 and 0.945 <= row["cov95"] <= 0.955,
        shown=lambda row: f"{row['cov50']:.1%}; {row['cov95']:.1%}",
    )  # fmt: skip
    yield _line(
        "independence rejected, 1 bar", "<= 3 % of symbols", rows, ("indep_rej_bh",), horizons=(1,),
        test=lambda _, row: round(_share(row["indep_rej_bh"]), 2) <= 0.03, shown=lambda row: row["indep_rej_bh"],
    )  # fmt: skip
    width = {1: 1.0, 5: 0.96, 21: 0.97}
    yield _line(
        "width of the 80 % band over ewma_t's", "<= 1.00/.96/.97", rows, ("width80_ratio",),
        test=lambda h, row: row["width80_ratio"] <= width[h], shown=lambda row: f"{row['width80_ratio']:.3f}",
    )  # fmt: skip


def _each_symbol(row: _Row) -> bool:
    error = (0.8 * 0.2 * row["symbols"] / row["n"]) ** 0.5
    return all(0.76 <= share <= 0.84 or abs(share - 0.8) <= 3 * error for share in row["cov80_by_symbol"].values())


def _share(told: str) -> float:
    hits, _, count = told.partition("/")
    return int(hits) / max(int(count), 1)


def _volatility(rows: Mapping[int, _Row], rivals: Mapping[str, Mapping[int, _Row]]) -> Iterator[Line]:
    least = {1: -0.07, 5: -0.05, 21: -0.04}
    yield _line(
        "QLIKE less ewma_t's", "<= -.07/-.05/-.04, p < .01 at 1", rows, ("qlike_diff", "qlike_p"),
        test=lambda h, row: row["qlike_diff"] <= least[h] and (h != 1 or row["qlike_p"] < 0.01),
        shown=lambda row: f"{row['qlike_diff']:+.3f}",
    )  # fmt: skip
    garch = rivals.get("garch_t", {})
    near = {h: row for h, row in rows.items() if "qlike_diff" in garch.get(h, {})}
    yield _line(
        "QLIKE less GARCH-t's, 1 and 5 bars", "< 0", near, ("qlike_diff",), horizons=(1, _WEEK),
        test=lambda h, row: row["qlike_diff"] < garch[h]["qlike_diff"],
        shown=lambda row: f"{row['qlike_diff'] - garch[row['horizon']]['qlike_diff']:+.3f}",
    )  # fmt: skip


def _chances(rows: Mapping[int, _Row], rivals: Mapping[str, Mapping[int, _Row]]) -> Iterator[Line]:
    most = {1: 0.01, 5: 0.015, 21: 0.03}
    yield _line(
        "P(up), error less chance; Wald p", "<= 1/1.5/3 %; > .01", rows, ("ece_corrected", "calib_p"),
        test=lambda h, row: row["ece_corrected"] <= most[h] and row["calib_p"] > 0.01,
        shown=lambda row: f"{row['ece_corrected']:.2%} (p {row['calib_p']:.2g})",
    )  # fmt: skip
    yield _line(
        "P(up), Brier against one half, 1 bar", "never worse", rows, ("brier_t",), horizons=(1,),
        test=lambda _, row: row["brier_t"] <= 0, shown=lambda row: f"t {row['brier_t']:+.1f}",
    )  # fmt: skip
    yield _line(
        "P(up), Brier against the naive rate", "never worse", rows, ("brier_vs_hist_t",),
        test=lambda _, row: row["brier_vs_hist_t"] <= 0, shown=lambda row: f"t {row['brier_vs_hist_t']:+.1f}",
    )  # fmt: skip
    yield _line(
        "right side, 1 bar", "shown beside the share of rises", rows, ("da", "da_se"), horizons=(1,),
        test=lambda *_: True,
        shown=lambda row: (
            f"{row['da']:.1%} ± {100 * row['da_se']:.1f}, rose {row['up_rate']:.1%}, PT p {row['pt_p']:.2f}"
        ),
    )  # fmt: skip
    naive = rivals.get("hist", {})
    near = {h: row for h, row in rows.items() if "da" in naive.get(h, {})}
    yield _line(
        "right side, 5 and 21 bars", "not below the naive rate", near, ("da",), horizons=(_WEEK, 21),
        test=lambda h, row: row["da"] >= naive[h]["da"],
        shown=lambda row: f"{row['da']:.1%} ({naive[row['horizon']]['da']:.1%})",
    )  # fmt: skip


def _chance(p: float) -> str:
    """Write a chance with one digit, or with as many more as it takes not to be rounded onto what is asked."""
    told = (f"{p:.{digits}g}" for digits in range(1, 9))
    return next((said for said in told if float(said) != _LUCK), f"{p:.1g}")
