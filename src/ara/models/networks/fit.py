"""A network from a panel: trained, steadied, and turned into what is served."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ara.errors import CancelledError, ModelError
from ara.models.families.ewma_t import EwmaT
from ara.models.head import Head, features_id
from ara.models.inputs import attached
from ara.models.model import Fitted, Native
from ara.models.networks.export import TRAINING_ONLY, graph_of, weights_of
from ara.models.networks.family import Network
from ara.models.networks.layers import Forecaster
from ara.models.networks.loss import joint, pinball
from ara.models.networks.sight import Sight
from ara.models.networks.steady import leans, steadied
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.served import Served
from ara.models.training.devices import repeatable
from ara.models.training.lesson import Lesson, lesson
from ara.models.training.loop import train
from ara.models.training.team import ALONE, Team
from ara.workers import Progress

__all__ = ["fitted", "network_of", "twofold"]

_ENOUGH: Final = 200


def fitted(
    model: Network,
    panel: Panel,
    train_rows: Rows,
    valid: Rows,
    *,
    seed: int,
    start: Fitted | None,
    watch: Callable[[Progress], bool],
    folder: Path | None,
    team: Team = ALONE,
) -> Served:
    """Train a network and give its served form.

    With fewer than 200 rows to learn from the graph has no answer, and `ewma_t` answers in its place.
    """
    return twofold(model, panel, train_rows, valid, seed=seed, start=start, watch=watch, folder=folder, team=team)[0]


def twofold(
    model: Network,
    panel: Panel,
    train_rows: Rows,
    valid: Rows,
    *,
    seed: int,
    start: Fitted | None,
    watch: Callable[[Progress], bool],
    folder: Path | None,
    team: Team = ALONE,
) -> tuple[Served, Native]:
    """Train as `fitted` does, and give beside the served form the network as PyTorch has it."""
    panel = attached(panel, model)
    given = lesson(panel, train_rows, valid, window=model.window)
    with repeatable(seed):
        network = _begun(model, given, start)
        if len(given.train) < _ENOUGH or not len(given.valid):
            network.outlook.usual.fill_(float("nan"))
            facts: dict[str, float] = {}
            residuals: dict[str, list[list[float]]] = {"": [[0.0] * len(LEVELS) for _ in panel.horizons]}
        else:
            facts = _trained(model, network, given, seed=seed, watch=watch, folder=folder, team=team)
            facts |= steadied(network, given)
            residuals = leans(network, given)
        graph = graph_of(network, window=model.window)
    rows = np.union1d(train_rows, valid)
    head = Head(
        family=model.family,
        levels=LEVELS,
        horizons=panel.horizons,
        features=features_id(panel.names),
        names=panel.names,
        window=model.window,
        gives="quantiles",
        seed=seed,
        trained_to=max(int(panel.known_at.max(initial=0)), start.head.trained_to if isinstance(start, Served) else 0),
        extra=facts,
    )
    plain = EwmaT().fit(panel, rows, rows[:0], seed=seed, watch=watch)

    def native(other: Panel, asked: Rows) -> Mapping[str, NDArray[Any]]:
        with torch.no_grad():
            told = network(torch.from_numpy(other.windows(asked, model.window)))
        return {name: value.numpy() for name, value in told.items()}

    return Served.of(head=head, graph=graph, residuals=residuals, plain=plain), native


def network_of(model: Network, served: Served) -> Forecaster:
    """Give a served network back as the PyTorch module that it came from, ready to answer.

    Parameters
    ----------
    model
        The family with the size it was trained in.
    served
        What `fit` gave, or was loaded.
    """
    weights = weights_of(served.graph)
    if not {"centre", "spread", "outlook.usual"} <= set(weights):
        raise ModelError(f"the model {served.head.family} has no network in it")
    with repeatable(0):
        network = model.network(Sight.from_weights(weights))
    own = {name: tuple(value.shape) for name, value in network.state_dict().items() if not name.endswith(TRAINING_ONLY)}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    if own != found:
        odd = sorted(name for name in own.keys() | found.keys() if own.get(name) != found.get(name))
        raise ModelError(
            f"the network in the model {served.head.family} is not a {model.family} of the size {model.size}: "
            f"{odd[0]} is {found.get(odd[0], 'not there')}, not {own.get(odd[0], 'there')}",
            hint="Give the family, size and window that it was trained with.",
            start=served.head.family,
        )
    network.load_state_dict(weights, strict=False)
    return network.eval()


def _begun(model: Network, given: Lesson, start: Fitted | None) -> Forecaster:
    """Give a new network, or that of `start` with all it learned."""
    if start is None:
        return model.network(Sight.of(given))
    if not isinstance(start, Served) or start.head.family != model.family:
        kind = start.head.family if isinstance(start, Served) else type(start).__name__
        raise ModelError(f"{model.family} can't go on from {kind}", hint=f"Start from a {model.family}.", start=kind)
    wanted = {"features": given.panel.names, "horizons": given.panel.horizons, "window": model.window}
    had = {"features": start.head.names, "horizons": start.head.horizons, "window": start.head.window}
    for name, value in wanted.items():
        if had[name] != value:
            raise ModelError(
                f"{model.family} can't go on from a network with other {name}",
                hint="Start from one that was trained with the same features, horizons and window.",
                start=start.head.family,
            )
    network = network_of(model, start)
    if not bool(torch.isfinite(network.outlook.usual).all()):
        return model.network(Sight.of(given))  # it had too little to learn from, and knows nothing
    for kept in (network.outlook.trust, network.outlook.belief, network.outlook.stretch):
        kept.fill_(1.0)
    return network


def _trained(
    model: Network,
    network: Forecaster,
    given: Lesson,
    *,
    seed: int,
    watch: Callable[[Progress], bool],
    folder: Path | None,
    team: Team,
) -> dict[str, float]:
    shares = model.shares()

    def loss(outputs: Mapping[str, Tensor], y: Tensor, weights: Tensor) -> Tensor:
        return joint(outputs, y, weights, shares)

    done = train(network, given, model, loss=loss, judge=pinball, seed=seed, watch=watch, folder=folder, team=team)
    if not done.whole:
        raise CancelledError("the training was stopped")
    return {
        "steps": float(done.steps),
        "best_epoch": float(done.best_epoch),
        "valid_loss": done.loss,
        "untrained_loss": done.untrained,
        "mishaps": float(len(done.said)),
    }
