import subprocess
from pathlib import Path

import pytest

from tools.changelog import check, release


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src/ara").mkdir(parents=True)
    (tmp_path / "src/ara/__init__.py").write_text('__version__: "Final" = "5.1.0"\n')
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d/README.md").write_text("How.\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n<!-- releases -->\n\n## 5.0.0 (2026-01-01)\n")
    return tmp_path


def fragment(root: Path, name: str, text: str = "Something.\n") -> None:
    (root / "changelog.d" / name).write_text(text)


def words(root: Path) -> list[str]:
    return [finding.words for finding in check(root)]


def test_well_named_fragments_are_let_through(root):
    fragment(root, "a-new-thing.added.md")
    fragment(root, "x2.security.md")
    assert words(root) == []


@pytest.mark.parametrize(
    "name", ["thing.md", "thing.new.md", "A-thing.added.md", "a_thing.added.md", "thing.added.txt"]
)
def test_badly_named_ones_are_found(root, name):
    fragment(root, "good.added.md")
    fragment(root, name)
    (found,) = words(root)
    assert found.startswith("a fragment is named words-with-hyphens.KIND.md, KIND one of added, changed, deprecated")


def test_an_empty_one_is_found(root):
    fragment(root, "thing.added.md", " \n")
    assert words(root) == ["the fragment is empty"]


def test_a_version_needs_a_fragment_or_a_section(root):
    assert words(root) == ["5.1.0 has neither a fragment here nor a section in CHANGELOG.md"]


def test_a_release_gathers_the_fragments_by_kind(root):
    fragment(root, "second.fixed.md", "Mended.\nWell.\n")
    fragment(root, "first.added.md", "Added.\n")
    assert release(root).startswith("## 5.1.0 (")
    book = (root / "CHANGELOG.md").read_text()
    assert "### Added\n\n- Added.\n\n### Fixed\n\n- Mended.\n  Well.\n\n## 5.0.0" in book.replace("\n\n\n", "\n\n")
    assert book.index("## 5.1.0") < book.index("## 5.0.0")
    assert [path.name for path in (root / "changelog.d").iterdir()] == ["README.md"]
    assert words(root) == []


@pytest.mark.parametrize(
    ("touched", "found"), [(["src/ara/x.py"], 1), (["src/ara/x.py", "changelog.d/x.fixed.md"], 0), (["docs/x.md"], 0)]
)
def test_a_pull_request_that_changes_the_product_says_how(root, monkeypatch, touched, found):
    fragment(root, "thing.added.md")

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    for name in touched:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "two")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert words(root) == ["the product changes and no fragment says how"] * found


def test_a_package_without_a_version_is_refused(root):
    (root / "src/ara/__init__.py").write_text("")
    with pytest.raises(SystemExit, match="states no __version__"):
        words(root)
