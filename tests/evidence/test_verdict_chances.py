"""A chance is never rounded onto the floor that it is held against."""

from collections import defaultdict

import pytest

from ara.evidence.verdict import verdict

CHECKS = defaultdict(float)


@pytest.mark.parametrize(
    ("p", "said"), [(0.0138, "0.014"), (0.0096, "0.0096"), (0.2, "0.2"), (2.1e-9, "2e-09"), (0.01, "0.01"), (0.0, "0")]
)
def test_a_chance_stands_on_its_own_side_of_what_is_asked(p, said):
    rows = {h: {"crps_skill": 0.05, "dm_p": p} for h in (1, 5, 21)}
    (line,) = (one for one in verdict(rows, CHECKS, {}) if one.name.startswith("CRPS skill"))
    assert line.got.count(f"(p {said})") == 3
    assert line.passed == (p < 0.01)
