"""Audits of sources of bars: planted leaks are found, clean twins pass, and files are read as they are."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.errors import AuditError, DataProviderError
from ara.evidence.leaks import RULES
from ara.evidence.leaks.planted_sources import PLANTED_SOURCES, self_test_sources, truth
from ara.evidence.leaks.source import Source, due
from ara.evidence.leaks.source_trial import audit_source
from ara.evidence.worlds import market, walks

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


def rules(found):
    return {one.rule for one in found.findings}


def plain():
    return truth().drop("known_at", "due")


def test_ten_leaks_are_found_and_ten_clean_twins_pass():
    traps = self_test_sources()
    assert len(PLANTED_SOURCES) == 10
    assert [(trap.name, trap.found_by) for trap in traps if not trap.caught] == []
    assert [trap.leaks for trap in traps] == [True] * 10 + [False] * 10
    assert {trap.rule for trap in traps if trap.leaks} <= set(RULES)


@pytest.mark.parametrize("name", ["close_ahead", "smoothed", "day_early", "filled_backward", "drawn_through"])
def test_a_file_shows_what_needs_no_replay(tmp_path, name):
    told = PLANTED_SOURCES[name].source().read(None)
    told.drop("due", "known_at").write_parquet(tmp_path / "bars.parquet")
    found = audit_source(Source.of_file(tmp_path / "bars.parquet"), now=NOW)
    assert found.verdict == "leaks"
    assert rules(found) - {"ahead"} == {PLANTED_SOURCES[name].rule}
    assert ("ahead" in rules(found)) == (name == "close_ahead")  # two signs of the same
    assert "prefix" not in found.tried
    assert found.origins == ()


def test_only_the_symbol_that_is_a_day_early_is_named():
    found = audit_source(PLANTED_SOURCES["day_early"].source(), now=NOW)
    assert [one.symbol for one in found.findings if one.rule == "early"] == ["S01"]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_s_own_stamps_are_held_against_the_calendar(tmp_path, kind):
    told = plain().with_columns(known_at=pl.col("ts") + pl.duration(hours=30))
    early = pl.when(pl.col("symbol") == "S02").then(pl.col("ts")).otherwise(pl.col("known_at"))
    for name, frame in {"good": told, "bad": told.with_columns(known_at=early)}.items():
        getattr(frame, f"write_{kind}")(tmp_path / f"{name}.{kind}")
    good, bad = (audit_source(Source.of_file(tmp_path / f"{one}.{kind}"), now=NOW) for one in ("good", "bad"))
    assert good.findings == ()
    assert [(one.rule, one.symbol, one.count) for one in bad.findings] == [("known_at", "S02", 600)]
    assert "before the bar closes" in bad.findings[0].detail


def test_a_stamp_that_is_no_time_says_nothing(tmp_path):
    plain().with_columns(known_at=pl.lit("later")).write_parquet(tmp_path / "bars.parquet")
    assert audit_source(Source.of_file(tmp_path / "bars.parquet"), now=NOW).verdict == "clear"
    dated = plain().with_columns(known_at=pl.col("ts").dt.date() + timedelta(days=2))
    dated.write_parquet(tmp_path / "dated.parquet")
    assert audit_source(Source.of_file(tmp_path / "dated.parquet"), now=NOW).verdict == "clear"


def test_a_bar_that_has_not_closed_is_named(tmp_path):
    plain().write_parquet(tmp_path / "bars.parquet")
    last = plain()["ts"].max()
    found = audit_source(Source.of_file(tmp_path / "bars.parquet"), now=last + timedelta(hours=1))
    assert {(one.rule, one.at) for one in found.findings} == {("known_at", last)}
    assert "closes after today" in found.findings[0].detail


def test_an_older_copy_may_differ_by_one_factor_and_no_more(tmp_path):
    told = plain()
    told.write_parquet(tmp_path / "new.parquet")
    older = told.filter(pl.col("ts") < datetime(2019, 6, 1, tzinfo=UTC))
    older.with_columns(pl.col(PRICES) * 4).write_parquet(tmp_path / "split.parquet")
    one = (pl.col("symbol") == "S03") & (pl.col("ts") == older["ts"][200])
    changed = older.with_columns(close=pl.when(one).then(pl.col("close") * 1.01).otherwise(pl.col("close")))
    changed.write_parquet(tmp_path / "other.parquet")
    older.filter(~one).write_parquet(tmp_path / "fewer.parquet")

    def held(name):
        source = Source.of_file(tmp_path / "new.parquet", older=tmp_path / f"{name}.parquet")
        return audit_source(source, now=NOW)

    assert held("split").verdict == "clear"
    (finding,) = held("other").findings
    assert (finding.rule, finding.symbol, finding.column, finding.count) == ("prefix", "S03", "close", 1)
    assert finding.at == older["ts"][200]
    assert finding.now / finding.was == pytest.approx(1.01)
    (lacking,) = held("fewer").findings
    assert (lacking.rule, lacking.symbol, lacking.count) == ("prefix", "S03", 1)


def test_a_source_that_says_another_thing_each_time_proves_nothing():
    random = np.random.default_rng(1)

    def read(moment):
        told = truth() if moment is None else truth().filter(pl.col("ts") <= moment)
        return told.with_columns(volume=pl.col("volume")).with_columns(
            pl.col(PRICES) * (1 + 0.0001 * pl.Series(random.normal(size=told.height)))
        )

    found = audit_source(Source(name="noisy", read=read), now=NOW)
    assert "same" in rules(found)
    assert found.verdict in {"unknown", "leaks"}


def test_a_source_that_fails_is_told():
    def never(moment):
        raise DataProviderError("it is closed")

    with pytest.raises(AuditError, match="it is closed"):
        audit_source(Source(name="closed", read=never), now=NOW)

    def now_only(moment):
        if moment is not None:
            raise DataProviderError("it knows of today alone")
        return truth()

    found = audit_source(Source(name="today", read=now_only), now=NOW)
    assert (found.verdict, found.failed, rules(found)) == ("unknown", 3, {"fails"})


def test_short_and_still_series_say_nothing():
    bars = due(market(walks(3, 200, seed=1)))
    still = bars.with_columns(pl.lit(1.0).alias(name) for name in PRICES)
    assert audit_source(Source(name="still", read=lambda _: still, replays=False), now=NOW).findings == ()
    with pytest.raises(AuditError, match="no bars"):
        due(bars[:0])


def test_bars_filled_on_days_without_a_session_are_found():
    bars = truth()
    monday = bars.filter(pl.col("ts").dt.weekday() == 1)[::3]
    sunday = monday.with_columns(ts=pl.col("ts") - timedelta(days=1))
    friday = bars.filter(pl.col("ts").dt.weekday() == 5)[::3]
    forward = friday.with_columns(ts=pl.col("ts") + timedelta(days=1))
    back, ahead = (pl.concat([bars, more]).sort("symbol", "ts") for more in (sunday, forward))
    assert rules(audit_source(Source(name="back", read=lambda _: back, replays=False), now=NOW)) == {"filled"}
    assert audit_source(Source(name="ahead", read=lambda _: ahead, replays=False), now=NOW).findings == ()
