"""One fragment per change in `changelog.d/`; a release gathers them into `CHANGELOG.md`.

A fragment is named `words-with-hyphens.KIND.md` and holds one paragraph for users. `python -m tools.changelog release`
writes the section of the version in `src/ara/__init__.py` and removes the fragments.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tools.findings import Finding, main

__all__ = ["KINDS", "check", "release"]

KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
"""Kinds of change, in the order in which a release lists them."""

_NAME = re.compile(rf"[a-z0-9]+(?:-[a-z0-9]+)*\.(?:{'|'.join(KINDS)})\.md")
_VERSION = re.compile(r'^__version__.* = "([^"]+)"$', re.MULTILINE)


def check(root: Path) -> Iterator[Finding]:
    """Look at names and contents of the fragments, and whether there is one for what changed."""
    folder = root / "changelog.d"
    for path in sorted(folder.glob("*")):
        if path.name in {"README.md", ".gitkeep"}:
            continue
        if not _NAME.fullmatch(path.name):
            words = f"a fragment is named words-with-hyphens.KIND.md, KIND one of {', '.join(KINDS)}"
            yield Finding(path=path, line=1, words=words)
        elif not path.read_text(encoding="utf-8").strip():
            yield Finding(path=path, line=1, words="the fragment is empty")
    version = _version(root)
    released = f"## {version} " in (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not released and not _fragments(root):
        yield Finding(path=folder, line=1, words=f"{version} has neither a fragment here nor a section in CHANGELOG.md")
    changed = _changed(root)
    product = any(name.startswith(("src/", "compat/src/")) for name in changed)
    if product and not any(name.startswith(("changelog.d/", "CHANGELOG.md")) for name in changed):
        yield Finding(path=folder, line=1, words="the product changes and no fragment says how")


def release(root: Path) -> str:
    """Move the fragments into a section of `CHANGELOG.md`; give its heading."""
    heading = f"## {_version(root)} ({datetime.now(UTC):%Y-%m-%d})"
    section = [heading, ""]
    fragments = _fragments(root)
    for kind in KINDS:
        texts = [path.read_text(encoding="utf-8").strip() for path in fragments if path.name.endswith(f".{kind}.md")]
        if texts:
            items = ["- " + text.replace("\n", "\n  ") for text in texts]
            section += [f"### {kind.capitalize()}", "", *items, ""]
    book = root / "CHANGELOG.md"
    head, mark, older = book.read_text(encoding="utf-8").partition("<!-- releases -->\n")
    book.write_text(head + mark + "\n" + "\n".join(section) + older, encoding="utf-8")
    for path in fragments:
        path.unlink()
    return heading


def _fragments(root: Path) -> list[Path]:
    return sorted(path for path in (root / "changelog.d").glob("*.md") if _NAME.fullmatch(path.name))


def _version(root: Path) -> str:
    found = _VERSION.search((root / "src/ara/__init__.py").read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit("src/ara/__init__.py states no __version__")
    return found[1]


def _changed(root: Path) -> list[str]:
    """List the files that a pull request changes; nothing outside of one."""
    base = os.environ.get("GITHUB_BASE_REF")
    if not base:
        return []
    command = ["git", "-C", str(root), "diff", "--name-only", f"origin/{base}...HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    if sys.argv[1:] == ["release"]:
        print(release(Path.cwd()))
    else:
        sys.exit(main(check, advice="Say in changelog.d/ what changes for users: one file, one paragraph."))
