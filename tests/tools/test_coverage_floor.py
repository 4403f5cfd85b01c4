import json
import subprocess
import sys

import pytest

from tools.coverage_floor import least, rooms, shortfalls


@pytest.mark.parametrize(
    ("lines", "branches", "words"),
    [
        (95, 95, []),
        (100, 94, ["94.00 % of branches are run; 95 % are due"]),
        (94, 100, ["94.00 % of lines are run; 95 % are due"]),
        (0, 0, ["0.00 % of lines are run; 95 % are due", "0.00 % of branches are run; 95 % are due"]),
    ],
)
def test_lines_and_branches_count_apart(tmp_path, lines, branches, words):
    totals = {"covered_lines": lines, "num_statements": 100, "covered_branches": branches, "num_branches": 100}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"totals": totals, "files": {}}))
    assert shortfalls(report) == words
    done = subprocess.run(
        [sys.executable, "-m", "tools.coverage_floor", str(report)], check=False, stdout=subprocess.DEVNULL
    )
    assert done.returncode == bool(words)


def test_a_report_without_branches_is_about_lines(tmp_path):
    totals = {"covered_lines": 1, "num_statements": 1, "covered_branches": 0, "num_branches": 0}
    (tmp_path / "coverage.json").write_text(json.dumps({"totals": totals, "files": {}}))
    assert shortfalls(tmp_path / "coverage.json") == []


def test_the_files_that_miss_most_are_named_worst_first(tmp_path):
    report = tmp_path / "coverage.json"
    missed = {"one.py": [3], "all.py": [], "many.py": [1, 2, 9]}
    report.write_text(json.dumps({"files": {name: {"missing_lines": lines} for name, lines in missed.items()}}))
    assert [line.split() for line in least(report)] == [
        ["3", "lines", "not", "run", "many.py"],
        ["1", "lines", "not", "run", "one.py"],
    ]


def test_a_room_that_is_held_to_the_floor_is_no_part_of_a_whole_that_makes_up_for_it(tmp_path):
    def counted(lines, branches, of=100):
        both = {"covered_lines": lines, "num_statements": of, "covered_branches": branches, "num_branches": of}
        return {"summary": both, "missing_lines": []}

    files = {
        "src/ara/api/one.py": counted(90, 100),
        "src/ara/api/v2/two.py": counted(96, 80),
        "src/ara/data/three.py": counted(50, 50),
        "src/ara/vault/four.py": counted(9, 0, of=9),
        "src/ara/desk.py": counted(0, 0),
    }
    files["src/ara/vault/four.py"]["summary"] |= {"num_branches": 0}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"totals": counted(99, 99)["summary"], "files": files}))
    assert shortfalls(report) == [
        "93.00 % of lines of api are run; 98 % are due",
        "90.00 % of branches of api are run; 96 % are due",
    ]
    assert [line.split() for line in rooms(report)] == [
        ["lines", "branches"],
        ["api", "93.0", "90.0"],
        ["data", "50.0", "50.0"],
        ["vault", "100.0", "-"],
    ]
