"""Every rule finds what was planted in real bars, and little else."""

import pytest

from ara.data.quality import RULES
from tests.data.quality.planted import PLANTERS, SAMPLE, bases, exam

SEEDS = {"split": 6, "reuse": 6, "outlier": 3}


@pytest.fixture(scope="module")
def sample():
    return list(bases(SAMPLE))


def test_every_rule_has_a_planter():
    assert sorted(PLANTERS) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_planted_defects_are_found(rule, sample):
    misses = []
    count = exam(rule, sample, seeds=SEEDS.get(rule, 1), misses=misses)
    assert count.planted >= 20, "too few to judge"
    assert count.recall >= 0.95, misses
    assert count.precision >= 0.9, misses
