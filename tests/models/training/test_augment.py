"""Windows made of windows: each way alone, and what none of them may do."""

import pytest
import torch

from ara.models.training.augment import augmented
from ara.models.training.devices import repeatable

CENTRE, SPREAD = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0])


def windows(count: int = 400, length: int = 12) -> torch.Tensor:
    with repeatable(3):
        return CENTRE + SPREAD * torch.randn(count, length, 2)


def made(x: torch.Tensor, *ways: str):
    with repeatable(8):
        return augmented(x, ways, centre=CENTRE, spread=SPREAD)


def test_nothing_asked_is_nothing_done() -> None:
    x = windows()
    out, partner, share = made(x)
    assert out is x
    assert (partner, share) == (None, 1.0)


def test_jitter_is_noise_of_a_twentieth_of_each_spread() -> None:
    x = windows(2000)
    out, _, _ = made(x, "jitter")
    noise = (out - x).flatten(0, 1)
    torch.testing.assert_close(noise.std(dim=0), 0.05 * SPREAD, rtol=0.05, atol=0)
    assert (noise.mean(dim=0).abs() < 0.01 * SPREAD).all()


def test_magnitude_stretches_around_the_centre_by_one_smooth_factor_for_all_features() -> None:
    x = windows()
    out, _, _ = made(x, "magnitude")
    factor = (out - CENTRE) / (x - CENTRE)
    clear = (x - CENTRE).abs().min(dim=2).values > 0.05
    torch.testing.assert_close(factor[..., 0][clear], factor[..., 1][clear], rtol=1e-3, atol=1e-3)
    assert factor[clear].std() == pytest.approx(0.08, abs=0.03)
    steps = factor[:, :, 0].diff(dim=1).abs()
    assert float(steps.nanmedian()) < 0.1


@pytest.mark.parametrize("way", ["slice", "time"])
def test_the_last_bar_stays_the_last(way: str) -> None:
    x = windows()
    out, _, _ = made(x, way)
    assert torch.equal(out[:, -1], x[:, -1])
    assert not torch.equal(out[:, :-1], x[:, :-1])


def test_time_runs_forward_from_the_first_bar_to_the_last() -> None:
    clock = torch.arange(12.0).repeat(300, 1)[:, :, None].expand(-1, -1, 2)
    out, _, _ = made(clock.contiguous(), "time")
    assert torch.equal(out[:, 0], clock[:, 0])
    assert (out.diff(dim=1) > 0).all()
    off = (out - clock)[:, 1:-1]
    assert 0.1 < float(off.std()) < 3
    assert abs(float(off.mean())) < 0.3


def test_a_slice_is_the_later_part_stretched() -> None:
    clock = torch.arange(12.0).repeat(300, 1)[:, :, None].expand(-1, -1, 2)
    out, _, _ = made(clock.contiguous(), "slice")
    begin = out[:, 0, 0]
    assert float(begin.min()) >= 0
    assert 3.0 < float(begin.max()) <= 0.3 * 11 + 1e-4
    torch.testing.assert_close(out.diff(dim=1).std(dim=1), torch.zeros(300, 2), atol=1e-4, rtol=0)


def test_mixing_names_each_partner_and_the_weight() -> None:
    x = windows()
    out, partner, share = made(x, "mix")
    assert sorted(partner.tolist()) == list(range(len(x)))
    assert 0 < share < 1
    torch.testing.assert_close(out, share * x + (1 - share) * x[partner])


def test_a_missing_bar_stays_missing_and_spreads_no_farther_than_its_neighbours() -> None:
    x = windows()
    x[:, :3] = torch.nan
    out, _, _ = made(x, "slice", "time", "magnitude", "jitter")
    assert not torch.isnan(out[:, -1]).any()
    assert torch.isnan(out[:, 0]).float().mean() > 0.5


def test_no_augmented_value_is_outside_of_what_its_window_held() -> None:
    x = windows()
    out, _, _ = made(x, "slice", "time")
    slack = 1e-5
    assert (out >= x.amin(dim=1, keepdim=True) - slack).all()
    assert (out <= x.amax(dim=1, keepdim=True) + slack).all()


def test_two_bars_are_enough() -> None:
    out, _, _ = made(windows(length=2), "slice", "time", "magnitude", "jitter", "mix")
    assert torch.isfinite(out).all()
