"""The table of `docs/evidence/quality.md`: defects planted in real bars, and how many are found."""

import os
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap

import pytest

from ara.data.quality import RULES, check
from tests.data.quality.planted import SAMPLE, Count, bases, exam
from tests.data.quality.sizes import SIZES, found
from tests.data.quality.test_market_data import SPLITS

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
    alone = [told(base, {}) for base in wide]
    assert sum(alone) * 5_000 <= sum(len(base.bars) for base in wide)
    tell(table, sample, wide, alone=sum(alone))


def told(base, others):
    """Count the bars that rules flag but those whose findings the tables of the data list, and known splits."""
    report = check(base.bars, base.instrument, base.timeframe, others=others)
    listed = {"missing", "off_calendar", "duplicate", "impossible"}
    found = [one for issue in report.issues if issue.rule not in listed for one in issue.each()]
    true = {(file, symbol, day) for (file, symbol), days in SPLITS.items() for day in days}
    return sum(
        one.words != "its volume is zero"
        and not (one.rule == "split" and (base.file, base.bars_symbol, f"{one.at:%Y-%m-%d}") in true)
        for one in found
    )


def witnessed(wide):
    """Give how many bars have a witness, how many are flagged with it, and how many of these for it alone."""
    groups = {}
    for base in wide:
        groups.setdefault((base.bars_symbol, str(base.timeframe)), []).append(base)
    bars = flagged = alone = 0
    for group in groups.values():
        for base in group if len(group) > 1 else ():
            bars += len(base.bars)
            flagged += told(base, {other.file: other.bars for other in group if other is not base})
            alone += told(base, {})
    return bars, flagged, flagged - alone


def tell(table, sample, wide, *, alone):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder or not wide:
        return
    bars = sum(len(base.bars) for base in wide)
    both, flagged, more = witnessed(wide)
    method = f"""Defects of each kind were planted, by a seed, in the real bars of the bundled sample ({len(sample)}
        series, {SEEDS} times) and of a wider set ({len(wide)} series, once). Their sizes are drawn without a look at
        what is usual in the bars: splits of 3:2 to 20:1, told ones that did not happen, and ones that adjusted prices
        rightly do not show; prices wrong by a factor of 1.4 to 3; other currencies by 1.4 to 2 and units by 100 or
        1,000, for 2 to 40 bars; a last bar with 1 to 10 % of its volume, or received early; closes 3 to 20 % from
        another source's; after a pause of weeks another company, in which eight times more or less money is traded;
        labels one bar off; made-up walks, and so on. Recall is the share of the bars concerned that `check` flagged;
        precision, the share of what it flagged that was planted, where whatever it says of the clean series counts
        against it (but for missing sessions, impossible bars and splits that are there). The planters are in
        `tests/data/quality/planted.py`. Measured by `make slow`, the wider set where `ARA_MARKET_DATA` names it."""
    state = f"""Measured on {datetime.now(UTC):%Y-%m-%d}. In the wider set as it is, {bars:,} bars, each series by
        itself, rules flagged {alone} bars, beside those listed as missing, off the calendar, doubled or impossible,
        those whose volume is zero and {sum(map(len, SPLITS.values()))} true splits. Of these bars, {both:,} belong to
        symbols that another file has too: with it as a witness {flagged} are flagged, {more} more than without, nearly
        all by `disagree`: closes that two sources took at other times of the day. Where only two have a bar, nobody
        knows which of them is right."""
    lines = [
        "# Quality rules",
        "",
        *wrap(" ".join(method.split()), 120),
        "",
        *wrap(" ".join(state.split()), 120),
        "",
        "| rule | planted, sample | recall | precision | planted, wider set | recall | precision |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {rule} | {_cells(one)} | {_cells(other)} |" for rule, (one, other) in table.items()]
    lines += ["", "## Smaller defects", ""]
    lines += ["What is smaller is found less often. Each size by itself, in the wider set:", ""]
    lines += ["| rule | planted | size and recall |", "|---|---|---|"]
    for rule, words, sizes in SIZES:
        shares = [f"{size}: {found(rule, planter, wide).recall:.0%}" for size, planter in sizes.items()]
        lines.append(f"| {rule} | {words} | {', '.join(shares)} |")
    Path(folder, "quality.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(count: Count) -> str:
    return f"{count.planted:,} | {count.recall:.1%} | {count.precision:.1%}"
