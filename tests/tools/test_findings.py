import subprocess

from tools.findings import python_files, tracked_files


def test_what_git_leaves_out_is_left_out(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("built/\n")
    for name in ("src/a.py", "src/b.txt", "built/c.py", "tools/d.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "src/link.py").symlink_to(tmp_path / "src/a.py")
    names = [str(path.relative_to(tmp_path)) for path in tracked_files(tmp_path)]
    assert names == [".gitignore", "src/a.py", "src/b.txt", "tools/d.py"]
    assert [path.name for path in python_files(tmp_path, "src")] == ["a.py"]
