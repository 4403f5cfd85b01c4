import resource
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.errors import StoreError, ValidationError
from ara.models.court import LEVEL, differences, judge, read_verdict, share, write_verdict
from ara.models.quantiles import LEVELS
from ara.performance.forecasts import crps
from ara.statistics.distributions import student_t_quantiles

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
UNIT = student_t_quantiles(LEVELS, 5.0)


def days(champion, challenger):
    at = [FIRST + timedelta(days=day) for day in range(len(champion))]
    return pl.DataFrame({"at": at, "champion": champion, "challenger": challenger, "count": [3] * len(at)})


def drawn(better, *, count=400, seed=3):
    random = np.random.default_rng(seed)
    common = 1 + 0.3 * random.standard_gamma(2, count)
    return days(common, common - better + 0.1 * random.standard_normal(count))


def judged(told, **asked):
    return judge(told, champion="old", challenger="new", **asked)


def market(symbols=("A", "B"), bars=60, seed=1):
    random = np.random.default_rng(seed)
    closes = {symbol: 100 * np.exp(np.cumsum(0.01 * random.standard_normal(bars))) for symbol in symbols}
    at = [FIRST + timedelta(days=day) for day in range(bars)]
    return pl.concat([pl.DataFrame({"symbol": [s] * bars, "ts": at, "close": c}) for s, c in closes.items()])


def forecasts(bars, sigma, horizon=1):
    start = bars["close"].to_numpy()[:, None]
    levels = start * np.exp(sigma * np.sqrt(horizon) * UNIT[None, :])
    made = {f"q{level:g}": levels[:, place] for place, level in enumerate(LEVELS)}
    return bars.select("symbol", origin="ts", horizon=pl.lit(horizon)).with_columns(**made)


def test_a_better_challenger_is_let_in_and_a_worse_one_is_not():
    verdict = judged(drawn(0.03))
    assert verdict.decision == "replace"
    assert verdict.better > 0
    assert verdict.evidence >= 20
    assert "let it replace old" in verdict.words
    against = judged(drawn(-0.03))
    assert against.decision == "keep"
    assert "keep old" in against.words
    assert judged(drawn(0.0)).decision == "undecided"


def test_one_that_ruins_itself_on_few_days_is_not_let_in():
    told = drawn(0.05).with_row_index("day")
    crash = pl.when(pl.col("day") % 50 == 49).then(pl.col("challenger") + 10).otherwise(pl.col("challenger"))
    verdict = judged(told.with_columns(challenger=crash).drop("day"))
    assert verdict.evidence >= 20
    assert verdict.better < 0
    assert verdict.decision != "replace"


def test_overlapping_forecasts_are_judged_once_in_each_horizon():
    told = drawn(0.03)
    verdict = judged(told, horizon=5, offset=2)
    assert verdict.days == 80 - 20
    assert verdict.first == FIRST + timedelta(days=2 + 5 * 20)
    assert verdict.last == FIRST + timedelta(days=397)
    other = judged(told.filter(((pl.col("at") - FIRST).dt.total_days() % 5) == 2))
    assert other.evidence == verdict.evidence


def test_a_look_each_day_changes_nothing_of_what_was_found():
    told = drawn(0.03)
    whole = judged(told)
    when = next(count for count in range(21, 401) if judged(told.head(count)).evidence >= 20)
    assert judged(told.head(when)).decision == "replace"
    assert whole.evidence >= judged(told.head(when)).evidence


def test_differences_are_those_of_the_scores_in_units_of_the_champions_band():
    bars = market()
    wide, narrow = forecasts(bars, 0.03), forecasts(bars, 0.01)
    told = differences(wide, narrow, bars, horizon=1)
    assert told.height == 59
    assert set(told["count"]) == {2}
    day = FIRST + timedelta(days=10)
    scores = []
    for symbol in ("A", "B"):
        own = bars.filter(symbol=symbol)["close"].to_numpy()
        width = 0.03 * (UNIT[LEVELS.index(0.9)] - UNIT[LEVELS.index(0.1)])
        scores.append(crps(0.01 * UNIT[None, :], np.log(own[11:12] / own[10]), LEVELS)[0] / width)
    assert told.filter(at=day)["challenger"][0] == pytest.approx(np.mean(scores), rel=1e-9)
    assert (told["champion"] > 0).all()


