"""The one loop that trains networks: repeatable, resumable, and back on its feet after what goes wrong."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from ara.errors import ModelError, WorkerError
from ara.lineage import digest, digest_arrays
from ara.models.panel import Rows
from ara.models.training.checkpoint import Checkpoint, Place, read, write
from ara.models.training.devices import Device, device, gone, repeatable, seeded
from ara.models.training.intake import Intake
from ara.models.training.learner import Learner
from ara.models.training.lesson import Lesson, parted
from ara.models.training.optimiser import adamw
from ara.models.training.plan import Plan
from ara.models.training.prune import prune, share_at
from ara.models.training.state import restored, tensors
from ara.models.training.team import ALONE, Team, joined, share
from ara.workers import Progress

__all__ = ["Loss", "Outcome", "rate_at", "train"]

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 1024
_TRIES: Final = 6
_FLOOR: Final = 0.02
_NOTHING: Final = 1e300

Loss = Callable[[Mapping[str, Tensor], Tensor, Tensor], Tensor]
"""Gives, from outputs, targets `[n, H]` with NaN for unknown, and weights `[H]`, the weighted sum of losses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a training.

    Parameters
    ----------
    steps
        Steps of the optimiser.
    best_epoch
        Epoch whose network was kept; -1 for the untrained one, where no epoch came to its end.
    loss
        Its loss on the validation rows.
    untrained
        That of the network before training.
    whole
        Whether the plan was carried out; False where `watch` ended it.
    said
        What went wrong on the way and was mended.
    """

    steps: int
    best_epoch: int
    loss: float
    untrained: float
    whole: bool
    said: tuple[str, ...] = ()


def rate_at(plan: Plan, step: int, steps: int) -> float:
    """Give the learning rate of a step: a straight rise from 0, then half a cosine down to 2 % of the highest."""
    rising = max(1, round(plan.warm_up * steps))
    if step < rising:
        return plan.rate * (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return plan.rate * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def train(
    module: Learner,
    lesson: Lesson,
    plan: Plan,
    *,
    loss: Loss,
    judge: Loss,
    seed: int,
    watch: Callable[[Progress], bool],
    folder: Path | None = None,
    team: Team = ALONE,
) -> Outcome:
    """Train a network in place and leave in it the weights that did best on the validation rows.

    The same lesson, plan and seed give the same weights to the last bit on the same platform, whether or not the work
    was killed and taken up again on the way.

    Parameters
    ----------
    module
        Takes windows and gives named outputs.
    lesson
        Rows to learn from and to stop by.
    plan
        How.
    loss
        What is made small.
    judge
        What is measured on the validation rows.
    seed
        Of order, dropout and augmentation.
    watch
        Is told of progress after each step; when it answers False, training ends with the best so far.
    folder
        Where checkpoints are kept; what lies there of the same training is gone on from.
    team
        Those who train this network together, each with all of the lesson; they need one folder.

    Raises
    ------
    ModelError
        The loss is no number at any rate, one window alone does not fit into memory, or the checkpoint in the folder
        is damaged or of another training.
    WorkerError
        The device failed in the middle; what was kept in the folder is as it was.
    """
    training = _Training(
        module=module, lesson=lesson, plan=plan, loss=loss, judge=judge, seed=seed, where=device(plan.device),
        folder=folder, team=team,
    )  # fmt: skip
    try:
        with repeatable(seed, training.where):
            module.to(training.where.torch)
            try:
                return training.run(watch)
            finally:
                module.to("cpu")
    except RuntimeError as error:  # of the work, or of what would bring the network back from a device that is gone
        if not gone(error):
            raise
        raise training.lost(error) from error


@dataclass(slots=True, kw_only=True)
class _Training:
    module: Learner
    lesson: Lesson
    plan: Plan
    loss: Loss
    judge: Loss
    seed: int
    where: Device
    folder: Path | None
    team: Team
    of: str = ""
    place: Place = field(default_factory=Place)
    optimiser: torch.optim.Optimizer = field(init=False)
    intake: Intake = field(init=False)
    best: dict[str, Tensor] = field(default_factory=dict)
    good: Checkpoint = field(init=False)
    untrained: float = 0.0
    steps: int = 0
    told: bool = True

    def run(self, watch: Callable[[Progress], bool]) -> Outcome:
        plan = self.plan
        self.module.spare = plan.spare
        self.optimiser, self.intake = adamw(self.module, plan), Intake(self.module, self.lesson)
        self.steps = sum(len(self._batches(epoch)) for epoch in range(plan.epochs))
        self.of = self._id() if self.folder else ""
        self.best = _weights(self.module)
        self.untrained = self._judged() if len(self.lesson.train) else 0.0
        self.place = Place(best=_NOTHING, parts=plan.accumulate)
        self.good = self._checkpoint()
        self._take_up()
        begin, whole = (time.monotonic(), self.place.step), True
        while whole and self.place.epoch < plan.epochs and self.place.idle < plan.patience and self.steps:
            whole = self._epoch(watch, begin)
        restored(self.module, self.best)
        self.module.eval()
        return Outcome(
            steps=self.place.step,
            best_epoch=self.place.best_epoch,
            loss=self.untrained if self.place.best_epoch < 0 else self.place.best,
            untrained=self.untrained,
            whole=whole,
            said=self.place.said,
        )

    def lost(self, error: RuntimeError) -> WorkerError:
        """Say that the device is gone, and from where the same call goes on."""
        try:
            kept = read(self.folder, self.of) if self.folder and self.of else None
        except ModelError:
            kept = None
        hint = "No checkpoint was kept: the same call begins anew; with device=cpu it needs no such device."
        if kept is not None:
            hint = (
                f"The checkpoint of step {kept.place.step} was kept, and the same call goes on from it; with "
                "device=cpu (ara models train ... --param device=cpu) it does so without the device."
            )
        said, where = str(error).strip().splitlines()[0][:160], f"{self.where.kind} ({self.where.name})"
        return WorkerError(f"the device {where} is gone at step {self.place.step} of the training: {said}", hint=hint)

    def _epoch(self, watch: Callable[[Progress], bool], begin: tuple[float, int]) -> bool:
        """Work on from where the epoch stands, to its end or to a mishap; False where nobody wants more."""
        epoch = self.place.epoch
        batches, weights = self._batches(epoch), self._tensor(self.lesson.weights(self.plan, epoch))
        for at in range(self.place.at, len(batches)):
            if not self._step(batches[at], weights):
                self._roll_back()
                return True
            if self.place.step % self.plan.every == 0:
                self._keep()
            if not self.team.first(watch(self._progress(begin))):
                self._keep()
                return False
        self._close(epoch)
        return True

    def _close(self, epoch: int) -> None:
        """Judge the epoch by the validation rows, and begin the next."""
        loss, place = self.team.first(self._judged()), self.place
        if not math.isfinite(loss):
            self._roll_back()
            return
        trained = place.loss / max(place.seen, 1e-9)
        self.module.adapt(loss / max(trained, 1e-9) - 1)
        ripe = not self.plan.prune or share_at(1.0, epoch, self.plan.epochs) == 1
        first = self.plan.prune and ripe and share_at(1.0, place.best_epoch, self.plan.epochs) < 1
        idle = place.idle + 1 if ripe else 0
        if first or (ripe and loss < place.best):
            self.best, idle = _weights(self.module), 0
            place = _with(place, best=loss, best_epoch=epoch)
        self.place = _with(place, epoch=epoch + 1, at=0, idle=idle, loss=0.0, seen=0.0)
        self._keep()

    def _step(self, index: Rows, weights: Tensor) -> bool:
        """Take one step; False where the loss or a slope is not a number, and nothing was changed."""
        mine, rate = share(index, self.team), self.place.factor * rate_at(self.plan, self.place.step, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        while True:
            try:
                total, seen = self._slopes(index, mine, weights)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                self._smaller(error, len(mine))
        total = joined(self.module, total, self.team)
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), self.plan.clip, foreach=False)
        if not (math.isfinite(total) and bool(torch.isfinite(norm))):
            return False
        self.optimiser.step()
        if self.plan.prune:
            prune(self.module, share_at(self.plan.prune, self.place.epoch, self.plan.epochs))
        place = self.place
        self.place = _with(
            place, at=place.at + 1, step=place.step + 1, loss=place.loss + total * seen, seen=place.seen + seen
        )
        return True

    def _slopes(self, index: Rows, mine: Rows, weights: Tensor) -> tuple[float, float]:
        """Work this worker's rows of a batch in parts; give their share of its mean loss, and its weight."""
        words = [self.seed, self.place.step, *([self.team.rank] if self.team.rank else [])]
        seeded(int(np.random.SeedSequence(words).generate_state(1)[0]), self.where)
        self.module.train()
        self.optimiser.zero_grad(set_to_none=True)
        known = ~np.isnan(self.lesson.y[index])
        seen = max(float((known * self.lesson.weights(self.plan, self.place.epoch)).sum()), 1e-9)
        total = 0.0
        for part in parted(mine, max(1, min(self.place.parts, len(mine)))):
            part_loss = self._part(part, weights) / seen
            part_loss.backward()  # type: ignore[no-untyped-call]
            total += float(part_loss.detach())
        return total, seen

    def _part(self, index: Rows, weights: Tensor) -> Tensor:
        y = self._tensor(self.lesson.y[index])
        x, partner, share = self.intake.changed(self.lesson.train[index], self.plan.augment)
        with self._mixed():
            outputs = self.module.told(x)
        outputs = {name: value.float() for name, value in outputs.items()}
        loss = self.loss(outputs, y, weights)
        if partner is not None:
            loss = share * loss + (1 - share) * self.loss(outputs, y[partner], weights)
        return loss

    def _judged(self) -> float:
        """Give the mean loss on the validation rows."""
        self.module.eval()
        weights, total, seen = self._tensor(self.lesson.weight), 0.0, 0.0
        with torch.no_grad():
            for start in range(0, len(self.lesson.valid), _AT_ONCE):
                y = self._tensor(self.lesson.y_valid[start : start + _AT_ONCE])
                outputs = self.module.told(self.intake(self.lesson.valid[start : start + _AT_ONCE]))
                total += float(self.judge(outputs, y, weights))
                seen += float((~torch.isnan(y) * weights).sum())
        return total / max(seen, 1e-9)

    def _smaller(self, error: Exception, size: int) -> None:
        """Work batches in twice as many parts if memory was short; raise what is something else."""
        words = str(error).lower()
        if not (isinstance(error, torch.OutOfMemoryError | MemoryError) or ("memory" in words and "alloc" in words)):
            raise error
        if self.place.parts >= size:
            raise ModelError(
                f"memory is too short to train on one window at a time: {str(error).splitlines()[0][:160]}",
                hint="Choose a smaller size, a shorter window, or spare=True.",
            ) from error
        self.optimiser.zero_grad(set_to_none=True)
        if self.where.torch == "cuda":
            torch.cuda.empty_cache()
        parts = min(size, 2 * self.place.parts)
        self._say(f"memory was short at step {self.place.step}: batches are worked in {parts} parts", parts=parts)

    def _roll_back(self) -> None:
        """Go back to the last good state, with half the rate from there on."""
        factor, step, said = self.place.factor / 2, self.place.step, self.place.said
        if factor < 0.5**_TRIES:
            raise ModelError(
                f"the loss is not a number at step {step}, even at {2 * factor:.3g} of the rate",
                hint="Look for features of absurd size, or choose a lower rate.",
            )
        self._load(self.good)
        self.place = _with(self.place, said=said)
        self._say(
            f"the loss was not a number at step {step}: back to step {self.place.step} with half the rate",
            factor=factor,
        )

    def _say(self, words: str, **changes: float) -> None:
        _log.warning(words)
        self.place = _with(self.place, said=(*self.place.said, words), **changes)

    def _keep(self) -> None:
        """Remember this state as good, on disk too where there is a folder, unless a weight is no number."""
        if not all(bool(torch.isfinite(one).all()) for one in self.module.parameters()):
            return
        self.good = self._checkpoint()
        if self.folder is None or self.team.rank:
            return
        try:
            write(self.folder, self.good)
        except OSError as error:
            if self.told:
                _log.warning("no checkpoint can be kept in %s: %s; training goes on", self.folder, error.strerror)
            self.told = False

    def _checkpoint(self) -> Checkpoint:
        found = {f"best.{name}": value for name, value in self.best.items()}
        return Checkpoint(of=self.of, place=self.place, tensors=found | tensors(self.module, self.optimiser))

    def _take_up(self) -> None:
        found = read(self.folder, self.of) if self.folder else None
        if found is not None:
            self._load(found)
            self.good = found

    def _load(self, checkpoint: Checkpoint) -> None:
        self.place = checkpoint.place
        own = {name: value for name, value in checkpoint.tensors.items() if not name.startswith("best.")}
        self.best = {name.removeprefix("best."): value for name, value in checkpoint.tensors.items() if name not in own}
        restored(self.module, own, self.optimiser)

    def _id(self) -> str:
        begun = digest_arrays([(name, value.cpu().numpy()) for name, value in self.best.items()])
        rows = digest_arrays([("train", self.lesson.train), ("valid", self.lesson.valid)])
        more = [self.team.size] if self.team.size > 1 else []
        settings = {**self.plan.settings, "device": "auto"}  # another device goes on where one was lost
        return digest([self.lesson.panel.digest(), rows, self.lesson.window, settings, self.seed, begun, *more])

    def _batches(self, epoch: int) -> list[Rows]:
        return self.lesson.batches(self.plan, epoch, seed=self.seed)

    def _tensor(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensor:
        return torch.from_numpy(values).to(self.where.torch)

    def _mixed(self) -> torch.autocast:
        wanted = self.plan.mixed and self.where.mixed
        return torch.autocast(self.where.torch, dtype=torch.bfloat16, enabled=wanted)

    def _progress(self, begin: tuple[float, int]) -> Progress:
        place = self.place
        spent, steps = time.monotonic() - begin[0], max(1, place.step - begin[1])
        left = spent / steps * (self.steps - place.step)
        words = f"epoch {place.epoch + 1} of {self.plan.epochs}, loss {place.loss / max(place.seen, 1e-9):.4f}"
        if place.best_epoch >= 0:
            words += f", best {place.best:.4f}"
        words += f", {left:.0f} s left at most"
        return Progress(done=place.step, total=self.steps, words=words)


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _with(place: Place, **changes: object) -> Place:
    return place.__class__(**({name: getattr(place, name) for name in place.__struct_fields__} | changes))
