"""How far a trained network is believed, by rows that it did not learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ara.models import LEVELS
from ara.models.networks.recurrent import GRUNetwork
from ara.models.networks.sight import Sight
from ara.models.networks.steady import answers, leans, states, steadied
from ara.models.training import lesson
from ara.models.training.devices import repeatable
from tests.models.networks.worlds import planted

MIDDLE = LEVELS.index(0.5)


class Knows(GRUNetwork):
    """Tells the first feature of the newest bar, times a factor, as its state."""

    factor = 1.0

    def read(self, x):
        return self.factor * x[:, -1, :1].repeat(1, 4), {}


def world(share: float, *, groups: tuple[str, ...] = ("stock",)):
    """Give a panel whose return is the first feature, which explains this share of its variance."""
    panel, _ = planted(bars=1500)
    random = np.random.default_rng(2)
    y = np.sqrt(share) * panel.x[:, :1] + np.sqrt(1 - share) * random.standard_normal((len(panel), 1))
    return replace(panel, y=np.where(np.isnan(panel.y), np.nan, y), groups=groups)


def taught(panel, factor: float, width: float = 0.0):
    taken = lesson(panel, np.arange(len(panel)), np.arange(0), window=2)
    with repeatable(1):
        sight = Sight.of(taken)
        network = Knows(sight.centre, sight.spread, sight.usual, width=4, depth=1, drop=0.0)
    network.factor = factor
    with torch.no_grad():
        network.outlook.read.weight[0] = 0.25
        network.outlook.read.weight[1] = width
    return network, taken


@pytest.mark.parametrize(("factor", "kept"), [(0.3, 1.0), (0.6, 0.5), (1.2, 0.25)])
def test_a_median_that_moves_too_far_is_drawn_to_its_slope(factor: float, kept: float) -> None:
    network, taken = taught(world(0.09), factor)
    found = steadied(network, taken)
    assert found["trust_1"] == pytest.approx(kept, abs=0.12)
    assert found["trust_1"] == pytest.approx(float(network.outlook.trust[0]), abs=1e-6)


@pytest.mark.parametrize("factor", [0.3, -0.3])
def test_a_median_that_foretells_nothing_or_the_contrary_is_not_believed(factor: float) -> None:
    panel = world(0.0 if factor > 0 else 0.2)
    network, taken = taught(panel, factor)
    assert steadied(network, taken)["trust_1"] == 0.0
    told = answers(network, states(network, taken, taken.valid))[:, 0, MIDDLE]
    assert np.ptp(told) == 0
    assert told[0] == pytest.approx(float(network.outlook.usual[0]))


def test_a_width_that_moves_for_nothing_is_hardly_believed() -> None:
    network, taken = taught(world(0.0), 1.0, width=0.25)
    assert steadied(network, taken)["belief_1"] <= 0.1


def test_a_width_that_is_wrong_in_all_is_stretched() -> None:
    panel = world(0.0)
    late = panel.known_at > np.quantile(panel.known_at, 0.78)
    wild = replace(panel, y=np.where(late[:, None], 1.2, 1.0) * panel.y)
    network, taken = taught(wild, 0.0)
    assert 1.08 < steadied(network, taken)["stretch_1"] < 1.2
    network, taken = taught(panel, 0.0)
    assert steadied(network, taken)["stretch_1"] == pytest.approx(1.0, abs=0.06)


def test_classes_lean_to_where_their_middle_lies_and_unknown_ones_do_not() -> None:
    panel = world(0.0, groups=("coin", "none", "stock"))
    group = np.where(panel.series == 0, 0, 2).astype(np.int32)
    panel = replace(panel, group=group, y=panel.y + 2.0 * (panel.series == 0)[:, None])
    network, taken = taught(panel, 0.0)
    found = leans(network, taken)
    assert set(found) == {"", "coin", "stock"}
    assert found[""] == [[0.0] * len(LEVELS)]
    assert found["coin"][0][0] - found["stock"][0][0] == pytest.approx(2.0 * 1500 / 1900, abs=0.15)
    assert len(set(found["coin"][0])) == 1


def test_a_horizon_that_nobody_can_judge_is_left_alone() -> None:
    network, taken = taught(world(0.09), 0.6)
    blind = replace(taken, y_valid=np.full_like(taken.y_valid, np.nan))
    assert steadied(network, blind) == {"trust_1": 0.0, "belief_1": 0.05, "stretch_1": 1.0}
    unknown = replace(blind, y=np.full_like(taken.y, np.nan))
    assert leans(network, unknown)["stock"] == [[0.0] * len(LEVELS)]
