"""A desk with a clock that the test sets, and models trained on a made-up panel."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ara.desk import Desk
from ara.lineage import canonical
from ara.models import Panel
from ara.models.checks import toy_panel
from ara.models.registry import Kept, Registry, Score
from ara.models.registry.hold_out import held_out
from ara.models.registry.training import Plan, train
from ara.settings import Settings
from tests.models.panels import ranged

Trainer = Callable[..., Awaitable[Kept]]


class HandClock:
    """A clock that shows what the test sets."""

    def __init__(self) -> None:
        self.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def opened(clock: HandClock) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """Open desks, each in a home of its own; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def opener(home: Path, **settings: str) -> Desk:
            given = {"home": str(home), "log.level": "error"} | {k.replace("__", "."): v for k, v in settings.items()}
            return await stack.enter_async_context(Desk.open(Settings.load(given, environ={}), clock=clock))

        yield opener


@pytest.fixture
async def desk(opened: Callable[..., Awaitable[Desk]], tmp_path: Path) -> Desk:
    return await opened(tmp_path / "home")


@pytest.fixture
def registry(desk: Desk) -> Registry:
    return Registry(desk)


@pytest.fixture(scope="session")
def panel() -> Panel:
    return ranged(toy_panel(bars=500, horizons=(1, 5)))


def score(horizon: int = 1, *, skill: float = 0.05, p: float = 0.001, low: float = 0.01, high: float = 0.09) -> Score:
    return Score(
        horizon=horizon,
        forecasts=250,
        days=250,
        crps=0.5 * (1 - skill),
        baseline=0.5,
        skill=skill,
        low=low,
        high=high,
        p=p,
        inside_80=0.8,
    )


GOOD = (score(1), score(5, skill=0.01, p=0.3, low=-0.01, high=0.03))


async def trained(
    registry: Registry,
    panel: Panel,
    family: str = "har_t",
    *,
    scores: tuple[Score, ...] | None = GOOD,
    judged: bool = False,
    seed: int = 0,
    **params: Any,
) -> Kept:
    """Train in this process and keep it; `scores` stand in for those of a hold-out unless it is judged."""
    cut = held_out(panel, 0.2).cut if judged else None
    plan = Plan(family=family, params=params, seed=seed, cut=cut)
    with registry.shelf.part() as part:
        done = train(panel, plan, str(part), watch=lambda _: True)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        facts = {
            "family": family,
            "params": done.params,
            "data": done.data,
            "features": done.features,
            "first": epoch + timedelta(microseconds=done.first),
            "trained_to": epoch + timedelta(microseconds=done.trained_to),
            "symbols": panel.symbols,
            "groups": {"stock": len(panel.symbols)},
            "pooled": done.pooled,
            "timeframe": "1d",
            "horizons": done.horizons,
            "seed": seed,
            "scores": done.scores if judged else scores or (),
        }
        kept, _ = await registry.add(part, facts)
    return kept


async def cite(desk: Desk, kept: Kept) -> None:
    """Put an entry into the ledger that names a model."""
    body = canonical({"lineage": {"models": {kept.family: {"artefact": kept.id, "family": kept.family}}}})
    await desk.store.log("ledger").append([body])
