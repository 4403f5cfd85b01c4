"""`fast`: the members' quantiles averaged by what each is worth in such times, and calibrated class by class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
import numpy as np

from ara.errors import ModelError
from ara.models.ensemble.answers import Answering
from ara.models.ensemble.by_regime import RegimeState
from ara.models.ensemble.members import CORE, LINES, TREES, absent, member, remedy
from ara.models.ensemble.panels import closed, with_next
from ara.models.ensemble.state import State
from ara.models.families.pooled.features import table
from ara.models.form import Form, in_form, is_formed
from ara.models.head import Head, read_head, write_head
from ara.models.model import Fitted, Model, described, later, refuse_outside
from ara.models.panel import Panel, Rows, united
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.space import Range
from ara.workers import Progress

__all__ = ["BASE", "Default", "Ensemble", "Fast", "FittedEnsemble", "Full"]

BASE: Final = "ewma_t"
"""The member that all others have to beat, and that answers alone where none does."""

_STATE: Final = "state.json"
_PARAMS: Final = "params.json"
_MEMBERS: Final = "members"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedEnsemble:
    """An ensemble as it was learned at one moment.

    Parameters
    ----------
    family
        Its name.
    models, fitted
        By name of the member: the family with its parameters, and what it learned.
    state
        Weights and calibration.
    symbols
        Series it knows.
    seed
        Of all that is random in its members.
    """

    family: str
    models: Mapping[str, Model]
    fitted: Mapping[str, Fitted]
    state: State
    symbols: tuple[str, ...]
    seed: int

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles of the return from each row, calibrated by what was known of its class at it."""
        work, columns = self._work(panel)
        return Quantiles(horizons=panel.horizons, values=work.answer(rows)[:, columns])

    def bare(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the members' mean without calibration: what is left where that fails."""
        work, columns = self._work(panel)
        return Quantiles(horizons=panel.horizons, values=work.bare(rows)[:, columns])

    def _work(self, panel: Panel) -> tuple[Answering, list[int]]:
        """Give who answers for a panel, and the places of its horizons among those that are answered."""
        missing = [h for h in panel.horizons if h not in self.state.horizons]
        if missing:
            known = ", ".join(map(str, self.state.horizons))
            raise ModelError(
                f"this {self.family} was fitted for the horizons {known}, not for {missing[0]}",
                hint="Fit it on a panel with that horizon.",
            )
        inner = with_next(panel)
        work = Answering(
            models=self.models,
            fitted=self.fitted,
            state=self.state,
            symbols=self.symbols,
            seed=self.seed,
            panel=inner,
        )
        return work, [inner.horizons.index(h) for h in panel.horizons]

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which members are left out and how to get them, and what members have to say themselves."""
        missing = (f"{self.family} answers without {name}: {remedy(name)}" for name in self.state.absent)
        formed = (note for one in self.fitted.values() if is_formed(one) for note in one.notes)
        return tuple(dict.fromkeys((*missing, *formed)))

    def in_form(self, form: Form) -> "FittedEnsemble":
        """Give the same ensemble, the graphs of its members answering in another form."""
        return replace(self, fitted={name: in_form(one, form) for name, one in self.fitted.items()})

    def save(self, folder: Path) -> None:
        """Write `state.json`, `params.json`, `head.json`, and each member into its own folder under `members`."""
        (folder / _STATE).write_bytes(msgspec.json.encode(self.state, order="deterministic"))
        body = _Params(
            symbols=self.symbols,
            seed=self.seed,
            members={name: dict(described(model)["params"]) for name, model in self.models.items()},
        )
        (folder / _PARAMS).write_bytes(msgspec.json.encode(body, order="deterministic"))
        for name, one in self.fitted.items():
            own = folder / _MEMBERS / name
            own.mkdir(parents=True)
            one.save(own)
        head = Head(family=self.family, levels=LEVELS, horizons=self.state.horizons, trained_to=self.state.seen)
        write_head(folder, head)


class _Params(msgspec.Struct, frozen=True, kw_only=True):
    symbols: tuple[str, ...]
    seed: int
    members: dict[str, dict[str, Any]]


class Ensemble:
    """Several members answer as one; a subclass names them.

    Each member is refitted monthly like any other model; what it forecast in the last 24 months, fitted each time at
    the first instant of the quarter, is scored by CRPS as outcomes become known. Learners and networks are refitted at
    the first instants of January and July only, and the fits that answer are those that are scored. Older months count
    less, half as much after a year. A class's evidence is drawn to that of all classes and of its shorter horizons, and
    to no skill. A member that is not better than `ewma_t` gets no weight. Where a subclass does not `weigh` in its own
    way, these weights are moved by a ridge regression, in calm, usual and wild times apart.
    """

    __slots__ = ()

    family: ClassVar[str]
    weigh: ClassVar[Callable[..., Any] | None] = None
    kept: ClassVar[type[State]] = RegimeState
    tunable: ClassVar[Mapping[str, Range]] = {"half_life": Range(low=3.0, high=48.0, log=True)}
    members: tuple[str, ...]
    half_life: float

    def __post_init__(self) -> None:
        refuse_outside(self, "half_life", 0.5, 1200.0)

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedEnsemble:
        """Fit the members, and weigh them by the months before; `valid` only adds rows."""
        return self.trained(panel, train, valid, seed=seed, watch=watch)

    def trained(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
        folder: Path | None = None,
    ) -> FittedEnsemble:
        """Fit as `fit` does; costly members' fits are laid down in a folder, and after a kill found there again."""
        from ara.models.ensemble.fitting import Fitting  # what fits is much, and who only answers needs none of it
        from ara.models.ensemble.learning import learned
        from ara.models.ensemble.ridge import Ridge

        missing = tuple(name for name in self.members if absent(name))
        models = {name: member(name) for name in self.members if name not in missing}
        if BASE not in models:
            raise ModelError(f"{self.family} can't be had without {BASE} among its members")
        if not len(panel):
            raise ModelError(
                f"{self.family} has nothing to learn from: no bar was known at the first instant of the period",
                hint=f"Leave out origins of the first month that there is, or ask for another model: {BASE}",
            )
        rows = united(train, valid)
        inner, moment = with_next(panel), closed(panel)
        scored = np.zeros(len(panel), bool)
        scored[rows] = True
        table(inner)  # made once, and found again by whatever looks at a part of this panel
        fitting = Fitting(models=models, panel=inner, scored=scored, seed=seed, watch=watch, folder=folder)
        stages = fitting.stages(moment)
        state = learned(
            stages,
            inner,
            moment,
            members=tuple(models),
            base=tuple(models).index(BASE),
            scored=scored,
            weigh=Ridge() if self.weigh is None else self.weigh,
            half_life=self.half_life,
        )
        return FittedEnsemble(
            family=self.family,
            models=models,
            fitted=dict(zip(models, fitting.at(moment), strict=True)),
            state=self.kept(**msgspec.structs.asdict(state) | {"absent": missing}),
            symbols=panel.symbols,
            seed=seed,
        )

    @classmethod
    def load(cls, folder: Path) -> FittedEnsemble:
        """Read what `FittedEnsemble.save` wrote."""
        head = read_head(folder, cls.family)
        try:
            state = msgspec.json.decode((folder / _STATE).read_bytes(), type=cls.kept)
            params = msgspec.json.decode((folder / _PARAMS).read_bytes(), type=_Params)
        except OSError as error:
            raise ModelError(f"the model in {folder} is not whole: {error.strerror or error}") from error
        except msgspec.MsgspecError as error:
            raise ModelError(f"the model in {folder} is damaged: {error}") from error
        if set(params.members) != set(state.members) or head.horizons != state.horizons:
            raise ModelError(f"the model in {folder} is damaged: its members or horizons don't belong together")
        models = {name: member(name, params.members[name]) for name in state.members}
        fitted = {name: type(model).load(folder / _MEMBERS / name) for name, model in models.items()}
        return FittedEnsemble(
            family=cls.family, models=models, fitted=fitted, state=state, symbols=params.symbols, seed=params.seed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fast(Ensemble):
    """The baselines and the pooled linear models, weighted by class and horizon.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    half_life
        Months after which a month's evidence counts half as much.

    References
    ----------
    J. M. Bates and C. W. J. Granger (1969), Operational Research Quarterly 20, for combining; K. C. Lichtendahl,
    Y. Grushka-Cockayne and R. L. Winkler (2013), Management Science 59, for averaging quantiles.
    """

    members: tuple[str, ...] = CORE
    half_life: float = later(12.0)
    family: ClassVar[str] = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Default(Ensemble):
    """`fast` with boosted trees and a small recurrent network, which count for as much as they are worth.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    half_life
        Months after which a month's evidence counts half as much.
    """

    members: tuple[str, ...] = (*CORE, "lightgbm", "gru")
    half_life: float = later(12.0)
    family: ClassVar[str] = "default"
    inputs: ClassVar[str] = "pooled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Full(Ensemble):
    """Every model there is: the baselines, linear models, trees of four kinds and networks.

    Parameters
    ----------
    members
        Names of registered models; `ewma_t` has to be one of them.
    half_life
        Months after which a month's evidence counts half as much.
    """

    members: tuple[str, ...] = (*CORE, *LINES, *TREES, "gru", "cnn_lstm")
    half_life: float = later(12.0)
    family: ClassVar[str] = "full"
    inputs: ClassVar[str] = "pooled"
