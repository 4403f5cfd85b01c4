"""What several workers of a cluster tell and are told; `test_ray.py` has real clusters."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ara.errors import CancelledError, ModelError, ValidationError, WorkerError
from ara.models.families.ewma_t import EwmaT
from ara.models.networks import Gru
from ara.models.networks import cluster as clusters
from ara.models.networks.cluster import KEPT, train_on_ray
from ara.models.registry.making import make
from ara.models.registry.training import Plan, train
from ara.models.served import Served
from ara.workers import Progress
from tests.models.networks.worlds import featured

MODEL = Gru(size="tiny", window=8, epochs=1, batch=64, every=2, device="cpu")
PANEL = featured(bars=300)
ROWS = np.arange(len(PANEL))


class Here:
    """Ray's words, of a cluster that is this process: what is asked for is done at once."""

    def __init__(self, *, cpus: int = 2) -> None:
        self.cpus = cpus

    def cluster_resources(self):
        return {"CPU": float(self.cpus)}

    def put(self, value):
        return value

    def get(self, answer):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def wait(self, asked, *, timeout):
        return asked, []

    def remote(self, made):
        def begin(*words):
            if not isinstance(made, type):
                return self.done(made, words)
            thing = made(*words)
            names = [name for name in dir(made) if not name.startswith("_") and callable(getattr(made, name))]
            return SimpleNamespace(
                **{
                    name: SimpleNamespace(
                        remote=lambda *words, name=name, **named: self.done(getattr(thing, name), words, named)
                    )
                    for name in names
                }
            )

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=begin))

    @staticmethod
    def done(ask, words, named=None):
        try:
            return ask(*words, **(named or {}))
        except (ModelError, RuntimeError, ConnectionError) as error:
            return error


def followed(monkeypatch, work, *, watch=lambda progress: True):
    """Follow a piece of work instead of a training."""
    monkeypatch.setattr(clusters, "_fit", work)
    return clusters._followed(Here(), {"a": 1}, 2, watch)


def test_odd_numbers_of_workers_and_one_who_stops_at_once_are_told(tmp_path):
    asked = {"seed": 3, "folder": tmp_path / "kept"}
    with pytest.raises(ValidationError, match="0 workers can't train"):
        train_on_ray(MODEL, PANEL, ROWS, ROWS[:0], workers=0, watch=lambda _: True, **asked)
    with pytest.raises(CancelledError):
        train_on_ray(MODEL, PANEL, ROWS, ROWS[:0], workers=2, watch=lambda _: False, **asked)
    assert not (tmp_path / "kept").exists()


def test_more_workers_than_processors_are_refused():
    clusters._refuse_few(Here(cpus=2), 2)
    with pytest.raises(ModelError, match="has 2 processors, and 3 workers") as caught:
        clusters._refuse_few(Here(cpus=2), 3)
    assert "--workers" in caught.value.hint


