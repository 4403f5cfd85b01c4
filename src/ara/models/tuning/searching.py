"""How Ray Tune asks for trials, and when it ends them: a study's own way, whatever cluster they run on."""

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune import Stopper
from ray.tune.search import Searcher

__all__ = ["Guide", "Halt"]


def _nobody(*_: Any, **__: Any) -> Any:
    """Stand where the study stood, in what Ray writes down of a search to go on from: the study goes on by itself."""


class Guide(Searcher):
    """Gives Ray Tune the trials of a study.

    Parameters
    ----------
    begin
        Gives the parameters of the next trial, by the name that Ray has for it; None where none is left.
    end
        Is told that a trial ended, and whether its worker was lost too often.
    """

    def __init__(self, begin: Callable[[str], dict[str, Any] | None], end: Callable[..., None]) -> None:
        super().__init__(metric="end", mode="max")
        self._begin = begin
        self._end = end

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (_nobody, _nobody)

    def __deepcopy__(self, _: Any) -> "Guide":
        return self

    def suggest(self, trial_id: str) -> Any:
        """Give the parameters of the next trial."""
        found = self._begin(trial_id)
        return Searcher.FINISHED if found is None else found

    def on_trial_complete(self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False) -> None:
        """Hear that a trial ended."""
        self._end(trial_id, broken=error)

    def save(self, checkpoint_path: str) -> None:
        """Keep nothing: the study is kept trial by trial."""

    def restore(self, checkpoint_path: str) -> None:
        """Read nothing: the study goes on from its own database."""


class Halt(Stopper):
    """Ends a trial where the study says so.

    Parameters
    ----------
    stops
        Hears, by the name of a trial, what it told; True ends it.
    """

    def __init__(self, stops: Callable[[str, Mapping[str, Any]], bool]) -> None:
        self._stops = stops

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (_nobody,)

    def __deepcopy__(self, _: Any) -> "Halt":
        return self

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Tell whether a trial is to end."""
        return self._stops(trial_id, result)

    def stop_all(self) -> bool:
        """Never end all at once: each trial is told by itself."""
        return False
