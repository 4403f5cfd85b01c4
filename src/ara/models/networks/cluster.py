"""Networks trained by several workers of a Ray cluster together."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ara import errors
from ara.errors import AraError, CancelledError, ModelError, ValidationError
from ara.models.model import Fitted
from ara.models.networks.family import Network, needed
from ara.models.panel import Panel, Rows
from ara.models.ray import cluster, lost
from ara.workers import Progress

__all__ = ["KEPT", "train_on_ray"]

KEPT: Final = "The last checkpoint is kept. Ask again to go on from it."
"""What to do where a cluster was lost."""

_TRIES: Final = 3
_LOOK: Final = 0.3
_MADE: Final = "made"
_BEGUN: Final = "start"
_RAY: Final = "ray"


def train_on_ray(
    model: Network,
    panel: Panel,
    train: Rows,
    valid: Rows,
    *,
    seed: int,
    workers: int,
    watch: Callable[[Progress], bool],
    start: Fitted | None = None,
    folder: Path | None = None,
    address: str = "",
) -> Fitted:
    """Train a network by several workers, each of which works its share of every batch.

    The same number of workers gives the same network to the last bit; another number rounds its sums otherwise, and
    drops out other units. Where a worker is lost, all go on from the last checkpoint and end as they would have.

    Parameters
    ----------
    model
        The family with its settings.
    panel, train, valid, seed, start
        As for `fit`.
    workers
        How many, 1 or more; each has a processor of its own.
    watch
        Hears of progress; False ends it, and the checkpoint is kept.
    folder
        Where checkpoints are kept: one that all machines of the cluster reach, and the same when it is called again.
        If None, in one that goes with the training, on this machine.
    address
        Of the cluster; empty for a new one on this machine.

    Raises
    ------
    ModelError
        The network can't be trained so, or the cluster has too few processors.
    WorkerError
        There is no cluster, or it was lost; the checkpoint is kept.
    """
    from ara.models.served import Served

    needed()
    if workers < 1:
        raise ValidationError(f"{workers} workers can't train a network", hint="Ask for 1 or more.")
    if not watch(Progress(done=0, total=0, words=f"{workers} workers of a Ray cluster begin")):
        raise CancelledError("the training was stopped")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ara-ray-")))
        place.mkdir(parents=True, exist_ok=True)
        told = {"model": model, "panel": panel, "train": train, "valid": valid, "seed": seed, "folder": str(place)}
        shutil.rmtree(place / _BEGUN, ignore_errors=True)
        if start is not None:
            start.save(_empty(place / _BEGUN))
        ray = stack.enter_context(cluster(address))
        _refuse_few(ray, workers)
        _followed(ray, told, workers, watch)
        shutil.rmtree(place / _RAY, ignore_errors=True)
        return Served.load(place / _MADE)


def _refuse_few(ray: ModuleType, workers: int) -> None:
    """Refuse more workers than processors: they would wait for ever."""
    there = int(ray.cluster_resources().get("CPU", 0))
    if there < workers:
        raise ModelError(
            f"the Ray cluster has {there} processors, and {workers} workers were asked for",
            hint="Ask for fewer with --workers, or let machines join the cluster.",
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error of Ara's, as it travels."""

    kind: str
    message: str
    hint: str
    context: dict[str, Any]

    @classmethod
    def of(cls, error: AraError) -> "_Failure":
        return cls(kind=type(error).__name__, message=error.message, hint=error.hint, context=dict(error.context))

    def revived(self) -> AraError:
        kind = getattr(errors, self.kind, ModelError)
        error: AraError = kind(self.message, hint=self.hint, **self.context)
        return error


@dataclass(slots=True)
class _Board:
    """What the workers tell and are told; it lives in the cluster."""

    told: tuple[int, int, str] = (0, 0, "")
    failed: "_Failure | None" = None
    going: bool = True

    def tell(self, done: int, total: int, words: str) -> bool:
        self.told = (done, total, words)
        return self.going

    def look(self, *, going: bool) -> tuple[int, int, str]:
        self.going = self.going and going
        return self.told

    def fail(self, failure: "_Failure") -> None:
        self.failed = self.failed or failure

    def failure(self) -> "_Failure | None":
        return self.failed


def _followed(ray: ModuleType, told: Mapping[str, Any], workers: int, watch: Callable[[Progress], bool]) -> None:
    """Have a task of the cluster see to the training, and pass on what its workers tell until it ends."""
    from ray.exceptions import RayError

    try:
        board = ray.remote(_Board).options(num_cpus=0, max_restarts=0).remote()
        work = ray.remote(_fit).options(num_cpus=0, max_retries=0).remote(ray.put(dict(told)), workers, board)
        going, ended = True, False
        while not ended:
            ended = bool(ray.wait([work], timeout=_LOOK)[0])
            done, total, words = ray.get(board.look.remote(going=going))
            going = watch(Progress(done=done, total=total, words=words)) and going
        failed = ray.get(board.failure.remote())
        if failed is None:
            ray.get(work)
    except (RayError, ConnectionError, RuntimeError, SystemError) as error:
        raise lost(error, hint=KEPT) from error
    if failed is not None:
        raise failed.revived()


def _fit(told: Any, workers: int, board: Any) -> None:
    """Begin the workers, and begin them again where one is lost; it runs in the cluster."""
    import ray
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer

    reference = ray.put(told)
    TorchTrainer(
        _work,
        train_loop_config={"told": reference, "board": board},
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=train.ScalingConfig(num_workers=workers, resources_per_worker={"CPU": 1}),
        run_config=train.RunConfig(
            name="training",
            storage_path=str(_empty(Path(told["folder"]).absolute() / _RAY)),
            failure_config=train.FailureConfig(max_failures=_TRIES),
        ),
    ).fit()


def _work(config: Mapping[str, Any]) -> None:
    """Train with the others; it runs in each worker, and the first of them keeps what was made."""
    import ray

    from ara.models.networks.fit import fitted
    from ara.models.served import Served
    from ara.models.training.team import Gloo

    told, team = ray.get(config["told"]), Gloo()
    folder = Path(told["folder"])
    begun = folder / _BEGUN
    try:
        made = fitted(
            told["model"], told["panel"], told["train"], told["valid"], seed=told["seed"],
            start=Served.load(begun) if begun.exists() else None,
            watch=_Teller(ray, config["board"]) if not team.rank else lambda progress: True,
            folder=folder, team=team,
        )  # fmt: skip
    except AraError as error:
        ray.get(config["board"].fail.remote(_Failure.of(error)))
        return
    if not team.rank:
        made.save(_empty(folder / _MADE))


class _Teller:
    """Tells the board of progress and hears whether to go on, without waiting for its answer."""

    def __init__(self, ray: ModuleType, board: Any) -> None:
        self._ray, self._board = ray, board
        self._asked: Any = None
        self._going = True

    def __call__(self, progress: Progress) -> bool:
        if self._asked is not None and self._ray.wait([self._asked], timeout=0)[0]:
            self._going = self._ray.get(self._asked)
            self._asked = None
        if self._asked is None:
            self._asked = self._board.tell.remote(progress.done, progress.total, progress.words)
        return self._going


def _empty(folder: Path) -> Path:
    """Give a folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
