"""Checkpoints: whole or not there, of one training, and refused when damaged."""

import errno
import os
import resource
import signal

import pytest
import torch

from ara.errors import ModelError
from ara.models.training.checkpoint import Checkpoint, Place, read, write
from ara.models.training.state import restored, tensors
from tests.models.training.lessons import Plain

ONE = Checkpoint(of="a", place=Place(epoch=2, step=7, best=0.1 + 0.2), tensors={"w": torch.arange(3.0)})
TWO = Checkpoint(of="a", place=Place(epoch=3), tensors={"w": torch.arange(4.0)})


def test_what_is_written_is_read_to_the_last_bit(tmp_path) -> None:
    write(tmp_path / "new" / "folder", ONE)
    found = read(tmp_path / "new" / "folder", "a")
    assert found.place == ONE.place
    assert torch.equal(found.tensors["w"], ONE.tensors["w"])


def test_the_newer_takes_the_place_of_the_older(tmp_path) -> None:
    write(tmp_path, ONE)
    (tmp_path / ".state-0.safetensors.part").write_bytes(b"half")
    write(tmp_path, TWO)
    assert read(tmp_path, "a").place.epoch == 3
    assert sorted(one.suffix for one in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_an_empty_folder_has_none(tmp_path) -> None:
    assert read(tmp_path, "a") is None
    assert read(tmp_path / "nowhere", "a") is None


def test_that_of_another_training_is_refused(tmp_path) -> None:
    write(tmp_path, ONE)
    with pytest.raises(ModelError, match="another training"):
        read(tmp_path, "b")


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_damage_is_seen(suffix: str, damage: str, tmp_path) -> None:
    write(tmp_path, ONE)
    (path,) = tmp_path.glob(f"*{suffix}")
    body = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        body[1] ^= 255
        path.write_bytes(body if damage == "flipped" else body[:-3])
    if (suffix, damage) == (".json", "gone"):
        assert read(tmp_path, "a") is None
        return
    with pytest.raises(ModelError, match="is damaged") as error:
        read(tmp_path, "a")
    assert "Remove the folder" in error.value.hint


def test_a_full_disk_leaves_the_older_one_whole(tmp_path) -> None:
    write(tmp_path, ONE)
    big = Checkpoint(of="a", place=Place(epoch=9), tensors={"w": torch.zeros(10_000)})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            write(tmp_path, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert read(tmp_path, "a").place == ONE.place
    assert list(tmp_path.glob(".*")) == []


def test_the_optimisers_memory_goes_with_the_weights() -> None:
    module = Plain()
    optimiser = torch.optim.AdamW(module.parameters(), lr=0.01)
    for _ in range(3):
        sum((one**2).sum() for one in module.parameters()).backward()
        optimiser.step()
    kept = tensors(module, optimiser)
    other = Plain()
    fresh = torch.optim.AdamW(other.parameters(), lr=0.01)
    restored(other, kept, fresh)
    for pair, steps in ((module, optimiser), (other, fresh)):
        steps.zero_grad()
        sum((one**3).sum() for one in pair.parameters()).backward()
        steps.step()
    for name, value in module.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
