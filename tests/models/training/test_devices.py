"""Devices, and the quiet room in which training is repeatable."""

import pytest
import torch

from ara.errors import ModelError
from ara.models.training import Plan
from ara.models.training.devices import Device, _found, device, gone, repeatable, seeded
from ara.models.training.plan import KINDS
from ara.models.training.prune import prune, share_at
from tests.models.training.lessons import taught


def test_there_is_always_a_processor() -> None:
    assert device("cpu") == Device(kind="cpu", name="processor", mixed=False)
    assert device().kind in KINDS


def test_the_best_comes_first_and_what_is_not_there_is_refused() -> None:
    there = {"cpu"}
    if torch.backends.mps.is_available():
        there.add("mps")
    if torch.cuda.is_available():
        there.add("rocm" if torch.version.hip else "cuda")
    assert (device().kind == "cpu") == (there == {"cpu"})
    for kind in sorted(set(KINDS) - there):
        with pytest.raises(ModelError, match=f"no {kind}") as error:
            device(kind)
        assert "auto" in error.value.hint
    with pytest.raises(ModelError, match="no device 'tpu'"):
        device("tpu")


@pytest.mark.parametrize(("hip", "kind"), [(None, "cuda"), ("6.2", "rocm")])
def test_cards_stand_before_the_processor_by_the_name_of_their_maker(monkeypatch, hip, kind) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.version, "hip", hip)
    assert [(one.kind, one.mixed) for one in _found()] == [(kind, True), ("mps", False), ("cpu", False)]


@pytest.mark.parametrize(("kind", "where"), [("cuda", "cuda"), ("rocm", "cuda"), ("mps", "mps"), ("cpu", "none")])
def test_the_seed_reaches_the_device_that_draws(monkeypatch, kind, where) -> None:
    told = []
    monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: told.append(("cuda", seed)))
    monkeypatch.setattr(torch.mps, "manual_seed", lambda seed: told.append(("mps", seed)))
    with torch.random.fork_rng(devices=[]):
        seeded(11, Device(kind=kind, name="", mixed=False))
        assert torch.initial_seed() == 11
    assert told == ([] if where == "none" else [(where, 11)])


def test_rocm_answers_to_cudas_name() -> None:
    assert Device(kind="rocm", name="MI300", mixed=True).torch == "cuda"
    assert Device(kind="mps", name="Apple GPU", mixed=False).torch == "mps"


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        ("CUDA error: unspecified launch failure", True),
        ("HIP error: device not ready", True),
        ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", True),
        ("CUDA error: out of memory", False),
        ("CUDA out of memory. Tried to allocate 2.00 GiB", False),
        ("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)", False),
    ],
)
def test_a_device_that_failed_is_told_from_other_faults(words: str, lost: bool) -> None:
    assert gone(RuntimeError(words)) is lost


def test_the_room_is_quiet_and_leaves_no_trace() -> None:
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    draws = []
    for _ in range(2):
        with repeatable(9):
            assert torch.get_num_threads() == 1
            assert torch.are_deterministic_algorithms_enabled()
            draws.append(torch.rand(3))
    assert torch.equal(*draws)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_an_error_inside_leaves_no_trace_either() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyError), repeatable(1):
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card that PyTorch can use")
def test_a_card_trains_and_takes_up_what_it_began(tmp_path) -> None:
    plan = Plan(epochs=4, batch=64, every=3, patience=10, device=device().kind)
    stops = iter(range(14))
    taught(plan, folder=tmp_path, watch=lambda _: next(stops, None) is not None)
    module, done = taught(plan, folder=tmp_path)
    assert done.loss < done.untrained
    assert {one.device.type for one in module.parameters()} == {"cpu"}


def test_pruning_rises_to_its_share_and_stays() -> None:
    shares = [share_at(0.8, epoch, 10) for epoch in range(10)]
    assert shares[:4] == [0.0] * 4
    assert shares[7:] == pytest.approx([0.8] * 3)
    assert shares[4] > 0.8 * 0.25
    assert shares == sorted(shares)
    assert share_at(0.8, 0, 0) == 0.0


def test_the_smallest_weights_go_and_go_only_once() -> None:
    module = torch.nn.Linear(10, 10)
    weight = module.weight.detach().clone()
    prune(module, 0.3)
    gone = module.weight == 0
    assert int(gone.sum()) == 30
    assert weight[gone].abs().max() <= weight[~gone].abs().min()
    prune(module, 0.3)
    assert int((module.weight == 0).sum()) == 30
    prune(module, 0.0)
    assert (module.bias != 0).all()


@pytest.mark.parametrize(
    "settings",
    [{"batch": 0}, {"accumulate": 0}, {"clip": 0}, {"patience": 0}, {"prune": 1}, {"every": 0}, {"warm_up": 1}],
)
def test_plans_that_can_not_be_are_refused(settings: dict) -> None:
    (name,) = settings
    with pytest.raises(ModelError, match=name) as error:
        Plan(**settings)
    assert error.value.hint.startswith(f"Choose {name} from")


def test_a_plan_tells_all_its_settings() -> None:
    assert Plan(prune=0.5).settings["prune"] == 0.5
    assert set(Plan().settings) >= {"epochs", "rate", "augment", "device"}
