"""What `deploy/` promises: nothing is root, no root file system can be written, and its settings are there."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ara.cli.app import COMMANDS
from ara.cli.invocation import built
from ara.settings import Settings
from tests.data.access.certificate import certificate

DEPLOY = Path(__file__).parents[2] / "deploy"
PARTS = {"api", "worker", "postgres", "redis", "nginx"}


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def test_every_part_is_held_in_bounds(composed):
    assert set(composed["services"]) == PARTS
    for name, part in composed["services"].items():
        assert part["read_only"] is True, name
        assert part["cap_drop"] == ["ALL"], name
        assert part["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory"} <= set(part["deploy"]["resources"]["limits"]), name
        assert name == "nginx" or not str(part["user"]).startswith("0"), name
        assert not re.search(r":latest$|^[^:]+$", part["image"]), name
    assert composed["services"]["api"]["deploy"]["replicas"] == 2
    assert composed["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert "ports" not in composed["services"][name]
        assert composed["services"][name]["networks"] == ["inside"]
    assert composed["services"]["nginx"]["ports"] == ["127.0.0.1:${PORT:-8000}:8080"]


def test_settings_and_commands_are_ones_that_there_are(composed, caplog):
    known = {name for group in COMMANDS.values() for name in group}
    for name in ("api", "worker"):
        part = composed["services"][name]
        assert part["command"][0] in known
        left_out = {key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(one)) for key, one in part["environment"].items()}
        told = {key: re.sub(r"\$\{[^}]*\}", "secret", value) for key, value in left_out.items()}
        settings = Settings.load(environ=told)
        assert settings.profile == "prod"
        assert settings.store.url == "postgresql://ara:secret@postgres:5432/ara"
        assert settings.jobs.broker.endswith("/1")
        assert settings.data.cache.redis.endswith("/0")
    assert "ARA_" not in caplog.text


def test_the_image_is_built_in_stages_and_runs_as_nobody_special():
    lines = (DEPLOY / "docker" / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER 10001:10001"
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    root = DEPLOY.parent
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (root / source).exists(), source
                assert f"!{source.split('/')[0]}" in (root / ".dockerignore").read_text().splitlines(), source


@pytest.mark.parametrize("python", ["3.11.9", "3.12.1", "3.13.0"])
def test_the_image_is_built_with_one_version_of_each_package(python):
    whole = re.sub(r"\\\n\s*", "", (DEPLOY / "docker" / "Dockerfile").read_text())
    command = re.search(r"^RUN (sed .*?) >", whole, re.MULTILINE)[1]
    told = subprocess.run(["bash", "-c", command], cwd=DEPLOY.parent, capture_output=True, text=True, check=True)
    pins = [Requirement(line) for line in told.stdout.splitlines()]
    there = {
        "python_version": python[:4], "python_full_version": python, "sys_platform": "linux",
        "platform_machine": "x86_64", "platform_system": "Linux", "os_name": "posix",
        "implementation_name": "cpython", "platform_python_implementation": "CPython",
    }  # fmt: skip
    names = [canonicalize_name(one.name) for one in pins if one.marker is None or one.marker.evaluate(there)]
    assert len(names) == len(set(names)) > 100


@pytest.mark.parametrize("told", [False, True])
def test_nginx_takes_its_configuration_and_the_lines_for_tls_that_the_page_tells(tmp_path, told):
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    text = (DEPLOY / "nginx" / "ara.conf").read_text().replace("server api:8000", "server 127.0.0.1:9")
    if told:
        page = (DEPLOY.parent / "docs" / "how_to" / "deploy.md").read_text()
        lines = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)[1]
        assert "ssl_protocols TLSv1.3;" in lines
        pem = certificate(tmp_path)
        text = text.replace("listen 8080;", "listen 8080;\n" + re.sub(r"/etc/nginx/tls/\w+\.pem", str(pem), lines))
    (tmp_path / "ara.conf").write_text(text)
    paths = "".join(
        f"{one}_temp_path {tmp_path}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ {paths} include {tmp_path}/ara.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    said = subprocess.run([program, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_passwords_have_to_be_given():
    asked = (DEPLOY / "compose.yaml").read_text()
    names = set(re.findall(r"\$\{([A-Z_]+):\?", asked))
    assert names == {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    given = dict(line.split("=") for line in (DEPLOY / "env.example").read_text().splitlines() if "=" in line)
    assert {name: given[name] for name in names} == dict.fromkeys(names, "")


def test_commands_in_containers_are_ones_that_there_are(composed):
    pages = (DEPLOY / "compose.yaml", DEPLOY.parent / "docs" / "how_to" / "deploy.md")
    told = [run for page in pages for run in re.findall(r"docker compose run --rm (\S+) ([a-z ]+)", page.read_text())]
    assert len(told) >= 4
    assert 'ENTRYPOINT ["ara"]' in (DEPLOY / "docker" / "Dockerfile").read_text()
    for part, said in told:
        assert "build" in composed["services"][part], part
        first, *rest = said.split()
        command = built(first)
        for word in rest:
            command = getattr(command, "commands", {}).get(word, command)
        assert not getattr(command, "commands", {}), said
