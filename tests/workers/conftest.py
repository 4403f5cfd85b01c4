import tempfile

import pytest

from ara.settings import Settings, WorkerSettings
from ara.workers import Workers


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Where the folders of calls are made; empty whenever no call is under way."""
    place = tmp_path / "calls"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
async def workers(folders, tmp_path):
    crew = Workers(Settings(home=str(tmp_path), workers=WorkerSettings(threads=1, processes=1)))
    yield crew
    await crew.close()
    assert list(folders.iterdir()) == []
