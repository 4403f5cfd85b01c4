"""Samples of the description, run as they stand against the service: in Python, in JavaScript, and by curl."""

import io
import json
import os
import shutil
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from ara.api.description import operations
from tests.api.conftest import Served
from tests.api.description.conftest import Things

REFUSED = {"get_api_v1_sentiment", "get_api_v1_market_sentiment", "get_api_v2_instruments_symbol_sentiment"}
"""Operations that answer with 404 alone: they say that no source is configured."""
RUNNER = """
import { readFileSync } from "node:fs";
const told = {};
for (const { id, file, environ } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  Object.assign(process.env, environ);
  console.log = (text) => { told[id] = { said: text }; };
  try { await import(file); } catch (error) { told[id] = { wrong: String(error) }; }
}
process.stdout.write(JSON.stringify(told));
"""


@pytest.fixture(scope="module")
def described(service: Served) -> list[tuple[str, str, dict]]:
    """The operations, those that use up what they are asked about, or end tokens, last."""
    with service.client(None) as client:
        return list(operations(client.get("/openapi.json").json()))


def source(operation: dict, label: str) -> str:
    return next(one["source"] for one in operation["x-codeSamples"] if one["label"] == label)


def wanted(things: Things, described, label: str) -> list[tuple[str, str, dict[str, str]]]:
    """Give name, source and environment of each sample in a language."""
    things.prepare()
    found = []
    for method, path, operation in described:
        environ = things.for_(method, path, json.dumps(operation["x-codeSamples"]))
        found.append((operation["operationId"], source(operation, label), environ))
    return found


def test_each_operation_has_samples_that_name_its_path_and_examples_that_fit(service: Served, described):
    from jsonschema import Draft202012Validator

    with service.client(None) as client:
        components = client.get("/openapi.json").json()["components"]
    for method, path, operation in described:
        assert [one["label"] for one in operation["x-codeSamples"]] == ["curl", "Python", "JavaScript"], (method, path)
        compile(source(operation, "Python"), path, "exec")
        for one in operation["x-codeSamples"]:
            assert path.partition("{")[0] in one["source"]
        content = operation.get("requestBody", {}).get("content", {})
        assert all("example" in one for one in content.values()), (method, path)
        for one in [*operation.get("parameters", ()), *content.values()]:
            assert "example" in one or not one.get("required")
            if "example" in one:
                Draft202012Validator({**one["schema"], "components": components}).validate(one["example"])


@pytest.mark.slow
def test_samples_in_python_work(things: Things, described, monkeypatch):
    wrong = {}
    for name, text, environ in wanted(things, described, "Python"):
        for variable, value in environ.items():
            monkeypatch.setenv(variable, value)
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                exec(compile(text, name, "exec"), {})
        except SystemExit as error:
            wrong[name] = str(error)
    assert set(wrong) == REFUSED, {name: wrong[name] for name in set(wrong) - REFUSED}
    assert all("No source configured" in words for words in wrong.values())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_samples_in_javascript_work(things: Things, described, tmp_path: Path):
    listed = []
    for number, (name, text, environ) in enumerate(wanted(things, described, "JavaScript")):
        file = tmp_path / f"{number}.mjs"
        file.write_text(text, "utf-8")
        listed.append({"id": name, "file": str(file), "environ": environ})
    (tmp_path / "runner.mjs").write_text(RUNNER, "utf-8")
    (tmp_path / "all.json").write_text(json.dumps(listed), "utf-8")
    done = subprocess.run(
        ["node", str(tmp_path / "runner.mjs"), str(tmp_path / "all.json")], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert len(told) == len(listed)
    wrong = {name: one["wrong"] for name, one in told.items() if "wrong" in one}
    assert set(wrong) == REFUSED, {name: wrong[name] for name in set(wrong) - REFUSED}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_samples_of_curl_work(things: Things, described):
    wrong = {}
    for name, text, environ in wanted(things, described, "curl"):
        done = subprocess.run(
            ["sh", "-c", text], env={**os.environ, **environ}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            wrong[name] = done.stdout + done.stderr
    assert set(wrong) == REFUSED, {name: wrong[name] for name in set(wrong) - REFUSED}