def test_a_cluster_that_is_not_there_is_said_and_nothing_else_is_kept(tmp_path):
    plan = Plan(
        family="gru", params={}, seed=0, cut=None, room=str(tmp_path / "room"), workers=2, address="127.0.0.1:1"
    )
    with pytest.raises(WorkerError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        train(PANEL, plan, str(tmp_path / "made"), watch=lambda _: True)
    assert not (tmp_path / "made").exists()


def test_only_networks_are_trained_by_several():
    assert make("gru", {}, together=True).family == "gru"
    with pytest.raises(ValidationError, match="har_t can't be trained by several workers") as caught:
        make("har_t", {}, together=True)
    assert caught.value.hint == "Networks can: bilstm, cnn_lstm, gru, seq2seq, transformer."


def test_what_the_workers_tell_is_passed_on_and_who_stops_is_heard(monkeypatch):
    heard, answers = [], []

    def work(told, workers, board):
        assert (told, workers) == ({"a": 1}, 2)
        answers.append(board.tell.remote(1, 3, "epoch 1"))

    def watch(progress):
        heard.append((progress.done, progress.total, progress.words))
        return True

    followed(monkeypatch, work, watch=watch)
    assert heard == [(1, 3, "epoch 1")]
    assert answers == [True]
    board = clusters._Board()
    assert board.tell(1, 2, "on")
    board.look(going=False)
    board.look(going=True)
    assert not board.tell(2, 2, "on")


def test_an_error_of_a_worker_arrives_as_it_was(monkeypatch):
    def work(told, workers, board):
        error = ModelError("the loss is not a number", hint="Lower the rate.", start="gru")
        board.fail.remote(clusters._Failure.of(error))
        board.fail.remote(clusters._Failure.of(CancelledError("the training was stopped")))
        raise RuntimeError("the others were left alone")

    with pytest.raises(ModelError, match="the loss is not a number") as caught:
        followed(monkeypatch, work)
    assert caught.value.hint == "Lower the rate."
    assert caught.value.context == {"start": "gru"}


@pytest.mark.parametrize("fault", [RuntimeError("a worker died 4 times"), ConnectionError("the head is gone")])
def test_where_workers_or_the_cluster_are_lost_the_checkpoint_is_kept(monkeypatch, fault):
    def work(told, workers, board):
        raise fault

    with pytest.raises(WorkerError, match=f"cluster was lost: {fault}") as caught:
        followed(monkeypatch, work)
    assert caught.value.hint == KEPT


def test_a_worker_tells_without_waiting_and_hears_later():
    here, board = Here(), clusters._Board()
    teller = clusters._Teller(here, _handle(here, board))
    assert teller(Progress(1, 9, "one"))
    board.look(going=False)
    assert teller(Progress(2, 9, "two"))  # what was answered before it was stopped
    assert board.told == (2, 9, "two")
    assert not teller(Progress(3, 9, "three"))


def _handle(here, board):
    return SimpleNamespace(tell=SimpleNamespace(remote=lambda *words: here.done(board.tell, words)))


@pytest.fixture
def group(tmp_path):
    """A process group of this process alone."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def told(folder, **changes):
    return {
        "model": MODEL,
        "panel": PANEL,
        "train": ROWS,
        "valid": ROWS[:0],
        "seed": 3,
        "folder": str(folder),
        **changes,
    }


def test_one_worker_makes_what_is_made_without_a_cluster(group, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "get", lambda one: one)
    monkeypatch.setattr(ray, "wait", lambda one, timeout: (one, []))
    alone = MODEL.fit(PANEL, ROWS, ROWS[:0], seed=3, watch=lambda _: True)
    here, board = Here(), clusters._Board()
    handle = _handle(here, board)
    clusters._work({"told": told(tmp_path), "board": handle})
    made = Served.load(tmp_path / "made")
    assert made.graph == alone.graph
    assert board.told[0] > 0
    (tmp_path / "start").mkdir()
    EwmaT().fit(PANEL, ROWS, ROWS[:0], seed=3, watch=lambda _: True).save(tmp_path / "start")
    handle.fail = SimpleNamespace(remote=lambda one: board.fail(one))
    (tmp_path / "training.json").unlink()
    clusters._work({"told": told(tmp_path), "board": handle})
    assert board.failure().context == {"start": "FittedEwmaT"}
    assert isinstance(board.failure().revived(), ModelError)


@pytest.mark.parametrize("kept", [True, False])
def test_what_was_made_is_given_and_what_it_goes_on_from_lies_beside(monkeypatch, tmp_path, kept):
    alone = MODEL.fit(PANEL, ROWS, ROWS[:0], seed=3, watch=lambda _: True)
    seen = []

    def work(told, workers, board):
        folder = Path(told["folder"])
        seen.append((folder, workers, sorted(one.name for one in folder.iterdir())))
        (folder / "ray").mkdir()
        alone.save(clusters._empty(folder / "made"))

    monkeypatch.setattr(clusters, "_fit", work)
    monkeypatch.setattr(clusters, "cluster", lambda address: nullcontext(Here()))
    asked = {"seed": 3, "workers": 2, "watch": lambda _: True, "folder": tmp_path / "room" if kept else None}
    first = train_on_ray(MODEL, PANEL, ROWS, ROWS[:0], **asked)
    again = train_on_ray(MODEL, PANEL, ROWS, ROWS[:0], start=first, **asked)
    assert first.graph == again.graph == alone.graph
    assert [one[1] for one in seen] == [2, 2]
    assert ("start" in seen[0][2], "start" in seen[1][2]) == (False, True)
    assert [one[0].exists() for one in seen] == [kept, kept]
    if kept:
        assert not (tmp_path / "room" / "ray").exists()
        train_on_ray(MODEL, PANEL, ROWS, ROWS[:0], **asked)
        assert "start" not in seen[-1][2]


def test_a_lost_worker_is_begun_again_three_times_and_no_more(monkeypatch, tmp_path):
    ray = pytest.importorskip("ray")
    asked = []
    monkeypatch.setattr(ray, "put", lambda one: ("put", one))
    monkeypatch.setattr(
        "ray.train.torch.TorchTrainer", lambda work, **named: asked.append((work, named)) or Fits(asked)
    )
    clusters._fit({"folder": str(tmp_path)}, 2, "board")
    (work, named), fitted = asked
    assert (work, fitted) == (clusters._work, "fitted")
    assert named["train_loop_config"] == {"told": ("put", {"folder": str(tmp_path)}), "board": "board"}
    assert named["scaling_config"].num_workers == 2
    assert named["run_config"].failure_config.max_failures == 3
    assert named["run_config"].storage_path == str(tmp_path / "ray")


class Fits:
    """Stands for a trainer that notes that it was begun."""

    def __init__(self, asked):
        self.asked = asked

    def fit(self):
        self.asked.append("fitted")
