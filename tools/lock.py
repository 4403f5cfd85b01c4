"""The lock files in `requirements/` hold what `pyproject.toml` asks for: every package pinned, with its hashes.

`python -m tools.lock` checks it without a network; `python -m tools.lock --write` resolves anew, keeping the versions
that still fit. `core.txt` is what `pip install ara-ai` brings, `dev.txt` adds every extra and the development group.
`torch.txt` holds PyTorch alone: its ordinary Linux wheel asks for gigabytes of CUDA, which no test needs, so it comes
from the index of its processor builds, whichever of these fits, pinned by version alone; `dev.txt` has the rest.
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

_TORCH = "torch.txt"

LOCKS = {
    "dev.txt": ("--all-extras", "--group", "dev"),
    "core.txt": ("--constraints", "requirements/dev.txt"),
    _TORCH: ("--all-extras", "--no-deps"),
}
"""Each lock file with what uv is told beside the options of all; `core.txt` takes its versions from `dev.txt`."""

_OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--annotation-style", "line", "--quiet")
_APART = re.compile(r"torch|triton|cuda-.*|nvidia-.*")
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
                if not pin.hashed and name != _TORCH:
                    yield Finding(path=path, line=pin.line, words=f"{package} has no hash")


def write(root: Path) -> None:
    """Resolve again with uv, against the registry that uv is set up with; neither its host nor a path is kept."""
    for name, options in LOCKS.items():
        command = ["uv", "pip", "compile", "pyproject.toml", *_OPTIONS, *options]
        command += ["--custom-compile-command", "make lock", "--output-file", f"requirements/{name}"]
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
        path = root / "requirements" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(_torch(text) if name == _TORCH else _without(text), encoding="utf-8")


def _entries(text: str) -> list[tuple[str, str]]:
    """Give what stands before the first pin, under no name, and each pin's lines under its package."""
    starts = [found.start() for found in _PIN.finditer(text)]
    bodies = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)] if starts else []
    return [("", text[: starts[0]] if starts else text), *((body.partition("==")[0], body) for body in bodies)]


def _without(text: str) -> str:
    return "".join(body for name, body in _entries(text) if not _APART.fullmatch(name))


def _torch(text: str) -> str:
    """Give PyTorch's version, whatever build of it was found here."""
    (_, top), *pins = _entries(text)
    found = next((body for name, body in pins if name == "torch"), "")
    version = found.partition("==")[2].partition(" ")[0].partition("+")[0].strip()
    return f"{top}torch=={version}\n    # via ara-ai (pyproject.toml)\n" if version else top


def _wanted(root: Path) -> dict[str, list[Requirement]]:
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    core = project["project"]["dependencies"]
    extras = [text for group in project["project"]["optional-dependencies"].values() for text in group]
    develop = project["dependency-groups"]["dev"]
    everything = [Requirement(text) for text in [*core, *extras, *develop]]
    return {
        "core.txt": [Requirement(text) for text in core],
        "dev.txt": [one for one in everything if one.name != "torch"],
        _TORCH: [one for one in everything if one.name == "torch"],
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
