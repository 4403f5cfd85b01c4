"""Why an answer is as wide as it is and where its centre lies: sums that are exact, for ensembles and single models."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ara.models.ensemble.by_regime import RegimeClass, belonging
from ara.models.ensemble.lately import said_before
from ara.models.ensemble.model import FittedEnsemble
from ara.models.ensemble.panels import alone, standings, with_next
from ara.models.families.ewma_t import EwmaT, FittedEwmaT
from ara.models.families.pooled.model import FittedPooledHar
from ara.models.families.pooled.seen import KINDS, kind_of
from ara.models.fits import fit_until
from ara.models.model import Fitted
from ara.models.months import month_of
from ara.models.panel import Panel
from ara.models.reasons.pooled import of_pooled
from ara.models.reasons.single import of_ewma, of_series
from ara.models.reasons.told import Told, added, log_width, middle, past, plain
from ara.models.series import FittedSeries, SeriesModel

__all__ = ["of_ensemble", "of_model"]

_Array = NDArray[np.float64]


def of_model(name: str, fitted: Fitted, panel: Panel, row: int, *, values: _Array | None = None) -> Told:
    """Tell of any model: of its inside where that is known, else of its band against that of its last year.

    Parameters
    ----------
    name
        Of its family.
    fitted
        The model.
    panel
        What it looks at, with the features that it needs.
    row
        Of the panel.
    values
        What the model answers for it, `[H, level]`, where that is known already.
    """
    if isinstance(fitted, FittedEnsemble):
        return of_ensemble(fitted, panel, row, values=values)
    if isinstance(fitted, FittedEwmaT):
        return of_ewma(fitted, panel, row, values=values)
    if isinstance(fitted, FittedPooledHar):
        return of_pooled(fitted, panel, row, values=values)
    if isinstance(fitted, FittedSeries):
        return of_series(fitted, panel, row, values=values)
    from ara.models.networks.fused import FittedFused  # graphs take long to import, and most models have none
    from ara.models.reasons.learned import of_fused, of_served
    from ara.models.served import Served

    learned = of_served(name, fitted, panel, row) if isinstance(fitted, Served) else None
    if isinstance(fitted, FittedFused):
        learned = of_fused(fitted, panel, row)
    return plain(name, fitted, panel, row) if learned is None else learned


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """What a member says, and `[H]` how much it counts."""

    told: Told
    weight: _Array


def of_ensemble(fitted: FittedEnsemble, panel: Panel, row: int, *, values: _Array | None = None) -> Told:
    """Tell of an ensemble: its members' parts as far as each counts, and what calibration made of them."""
    if values is None:
        values = fitted.predict(panel, np.array([row])).values[0]
    inner = with_next(panel)
    columns = [inner.horizons.index(horizon) for horizon in panel.horizons]
    members = [
        _Member(told=_at(_member(fitted, name, inner, row), columns), weight=weight[columns])
        for name, weight in _weights(fitted, inner, row).items()
    ]
    raw = log_width(values)
    mixed, parts = _mixed(members)
    usual, state = _stretches(fitted, inner, row)
    slow = (state - usual)[columns]
    fast = raw - mixed - state[columns]
    centre = _centre(members)
    moved = middle(values) - sum(centre.values(), np.zeros(len(columns)))
    known: dict[str, _Array] = {}
    for one in sorted(members, key=lambda one: -float(one.weight.sum())):
        known = {**one.told.values, **known}
    return Told(
        width=raw,
        parts=added([*parts.items(), ("state", slow), ("surprise", fast)]),
        centre=added([*centre.items(), ("belief", moved)]),
        values=known
        | {
            "state": np.exp(slow),
            "surprise": np.exp(fast),
            "agreement": np.exp(parts.get("agreement", np.zeros(len(columns)))),
            "consistency": _alike(members),
        },
        drawn=any(one.told.drawn for one in members),
    )


def _at(told: Told, columns: list[int]) -> Told:
    """Give what was told of some of the horizons."""

    def cut(parts: Mapping[str, _Array]) -> dict[str, _Array]:
        return {name: part[columns] for name, part in parts.items()}

    parts, centre, values = (cut(one) for one in (told.parts, told.centre, told.values))
    return Told(width=told.width[columns], parts=parts, centre=centre, values=values, drawn=told.drawn)


