"""The training loop: what it learns, repeats, takes up again, and how it gets over what goes wrong."""

import errno
import json
import logging
import os
import resource
import signal
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ara.errors import ModelError, WorkerError
from ara.models import LEVELS
from ara.models.networks.loss import pinball
from ara.models.training import AUGMENTS, Plan, lesson
from ara.models.training.devices import repeatable
from ara.models.training.loop import rate_at
from tests.models.networks.worlds import featured
from tests.models.training.lessons import Plain, bytes_of, given, taught

PLAN = Plan(epochs=4, batch=64, every=3, patience=10)
KILLED = Plan(epochs=6, batch=32, every=1, patience=10, augment=("jitter", "mix"))


def test_the_loss_falls_and_the_best_epoch_is_kept() -> None:
    _, done = taught(Plan(epochs=6, batch=64, rate=0.02))
    assert done.whole
    assert done.loss < 0.9 * done.untrained
    assert 0 <= done.best_epoch < 6
    assert done.said == ()


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before() -> None:
    one, _ = taught(PLAN)
    torch.rand(17)
    np.random.default_rng().random()
    same, _ = taught(PLAN)
    other, _ = taught(PLAN, seed=5)
    assert bytes_of(one) == bytes_of(same)
    assert bytes_of(one) != bytes_of(other)


