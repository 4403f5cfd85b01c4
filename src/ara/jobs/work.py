"""What a job can do: learn, test the past, forecast, and what keeps an installation well."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from ara import plugins
from ara.desk import Desk
from ara.errors import ValidationError
from ara.models.registry.making import make
from ara.models.space import space
from ara.prediction.training import Lesson
from ara.prediction.tuning import Quest
from ara.workers import Progress

__all__ = [
    "QUEUES",
    "Backtest",
    "Backup",
    "Clean",
    "Drift",
    "Predict",
    "Regimes",
    "Review",
    "Score",
    "Train",
    "Tune",
    "Update",
    "Work",
    "at_once",
    "check",
    "do",
    "queue_of",
    "words",
]

QUEUES: Final = ("predictions", "backtests", "training", "upkeep")
"""The queues that workers may be told apart by."""

_MOST: Final = 1000
_Watch: TypeAlias = Callable[[Progress], bool]
_Value: TypeAlias = str | int | float | bool


class Train(msgspec.Struct, frozen=True, kw_only=True, tag="train", tag_field="what"):
    """Train a family, as `ara models train` does.

    Parameters
    ----------
    symbols
        Whose bars to learn from.
    lesson
        How.
    """

    symbols: tuple[str, ...]
    lesson: Lesson


class Tune(msgspec.Struct, frozen=True, kw_only=True, tag="tune", tag_field="what"):
    """Tune a family, as `ara tune run` does.

    Parameters
    ----------
    symbols
        Whose bars to learn from.
    quest
        What to look for.
    shadow
        Put the winner into the shadow of the champion, so that the court may judge between them.
    """

    symbols: tuple[str, ...]
    quest: Quest
    shadow: bool = False


class Review(msgspec.Struct, frozen=True, kw_only=True, tag="review", tag_field="what"):
    """Review champions and do what follows, as `ara models review --act` does.

    Parameters
    ----------
    families
        Whose champions; all if none.
    days
        Train a champion anew from this age on.
    tune
        Where a champion is to be trained anew, tune it instead, by another job.
    """

    families: tuple[str, ...] = ()
    days: int = 92
    tune: bool = False


class Backtest(msgspec.Struct, frozen=True, kw_only=True, tag="backtest", tag_field="what"):
    """Test a strategy on the past, as `ara backtest` does.

    Parameters
    ----------
    symbols
        Instruments of one currency.
    strategy, params
        What decides, and what it is made with.
    start, end
        First and last day; empty for all there are.
    cash
        What the account begins with, as a decimal number.
    costs
        Costs and limits that differ from the usual ones, by name.
    cuts
        How often it is replayed on shorter bars.
    walk, retrain
        Choose parameters anew on so many bars, every so many; 0 for a back-test with those given.
    grid
        What a walk tries, by parameter; what is usual for the strategy if empty.
    """

    symbols: tuple[str, ...]
    strategy: str = "buy_and_hold"
    params: Mapping[str, _Value] = msgspec.field(default_factory=dict)
    start: str = ""
    end: str = ""
    cash: str = "10000"
    costs: Mapping[str, _Value] = msgspec.field(default_factory=dict)
    cuts: int = 3
    walk: int = 0
    retrain: int = 30
    grid: Mapping[str, tuple[_Value, ...]] = msgspec.field(default_factory=dict)


class Predict(msgspec.Struct, frozen=True, kw_only=True, tag="predict", tag_field="what"):
    """Forecast instruments and keep each forecast, as `ara predict` does.

    Parameters
    ----------
    symbols
        Which.
    days
        Bars ahead.
    as_of
        Use only what was public then; empty for now.
    model
        Family or trained model; empty for that of the settings.
    """

    symbols: tuple[str, ...]
    days: int = 5
    as_of: str = ""
    model: str = ""


class Update(msgspec.Struct, frozen=True, kw_only=True, tag="update", tag_field="what"):
    """Fetch what has become known since the last kept bar of everything kept, as `ara data update --all` does."""


class Score(msgspec.Struct, frozen=True, kw_only=True, tag="score", tag_field="what"):
    """Compare forecasts that came due with what happened, as `ara score` does."""


class Drift(msgspec.Struct, frozen=True, kw_only=True, tag="drift", tag_field="what"):
    """Compare the last features of instruments with those before, as `ara features drift` does.

    Parameters
    ----------
    symbols
        Which; those that forecasts were kept of if none.
    features
        Name of a set of features.
    window
        How many bars are the last ones.
    """

    symbols: tuple[str, ...] = ()
    features: str = "ara-fast"
    window: int = 250


class Regimes(msgspec.Struct, frozen=True, kw_only=True, tag="regimes", tag_field="what"):
    """Look at the state of markets, and tell of those that changed since they were looked at last.

    Parameters
    ----------
    symbols
        Which; those that forecasts were kept of if none.
    """

    symbols: tuple[str, ...] = ()


class Backup(msgspec.Struct, frozen=True, kw_only=True, tag="backup", tag_field="what"):
    """Copy the lake into a folder of back-ups, as `ara data backup` does.

    Parameters
    ----------
    folder
        Of the machine whose worker does it.
    """

    folder: str


class Clean(msgspec.Struct, frozen=True, kw_only=True, tag="clean", tag_field="what"):
    """Forget jobs that ended long ago, with their logs and keys.

    Parameters
    ----------
    days
        How many ago.
    """

    days: int = 30


Work: TypeAlias = Train | Tune | Review | Backtest | Predict | Update | Score | Drift | Regimes | Backup | Clean
"""What a job can do."""


def queue_of(work: Work) -> str:
    """Give the queue of a work."""
    match work:
        case Train() | Tune() | Review():
            return "training"
        case Backtest():
            return "backtests"
        case Predict():
            return "predictions"
        case _:
            return "upkeep"


def words(work: Work) -> str:
    """Say in a line what a job does."""
    match work:
        case Train(symbols=symbols, lesson=lesson):
            place = f" by {lesson.workers} workers on Ray" if lesson.workers else ""
            return f"train {lesson.family} on {_some(symbols)}{place}"
        case Tune(symbols=symbols, quest=quest):
            place = " on Ray" if quest.plan.on == "ray" else ""
            return f"tune {quest.plan.family} on {_some(symbols)}, {quest.plan.trials} trials{place}"
        case Review(families=families):
            return f"review {', '.join(families) or 'all champions'}"
        case Backtest(symbols=symbols, strategy=strategy, walk=walk):
            return f"test {strategy} on {_some(symbols)}{f', walking by {walk} bars' if walk else ''}"
        case Predict(symbols=symbols, days=days):
            return f"forecast {_some(symbols)}, {days} days"
        case _:
            return _upkeep_words(work)


def _upkeep_words(work: Work) -> str:
    match work:
        case Update():
            return "update all kept bars"
        case Score():
            return "score what came due"
        case Drift(symbols=symbols, features=features):
            return f"look for drift of {features} in {_some(symbols) if symbols else 'all that is forecast'}"
        case Regimes(symbols=symbols):
            return f"look for changes of regime in {_some(symbols) if symbols else 'all that is forecast'}"
        case Backup(folder=folder):
            return f"back up the lake into {folder}"
        case Clean(days=days):
            return f"forget jobs that ended {days} days ago"
        case _:
            return "?"


def check(work: Work) -> None:
    """Refuse work that could only fail: a family that is unknown or has nothing to tune, no instrument."""
    match work:
        case Train(lesson=lesson):
            make(lesson.family, lesson.params, together=lesson.workers > 0)
        case Tune(quest=quest):
            space(plugins.load("models", quest.plan.family)())
        case Backtest():
            from ara.jobs.tested import asked

            asked(work)
        case Predict(days=days) if not 1 <= days <= 30:
            raise ValidationError(f"A forecast can't look {days} days ahead.", hint="Ask for 1 to 30.")
        case Backup(folder=folder) if not folder.strip():
            raise ValidationError("No folder is named for the back-up.", hint="Name one: jobs.backup_folder")
        case _:
            pass
    if isinstance(work, Train | Tune) and not work.symbols:
        raise ValidationError("There is no instrument to learn from.", hint="Name one: AAPL")
    if isinstance(work, Backtest | Predict) and not 1 <= len(work.symbols) <= _MOST:
        raise ValidationError(f"A job is of 1 to {_MOST} instruments, not of {len(work.symbols)}.", hint="AAPL MSFT")


def at_once(work: Work) -> int:
    """Give how many processes of this machine compute at once when the work is done."""
    return work.quest.plan.processes if isinstance(work, Tune) else 1


async def do(desk: Desk, work: Work, *, watch: _Watch) -> dict[str, Any]:
    """Do the work and give what JSON says of its result."""
    from ara.jobs import learning, tested, upkeep

    match work:
        case Train():
            return await learning.learn(desk, work, watch=watch)
        case Tune():
            return await learning.tune(desk, work, watch=watch)
        case Review():
            return await learning.review_all(desk, work, watch=watch)
        case Backtest():
            return await tested.test(desk, work, watch=watch)
        case Predict():
            return await upkeep.predict(desk, work, watch=watch)
        case _:
            return await upkeep.keep_up(desk, work, watch=watch)


def _some(symbols: Sequence[str]) -> str:
    shown = " ".join(symbols[:3])
    return shown if len(symbols) <= 3 else f"{shown} and {len(symbols) - 3} more"