def _weights(fitted: FittedEnsemble, panel: Panel, row: int) -> dict[str, _Array]:
    """Give how much each member counts for the row's class, `[H]`; none that counts for nothing."""
    state = fitted.state.of(KINDS[kind_of(panel.groups[panel.group[row]])])
    columns = [fitted.state.horizons.index(horizon) for horizon in panel.horizons]
    if isinstance(state, RegimeClass):
        told = np.array([[own[column] for column in columns] for own in state.told])
        whole = np.einsum("r,rhm->hm", belonging(standings(panel, np.array([row])))[0], told)
    else:
        whole = np.array([state.weights[column] for column in columns])
    return {name: whole[:, k] for k, name in enumerate(fitted.state.members) if whole[:, k].any()}


def _member(fitted: FittedEnsemble, name: str, panel: Panel, row: int) -> Told:
    """Tell of a member; of a series that it has not met, of the fit to that series alone that answers for it."""
    model, one = fitted.models[name], fitted.fitted[name]
    code, values = int(panel.series[row]), said_before(panel, one, row)
    if panel.symbols[code] not in fitted.symbols and isinstance(model, SeriesModel | EwmaT):
        panel, first = alone(panel, code)
        row -= first
        one = fit_until(model, panel, month_of(int(panel.known_at[row])), seed=fitted.seed)
    told = of_model(name, one, panel, row, values=values)
    # an ensemble's stretches are measured by ranges, as its widest member's are
    return replace(told, values={}) if isinstance(model, SeriesModel | EwmaT) else told


def _mixed(members: list[_Member]) -> tuple[_Array, dict[str, _Array]]:
    """Give the log of the width of the weighted mean, and its parts.

    A mean of widths is as wide as the members are in the mean of their logs, and wider the more they differ; so each
    member's parts count as the member does, and `agreement` is what disagreement adds beyond a usual bar's.
    """
    total = sum((one.weight for one in members), np.zeros_like(members[0].weight))
    shares = [one.weight / total for one in members]

    def mean(ends: list[_Array]) -> tuple[_Array, _Array]:
        apart = sum((share * end for share, end in zip(shares, ends, strict=True)), np.zeros_like(total))
        whole = sum((share * np.exp(end) for share, end in zip(shares, ends, strict=True)), np.zeros_like(total))
        return np.log(whole), apart

    now, apart = mean([one.told.width for one in members])
    usual, usually = mean([one.told.usual for one in members])
    parts = [
        (name, share * part)
        for one, share in zip(members, shares, strict=True)
        for name, part in one.told.parts.items()
    ]
    return now, added([*parts, ("agreement", now - apart - (usual - usually))])


def _alike(members: list[_Member]) -> _Array:
    """Give how alike the members' reasons are, `[H]`, -1 to 1: the weighted mean of their cosines with their mean."""
    names = sorted({name for one in members for name in one.told.parts})
    nothing = np.zeros_like(members[0].weight)
    table = np.stack([np.stack([one.told.parts.get(name, nothing) for name in names or [""]]) for one in members])
    weight = np.stack([one.weight for one in members])
    weight = weight / weight.sum(axis=0)
    mean = np.einsum("mh,mnh->nh", weight, table)
    size = np.sqrt((table**2).sum(axis=1) * (mean**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.where(size > 0, np.einsum("mnh,nh->mh", table, mean) / size, 1.0)
    return np.asarray((weight * cosine).sum(axis=0))


def _centre(members: list[_Member]) -> dict[str, _Array]:
    """Give what moves the members' median: the weighted mean over those that have a view of direction."""
    views = [
        (one, np.where(sum(one.told.centre.values(), np.zeros_like(one.weight)) != 0, one.weight, 0.0))
        for one in members
    ]
    total = sum((view for _, view in views), np.zeros_like(members[0].weight))
    share = np.where(total > 0, 1 / np.where(total > 0, total, 1.0), 0.0)
    return added((name, part * view * share) for one, view in views for name, part in one.told.centre.items())


def _stretches(fitted: FittedEnsemble, panel: Panel, row: int) -> tuple[_Array, _Array]:
    """Give `[H]` the logs by which bands are stretched: on the mean of the last 250 bars, and in the row's regime."""
    state = fitted.state.of(KINDS[kind_of(panel.groups[panel.group[row]])])
    table = np.array([state.stretches[fitted.state.horizons.index(horizon)] for horizon in panel.horizons])
    found = np.einsum("hr,nr->hn", table, belonging(standings(panel, past(panel, row))))
    return found.mean(axis=1), found[:, -1]
