"""Measures as a table: this, where it would lie if the same world were lived again, and what it is set beside."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.reports.tables import Column, Form, Table
from ara.reports.tearsheet_track import Band

if TYPE_CHECKING:
    from ara.performance.returns import Measures

__all__ = ["FIGURES", "figures", "named_measures"]

FIGURES: Final[tuple[tuple[str, str, Form], ...]] = (
    ("total", "all together", Form.SHARE),
    ("cagr", "growth a year", Form.SHARE),
    ("volatility", "volatility a year", Form.SIZE),
    ("sharpe", "Sharpe", Form.RATIO),
    ("sortino", "Sortino", Form.RATIO),
    ("calmar", "Calmar", Form.RATIO),
    ("omega", "Omega", Form.RATIO),
    ("drawdown", "largest loss from a peak", Form.SHARE),
    ("drawdown_bars", "bars from peak to bottom", Form.COUNT),
    ("recovery_bars", "bars from bottom back", Form.COUNT),
    ("pain", "mean distance from peak", Form.SIZE),
    ("ulcer", "ulcer index", Form.SIZE),
    ("win_rate", "bars that gained", Form.SIZE),
    ("profit_factor", "gains by losses", Form.RATIO),
    ("expectancy", "mean of a bar that moved", Form.FINE),
    ("tail_ratio", "good tail by bad tail", Form.RATIO),
    ("var_95", "a bad bar (1 in 20)", Form.SHARE),
    ("cvar_95", "mean of the bad bars", Form.SHARE),
    ("skew", "skew", Form.RATIO),
    ("kurtosis", "excess kurtosis", Form.RATIO),
    ("alpha", "alpha a year", Form.SHARE),
    ("beta", "beta", Form.RATIO),
    ("tracking_error", "tracking error a year", Form.SIZE),
    ("information_ratio", "information ratio", Form.RATIO),
    ("up_capture", "share of the rises taken", Form.SIZE),
    ("down_capture", "share of the falls taken", Form.SIZE),
)
"""Measure, what it is called, and what it is."""


def figures(
    name: str, measures: "Measures", bands: Mapping[str, Band], others: Sequence[tuple[str, "Measures"]]
) -> Table:
    """Give the measures of a track with their intervals, beside those of others."""
    mine = measures.as_dict()
    ways = [(label, one.as_dict()) for label, one in others]
    kept = [one for one in FIGURES if mine[one[0]] is not None or any(way[one[0]] is not None for _, way in ways)]
    forms = [form for _, _, form in kept]
    keys = [key for key, _, _ in kept]
    columns = [
        Column(key="figure", head="figure", values=[label for _, label, _ in kept]),
        Column(key="value", head=name, values=[mine[key] for key in keys], form=forms),
    ]
    if bands:
        for place, (key, head) in enumerate((("low_95", "95 % from"), ("high_95", "to"))):
            values = [bands.get(one, (None, None))[place] for one in keys]
            columns.append(Column(key=key, head=head, values=values, form=forms))
    columns += [
        Column(key=_key(label), head=label, values=[way[key] for key in keys], form=forms) for label, way in ways
    ]
    words = "A figure that isn't defined is -."
    if bands:
        words = f"95 % of the histories drawn anew in blocks of these bars lie within the two bounds. {words}"
    return Table(name="figures", title="Key figures", columns=tuple(columns), words=words)


def named_measures(name: str, title: str, head: str, rows: Mapping[str, "Measures"], **more: Any) -> Table:
    """Give measures of several things or stretches alike, one a row."""
    told = [one.as_dict() for one in rows.values()]
    forms = (
        ("count", "bars", Form.COUNT), ("total", "all together", Form.SHARE), ("cagr", "growth a year", Form.SHARE),
        ("volatility", "volatility", Form.SIZE), ("sharpe", "Sharpe", Form.RATIO),
        ("drawdown", "largest loss", Form.SHARE),
    )  # fmt: skip
    columns = [Column(key=_key(head), head=head, values=list(rows))]
    columns += [Column(key=key, head=label, values=[one[key] for one in told], form=form) for key, label, form in forms]
    return Table(name=name, title=title, columns=tuple(columns), **more)


def _key(label: str) -> str:
    return "_".join("".join(one if one.isalnum() else " " for one in label.lower()).split()) or "value"
