"""An old copy of the ledger, whole or in parts, put back: found by its head, or by what was anchored."""

import shutil

import pytest

from ara.desk import Desk
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.verified import verified
from ara.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={}, folder=tmp_path)


async def keep(settings, *lengths):
    async with Desk.open(settings) as one:
        for days in lengths:
            await PredictionEngine(one).predict("KO", days=days, model="hist", as_of="2020-02-20")
        return await Ledger(one).anchor()


def put_back(old, home, *names):
    for name in names:
        place = home / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        (shutil.copytree if (old / name).is_dir() else shutil.copy)(old / name, place)


@pytest.mark.parametrize(
    ("names", "problem", "unsigned"),
    [(("ara.db",), "cut", 0), (("heads",), None, 2), (("ara.db", "heads"), None, 0)],
    ids=("database", "head", "both"),
)
async def test_what_the_head_can_not_tell_the_anchor_does(settings, tmp_path, names, problem, unsigned):
    home, old = tmp_path / "home", tmp_path / "old"
    await keep(settings, 1)
    shutil.copytree(home, old)
    mark = await keep(settings, 2, 3)
    put_back(old, home, *names)
    async with Desk.open(settings) as one:
        alone, held = await verified(one), await verified(one, [mark])
    assert (alone.problem, alone.unsigned) == (problem, unsigned)
    if names == ("heads",):  # all entries are still there, and so is what was anchored of them
        assert held.ok
    else:
        assert not held.ok
        assert "what was anchored is gone" in held.words
