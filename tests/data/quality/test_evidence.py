"""The table of `docs/evidence/quality.md`: defects planted in real bars, and how many are found."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ara.data.quality import RULES, check
from tests.data.quality.planted import SAMPLE, Count, bases, exam

SEEDS = 10
HURT = {"fx_daily_yahoo.parquet", "fx_hourly_mt5.parquet", "fx_hourly_oanda_bidask.parquet"}
"""Files that are no clean ground: one tells the next close, the clock of one is not stated, and one has no volume."""


def market():
    folder = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere"), "bars")
    files = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("vix"))
    return [base for path in files if path.name not in HURT for base in bases(path)]


@pytest.mark.slow
def test_every_rule_on_the_sample_and_on_the_market_data():
    sample, wide = list(bases(SAMPLE)), market()
    table = {rule: (exam(rule, sample, seeds=SEEDS), exam(rule, wide)) for rule in RULES}
    for rule, counts in table.items():
        for count in counts:
            assert count.recall >= 0.93, (rule, count)
            assert count.precision >= 0.9, (rule, count)
        assert sum(count.found for count in counts) >= 0.95 * sum(count.planted for count in counts), rule
    bars = sum(len(base.bars) for base in wide)
    flagged = sum(_flagged(base) for base in wide)
    tell(table, len(sample), len(wide), bars=bars, flagged=flagged)


def _flagged(base):
    report = check(base.bars, base.instrument, base.timeframe)
    listed = {"missing", "off_calendar", "duplicate", "impossible", "split"}
    told = [one for issue in report.issues if issue.rule not in listed for one in issue.each()]
    return sum(one.words != "its volume is zero" for one in told)


def tell(table, sample, wide, *, bars, flagged):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder or not wide:
        return
    lines = [
        "# Quality rules",
        "",
        f"Defects of each kind were planted, by a seed, in the real bars of the bundled sample ({sample} series,",
        f"{SEEDS} times) and of a wider set ({wide} series, once): splits of 3:2 to 20:1, spikes of 12 to 40 usual",
        "moves, another company after a pause, labels one bar off, made-up walks, and so on. Recall is the share of",
        "the bars concerned that `check` flagged; precision, the share of what it flagged that was planted, where",
        "whatever it says of the clean series counts against it (but for missing sessions, impossible bars and splits,",
        "which are there). The planters are in `tests/data/quality/planted.py`. Measured by `make slow`, the wider set",
        "where `ARA_MARKET_DATA` names it.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}. In the wider set as it is, {bars:,} bars, rules other than those",
        f"four flagged {flagged} bars, beside those whose volume is zero.",
        "",
        "| rule | planted, sample | recall | precision | planted, wider set | recall | precision |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {rule} | {_cells(one)} | {_cells(other)} |" for rule, (one, other) in table.items()]
    Path(folder, "quality.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(count: Count) -> str:
    return f"{count.planted:,} | {count.recall:.1%} | {count.precision:.1%}"
