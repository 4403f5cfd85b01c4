"""What a strategy did until it failed stays in the files that were asked for."""

import json


def test_files_hold_what_was_done_until_a_failure(ara, home, monkeypatch):
    (home / "breaking.py").write_text(
        "from ara.trading import Signal\n"
        "class Breaks:\n"
        "    def decide(self, view):\n"
        "        if view.index() == 200:\n"
        "            raise OSError('no file')\n"
        "        return Signal(symbol=view.symbols[0], size=1.0)\n"
    )
    monkeypatch.syspath_prepend(str(home))
    outcome = ara("backtest", "KO", "--strategy", "breaking:Breaks", "--out", "kept", "--report", "kept.json")
    assert outcome.code != 0
    assert "OSError: no file" in outcome.err
    document = json.loads((home / "kept" / "result.json").read_text())
    assert (document["partial"], document["bars"], document["fills"]) == (True, 201, 1)
    assert (home / "kept" / "fills.csv").read_text().count("\n") == 2
    assert (home / "kept.json").is_file()


def test_instruments_of_two_currencies_share_a_book(ara, home):
    span = ["--start", "2018-01-01", "--end", "2019-12-31", "--cuts", "1"]
    outcome = ara("backtest", "AAPL", "USDJPY", *span, "--report", "both.json")
    said = " ".join(outcome.out.split())
    assert outcome.code == 0
    assert "the book is kept in USD; moves of other currencies brought JPY" in said
    document = json.loads(ara("backtest", "USDJPY", *span, "--currency", "usd", "--json").out)
    assert (document["currency"], list(document["currencies"])) == ("USD", ["JPY"])
    lonely = ara("backtest", "AAPL", *span, "--currency", "HUF")
    assert lonely.code != 0
    assert "no rates from USD to HUF" in lonely.err
    assert "Traceback" not in lonely.err
