from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pytest

from ara import plugins
from ara.errors import CancelledError, ModelError, ValidationError
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.quantiles import LEVELS
from ara.models.registry.hold_out import held_out
from ara.models.registry.loading import load_folder
from ara.models.registry.making import make
from ara.models.registry.training import Plan, train
from ara.models.tuning import Objective
from ara.performance import crps
from tests.models.panels import fit, ranged
from tests.models.registry.conftest import trained


def go_on(_):
    return True


def plan(family="har_t", cut=None, **rest):
    return Plan(family=family, params=rest.pop("params", {}), seed=0, cut=cut, **rest)


def test_the_hold_out_begins_with_a_month_and_is_the_newest_part(panel):
    held = held_out(panel, 0.2)
    cut = datetime.fromtimestamp(held.cut / 1e6, UTC)
    assert (cut.day, cut.hour, cut.minute) == (1, 0, 0)
    assert held.cut < held.first < held.last < panel.known_at.max()
    share = np.mean(panel.known_at > held.cut)
    assert 0.18 <= share <= 0.3
    assert held_out(panel, 0.4).cut < held.cut


def test_the_hold_out_is_the_same_on_the_next_day(panel):
    day = 86_400_000_000
    earlier = panel.until(int(panel.known_at.max()) - day)
    assert held_out(earlier, 0.2).cut == held_out(panel, 0.2).cut


@pytest.mark.parametrize(("bars", "words"), [(1, "1 bar is"), (40, "40 bars are"), (280, "280 bars are")])
def test_too_few_bars_are_refused(bars, words):
    with pytest.raises(ModelError, match=f"^{words} too few: a fit needs 250") as caught:
        held_out(ranged(toy_panel(bars=bars, horizons=(1,))), 0.2)
    assert "--no-validate" in caught.value.hint


def test_whoever_has_to_be_judged_is_not_told_to_go_without(panel):
    still = replace(panel, bars=np.zeros_like(panel.bars))
    for kind, words in ((panel.until(int(panel.known_at[0])), "too few"), (still, "stood still")):
        for needed in (False, True):
            with pytest.raises(ModelError, match=words) as caught:
                held_out(kind, 0.2, needed=needed)
            assert ("--no-validate" in caught.value.hint) is not needed
            assert caught.value.hint.endswith(".")


@pytest.mark.parametrize(
    ("family", "bars", "nothing"),
    [("har_t", 12, True), ("har_t", 420, False), ("ridge", 90, True), ("fast", 12, True), ("ewma_t", 12, False)],
)
def test_who_learned_nothing_says_so(tmp_path, family, bars, nothing):
    found = train(ranged(toy_panel(bars=bars, horizons=(1, 5))), plan(family), str(tmp_path), watch=go_on)
    assert found.plain is nothing


def test_what_is_judged_knew_nothing_of_the_hold_out(panel, tmp_path):
    cut = held_out(panel, 0.2).cut
    late = panel.known_at > cut
    other = replace(
        panel,
        bars=np.where(late[:, None], panel.bars * 3 + 0.1, panel.bars),
        y=np.where(panel.y_known > cut, panel.y * 3 + 0.1, panel.y),
    )
    for name, one in (("a", panel), ("b", other)):
        (tmp_path / name).mkdir()
        train(one, plan(cut=cut, tested=True), str(tmp_path / name), watch=go_on)
    assert (tmp_path / "a/params.json").read_bytes() == (tmp_path / "b/params.json").read_bytes()