def test_only_what_both_forecast_and_what_has_happened_counts():
    bars = market()
    one = forecasts(bars, 0.01, horizon=5)
    two = one.filter(pl.col("origin") > FIRST + timedelta(days=30))
    told = differences(one, two, bars, horizon=5)
    assert told["at"].min() == FIRST + timedelta(days=31)
    assert told["at"].max() == FIRST + timedelta(days=54)
    assert (told["champion"] == told["challenger"]).all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"offset": 1}, "the offset is 1; of 1 bars it is 0 to 0"),
        ({"horizon": 5, "offset": -1}, "the offset is -1"),
        ({"level": 0.0}, "no chance between 0 and 1"),
        ({"level": np.nan}, "no chance between 0 and 1"),
    ],
)
def test_odd_questions_are_refused(asked, words):
    with pytest.raises(ValidationError, match=words):
        judged(drawn(0.0), **asked)


def test_damaged_scores_and_no_days_are_refused():
    with pytest.raises(ValidationError, match="no day to judge"):
        judged(days([], []).cast({"champion": pl.Float64, "challenger": pl.Float64}))
    with pytest.raises(ValidationError, match="not a number"):
        judged(days([1.0, np.nan], [1.0, 1.0]))


def test_few_days_are_undecided():
    verdict = judged(drawn(0.5, count=10))
    assert (verdict.decision, verdict.days) == ("undecided", 0)
    assert "look again later" in verdict.words


def test_forecasts_without_a_common_origin_or_a_column_are_refused():
    bars = market()
    with pytest.raises(ValidationError, match="no forecast of 1 bars in common"):
        differences(forecasts(bars, 0.01), forecasts(market(symbols=("C",)), 0.01), bars, horizon=1)
    with pytest.raises(ValidationError, match=r"the challenger lack the column q0\.5"):
        differences(forecasts(bars, 0.01), forecasts(bars, 0.01).drop("q0.5"), bars, horizon=1)


def test_a_verdict_is_kept_as_a_file(tmp_path):
    verdict = judge(drawn(0.03), champion="../old", challenger="a/b")
    path = write_verdict(verdict, tmp_path / "verdicts")
    assert path.parent == tmp_path / "verdicts"
    assert read_verdict(path) == verdict
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with pytest.raises(ValidationError, match="can't be read"):
        read_verdict(tmp_path / "none.json")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValidationError, match="is no verdict"):
        read_verdict(path)


def test_a_verdict_that_can_not_be_written_leaves_the_one_before(tmp_path):
    verdict = judged(drawn(0.03))
    (tmp_path / "way").write_text("")
    with pytest.raises(StoreError, match="something else stands in its place"):
        write_verdict(verdict, tmp_path / "way")
    kept = write_verdict(verdict, tmp_path / "kept")
    before = kept.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    try:
        with pytest.raises(StoreError, match="no room"):
            write_verdict(judged(drawn(-0.03)), tmp_path / "kept")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [one.name for one in (tmp_path / "kept").iterdir()] == [kept.name]
    assert kept.read_bytes() == before


def test_challengers_share_one_level_however_many_come():
    parts = [share(place) for place in range(1, 2000)]
    assert parts == sorted(parts, reverse=True)
    assert 0.99 * LEVEL < sum(parts) < LEVEL
    assert share(1) == LEVEL / 2
    assert share(2, level=0.3) == pytest.approx(0.05)
    with pytest.raises(ValidationError, match="the first has 1"):
        share(0)


def worlds(levels, *, seeds, count=250):
    """Give in how many worlds any of as many challengers as levels, none of them better, is ever let in."""
    false = 0
    for seed in seeds:
        random = np.random.default_rng(seed)
        common = 1 + 0.3 * random.standard_gamma(2, count)
        told = [days(common, common + 0.1 * random.standard_t(4, count)) for _ in levels]
        false += any(judged(one, level=level).decision == "replace" for one, level in zip(told, levels, strict=True))
    return false / len(seeds)


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(80), marks=pytest.mark.slow)], ids=["few", "many"])
def test_of_many_challengers_that_are_no_better_hardly_any_world_lets_one_in(seeds):
    many = range(1, 11)
    assert worlds([share(place) for place in many], seeds=seeds) <= 0.05
    assert worlds([LEVEL for _ in many], seeds=seeds) > 0.1  # each with the whole level: why it is shared
