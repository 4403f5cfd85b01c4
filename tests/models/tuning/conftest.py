"""An empty place for studies: making its tables takes longer than many a study."""

import shutil
from pathlib import Path

import pytest

from ara.models.tuning.storage import database, library


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tables") / "studies.db"
    with database(library(), f"sqlite:///{place}"):
        return place


@pytest.fixture(autouse=True)
def ready(tables: Path, tmp_path: Path) -> None:
    """Lay the tables ready in the test's folder; other folders begin without."""
    shutil.copy(tables, tmp_path / "studies.db")
