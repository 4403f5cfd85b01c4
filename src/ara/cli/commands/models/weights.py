"""What `ara models show` says of an ensemble: who counts for how much, since when, and what is done to bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.errors import IntegrityError, ModelError, StoreError

if TYPE_CHECKING:
    from ara.desk import Desk
    from ara.models.ensemble import ClassState, Line, State
    from ara.models.registry import Kept, Registry
    from ara.prediction.forecast import Forecast

__all__ = [
    "LEAST", "NAMES", "REGIMES", "Counting", "Weighing", "by_regime", "counted", "counting", "counting_facts",
    "shown_horizons", "weighing", "weighing_facts", "why_none",
]  # fmt: skip

NAMES: Final[Mapping[str, str]] = {
    "equity": "stocks", "crypto": "coins", "forex": "currencies", "other": "others", "": "all",
}  # fmt: skip
"""What classes are called, in the order in which they are shown."""

REGIMES: Final = ("calm", "usual", "wild")
"""The regimes of volatility, in which some ensembles weigh apart."""

LEAST: Final = 0.005
"""A weight that is shown as a figure; a smaller one is as good as nothing."""

_SHOWN: Final = (1, 5, 21)
_MOST: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """An ensemble's weights, and those of its kin before it.

    Parameters
    ----------
    state
        What it learned.
    kin
        Models of the same family from the same source, the oldest first, itself last: name, end of what each knows,
        and what it learned.
    """

    state: "State"
    kin: "Sequence[tuple[str, datetime, State]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What the members of the ensemble that answered counted for.

    Parameters
    ----------
    kind
        The class by which they were weighed, as `NAMES` has it.
    horizon
        In bars.
    weights
        By member, the largest first; those that counted for nothing come last. Empty of a fit, which is not kept.
    model
        Name of the trained model, which `ara models show` tells more of; what would train one for a fit.
    apart
        The weights in calm, usual and wild times, by member, of one that weighs by regime. It goes smoothly from one to
        the next by where the volatility of the bar stands, so what counted lies between these; `weights` is their mean.
    """

    kind: str
    horizon: int
    weights: Mapping[str, float]
    model: str
    apart: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Say who counted for how much and who for nothing."""
        if not self.weights:
            return f"weighed for this forecast alone. One that is kept tells its weights: {self.model}"
        ends = {name: self._ends(name) for name in self.weights}
        told = [f"{name} {_between(low, high)}".strip() for name, (low, high) in ends.items() if high > 0]
        none = [name for name, (_, high) in ends.items() if not high > 0]
        bars = "1 bar" if self.horizon == 1 else f"{self.horizon} bars"
        nothing = f"; nothing: {', '.join(none)}" if none else ""
        more = f"More: ara models show {self.model}"
        return f"of {self.kind} over {bars} count {', '.join(told)}{nothing}. {more}"

    def _ends(self, name: str) -> tuple[float, float]:
        """Give between what a member's weight lies, whatever the volatility."""
        every = [own[name] for own in self.apart.values()] or [self.weights[name]]
        return min(every), max(every)


def _between(low: float, high: float) -> str:
    """Write a weight, or between which it lies; nothing where it is too small to show."""
    if high < LEAST:
        return ""
    return f"{high:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"{low:.2f} to {high:.2f}"


async def counting(desk: "Desk", forecast: "Forecast") -> Counting | None:
    """Give what the members counted for in a forecast that was made now; None where no ensemble answered."""
    from ara.models.ensemble import FittedEnsemble
    from ara.models.families.pooled.seen import KINDS, kind_of
    from ara.models.registry import Registry, load_artefact

    told = forecast.lineage.models.get(forecast.model)
    if not isinstance(told, Mapping) or not told.get("states") or not forecast.days:
        return None
    kind, horizon = KINDS[kind_of(forecast.instrument.asset_class.value)], forecast.days[0].number
    if not told.get("artefact"):
        train = f"ara models train {forecast.instrument.symbol} --model {forecast.model}"
        return Counting(kind=NAMES[kind], horizon=horizon, weights={}, model=train)
    registry = Registry(desk)
    try:
        kept = await registry.find(str(told["artefact"]))
        fitted = load_artefact(await registry.artefact(kept))
    except (IntegrityError, ModelError, StoreError):
        return None
    if not isinstance(fitted, FittedEnsemble):
        return None
    own, place = fitted.state.of(kind), fitted.state.horizons.index(horizon)
    members = fitted.state.members
    ordered = sorted(zip(members, own.weights[place], strict=True), key=lambda pair: -pair[1])
    apart = {name: dict(zip(members, one, strict=True)) for name, one in by_regime(own, place).items()}
    return Counting(kind=NAMES[kind], horizon=horizon, weights=dict(ordered), model=kept.name, apart=apart)


def by_regime(own: "ClassState", place: int) -> Mapping[str, Sequence[float]]:
    """Give a class's weights over one horizon in calm, usual and wild times; nothing where they are the same."""
    from ara.models.ensemble.by_regime import RegimeClass

    if not isinstance(own, RegimeClass) or not own.regimes:
        return {}
    return {name: regime[place] for name, regime in zip(REGIMES, own.regimes, strict=True)}


