import os
import sys
from pathlib import Path

import pytest

from ara.settings.places import data_folder, project_file, user_file, user_folder

linux = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the rule of other systems is platformdirs'")


def test_the_user_s_file_stands_in_the_user_s_folder(tmp_path):
    assert user_file({"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}) == tmp_path / ".ara.yaml"


@pytest.mark.parametrize("home", ["", "relative/folder"])
def test_without_a_user_there_is_no_user_s_file(home):
    assert user_folder({"HOME": home, "USERPROFILE": home}) is None
    assert user_file({}) is None


def test_the_nearest_project_s_file_wins(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".ara.yaml").touch()
    assert project_file(tmp_path / "a" / "b") == tmp_path / ".ara.yaml"
    (tmp_path / "a" / ".ara.yaml").touch()
    assert project_file(tmp_path / "a" / "b") == tmp_path / "a" / ".ara.yaml"


def test_the_user_s_file_is_no_project_s_file_by_any_path(tmp_path):
    own = tmp_path / ".ara.yaml"
    own.touch()
    (tmp_path / "work").mkdir()
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)
    assert project_file(tmp_path / "work", besides=own) is None
    assert project_file(link / "work", besides=own) is None
    assert project_file(tmp_path / "work", besides=tmp_path / "gone") == own


def test_a_removed_working_folder_has_no_project(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert project_file(None) is None


def test_a_name_that_no_file_can_have_is_no_file(tmp_path):
    assert project_file(tmp_path / ("x" * 300)) is None


@linux
def test_the_data_folder_is_asked_of_the_environment_given(tmp_path):
    home = str(tmp_path)
    assert data_folder({"HOME": home}) == tmp_path / ".local" / "share" / "ara"
    assert data_folder({"HOME": home, "XDG_DATA_HOME": "/data"}) == Path("/data/ara")
    assert data_folder({"HOME": home, "XDG_DATA_HOME": "data"}) == tmp_path / ".local" / "share" / "ara"


@linux
def test_the_data_folder_is_the_one_platformdirs_names(tmp_path, monkeypatch):
    import platformdirs

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert data_folder(os.environ) == Path(platformdirs.user_data_dir("ara", appauthor=False))


@linux
def test_without_home_the_system_knows_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder({}) == tmp_path / "ara"


@linux
def test_without_any_user_the_data_stands_in_the_working_folder(tmp_path, monkeypatch):
    def nobody(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert data_folder({}, tmp_path / "x") == tmp_path / "x" / ".ara"
    assert data_folder({}) == tmp_path / ".ara"
