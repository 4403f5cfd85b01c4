import json
import subprocess
import sys

import pytest

from tools.coverage_floor import shortfalls


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
    report.write_text(json.dumps({"totals": totals}))
    assert shortfalls(report) == words
    done = subprocess.run(
        [sys.executable, "-m", "tools.coverage_floor", str(report)], check=False, stdout=subprocess.DEVNULL
    )
    assert done.returncode == bool(words)


def test_a_report_without_branches_is_about_lines(tmp_path):
    totals = {"covered_lines": 1, "num_statements": 1, "covered_branches": 0, "num_branches": 0}
    (tmp_path / "coverage.json").write_text(json.dumps({"totals": totals}))
    assert shortfalls(tmp_path / "coverage.json") == []
