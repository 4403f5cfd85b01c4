from pathlib import Path

import pytest

from tools.lock import check, write

PROJECT = """
[project]
dependencies = ["numpy>=2.1"]
[project.optional-dependencies]
db = ["asyncpg>=0.30"]
[dependency-groups]
dev = ["ruff"]
"""
NUMPY = "numpy==2.4.6 \\\n    --hash=sha256:aa\n    # via ara-ai (pyproject.toml)\n"
ASYNCPG = "asyncpg==0.32.0 \\\n    --hash=sha256:bb\n    # via ara-ai (pyproject.toml)\n"
RUFF = "ruff==0.17.5 \\\n    --hash=sha256:cc\n    # via ara-ai (pyproject.toml:dev)\n"
TORCH = """nvidia-cublas==13.1 ; sys_platform == 'linux' \\
    --hash=sha256:aa
    # via torch
torch==2.13.0 ; sys_platform == 'darwin' \\
    --hash=sha256:cc
    # via ara-ai (pyproject.toml)
torch==2.13.0+cpu ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via ara-ai (pyproject.toml)
"""
OTHER = "idna==3.20 \\\n    --hash=sha256:dd\n    # via requests\n"


def found(root: Path, *, core: str, dev: str) -> list[str]:
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "requirements").mkdir()
    (root / "requirements/core.txt").write_text(core)
    (root / "requirements/dev.txt").write_text(dev)
    (root / "requirements/torch.txt").write_text("")
    return [f"{finding.path.name}: {finding.words}" for finding in check(root)]


def test_a_current_lock_is_let_through(tmp_path):
    assert found(tmp_path, core=NUMPY, dev=NUMPY + ASYNCPG + OTHER + RUFF) == []


@pytest.mark.parametrize(
    ("core", "dev", "words"),
    [
        ("", NUMPY + ASYNCPG + RUFF, "core.txt: numpy>=2.1 of pyproject.toml is not locked"),
        (NUMPY, NUMPY + RUFF, "dev.txt: asyncpg>=0.30 of pyproject.toml is not locked"),
        (NUMPY.replace("2.4.6", "2.0.0"), NUMPY + ASYNCPG + RUFF, "core.txt: 2.0.0 does not satisfy numpy>=2.1"),
        (NUMPY + ASYNCPG, NUMPY + ASYNCPG + RUFF, "core.txt: pyproject.toml no longer asks for asyncpg"),
        (NUMPY, NUMPY + ASYNCPG + RUFF + "idna==3.20\n    # via requests\n", "dev.txt: idna has no hash"),
    ],
)
def test_a_stale_lock_is_found(tmp_path, core, dev, words):
    assert found(tmp_path, core=core, dev=dev) == [words]


def test_a_package_may_be_pinned_once_per_platform(tmp_path):
    twice = NUMPY.replace("2.4.6", "2.4.6 ; sys_platform == 'linux'") + NUMPY.replace(
        "2.4.6", "2.0.0 ; sys_platform == 'win32'"
    )
    assert found(tmp_path, core=twice, dev=NUMPY + ASYNCPG + RUFF) == ["core.txt: 2.0.0 does not satisfy numpy>=2.1"]


def test_a_lock_that_is_not_there_is_found(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert len(list(check(tmp_path))) == 4


def test_pytorch_is_looked_for_in_its_own_lock(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace('["asyncpg>=0.30"]', '["torch==2.13.0"]'))
    for name, text in {"core": NUMPY, "dev": NUMPY + RUFF, "torch": TORCH.split("torch", 1)[0]}.items():
        (tmp_path / f"requirements/{name}.txt").write_text(text)
    assert [finding.words for finding in check(tmp_path)] == ["torch==2.13.0 of pyproject.toml is not locked"]


def test_the_locks_are_made_by_uv_without_naming_a_place(tmp_path, monkeypatch):
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nfor last; do :; done\nprintf "%s" "$LOCKED" > "$last"\n')
    (tmp_path / "requirements").mkdir()
    monkeypatch.setenv("LOCKED", NUMPY + TORCH)
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    write(tmp_path)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[-1] for line in asked] == [
        "requirements/dev.txt",
        "requirements/core.txt",
        "requirements/torch.txt",
    ]
    for line in asked:
        assert {"--universal", "--generate-hashes"} <= set(line.split())
        assert "--emit-index-url" not in line
        assert str(tmp_path) not in line


def test_pytorch_is_locked_apart_and_without_cuda(tmp_path, monkeypatch):
    test_the_locks_are_made_by_uv_without_naming_a_place(tmp_path, monkeypatch)
    assert (tmp_path / "requirements/dev.txt").read_text() == NUMPY
    assert (tmp_path / "requirements/torch.txt").read_text() == "torch==2.13.0\n    # via ara-ai (pyproject.toml)\n"
