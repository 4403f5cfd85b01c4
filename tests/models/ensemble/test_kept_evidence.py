"""What the kept page of `fast` says of worlds without direction: no more is claimed than chance allows."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "evidence" / "fast.md"
CHANCE = 1.645
ALLOWED = 4
"""Of 20 tests at 5 % more than four pass by chance in 3 of 1,000 cases."""


@pytest.fixture(scope="module")
def worlds() -> list[dict[str, float]]:
    text = PAGE.read_text(encoding="utf-8").partition("## Where there is nothing to find")[2].partition("\n## ")[0]
    head, _, *rows = (
        [cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if "|" in line
    )
    return [
        {name: float(cell.removesuffix("%")) for name, cell in zip(head, cells, strict=True) if cell} for cells in rows
    ]


def test_twenty_worlds_were_tried(worlds):
    assert [one["world"] for one in worlds] == list(range(20))


def test_no_skill_in_direction_is_claimed(worlds):
    assert sum(one["PT t"] > CHANCE for one in worlds) <= ALLOWED
    assert sum(one["Brier t"] < -CHANCE for one in worlds) <= ALLOWED
    assert sum(one["rank IC t"] > CHANCE for one in worlds) <= ALLOWED
    assert max(max(one["PT t"], -one["Brier t"], one["rank IC t"]) for one in worlds) < 3.1


def test_the_median_stays_where_the_baselines_is(worlds):
    """A median beside the baseline's shows as a side that is taken too often, in all worlds or in one."""
    sides = [one["right side"] for one in worlds]
    assert all(48 < side < 52 for side in sides)
    assert abs(sum(sides) / len(sides) - 50) < 0.5
    for one in worlds:
        assert one["P(up) least"] > 45
        assert one["most"] < 55


def test_bands_hold_in_each_of_them(worlds):
    assert all(77 < one["80 %"] < 83 for one in worlds)
