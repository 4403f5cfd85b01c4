import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ara

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_package_and_what_it_reads(wheel):
    names = set(wheel.namelist())
    files = [path for path in (ROOT / "src/ara").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {str(path.relative_to(ROOT / "src")) for path in files} == {
        name for name in names if name.startswith("ara/")
    }
    assert {"ara/py.typed", "ara/data/sample/sample.parquet"} <= names


def test_the_wheel_says_who_made_what(wheel):
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    about = email.message_from_bytes(wheel.read(f"{info}/METADATA"))
    assert (about["Name"], about["Version"], about["License-Expression"]) == ("ara-ai", ara.__version__, "Apache-2.0")
    for name in ("LICENSE", "NOTICE"):
        assert wheel.read(f"{info}/licenses/{name}") == (ROOT / name).read_bytes()
    assert b"ara = ara.cli.app:main" in wheel.read(f"{info}/entry_points.txt")