def test_the_scores_are_those_of_a_fit_on_the_past(panel, tmp_path):
    held = held_out(panel, 0.2)
    done = train(panel, plan("hist", cut=held.cut), str(tmp_path), watch=go_on)
    rows = np.flatnonzero((panel.known_at > held.cut) & np.isfinite(panel.y[:, 0]))
    past = panel.until(held.cut)
    y, unit = panel.y[rows, 0], panel.scale[rows, 0][:, None]
    theirs = fit(EwmaT(), past).predict(panel, rows).values[:, 0] / unit
    mine = fit(make("hist", {}), past).predict(panel, rows).values[:, 0] / unit
    first = done.scores[0]
    assert (first.horizon, first.forecasts, first.days) == (1, len(rows), len(np.unique(panel.known_at[rows])))
    assert first.crps == pytest.approx(crps(mine, y, LEVELS).mean())
    assert first.baseline == pytest.approx(crps(theirs, y, LEVELS).mean())
    assert first.skill == pytest.approx(1 - first.crps / first.baseline)
    assert [one.horizon for one in done.scores] == [1, 5]
    assert done.trained_to == panel.known_at.max()


def test_the_judged_fit_itself_can_be_kept(panel, tmp_path):
    cut = held_out(panel, 0.2).cut
    done = train(panel, plan(cut=cut, tested=True), str(tmp_path), watch=go_on)
    assert done.trained_to <= cut
    assert done.data == panel.until(cut).digest()


def test_the_baseline_has_no_skill_over_itself(panel, tmp_path):
    done = train(panel, plan("ewma_t", cut=held_out(panel, 0.2).cut), str(tmp_path), watch=go_on)
    assert {(one.skill, one.p) for one in done.scores} == {(0.0, 1.0)}
    assert not done.pooled


def test_it_can_be_stopped_at_any_report(panel, tmp_path):
    cut = held_out(panel, 0.2).cut
    for last in range(6):
        left = iter([True] * last + [False] * 99)
        with pytest.raises(CancelledError, match="nothing was kept"):
            train(panel, plan(cut=cut), str(tmp_path), watch=lambda _, left=left: next(left))
        assert not list(tmp_path.iterdir())


def test_parameters_are_of_the_family_and_of_its_kinds():
    assert make("ewma_t", {"decay": "0.97"}) == EwmaT(decay=0.97)
    assert make("ewma_t", {"decay": 0.97}) == EwmaT(decay=0.97)
    with pytest.raises(ValidationError, match="ewma_t has no parameter 'epochs'") as caught:
        make("ewma_t", {"epochs": "5"})
    assert caught.value.hint == "It has: decay."
    with pytest.raises(ValidationError, match="har_t has no parameter 'nothing'") as caught:
        make("har_t", {"nothing": "1"})
    assert caught.value.hint == "It has: bars, shaped."
    for wrong in ("high", "nan", "2", ""):
        with pytest.raises((ValidationError, ModelError), match=r"(decay of ewma_t can't be|ewma_t can't be had)"):
            make("ewma_t", {"decay": wrong})


@pytest.mark.parametrize("family", ["gru", "cnn_lstm", "networks", "fused"])
@pytest.mark.parametrize("epochs", [0, "0", -1])
def test_a_training_of_no_epoch_is_refused(family, epochs):
    with pytest.raises(ValidationError, match=f"{family} learns nothing in {epochs} epochs"):
        make(family, {"epochs": epochs})


def test_lists_are_parameters_too():
    made = make("fast", {"members": "ewma_t,har_t"})
    assert made.members == ("ewma_t", "har_t")
    assert make("gru", {"augment": "jitter, mix"}).augment == ("jitter", "mix")
    assert make("gru", {"augment": ""}).augment == ()
    with pytest.raises(ModelError, match="there is no augmentation 'noise'"):
        make("gru", {"augment": "noise"})


def test_what_is_shown_of_a_parameter_can_be_said():
    said = {"mixed": "no", "spare": "Yes", "augment": "none", "curriculum": "none"}
    made = make("gru", said)
    assert (made.mixed, made.spare, made.augment, made.curriculum) == (False, True, (), "")
    with pytest.raises(ValidationError, match="mixed of gru can't be 'perhaps'"):
        make("gru", {"mixed": "perhaps"})


async def test_a_pooled_family_says_so(registry, panel):
    assert (await trained(registry, panel, "pooled_har")).card.pooled
    assert not (await trained(registry, panel, "garch_t")).card.pooled


