"""`ara ledger verify`: against what was anchored, and with scores or without."""

import json
import sqlite3

ASKED = ("predict", "AAPL", "--as-of", "2020-02-20", "--model", "ewma_t", "--quiet", "--days")
WHOLE = "The ledger is whole: 1 entry, each chained to the one before, the last under a signed head.\n"


def test_another_ledger_is_whole_but_holds_no_anchor(ara, home):
    ara(*ASKED, "2")
    (home / "anchors.txt").write_text(ara("ledger", "anchor").out)
    (home / "anchors.json").write_text(ara("ledger", "anchor", "--json").out)
    digest = json.loads((home / "anchors.json").read_text())["digest"]
    given = ("--anchor", "anchors.txt", "--anchor", "anchors.json", "--anchor", digest)
    held = ara("ledger", "verify", *given)
    assert (held.code, held.out.count("holds")) == (0, 3)
    other = ("--set", "home=other")
    ara(*ASKED, "3", *other)
    assert ara("ledger", "verify", *other).out == WHOLE
    missed = ara("ledger", "verify", *given, *other)
    assert (missed.code, missed.out) == (7, "")
    said = " ".join(missed.err.split())
    assert "The ledger does not hold what was anchored." in said
    assert said.count("is not the one that was anchored") == 2
    context = json.loads(ara("ledger", "verify", *given, *other, "--json").out)["context"]
    assert (context["problem"], [one["ok"] for one in context["anchors"]]) == ("anchor", [False] * 3)
    assert ara("ledger", "verify", "--anchor", "gone.txt").code == 2


def test_scores_that_were_made_better_fail_unless_they_are_left_out(ara, home):
    ara(*ASKED, "2")
    ara("score")
    assert ara("ledger", "verify").out == f"{WHOLE}Its 2 scores follow from the entries and from the bars at hand.\n"
    assert ara("ledger", "verify", "--all").out == ara("ledger", "verify").out
    assert ara("ledger", "verify", "--all", "--no-scores").code == 2
    with sqlite3.connect(home / "ara" / "ara.db") as base:
        base.execute("update scores set inside_80 = 1, crps = crps * 0.5")
    base.close()
    forged = ara("ledger", "verify")
    assert (forged.code, forged.out) == (7, "")
    assert "2 of 2 do not follow from entries and bars: AAPL" in " ".join(forged.err.split())
    assert ara("ledger", "verify", "--no-scores").out == f"{WHOLE}Scores were not checked.\n"
    with sqlite3.connect(home / "ara" / "ara.db") as base:
        base.execute("delete from entries where stream = 'ledger'")
    base.close()
    (home / "ara" / "heads" / "ledger.json").unlink()
    gone = ara("ledger", "verify", "--no-scores")
    assert (gone.code, "Forecasts were kept and are gone" in " ".join(gone.err.split())) == (7, True)


def test_the_receipt_says_that_what_overlaps_counts_one_by_one(ara):
    made = json.loads(ara("predict", "AAPL", "--as-of", "2020-02-20", "--days", "2", "--json").out)
    for width in ("60", "160"):
        said = ara("ledger", "receipt", made["id"], "--width", width).out
        assert max(map(len, said.splitlines())) <= int(width)
        assert "the interval is too narrow, the more so the further ahead" in " ".join(said.split())


def test_a_sample_of_the_scores_is_called_one(ara, monkeypatch):
    monkeypatch.setattr("ara.prediction.verified.MOST", 1)
    for symbol in ("AAPL", "SPY"):
        ara("predict", symbol, *ASKED[2:], "2")
    ara("score")
    some, every = (ara("ledger", "verify", *more).out for more in ((), ("--all",)))
    assert "2 of its 4 scores, of forecasts drawn at random, follow from the entries" in some
    assert "Its 4 scores follow from the entries" in every
