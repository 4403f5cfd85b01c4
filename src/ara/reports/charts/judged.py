"""How forecasts did: whether what they stated came as often, and which model did better than the baseline."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, same_length
from ara.reports.charts.marks import Axis, Bars, Line, Panel, Points, Rule
from ara.reports.numbers import percent

__all__ = ["astray", "models", "models_of", "reliability", "reliability_of"]

_SURE: Final = 1.96


def reliability(evaluation: Mapping[str, Any], *, model: str = "", horizon: int = 0) -> Chart:
    """Draw what P(up) stated beside what came, of one model and horizon of an evaluation.

    Parameters
    ----------
    evaluation
        The document of `ara evaluate`, or `Evaluation.as_dict()`.
    model
        Which; the first on which a verdict was passed if empty, else the first at all.
    horizon
        Bars ahead; the shortest if 0.
    """
    rows = [row for row in _rows(evaluation) if row.get("bins")]
    row = _chosen(rows, evaluation, model, horizon)
    bars = f"{row['horizon']} bar{'s' if row['horizon'] != 1 else ''} ahead"
    words = astray(row)
    return reliability_of(
        [one["p"] for one in row["bins"]],
        [one["freq"] for one in row["bins"]],
        [one["n"] for one in row["bins"]],
        title=f"{row['model']}, {bars}" + (f": {words}" if words else ""),
        footer=_footer(evaluation),
    )


def astray(row: Mapping[str, Any]) -> str:
    """Say how far P(up) is off in a row of an evaluation, and how likely chance alone puts it as far; empty if unknown.

    What is said is the error less the one that honest chances have on average by chance; p is of Wald's test.
    """
    error, p = row.get("ece_corrected"), row.get("calib_p")
    if error is None:
        return ""
    most = f"{100 * error:.1f} percentage points more than"
    told = f"P(up) is off by {most if round(100 * error, 1) else 'no more than'} chance makes on average"
    return told if p is None else f"{told} (as far by chance alone: p {p:.2g})"


def reliability_of(
    stated: Given, happened: Given, counts: Given, *, title: str = "", footer: Footer | None = None
) -> Chart:
    """Draw bins of forecasts: the mean of what they stated, the share that came, and how many they are.

    The upright lines are 95 % intervals of the share: E. B. Wilson (1927), Journal of the American Statistical
    Association 22. Forecasts of neighbouring days are not independent, so the truth is wider.
    """
    said, came, many = floats(stated, "stated"), floats(happened, "happened"), floats(counts, "counts")
    same_length(said, came, many)
    low, high = _wilson(came, many)
    ends = np.concatenate([said, came, low, high])
    ends = ends[np.isfinite(ends)]
    least, most = (max(0.0, ends.min() - 0.02), min(1.0, ends.max() + 0.02)) if len(ends) else (0.0, 1.0)
    held = int(((low <= said) & (said <= high)).sum())
    first, last = _sides(said, least, most)
    honest = np.array([first, last])
    marks = (
        Line(x=honest, y=honest, name="honest", role="past", dash="dash", wide=1.2),
        Points(x=said, y=came, name="forecasts, with 95 % intervals", role="forecast", low=low, high=high, size=7),
    )
    steps = np.diff(np.unique(said[np.isfinite(said)]))
    below = Bars(places=said, values=many, role="past", wide=0.7 * min([(last - first) / 12, *steps.tolist()]))
    return Chart(
        kind="reliability",
        title=title or f"In {held} of {len(said)} bins what was stated lies in the 95 % interval of what came",
        words=f"{int(np.nansum(many)):,} forecasts; below the line they stated too much, above it too little",
        panels=(
            Panel(marks=marks, x=Axis(low=first, high=last), y=Axis(label="came", low=least, high=most)),
            Panel(
                marks=(below,), x=Axis(label="stated", low=first, high=last), y=Axis(label="forecasts", low=0.0),
                share=0.3,
            ),
        ),
        footer=footer or Footer(),
        columns={"stated": said, "came": came, "count": many, "low_95": low, "high_95": high},
        shared=True,
    )  # fmt: skip


def _sides(said: NDArray[np.float64], least: float, most: float) -> tuple[float, float]:
    """Give the chances between which something was stated, with room beside them, within those that are shown."""
    known = said[np.isfinite(said)]
    if not len(known):
        return least, most
    low, high = float(known.min()), float(known.max())
    room = max(0.25 * (high - low), 0.02)
    return max(least, low - room), min(most, high + room)


def _wilson(share: NDArray[np.float64], count: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = _SURE**2 / count
        middle = (share + z / 2) / (1 + z)
        apart = np.sqrt(np.fmax(share * (1 - share) * z + z**2 / 4, 0)) / (1 + z)
    return np.clip(middle - apart, 0, 1), np.clip(middle + apart, 0, 1)


def models(evaluation: Mapping[str, Any], *, horizon: int = 0) -> Chart:
    """Compare the models of an evaluation by their skill in CRPS over its baseline, each with its interval.

    Parameters
    ----------
    evaluation
        The document of `ara evaluate`, or `Evaluation.as_dict()`.
    horizon
        Bars ahead; the shortest if 0.
    """
    rows = [row for row in _rows(evaluation) if row.get("crps_skill") is not None]
    if not rows:
        raise ValidationError("The evaluation has no model beside a baseline.", hint="Evaluate with baselines.")
    ahead = horizon or min(row["horizon"] for row in rows)
    own = [row for row in rows if row["horizon"] == ahead]
    if not own:
        known = sorted({row["horizon"] for row in rows})
        raise ValidationError(f"Nothing was forecast {ahead} bars ahead.", hint=f"There are: {known}.")
    return models_of(
        [str(row["model"]) for row in own],
        [row["crps_skill"] for row in own],
        [_error(row) for row in own],
        measure=f"skill over {evaluation.get('base', 'the baseline')} in CRPS, {ahead} bar{'s' * (ahead != 1)} ahead",
        footer=_footer(evaluation),
    )


def _error(row: Mapping[str, Any]) -> float | None:
    """Give the skill's standard error by its interval, or as the Diebold-Mariano statistic has it; None of neither."""
    low, high, t = (row.get(name) for name in ("skill_low", "skill_high", "dm_t"))
    if low is not None and high is not None:
        return float(high - low) / (2 * _SURE)
    return abs(row["crps_skill"] / t) if t else None