async def test_what_is_kept_is_what_was_fitted(registry, panel):
    kept = await trained(registry, panel, "pooled_har", judged=True)
    rows = np.flatnonzero(panel.known_at == panel.known_at.max())
    own = fit(make("pooled_har", {}), panel).predict(panel, rows).values
    assert load_folder(registry.shelf.place(kept.id)).predict(panel, rows).values.tobytes() == own.tobytes()
    assert kept.card.horizons == (1, 5)


class Peeking:
    """A fit of `ewma_t` that leans towards the outcome of some bars later."""

    def __init__(self, fitted, late):
        self.fitted, self.late = fitted, late

    def predict(self, panel, rows):
        found = self.fitted.predict(panel, rows)
        seen = np.minimum(rows + self.late, len(panel) - 1)
        outcome = np.nan_to_num(panel.y[seen] * panel.scale[seen])
        return replace(found, values=found.values + 0.5 * outcome[:, :, None])

    def save(self, folder):
        self.fitted.save(folder)


class Cheat(EwmaT):
    late = 0

    def fit(self, panel, rows, judged, *, seed, watch):
        return Peeking(super().fit(panel, rows, judged, seed=seed, watch=watch), self.late)


class OffByOne(Cheat):
    late = -1


class Honest(Cheat):
    late = -40


@pytest.mark.parametrize("cheat", [Cheat, OffByOne])
def test_a_model_that_sees_what_came_later_is_not_judged(panel, tmp_path, monkeypatch, cheat):
    monkeypatch.setattr(plugins, "load", lambda kind, name: cheat)
    with pytest.raises(ModelError, match="it sees what came later"):
        train(panel, plan("cheat", cut=held_out(panel, 0.2).cut), str(tmp_path), watch=go_on)
    with pytest.raises(ModelError, match="it sees what came later"):
        Objective.of(toy_panel(bars=900)).ratios(cheat())


def test_a_model_may_use_outcomes_that_were_known(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "load", lambda kind, name: Honest)
    assert train(panel, plan("ewma_t", cut=held_out(panel, 0.2).cut), str(tmp_path), watch=go_on).scores


def standing(panel, begin, end):
    """Give the panel with the first series standing still from one of its bars to another."""
    bars, y = panel.bars.copy(), panel.y.copy()
    bars[begin:end], y[begin - 1 : end - 1] = 0.0, 0.0
    return replace(panel, bars=bars, y=y)


def test_days_on_which_the_price_stands_still_are_not_judged_and_it_is_said(panel, tmp_path):
    one = panel.until(int(panel.known_at.max()))
    one = replace(one, **{name: getattr(one, name)[one.series == 0] for name in (
        "at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known",
    )})  # fmt: skip
    held = held_out(one, 0.2)
    begin = int(np.searchsorted(one.known_at, held.cut)) + 10
    done = train(standing(one, begin, begin + 30), plan(cut=held.cut), str(tmp_path), watch=go_on)
    whole = int((np.isfinite(one.y[:, 0]) & (one.known_at > held.cut)).sum())
    assert [score.still for score in done.scores] == [11, 11]
    assert done.scores[0].forecasts == whole - 11
    with pytest.raises(ModelError, match=r"the price stood still at \d+ of the bars"):
        held_out(standing(one, 300, len(one)), 0.2)


def test_a_series_without_volatility_is_not_judged(panel, tmp_path):
    scale = panel.scale.copy()
    late = np.flatnonzero(panel.known_at > held_out(panel, 0.2).cut)[:10]
    scale[late] = 0.0
    done = train(replace(panel, scale=scale), plan(cut=held_out(panel, 0.2).cut), str(tmp_path), watch=go_on)
    assert [score.still for score in done.scores] == [10, 10]
    assert all(np.isfinite([score.skill, score.p, score.crps]).all() for score in done.scores)


class Silent(Peeking):
    def predict(self, panel, rows):
        found = self.fitted.predict(panel, rows)
        return replace(found, values=np.where((rows % 7 == 0)[:, None, None], np.nan, found.values))


