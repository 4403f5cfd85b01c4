"""The reasons as a page and as pictures, and the files that `ara predict --out` writes."""

import json
import math
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from ara.cli.render.reasons import reasons
from ara.cli.render.reasons_files import written
from ara.cli.render.reasons_page import finding, labels, page, shares
from ara.cli.render.reasons_picture import bars, heat, horizons
from ara.errors import DataProviderError, ValidationError
from ara.prediction.attention import Attention
from ara.prediction.forecast import Factor

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def explained(make_forecast):
    def make(**rest):
        forecast = make_forecast(**rest)
        days = tuple(
            replace(
                day,
                wider=0.30 / day.number,
                factors=(
                    Factor(name="week", value=1.4, contribution=0.4 / day.number, description="a wild <week> & more"),
                    Factor(name="gaps", value=0.7, contribution=-0.1 / day.number, description="small gaps " * 9),
                ),
                leans=(Factor(name="drift", value=0.0031, contribution=0.0031, description="how it drifted"),),
                sure=(Factor(name="market", value=1.3, contribution=-0.06, description="how volatile it is"),),
            )
            for day in forecast.days
        )
        return replace(forecast, days=days)

    return make


class Balance(HTMLParser):
    """Counts what is open."""

    ALONE = frozenset({"meta"})

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """One that closes itself is open for nobody."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_title_states_the_finding(explained):
    assert finding(explained()) == "AAPL: the 80 % band for Thu 1 Apr is 30.0 % wider than a usual one"
    calm = explained()
    days = tuple(replace(day, wider=-0.124) for day in calm.days)
    assert finding(replace(calm, days=days)).endswith("is 12.4 % narrower than a usual one")


@pytest.mark.parametrize(
    ("step", "when", "name"), [("1w", "the week of Thu 1 Apr", "week"), ("4h", "Thu 1 Apr 20:00 UTC", "bar")]
)
def test_bars_of_other_lengths_are_not_called_days(explained, step, when, name):
    forecast = explained()
    lineage = replace(forecast.lineage, settings={**forecast.lineage.settings, "timeframe": step})
    forecast = replace(forecast, lineage=lineage)
    assert finding(forecast) == f"AAPL: the 80 % band for {when} is 30.0 % wider than a usual one"
    text = page(forecast)
    assert f"Reasons for the first {name}’s band" in text
    assert f"The same over all {name}s" in text
    assert f"an ordinary {name} has" in text
    assert "day" not in re.sub(r"<style>.*?</style>", "", text)


def test_the_confidence_is_told_from_where_it_starts_to_where_it_ends(explained):
    forecast = explained()
    nothing = Factor(name="agreement", value=1.0, contribution=-0.0002, description="how its models agree")
    days = tuple(replace(day, confidence=0.7402, sure=(*day.sure, nothing)) for day in forecast.days)
    text = page(replace(forecast, days=days))
    assert (
        "<h2>Confidence 0.740, where an ordinary day has 0.800</h2><ul><li>-0.060 how volatile it is</li></ul>" in text
    )
    assert "how its models agree" not in text
    flat = tuple(replace(day, confidence=0.8, sure=(nothing,)) for day in forecast.days)
    assert "has 0.800</h2>\n" in page(replace(forecast, days=flat))


@pytest.mark.parametrize("days", [1, 5, 30])
def test_the_page_is_whole_and_needs_nothing_else(explained, days):
    forecast = explained(days=days)
    text = page(forecast)
    reader = Balance()
    reader.feed(text)
    assert reader.open == []
    assert "<week>" not in text
    assert "a wild &lt;week&gt; &amp; more" in text
    assert forecast.id in text
    assert not re.findall(r"(?:src|href)=", text)
    assert text.count("<rect") == 2 + 2 * days
    assert "how it drifted" in text
    assert "-0.060 how volatile it is" in text


def test_a_bars_length_is_its_share(explained):
    found = [float(one) for one in re.findall(r'<rect x="[^"]*" y="[^"]*" width="([^"]*)"', page(explained()))][:2]
    assert found[0] / found[1] == pytest.approx(4.0, rel=1e-2)


def test_the_map_has_a_share_for_each_reason_and_day(explained):
    table = shares(explained().days)
    assert [len(row) for row in table] == [5, 5]
    assert table[0][3] == pytest.approx(0.1)
    assert all(len(text) <= 66 for text in labels(explained().days[0].factors))


@pytest.mark.parametrize("days", [1, 5, 30])
def test_pictures_are_pictures(explained, days):
    forecast = explained(days=days)
    for data in (bars(forecast), heat(forecast), horizons(forecast)):
        assert data.startswith(PNG)
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        assert width > height > 200


def test_the_same_forecast_gives_the_same_picture(explained):
    assert bars(explained()) == bars(explained())


def test_files_are_named_by_symbol_and_id(explained, tmp_path):
    forecast = explained(symbol="^GSPC")
    paths = written(forecast, tmp_path / "new")
    assert [path.name for path in paths] == [
        f"_GSPC-{forecast.id[:6]}{end}" for end in (".html", "-bars.png", "-heat.png", "-horizons.png")
    ]
    assert all(path.stat().st_size for path in paths)


def test_without_matplotlib_there_is_the_page(explained, tmp_path, monkeypatch):
    monkeypatch.setattr("ara.cli.render.reasons_files.drawable", lambda: False)
    assert [path.suffix for path in written(explained(), tmp_path)] == [".html"]


def test_without_reasons_nothing_is_written(make_forecast, tmp_path):
    assert written(make_forecast(), tmp_path / "new") == []
    assert written(make_forecast(days=0), tmp_path / "new") == []
    assert not (tmp_path / "new").exists()


def test_predict_writes_its_reasons(ara, tmp_path):
    done = ara("predict", "AAPL", "--days", "2", "--out", str(tmp_path / "why"))
    assert done.code == 0
    assert "-bars.png" in done.err.replace("\n", "")
    assert sorted(path.suffix for path in (tmp_path / "why").iterdir()) == [".html", ".png", ".png", ".png"]


def test_a_file_where_a_folder_belongs_is_refused_before_anything_is_computed(ara, tmp_path):
    (tmp_path / "why").write_text("")
    done = ara("predict", "AAPL", "--out", str(tmp_path / "why"))
    assert done.code != 0
    assert "is no folder" in " ".join(done.err.split())
    assert ara("ledger", "list", "--json").out.count('"id"') == 0


def test_the_document_sums_as_it_says(ara):
    for day in json.loads(ara("predict", "AAPL", "--days", "3", "--json").out)["days"]:
        told = {name: math.fsum(one["contribution"] for one in day[name]) for name in ("factors", "leans", "sure")}
        assert told["factors"] == pytest.approx(day["wider"], abs=1e-12)
        assert told["leans"] == pytest.approx(math.log1p(day["return"]), abs=1e-12)
        assert told["sure"] == pytest.approx(day["confidence"] - 0.8, abs=1e-12)


def test_where_nothing_leans_and_nothing_sets_the_confidence_apart_the_page_says_nothing_of_it(explained):
    forecast = explained()
    bare = page(replace(forecast, days=tuple(replace(day, leans=(), sure=()) for day in forecast.days)))
    assert "Where the median comes from" not in bare
    assert "<h2>Confidence" not in bare
    Balance().feed(bare)


def test_where_networks_looked_is_drawn_beside_the_reasons(explained, tmp_path):
    forecast = explained(days=1)
    bars = tuple(date(2021, 3, day) for day in (29, 30, 31))
    heads = ((0.2, 0.3, 0.5), (0.1, 0.1, 0.8))
    looked = [Attention(network="full/cnn_lstm", names=("head 1", "head 2"), dates=bars, weights=heads)]
    assert page(forecast, looked).count("<svg") == page(forecast).count("<svg") + 1
    paths = written(forecast, tmp_path, looked)
    assert paths[-1].name == f"AAPL-{forecast.id[:6]}-attention-full-cnn_lstm.png"
    assert paths[-1].read_bytes().startswith(PNG)


def test_a_folder_that_can_not_be_written_into_is_a_clear_error(explained, tmp_path, monkeypatch):
    monkeypatch.setattr("ara.cli.render.reasons_files.drawable", lambda: False)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValidationError, match="can't be written into: Not a directory") as caught:
        written(explained(), tmp_path / "file" / "folder")
    assert "writable" in caught.value.hint


def test_a_narrow_screen_has_the_first_days_shares_alone(explained):
    days = explained(days=3).days
    wide, narrow = reasons(days, 80), reasons(days, 40)
    assert wide[0].split() == ["1", "day", "3", "days"]
    assert narrow == reasons(days[:1], 40)
    assert narrow[0].split() == ["1", "day"]


def test_what_its_bars_are_not_at_hand_for_is_left_out_of_the_full_screen(ara, monkeypatch):
    """Whether it hangs on a hair and where networks looked follow from the bars; the forecast itself stands."""

    async def gone(*_, **__):
        raise DataProviderError("the bars are not here any more")

    whole = ara("predict", "AAPL", "--days", "2", "--analysis", "full")
    monkeypatch.setattr("ara.prediction.replay.recalled", gone)
    monkeypatch.setattr("ara.prediction.attention.recalled", gone)
    bare = ara("predict", "AAPL", "--days", "2", "--analysis", "full")
    assert (bare.code, bare.out) == (0, whole.out)


def test_pictures_that_can_not_be_drawn_are_named(ara, tmp_path, monkeypatch):
    monkeypatch.setattr("ara.cli.render.reasons_files.drawable", lambda: False)
    monkeypatch.setattr("ara.cli.render.reasons_picture.drawable", lambda: False)
    done = ara("predict", "AAPL", "--days", "2", "--out", str(tmp_path / "why"))
    assert done.code == 0
    assert "For pictures too: pip install 'ara-ai[charts]'" in " ".join(done.err.split())
    assert [path.suffix for path in (tmp_path / "why").iterdir()] == [".html"]
