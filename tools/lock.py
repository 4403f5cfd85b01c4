"""The lock files in `requirements/` hold what `pyproject.toml` asks for: every package pinned, with its hashes.

`python -m tools.lock` checks it without a network; `python -m tools.lock --write` resolves anew, keeping the versions
that still fit. `core.txt` is what `pip install ara-ai` brings, `dev.txt` adds every extra and the development group.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.findings import Finding, main

__all__ = ["LOCKS", "check", "write"]

LOCKS = {
    "dev.txt": ("--all-extras", "--group", "dev"),
    "core.txt": ("--constraints", "requirements/dev.txt"),
}
"""Each lock file with what uv is told beside the options of all; `core.txt` takes its versions from `dev.txt`."""

_OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--annotation-style", "line", "--quiet")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    line: int
    version: str
    hashed: bool
    direct: bool


def check(root: Path) -> Iterator[Finding]:
    """Compare each lock with the project: nothing missing, nothing stale, nothing without a hash."""
    for name, requirements in _wanted(root).items():
        path = root / "requirements" / name
        pins = _pins(path) if path.exists() else {}
        asked = {canonicalize_name(requirement.name) for requirement in requirements}
        for requirement in requirements:
            found = [pin for pin in pins.get(canonicalize_name(requirement.name), []) if pin.direct]
            if not found:
                yield Finding(path=path, line=1, words=f"{requirement} of pyproject.toml is not locked")
            for pin in found:
                if not requirement.specifier.contains(pin.version, prereleases=True):
                    yield Finding(path=path, line=pin.line, words=f"{pin.version} does not satisfy {requirement}")
        for package, versions in pins.items():
            for pin in versions:
                if pin.direct and package not in asked:
                    yield Finding(path=path, line=pin.line, words=f"pyproject.toml no longer asks for {package}")
                if not pin.hashed:
                    yield Finding(path=path, line=pin.line, words=f"{package} has no hash")


def write(root: Path) -> None:
    """Resolve again with uv, against the registry that uv is set up with; neither its host nor a path is kept."""
    for name, options in LOCKS.items():
        command = ["uv", "pip", "compile", "pyproject.toml", *_OPTIONS, *options]
        command += ["--custom-compile-command", "make lock", "--output-file", f"requirements/{name}"]
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)


def _wanted(root: Path) -> dict[str, list[Requirement]]:
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    core = project["project"]["dependencies"]
    extras = [text for group in project["project"]["optional-dependencies"].values() for text in group]
    develop = project["dependency-groups"]["dev"]
    return {
        "core.txt": [Requirement(text) for text in core],
        "dev.txt": [Requirement(text) for text in [*core, *extras, *develop]],
    }


def _pins(path: Path) -> dict[str, list[_Pin]]:
    """Read a lock: by name, since a package may be pinned once per platform."""
    text = path.read_text(encoding="utf-8")
    starts = [*_PIN.finditer(text)]
    pins: dict[str, list[_Pin]] = {}
    for found, following in zip(starts, [*starts[1:], None], strict=False):
        body = text[found.start() : following.start() if following else None]
        pin = _Pin(
            line=text.count("\n", 0, found.start()) + 1,
            version=found[2],
            hashed="--hash=sha256:" in body,
            direct="ara-ai (pyproject.toml" in body,
        )
        pins.setdefault(canonicalize_name(found[1]), []).append(pin)
    return pins


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(Path.cwd())
    else:
        sys.exit(main(check, advice="Remake the locks: make lock"))
