import pytest

from tools.workshop import check


@pytest.mark.parametrize(
    "line",
    [
        "see /root/notes/x.md",
        "open('/home/anna/data.csv')",
        "/Users/anna/ara",
        r"C:\Users\anna\ara",
        "file:///opt/index/simple",
        "closes the gap of issue #12",
    ],
)
def test_what_belongs_to_one_machine_or_to_the_workshop_is_found(tmp_path, line):
    (tmp_path / "page.md").write_text(f"first\n{line}\n")
    (found,) = check(tmp_path)
    assert (found.path.name, found.line) == ("page.md", 2)


@pytest.mark.parametrize(
    "line",
    [
        "https://example.org/home/anna/x",
        "sqlite:////var/lib/ara/ara.db",
        "$HOME/work/x",
        "~/.ara.yaml",
        "network/work/x",
    ],
)
def test_other_paths_are_let_through(tmp_path, line):
    (tmp_path / "page.md").write_text(line)
    assert list(check(tmp_path)) == []


@pytest.mark.parametrize(
    "line", ["--index-url https://example.org/simple", "--find-links wheels", "x @ https://example.org/x.whl"]
)
def test_a_lock_names_no_place(tmp_path, line):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/core.txt").write_text(line + "\n")
    assert [found.words.split(":")[0] for found in check(tmp_path)] == ["a lock names versions and hashes, no place"]


def test_what_is_no_text_is_passed_over(tmp_path):
    (tmp_path / "bars.bin").write_bytes(b"\xff\xfe/root/x/y")
    assert list(check(tmp_path)) == []
