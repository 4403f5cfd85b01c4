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