def counting_facts(told: Counting) -> dict[str, Any]:
    """Give it as JSON has it."""
    return {
        "class": told.kind,
        "horizon": told.horizon,
        "weights": dict(told.weights),
        "by_regime": {name: dict(one) for name, one in told.apart.items()} or None,
        "model": told.model,
    }


async def weighing(registry: "Registry", kept: "Kept") -> Weighing | None:
    """Give the weights of a model and of those of its family that were made the same way before; None if it has none.

    Those that came with the package stand beside each other; of one's own, those that learned from the same instruments
    and bars.
    """
    from ara.models.registry import Stage

    state = await _state(registry, kept)
    if state is None:
        return None
    mine = kept.stage is Stage.SHIPPED
    others = registry.shipped(family=kept.family) if mine else await registry.all(family=kept.family)
    by_end: dict[datetime, Kept] = {}
    for one in others:
        alike = (one.card.symbols, one.card.timeframe) == (kept.card.symbols, kept.card.timeframe)
        if (mine or alike) and one.card.trained_to < kept.card.trained_to:
            by_end.setdefault(one.card.trained_to, one)
    kin = []
    for end in sorted(by_end)[-_MOST + 1 :]:
        told = await _state(registry, by_end[end])
        if told is not None:
            kin.append((by_end[end].name, end, told))
    return Weighing(state=state, kin=[*kin, (kept.name, kept.card.trained_to, state)])


async def _state(registry: "Registry", kept: "Kept") -> "State | None":
    """Give what an ensemble learned; None for another kind of model, or one that is damaged."""
    from ara.models.ensemble import State
    from ara.models.registry import load_artefact

    if "members" not in kept.card.params:
        return None
    try:
        fitted = load_artefact(await registry.artefact(kept))
    except (IntegrityError, ModelError, StoreError):
        return None
    state = getattr(fitted, "state", None)
    return state if isinstance(state, State) else None


def shown_horizons(state: "State") -> list[int]:
    """Give the bars ahead that are shown: 1, 5 and 21, or the first and the last where it knows none of them."""
    return [one for one in state.horizons if one in _SHOWN] or sorted({state.horizons[0], state.horizons[-1]})


def counted(state: "State") -> list[str]:
    """Give the classes that it knows, in the order in which they are shown; all together last."""
    return [name for name in NAMES if name in state.classes]


def why_none(line: "Line") -> str:
    """Say why a member has no weight over a horizon; empty where it has one."""
    from ara.models.ensemble import BASE
    from ara.models.ensemble.members import remedy

    if line.absent:
        return remedy(line.member)
    if line.weight > 0:
        return ""
    if line.member == BASE:
        return "the baseline, which answers where no other beats it"
    if line.beaten:
        return f"does not beat {BASE}" + ("" if line.judged == line.horizon else f" over {line.judged} bars")
    if not line.months or line.low == line.high:
        return "too few days to tell"
    if line.low > 0:
        return f"beats {BASE} here, but not surely in all classes, or adds nothing to the others"
    return f"does not surely beat {BASE}"


def weighing_facts(told: Weighing | None) -> dict[str, Any] | None:
    """Give the weights as JSON has them: of all horizons now, of a few of them over time."""
    from ara.cli.render.data_table import instant
    from ara.models.ensemble import report

    if told is None:
        return None
    state = told.state
    lines = report(state)
    return {
        "state": state.id,
        "learned_at": instant(_moment(state.at)),
        "known_to": instant(_moment(state.seen)),
        "weights": [
            {
                "class": NAMES[one.kind], "horizon": one.horizon, "member": one.member, "weight": one.weight,
                "skill": one.skill, "low": one.low, "high": one.high, "months": one.months, "judged": one.judged,
                "why_none": why_none(one), "by_regime": _apart(state, one) or None,
            }
            for one in lines if not one.absent
        ],
        "absent": [{"member": one.member, "why": why_none(one)} for one in lines if one.absent],
        "calibration": [row for name in counted(state) for row in _calibration(state, name)],
        "history": [
            {"name": name, "trained_to": instant(end), "weights": list(_past(one, shown_horizons(state)))}
            for name, end, one in told.kin
        ],
    }  # fmt: skip


def _apart(state: "State", line: "Line") -> dict[str, float]:
    """Give a member's weights by regime."""
    member, place = state.members.index(line.member), state.horizons.index(line.horizon)
    return {name: one[member] for name, one in by_regime(state.classes[line.kind], place).items()}


def _calibration(state: "State", name: str) -> list[dict[str, Any]]:
    own = state.classes[name]
    return [
        {
            "class": NAMES[name],
            "horizon": horizon,
            **{word: float(np.exp(log)) for word, log in zip(REGIMES, slow, strict=True)},
            "surprise": float(np.exp(own.surprise.now)) if own.surprise else 1.0,
            "p_up": float(1 / (1 + np.exp(-centre))),
        }
        for horizon, slow, centre in zip(state.horizons, own.stretches, own.centre, strict=True)
    ]


def _past(state: "State", horizons: Sequence[int]) -> "list[dict[str, Any]]":
    return [
        {"class": NAMES[name], "horizon": horizon, "member": member, "weight": weight}
        for name in counted(state)
        for horizon in horizons
        if horizon in state.horizons
        for member, weight in zip(
            state.members, state.classes[name].weights[state.horizons.index(horizon)], strict=True
        )
    ]


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