def models_of(
    names: Sequence[str],
    skills: Given,
    errors: Given,
    *,
    measure: str = "skill",
    footer: Footer | None = None,
) -> Chart:
    """Compare models by a skill, the best first; `errors` are standard errors, None where none is known."""
    found, wide = floats(skills, "skills"), floats(errors, "errors")
    same_length(found, wide, np.asarray(names))
    order = np.argsort(-np.where(np.isfinite(found), found, -np.inf), kind="stable")
    sorted_, apart = 100 * found[order], 100 * _SURE * np.nan_to_num(wide[order])
    told = tuple(names[place] for place in order)
    title, words = _lead(sorted_, apart, np.isfinite(wide[order]))
    marks = (
        Rule(at=0.0, upright=True),
        Points(
            x=sorted_,
            y=np.arange(len(told), dtype=np.float64),
            low=sorted_ - apart,
            high=sorted_ + apart,
            flat=True,
            size=7,
            texts=[percent(value / 100) if math.isfinite(value) else "" for value in sorted_],
        ),
    )
    return Chart(
        kind="models",
        title=title,
        words=f"{measure}{words}; right of 0 is better",
        panels=(Panel(marks=marks, x=Axis(label="skill", unit="%"), y=Axis(kind="names", names=told)),),
        footer=footer or Footer(),
        columns={"model": told, "skill": found[order], "standard_error": wide[order]},
    )


def _lead(skills: NDArray[np.float64], apart: NDArray[np.float64], tested: NDArray[np.bool_]) -> tuple[str, str]:
    """Say how many models lead, surely where intervals are known, and what is drawn."""
    lead = int((skills - apart > 0)[tested].sum() if tested.any() else (skills > 0).sum())
    told = f"{lead} of {len(skills)} models {'is' if lead == 1 else 'are'} better than the baseline"
    if not tested.any():
        return f"{told}; how much of it is chance is not known", ""
    return f"{told} with the whole 95 % interval", ", with 95 % intervals, each alone"


def _rows(evaluation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = evaluation.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "model" in row for row in rows):
        raise ValidationError(
            "This is no evaluation: it has no rows of models.", hint="Make one: ara evaluate --out DIR"
        )
    return list(rows)


def _chosen(
    rows: Sequence[Mapping[str, Any]], evaluation: Mapping[str, Any], model: str, horizon: int
) -> Mapping[str, Any]:
    judged = [str(one.get("model")) for one in evaluation.get("verdicts", ())]
    names = list(dict.fromkeys(str(row["model"]) for row in rows))
    name = model or next((one for one in judged if one in names), names[0] if names else "")
    own = [row for row in rows if row["model"] == name and (not horizon or row["horizon"] == horizon)]
    if not own:
        raise ValidationError(
            f"The evaluation has no P(up) of {name[:40]!r} {f'over {horizon} bars' if horizon else ''}".strip() + ".",
            hint=f"There are: {', '.join(names) or 'none'}.",
        )
    return min(own, key=lambda row: int(row["horizon"]))


def _footer(evaluation: Mapping[str, Any]) -> Footer:
    return Footer(data_to=str(evaluation.get("last", ""))[:10], lineage=str(evaluation.get("id", "")))
