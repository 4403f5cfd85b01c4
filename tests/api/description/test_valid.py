"""The description is valid for those who know: each is asked where it is installed, and left out where it is not."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ara.api import create
from ara.api.description import operations
from ara.settings import Settings

UNANSWERED = 4
"""Operations that never answer with 2XX: three say that no source is configured, one sends people on."""


@pytest.fixture(scope="module")
def document() -> dict:
    return create(Settings.load({})).openapi()


def test_it_is_whole(document: dict):
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    assert '"$ref": "#/components/schemas/Problem"' in text
    assert '"x-sample"' not in text
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        assert {"4XX", "5XX"} <= set(operation["responses"]), (method, path)
        assert operation.get("deprecated", False) == path.startswith("/api/v1/")
        for need in operation["security"]:
            assert all(":" in one for one in need.get("bearer", ())), (method, path)
            assert need.get("bearer") != [], f"{method} {path}: which permission does it need?"


def test_openapi_spec_validator_finds_nothing(document: dict):
    known = pytest.importorskip("openapi_spec_validator")
    known.validate(document)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("redocly") is None, reason="no redocly here: npm install --global @redocly/cli")
def test_redocly_finds_no_error(document: dict, tmp_path: Path):
    (tmp_path / "openapi.json").write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        ["redocly", "lint", "openapi.json", "--format=json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout[done.stdout.index("{") :])["totals"]
    assert (told["errors"], told["warnings"]) == (0, UNANSWERED), done.stdout