def test_the_rate_rises_and_falls_along_a_cosine() -> None:
    plan = Plan(rate=0.1, warm_up=0.1)
    rates = [rate_at(plan, step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([0.01 * (step + 1) for step in range(10)])
    assert np.argmax(rates) in (9, 10)
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[55] == pytest.approx(0.1 * (0.02 + 0.98 * 0.5), rel=1e-3)
    assert rates[-1] == pytest.approx(0.002, rel=0.05)
    assert rate_at(Plan(warm_up=0.9), 0, 1) == Plan().rate


def test_it_stops_when_the_validation_rows_gain_no_more() -> None:
    module, done = taught(Plan(epochs=60, batch=64, patience=2, rate=0.05))
    assert len(module.heard) == done.best_epoch + 3 < 60


def test_the_network_hears_how_far_the_losses_lie_apart() -> None:
    module, done = taught(PLAN)
    assert len(module.heard) == 4
    assert all(abs(gap) < 1 for gap in module.heard)
    assert done.steps == 4 * 9


def test_a_batch_in_parts_learns_what_it_learns_whole() -> None:
    one, two = Plain(), Plain()
    two.load_state_dict(one.state_dict())
    one.drop.p = two.drop.p = 0.0
    taught(Plan(epochs=2, batch=64), module=one)
    taught(Plan(epochs=2, batch=64, accumulate=4), module=two)
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, two.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_gradients_are_clipped() -> None:
    steps = []
    for clip in (1e-3, 1e3):
        module = Plain()
        nn.init.constant_(module.out.bias, 0.0)
        lengths = []
        module.out.weight.register_post_accumulate_grad_hook(lambda one, kept=lengths: kept.append(one))
        taught(Plan(epochs=1, batch=64, clip=clip), module=module)
        norm = torch.sqrt(sum((one.grad**2).sum() for one in module.parameters() if one.grad is not None))
        steps.append(float(norm))
    assert steps[0] == pytest.approx(1e-3, rel=1e-3)
    assert steps[1] > 2e-3


def test_matrices_decay_and_vectors_do_not() -> None:
    modules = []
    for decay in (0.0, 1.0):
        module, _ = taught(Plan(epochs=1, batch=64, decay=decay, rate=0.01))
        modules.append(module.state_dict())
    assert not torch.equal(modules[0]["out.weight"], modules[1]["out.weight"])
    assert modules[1]["out.weight"].norm() < modules[0]["out.weight"].norm()


def test_pruning_leaves_that_share_of_each_matrix_at_nothing() -> None:
    module, done = taught(Plan(epochs=10, batch=64, prune=0.5, patience=20))
    for name, value in module.named_parameters():
        share = float((value == 0).float().mean())
        assert share == pytest.approx(0.5, abs=0.02) if value.dim() > 1 else share < 0.2, name
    assert done.best_epoch >= 7


def test_pruning_waits_with_its_verdict_until_all_is_pruned() -> None:
    module, done = taught(Plan(epochs=10, batch=64, prune=0.9, patience=1, rate=0.05))
    assert done.best_epoch >= 7
    assert float((module.out.weight == 0).float().mean()) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("way", AUGMENTS)
def test_each_augmentation_changes_what_is_learned_and_repeats(way: str) -> None:
    plain, _ = taught(PLAN)
    plan = Plan(epochs=4, batch=64, every=3, patience=10, augment=(way,))
    one, done = taught(plan)
    same, _ = taught(plan)
    assert bytes_of(one) == bytes_of(same) != bytes_of(plain)
    assert done.loss < done.untrained


@pytest.mark.parametrize("curriculum", ["horizon", "volatility"])
def test_each_curriculum_changes_what_is_learned(curriculum: str) -> None:
    plain, _ = taught(PLAN)
    one, done = taught(Plan(epochs=4, batch=64, every=3, patience=10, curriculum=curriculum))
    assert bytes_of(one) != bytes_of(plain)
    assert done.loss < done.untrained


def test_validation_rows_are_never_augmented() -> None:
    seen = []

    class Watching(Plain):
        def forward(self, x):
            if not self.training:
                seen.append(x.clone())
            return super().forward(x)

    taken = given()
    taught(Plan(epochs=1, batch=64, augment=AUGMENTS), module=Watching(), taken=taken)
    expected = torch.from_numpy(taken.x(taken.valid))
    assert len(seen) == 2
    assert all(torch.equal(one, expected) for one in seen)


def test_no_row_to_stop_by_is_ever_learned_from() -> None:
    taken = given()
    marked = taken.panel.x.copy()
    late = taken.panel.known_at >= taken.panel.known_at[taken.valid].min()
    assert taken.panel.known_at[taken.train].max() < taken.panel.known_at[taken.valid].min()
    one, _ = taught(Plan(epochs=1, batch=64, augment=AUGMENTS), taken=taken)
    marked[late] = 1e3
    other = replace(taken, panel=replace(taken.panel, x=marked))
    two, _ = taught(Plan(epochs=1, batch=64, augment=AUGMENTS), taken=other)
    assert bytes_of(one) == bytes_of(two)


# --- what goes wrong -------------------------------------------------------------------------------------------------


class Overflows(Plain):
    """Gives infinity in some of its steps: those in `at`, counted over all steps ever tried."""

    def __init__(self, at: set[int]) -> None:
        super().__init__()
        self.at, self.tried = at, -1

    def forward(self, x):
        out = super().forward(x)
        if self.training:
            self.tried += 1
            if self.tried in self.at:
                return {"quantiles": out["quantiles"] * torch.tensor(3e38) * 10}
        return out


def test_a_loss_that_is_no_number_is_rolled_back_with_half_the_rate_and_said(caplog) -> None:
    with caplog.at_level(logging.WARNING):
        module, done = taught(PLAN, module=Overflows({7}))
    assert done.said == ("the loss was not a number at step 7: back to step 6 with half the rate",)
    assert caplog.messages == list(done.said)
    assert done.loss < done.untrained
    assert all(bool(torch.isfinite(one).all()) for one in module.state_dict().values())


def test_each_roll_back_halves_the_rate_again() -> None:
    _, done = taught(PLAN, module=Overflows({1, 5, 9}))
    assert len(done.said) == 3
    kept = [float(one.split("step ")[1].split(":")[0]) for one in done.said]
    assert kept == sorted(kept)


def test_nothing_that_was_said_is_forgotten_by_going_back() -> None:
    _, done = taught(PLAN, module=Overflows({1, 2}))
    assert [words.split(":")[0] for words in done.said] == [
        "the loss was not a number at step 1",
        "the loss was not a number at step 0",
    ]


def test_a_loss_that_never_is_a_number_ends_with_an_error() -> None:
    with pytest.raises(ModelError, match=r"not a number at step 0, even at 0\.0156 of the rate") as error:
        taught(PLAN, module=Overflows(set(range(100))))
    assert "absurd size" in error.value.hint


def test_validation_that_is_no_number_is_rolled_back_too() -> None:
    class Breaks(Plain):
        judged = 0

        def forward(self, x):
            out = super().forward(x)
            if not self.training:
                self.judged += 1
                if self.judged == 2:
                    return {"quantiles": out["quantiles"] + torch.nan}
            return out

    _, done = taught(Plan(epochs=4, batch=64, every=4, patience=10), module=Breaks())
    assert done.said == ("the loss was not a number at step 9: back to step 8 with half the rate",)
    assert done.loss < done.untrained


def test_a_state_with_a_weight_that_is_no_number_is_never_kept_as_good(tmp_path) -> None:
    module, tried = Plain(), []

    def burst(weight: torch.Tensor) -> None:
        tried.append(1)
        if len(tried) == 6:
            weight.data.fill_(torch.inf)

    module.out.bias.register_post_accumulate_grad_hook(burst)
    _, done = taught(PLAN, module=module, folder=tmp_path)
    assert done.said == ("the loss was not a number at step 6: back to step 3 with half the rate",)
    assert done.loss < done.untrained


class Hungry(Plain):
    """Asks the allocator for more than there is, for batches above a size."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x):
        if self.training and len(x) > self.most:
            torch.empty(2**58)
        return super().forward(x)


def test_too_little_memory_halves_the_batch_and_is_said(caplog) -> None:
    with caplog.at_level(logging.WARNING):
        _, done = taught(Plan(epochs=2, batch=64), module=Hungry(20))
    assert done.said == (
        "memory was short at step 0: batches are worked in 2 parts",
        "memory was short at step 0: batches are worked in 4 parts",
    )
    assert caplog.messages == list(done.said)
    assert done.loss < done.untrained
    assert done.steps == taught(Plan(epochs=2, batch=64))[1].steps


def test_memory_that_holds_not_one_window_ends_with_an_error() -> None:
    with pytest.raises(ModelError, match="one window at a time") as error:
        taught(Plan(epochs=2, batch=64), module=Hungry(0))
    assert "spare=True" in error.value.hint


def test_an_error_of_the_networks_own_is_no_lack_of_memory() -> None:
    class Wrong(Plain):
        def forward(self, x):
            return super().forward(x.transpose(1, 2) if self.training else x)

    with pytest.raises(RuntimeError, match="input"):
        taught(PLAN, module=Wrong())


class Falls(Plain):
    """Loses its device at a step or in a judgement, counted over all of them, and can't be brought back from there."""

    def __init__(self, step: int, *, training: bool = True) -> None:
        super().__init__()
        self.step, self.fatal, self.tried, self.lost = step, training, -1, False

    def forward(self, x):
        self.tried += self.training == self.fatal
        if self.tried == self.step:
            self.lost = True
            raise RuntimeError("CUDA error: unspecified launch failure\nCompile with `TORCH_USE_CUDA_DSA`.")
        return super().forward(x)

    def to(self, *where):
        if self.lost:
            raise RuntimeError("CUDA error: the launch timed out and was terminated")
        return super().to(*where)


def begun(module: Plain) -> Plain:
    """Give the network the weights that others in these tests begin with."""
    with repeatable(4):
        module.load_state_dict(Plain().state_dict())
    return module


@pytest.mark.parametrize(("step", "training", "kept"), [(7, True, 6), (1, False, 9)], ids=["step", "judgement"])
def test_a_device_that_is_gone_is_told_and_the_same_call_goes_on_to_the_same_bytes(step, training, kept, tmp_path):
    whole, straight = taught(PLAN)
    with pytest.raises(WorkerError, match=r"is gone at step \d+ of the training: CUDA error: [^\n]+$") as error:
        taught(PLAN, module=begun(Falls(step, training=training)), folder=tmp_path)
    assert f"checkpoint of step {kept} was kept, and the same call goes on from it" in error.value.hint
    assert "--param device=cpu" in error.value.hint
    again, done = taught(PLAN, folder=tmp_path)
    assert bytes_of(again) == bytes_of(whole)
    assert done == straight


def test_what_a_lost_device_began_goes_on_by_the_processor(tmp_path):
    with pytest.raises(WorkerError, match="is gone at step 7"):
        taught(PLAN, module=begun(Falls(7)), folder=tmp_path)
    heard = []
    _, done = taught(replace(PLAN, device="cpu"), folder=tmp_path, watch=lambda one: not heard.append(one.done))
    assert heard[0] == 7
    assert done.whole


def test_a_device_that_is_gone_before_a_checkpoint_costs_what_was_done(tmp_path):
    for folder in (None, tmp_path):
        with pytest.raises(WorkerError, match="is gone at step 1 ") as error:
            taught(PLAN, module=begun(Falls(1)), folder=folder)
        assert error.value.hint.startswith("No checkpoint was kept: the same call begins anew")


def test_a_full_disk_costs_the_checkpoint_and_not_the_training(tmp_path, caplog) -> None:
    plain, _ = taught(PLAN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with caplog.at_level(logging.WARNING):
            full, done = taught(PLAN, folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert bytes_of(full) == bytes_of(plain)
    assert done.whole
    assert len(caplog.messages) == 1
    assert os.strerror(errno.EFBIG) in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_training_goes_on_where_it_was_to_the_same_bytes(tmp_path) -> None:
    whole, straight = taught(PLAN)
    left = [5, 9, 2, 20]

    def until(count: int):
        seen = iter(range(count))
        return lambda _: next(seen, None) is not None

    for count in left:
        _, done = taught(PLAN, folder=tmp_path, watch=until(count))
    assert not done.whole or done.steps == straight.steps
    again, done = taught(PLAN, folder=tmp_path)
    assert bytes_of(again) == bytes_of(whole)
    assert done == straight


def test_mishaps_are_remembered_by_the_checkpoint(tmp_path) -> None:
    calls = []

    def early(one):
        calls.append(one)
        return len(calls) < 12

    _, done = taught(PLAN, module=Overflows({7}), folder=tmp_path, watch=early)
    assert not done.whole
    assert len(done.said) == 1
    kept = json.loads((tmp_path / "training.json").read_text())
    assert kept["place"]["said"] == list(done.said)
    assert kept["place"]["factor"] == 0.5


def _killed_after(folder: Path, reports: int) -> None:
    """Train in a process of its own, and kill it some time after so many steps; it may end before."""
    heard, told = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, from 3.12 on; the child takes none of theirs
        child = os.fork()
    if not child:
        taught(KILLED, folder=folder, watch=lambda _: os.write(told, b".") == 1)
        os._exit(0)
    os.close(told)
    for _ in range(reports):
        os.read(heard, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)


@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_in_the_same_bytes(kills: int, tmp_path) -> None:
    random = np.random.default_rng(kills)
    straight, _ = taught(KILLED)
    for _ in range(kills):
        _killed_after(tmp_path, int(random.integers(1, 5)))
    ended, done = taught(KILLED, folder=tmp_path)
    assert done.whole
    assert bytes_of(ended) == bytes_of(straight)
    assert list(tmp_path.glob(".*")) == []


def test_a_checkpoint_of_another_training_is_refused(tmp_path) -> None:
    taught(PLAN, folder=tmp_path)
    for change in ({"seed": 9}, {"taken": given(bars=201)}, {"taken": given(window=7)}):
        with pytest.raises(ModelError, match="of another training"):
            taught(PLAN, folder=tmp_path, **change)
    with pytest.raises(ModelError, match="of another training"):
        taught(Plan(epochs=5, batch=64, every=3, patience=10), folder=tmp_path)


def test_nothing_to_learn_from_leaves_the_network_as_it_was() -> None:
    taken = lesson(featured(), np.arange(0), np.arange(0), window=6)
    module = Plain()
    before = bytes_of(module)
    _, done = taught(PLAN, module=module, taken=taken)
    assert bytes_of(module) == before
    assert (done.steps, done.best_epoch, done.whole) == (0, -1, True)


def test_no_epochs_leave_the_network_as_it_was() -> None:
    module = Plain()
    before = bytes_of(module)
    _, done = taught(Plan(epochs=0), module=module)
    assert bytes_of(module) == before
    assert done.loss == done.untrained > 0


def test_the_loss_is_of_known_targets_alone() -> None:
    outputs = {"quantiles": torch.linspace(-1, 1, 25).repeat(2, 2, 1)}
    y = torch.tensor([[0.3, torch.nan], [torch.nan, torch.nan]])
    one = pinball(outputs, y, torch.tensor([1.0, 5.0]))
    off = 0.3 - outputs["quantiles"][0, 0]
    levels = torch.tensor(LEVELS)
    assert float(one) == pytest.approx(float(torch.maximum(levels * off, (levels - 1) * off).mean()), rel=1e-6)