class Gaps(EwmaT):
    def fit(self, panel, rows, judged, *, seed, watch):
        return Silent(super().fit(panel, rows, judged, seed=seed, watch=watch), 0)


def test_a_family_that_leaves_hard_days_out_is_not_judged(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "load", lambda kind, name: Gaps)
    with pytest.raises(ModelError, match="forecasts of the hold-out are no numbers"):
        train(panel, plan("gaps", cut=held_out(panel, 0.2).cut), str(tmp_path), watch=go_on)


class Onward(EwmaT):
    """Tells what each fit knew, and from where it went on."""

    goes_on = True
    fits: ClassVar[list] = []
    refuses = False

    def fit(self, panel, rows, judged, *, seed, start=None, watch):
        if start is not None and self.refuses:
            raise ModelError("it can't go on from that", start="that")
        fitted = super().fit(panel, rows, judged, seed=seed, watch=watch)
        self.fits.append((int(panel.known_at.max()), start, fitted))
        return fitted


@pytest.fixture
def onward(monkeypatch, panel, tmp_path):
    """Give a plan that goes on from a fit of three weeks before the last bar."""
    monkeypatch.setattr(plugins, "load", lambda kind, name: Onward)
    Onward.fits.clear()
    known = int(panel.known_at.max()) - 21 * 86_400_000_000
    (tmp_path / "before").mkdir()
    fit(Onward(), panel.until(known)).save(tmp_path / "before")
    Onward.fits.clear()
    return replace(plan("ewma_t", cut=held_out(panel, 0.2).cut), start=str(tmp_path / "before"), known=known)


def test_what_is_judged_goes_on_as_the_kept_one_does_and_knew_nothing_of_the_hold_out(panel, tmp_path, onward):
    (tmp_path / "new").mkdir()
    done = train(panel, onward, str(tmp_path / "new"), watch=go_on)
    assert (done.anew, bool(done.scores)) == ("", True)
    (first, none, base), (second, judged_from, _), (third, kept_from, _) = Onward.fits
    assert none is None
    assert judged_from is base
    assert kept_from is not None
    assert kept_from is not base
    newest = int(panel.known_at.max())
    day = 86_400_000_000
    assert (onward.cut - first) // day in range(21, 25)
    assert first <= onward.cut - (newest - onward.known)
    assert second <= onward.cut
    assert third == newest


def test_where_it_can_not_go_on_it_begins_anew_and_says_why(panel, tmp_path, onward, monkeypatch):
    monkeypatch.setattr(Onward, "refuses", True)
    (tmp_path / "new").mkdir()
    done = train(panel, onward, str(tmp_path / "new"), watch=go_on)
    assert done.anew == "it can't go on from that"
    assert [start for _, start, _ in Onward.fits] == [None, None, None]
    monkeypatch.setattr(Onward, "goes_on", False)
    (tmp_path / "other").mkdir()
    assert train(panel, onward, str(tmp_path / "other"), watch=go_on).anew == "ewma_t can't go on from an earlier fit"


def test_a_hold_out_with_too_few_bars_before_is_not_judged_by_a_fit_that_goes_on(panel, tmp_path, onward):
    (tmp_path / "new").mkdir()
    early = replace(onward, known=int(panel.known_at.max()) - 200 * 86_400_000_000)
    done = train(panel, early, str(tmp_path / "new"), watch=go_on)
    assert done.anew == "there are too few bars to judge a fit that goes on from another"
    assert done.scores


def test_a_fault_of_the_family_is_no_reason_to_begin_anew(panel, tmp_path, onward, monkeypatch):
    def broken(self, panel, rows, judged, *, seed, start=None, watch):
        raise ModelError("it broke")

    monkeypatch.setattr(Onward, "fit", broken)
    with pytest.raises(ModelError, match="it broke"):
        train(panel, onward, str(tmp_path), watch=go_on)
