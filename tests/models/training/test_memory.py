"""What makes training fit: windows that stream, batches in parts, activations computed again, bfloat16."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from ara.models.networks import BiLstm, CnnLstm, Gru, SeqToSeq, Transformer
from ara.models.networks.loss import pinball
from ara.models.networks.sight import Sight
from ara.models.training import Lesson, Plan, loop
from ara.models.training.devices import Device, repeatable
from ara.models.training.intake import Intake
from tests.models.training.lessons import Plain, bytes_of, given, taught

MB = 1 << 20
MIXED = Device(kind="cpu", name="processor", mixed=True)
FAMILIES = [pytest.param(one, id=one.family) for one in (BiLstm, CnnLstm, Gru, SeqToSeq, Transformer)]


def network(family: type, lesson: Lesson, size: str = "tiny") -> torch.nn.Module:
    with repeatable(3):
        return family(window=lesson.window, size=size).network(Sight.of(lesson))


@pytest.fixture
def mixed(monkeypatch) -> None:
    """Let the processor pass for a device that multiplies in bfloat16, which it can, if slowly."""
    monkeypatch.setattr(loop, "device", lambda _: MIXED)


def test_windows_stream_so_that_all_of_them_are_never_in_memory() -> None:
    taken = given(bars=6000, window=128)
    taught(Plan(epochs=1, batch=64))  # what PyTorch loads when it is first used is not counted
    whole = len(taken.train) * taken.window * taken.panel.x.shape[1] * 4
    tracemalloc.start()
    try:
        taught(Plan(epochs=1, batch=64, every=10_000), taken=taken)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert whole > 30 * MB
    assert most < whole / 4


@pytest.mark.parametrize("parts", [1, 4])
def test_a_batch_in_parts_gathers_its_windows_part_by_part(parts: int, monkeypatch) -> None:
    plain, gather, sizes = given(bars=1500, window=16), Intake.__call__, []

    def counted(self: Intake, rows: np.ndarray) -> torch.Tensor:
        sizes.append(len(rows))
        return gather(self, rows)

    monkeypatch.setattr(Intake, "__call__", counted)
    _, done = taught(Plan(epochs=1, batch=64, accumulate=parts), taken=plain)
    assert done.steps == -(-len(plain.train) // 64)
    assert sizes.count(64 // parts) >= parts * (done.steps - 1)
    small = [size for size in sizes if size <= 64]
    assert max(small) == (64 if parts == 1 else max(64 // parts, len(plain.valid) % 2048 % 64))


@pytest.mark.parametrize("family", FAMILIES)
def test_windows_are_taken_in_once_as_they_would_be_each_time(family: type) -> None:
    lesson = given(bars=120, window=16)
    gaps = lesson.panel.x.copy()
    gaps[::7, 2] = np.nan
    gaps[5] *= 1e6
    lesson = replace(lesson, panel=replace(lesson.panel, x=gaps))
    module = network(family, lesson)
    rows = np.concatenate([lesson.train[:40], lesson.valid[-40:]])
    each = module.taken(torch.from_numpy(lesson.x(rows)))
    intake = Intake(module, lesson)
    assert intake(rows).numpy().tobytes() == each.numpy().tobytes()
    assert np.isnan(lesson.x(rows)).any()
    module.eval()
    whole = module(torch.from_numpy(lesson.x(rows)))
    assert {name: value.detach().numpy().tobytes() for name, value in module.told(intake(rows)).items()} == {
        name: value.detach().numpy().tobytes() for name, value in whole.items()
    }


def kept_by(family: type, *, spare: bool) -> int:
    """Give the bytes that a step forward keeps for the way back."""
    lesson = given(window=32)
    module = network(family, lesson, "medium").train()
    module.spare = spare
    found: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    alive = []
    with (
        repeatable(1),
        torch.autograd.graph.saved_tensors_hooks(lambda one: (alive.append(one), keep(one))[1], lambda x: x),
    ):
        outputs = module(torch.from_numpy(lesson.x(lesson.train[:64])))
    assert outputs["quantiles"].requires_grad
    return sum(found.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_activations_that_are_computed_again_are_not_kept(family: type) -> None:
    assert kept_by(family, spare=True) < 0.8 * kept_by(family, spare=False)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_network_learns_in_bfloat16_with_weights_in_full(family: type, mixed) -> None:
    lesson = given(bars=260, window=8)
    plan = Plan(epochs=2, batch=64, mixed=True)
    module, done = taught(plan, module=network(family, lesson), taken=lesson)
    exact, _ = taught(Plan(epochs=2, batch=64, mixed=False), module=network(family, lesson), taken=lesson)
    assert done.whole
    assert not done.said
    assert np.isfinite(done.loss)
    assert done.loss < done.untrained
    assert {value.dtype for value in module.state_dict().values() if value.is_floating_point()} == {torch.float32}
    assert bytes_of(module) != bytes_of(exact)
    x = torch.from_numpy(lesson.x(lesson.valid))
    with torch.no_grad():
        one, two = module(x)["quantiles"], exact(x)["quantiles"]
    assert float((one - two).abs().max()) < 0.15 * float(two.std())


def test_bfloat16_reaches_the_network_in_training_alone_and_repeats(mixed) -> None:
    seen: list[tuple[bool, bool]] = []

    class Noting(Plain):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            seen.append((self.training, torch.is_autocast_enabled("cpu")))
            return super().forward(x)

    made = []
    for _ in range(2):
        with repeatable(4):
            module = Noting()
        made.append(bytes_of(taught(Plan(epochs=1, batch=64), module=module)[0]))
    assert set(seen) == {(True, True), (False, False)}
    assert made[0] == made[1]
    seen.clear()
    with repeatable(4):
        module = Noting()
    taught(Plan(epochs=1, batch=64, mixed=False), module=module)
    assert set(seen) == {(True, False), (False, False)}


def test_losses_are_counted_in_full_though_networks_answer_in_half(mixed) -> None:
    kinds = set()

    def noting(outputs, y, weights):
        kinds.update(one.dtype for one in outputs.values())
        return pinball(outputs, y, weights)

    taught(Plan(epochs=1, batch=64), loss=noting)
    assert kinds == {torch.float32}


def test_a_training_in_bfloat16_goes_on_where_it_was(mixed, tmp_path) -> None:
    plan = Plan(epochs=3, batch=64, every=2)
    whole, _ = taught(plan)
    stops = iter(range(9))
    taught(plan, folder=tmp_path, watch=lambda _: next(stops, None) is not None)
    again, done = taught(plan, folder=tmp_path)
    assert done.whole
    assert bytes_of(again) == bytes_of(whole)
