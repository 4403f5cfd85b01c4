"""The parts of the networks, each by what it promises."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from ara.models import LEVELS
from ara.models.networks.cnn_lstm import CNNLSTM, FUSED, KERNELS
from ara.models.networks.layers import Outlook, Pool
from ara.models.networks.loss import joint, pinball
from ara.models.networks.recurrent import BiLSTM
from ara.models.networks.transformer import FinancialTransformer, _Attention, _means, _spread
from ara.models.training import Plan
from ara.models.training.devices import repeatable
from tests.models.training.lessons import bytes_of, given, taught

USUAL = torch.linspace(-2, 2, 25).repeat(2, 1)
MIDDLE = LEVELS.index(0.5)


def outlook(width: int = 4) -> Outlook:
    with repeatable(1):
        made = Outlook(width, USUAL)
        torch.nn.init.normal_(made.read.weight)
        return made


def test_before_training_an_outlook_gives_what_was_usual() -> None:
    told = Outlook(4, USUAL)(torch.randn(3, 4))
    torch.testing.assert_close(told, USUAL.expand(3, 2, 25), atol=1e-5, rtol=0)


def test_quantiles_never_cross_whatever_the_state() -> None:
    told = outlook()(100 * torch.randn(50, 4))
    assert torch.isfinite(told).all()
    assert (told.diff(dim=2) >= 0).all()


def test_levels_that_were_all_alike_still_make_an_outlook() -> None:
    told = Outlook(4, torch.zeros(1, 25))(torch.randn(2, 4)).detach()
    assert torch.isfinite(told).all()
    assert float(told.abs().max()) < 0.01


def test_trust_belief_and_stretch_hold_back_what_they_name() -> None:
    made, state = outlook(), torch.randn(6, 4)
    free = made(state)
    made.trust[0] = 0.0
    held = made(state)
    torch.testing.assert_close(held[:, 0, MIDDLE], USUAL[0, MIDDLE].expand(6))
    torch.testing.assert_close(held[:, 0].diff(dim=1), free[:, 0].diff(dim=1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(held[:, 1], free[:, 1])
    made.belief.fill_(0.0)
    torch.testing.assert_close(made(state)[:, 0], USUAL[:1].expand(6, 25), atol=1e-5, rtol=0)
    made.stretch.fill_(1.5)
    torch.testing.assert_close(made(state)[:, 0], 1.5 * USUAL[:1].expand(6, 25), atol=1e-5, rtol=0)


def test_each_horizon_may_have_a_state_of_its_own() -> None:
    with repeatable(1):
        made = Outlook(4, USUAL, apart=True)
        torch.nn.init.normal_(made.read.weight)
    state = torch.randn(3, 2, 4)
    other = state.clone()
    other[:, 1] += 1
    assert torch.equal(made(state)[:, 0], made(other)[:, 0])
    assert not torch.equal(made(state)[:, 1], made(other)[:, 1])


def test_the_pool_is_a_mean_by_its_weights() -> None:
    with repeatable(2):
        pool, x = Pool(3), torch.randn(4, 9, 3)
    mean, weights = pool(x)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(mean, (weights[:, :, None] * x).sum(dim=1))


@pytest.mark.parametrize(("length", "scale"), [(12, 4), (13, 4), (16, 16), (7, 4), (5, 1)])
def test_means_count_back_from_the_last_bar(length: int, scale: int) -> None:
    x = torch.arange(float(length))[None, :, None]
    told = _means(x, scale)[0, :, 0].numpy()
    values = np.arange(length, dtype=float)
    expected = [values[max(0, end - scale) : end].mean() for end in range(length, 0, -scale)][::-1]
    np.testing.assert_allclose(told, expected, rtol=1e-6)
    weights = torch.rand(1, 1, 1, len(expected))
    spread = _spread(weights, scale, length)
    assert spread.shape[3] == length
    torch.testing.assert_close(spread.sum(), weights.sum())


def test_attention_looks_on_several_scales() -> None:
    with repeatable(3):
        attention, x = _Attention(32), torch.randn(2, 24, 32)
        _, weights = attention(x, x[:, -1:])
    assert weights.shape == (2, 8, 1, 24)
    torch.testing.assert_close(weights.sum(dim=3), torch.ones(2, 8, 1))
    fine, middle, coarse = weights[:, :4], weights[:, 4:6], weights[:, 6:]
    assert (fine[..., 1:] != fine[..., :-1]).all()
    assert torch.equal(middle[..., 0::4], middle[..., 3::4])
    assert torch.equal(coarse[..., 8], coarse[..., 23])
    assert not torch.equal(coarse[..., 7], coarse[..., 8])


def made(kind, **more):
    with repeatable(4):
        return kind(torch.zeros(5), torch.ones(5), USUAL, depth=2, drop=0.2, **more)


NETWORKS = [
    (FinancialTransformer, {"width": 16, "length": 6}),
    (CNNLSTM, {"width": 8}),
    (BiLSTM, {"width": 8}),
]


def test_a_transformer_knows_where_a_bar_stands() -> None:
    network = made(FinancialTransformer, width=16, length=6).eval()
    torch.nn.init.normal_(network.outlook.read.weight)
    x = torch.randn(2, 6, 5)
    swapped = x[:, [1, 0, 2, 3, 4, 5]]
    assert not torch.allclose(network(x)["quantiles"], network(swapped)["quantiles"])
    assert network.positions.requires_grad


def test_convolutions_see_three_to_eleven_bars_and_all_meet_in_one_vector() -> None:
    network = made(CNNLSTM, width=8)
    assert [one.kernel_size[0] for one in network.shapes[0].convolutions] == list(KERNELS) == [3, 5, 7, 11]
    assert network.order.bidirectional
    assert network(torch.randn(2, 6, 5))["embedding"].shape == (2, FUSED)
    assert FUSED == 256


@pytest.mark.parametrize(("kind", "more"), NETWORKS, ids=[kind.__name__ for kind, _ in NETWORKS])
def test_sparing_memory_changes_no_result(kind, more) -> None:
    kept = []
    for spare in (False, True):
        module, _ = taught(Plan(epochs=1, batch=64, spare=spare), module=made(kind, **more), taken=given())
        kept.append(bytes_of(module))
    assert kept[0] == kept[1]


def test_a_missing_value_is_taken_as_usual_and_an_absurd_one_as_very_large() -> None:
    network = made(BiLSTM, width=8).eval()
    torch.nn.init.normal_(network.outlook.read.weight)
    network.centre.fill_(2.0)
    x = torch.randn(1, 6, 5)
    missing, usual = x.clone(), x.clone()
    missing[0, 2, 1], usual[0, 2, 1] = torch.nan, 2.0
    assert torch.equal(network(missing)["quantiles"], network(usual)["quantiles"])
    huge, large = x.clone(), x.clone()
    huge[0, 2, 1], large[0, 2, 1] = torch.inf, 10.0
    assert torch.equal(network(huge)["quantiles"], network(large)["quantiles"])


def test_the_joint_loss_is_the_sum_of_its_shares() -> None:
    with repeatable(5):
        outputs = {
            "quantiles": torch.randn(7, 2, 25).sort(dim=2).values,
            "direction": torch.randn(7, 2, 3),
            "volatility": torch.rand(7, 2) + 0.5,
        }
        y = torch.randn(7, 2)
    y[0, 0] = torch.nan
    weights = torch.tensor([1.0, 0.5])
    known = ~torch.isnan(y)
    side = torch.where(y > 0.4307, 2, torch.where(y > -0.4307, 1, 0))
    chance = functional.log_softmax(outputs["direction"], dim=2).gather(2, side[:, :, None])[:, :, 0]
    direction = -(chance * known * weights).sum()
    volatility = torch.log(outputs["volatility"]) + y.nan_to_num() ** 2 / (2 * outputs["volatility"] ** 2)
    shares = {"quantiles": 2.0, "direction": 0.3, "volatility": 0.7}
    expected = 2 * pinball(outputs, y, weights) + 0.3 * direction + 0.7 * (volatility * known * weights).sum()
    torch.testing.assert_close(joint(outputs, y, weights, shares), expected)
    torch.testing.assert_close(joint(outputs, y, weights, {"quantiles": 1.0}), pinball(outputs, y, weights))


def test_the_pinball_loss_is_least_at_the_quantiles() -> None:
    y = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1))
    true = torch.quantile(y[:, 0], torch.tensor(LEVELS))
    weight = torch.ones(1)

    def loss(quantiles: torch.Tensor) -> float:
        return float(pinball({"quantiles": quantiles.expand(len(y), 1, 25)}, y, weight))

    assert loss(true) < min(loss(true + 0.05), loss(true - 0.05), loss(true * 1.1), loss(true * 0.9))
