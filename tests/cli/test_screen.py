import io
import sys
import time

import pytest

from ara.cli import progress
from ara.cli.palette import Palette
from ara.cli.progress import Meter
from ara.cli.screen import Flags, Screen, screen, shown
from ara.errors import AraError


@pytest.fixture
def make(home):
    return lambda **flags: Screen(Flags(**flags), runner=lambda coroutine: coroutine.close())


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_result_is_text_or_one_document(make, capsys):
    make().result({"a": 1}, lambda: "one")
    make(json=True).result({"a": "é"}, lambda: "never")
    assert capsys.readouterr().out == 'one\n{\n  "a": "é"\n}\n'


def test_a_rich_table_is_printed_as_wide_as_asked(make, capsys):
    from rich.table import Table

    table = Table(expand=True)
    table.add_column("[name]")
    table.add_row("x")
    make(width=30).result({}, lambda: table)
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) for line in lines} == {30}
    assert "[name]" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_notes_go_to_stderr_unless_quiet(make, capsys):
    for quiet in (False, True):
        one = make(quiet=quiet)
        one.note("a note")
        one.warn("a warning")
        one.problem(AraError("a problem", hint=""))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "a note\na warning\na problem\na problem\n"


def test_a_problem_has_its_hint_below(make, capsys):
    make(width=40).problem(AraError("Something \x1b[31mwent wrong", hint="Do this " * 8))
    assert capsys.readouterr().err.splitlines() == [
        "Something \\x1b[31mwent wrong",
        "Do this Do this Do this Do this Do this",
        "Do this Do this Do this",
    ]


def test_what_a_stream_cant_encode_is_escaped(make, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    one = make()
    assert one.plain
    one.result({}, lambda: "● é")
    make(json=True).result({"a": "é"}, lambda: "")
    assert raw.getvalue() == b'\\u25cf \\xe9\n{\n  "a": "\\u00e9"\n}\n'
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8"))
    assert not make().plain


@pytest.mark.parametrize(
    ("flags", "environ", "tty", "colours"),
    [
        ({}, {}, True, True),
        ({}, {}, False, False),
        ({}, {"TERM": "dumb"}, True, False),
        ({}, {"NO_COLOR": "1"}, True, False),
        ({}, {"NO_COLOR": ""}, True, True),
        ({}, {"FORCE_COLOR": "1"}, False, True),
        ({}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"colour": False}, {"FORCE_COLOR": "1"}, True, False),
        ({"settings": {"cli.colour": "always"}}, {"NO_COLOR": "1"}, False, True),
        ({"settings": {"cli.colour": "never"}}, {}, True, False),
        ({"colour": False, "settings": {"cli.colour": "always"}}, {}, True, False),
    ],
)
def test_who_decides_on_colours(make, monkeypatch, flags, environ, tty, colours):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert make(**flags).palette(Tty() if tty else io.StringIO()).colours is colours


def test_settings_decide_on_colours_width_and_zone(make, monkeypatch):
    monkeypatch.setenv("ARA_CLI_COLOUR", "always")
    monkeypatch.setenv("ARA_CLI_WIDTH", "77")
    monkeypatch.setenv("ARA_CLI_TIMEZONE", "Europe/Paris")
    one = make()
    assert (one.palette(io.StringIO()).colours, one.width, one.zone) == (False, 100, None)
    assert one.settings() is one.settings()
    assert (one.palette(io.StringIO()).colours, one.width, str(one.zone)) == (True, 77, "Europe/Paris")


def test_flags_reach_the_settings(make):
    assert make(settings={"prediction.days": "9"}, profile="test").settings().prediction.days == 9


@pytest.mark.parametrize(
    ("flag", "columns", "width"), [(0, "", 100), (0, "66", 66), (0, "x", 100), (50, "66", 50), (3, "", 20)]
)
def test_how_wide_the_screen_is(make, monkeypatch, flag, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("os.get_terminal_size", _no_terminal)
    assert make(width=flag).width == width


def _no_terminal(*_):
    raise OSError


def test_nobody_is_asked_without_a_terminal(make, capsys):
    one = make()
    assert one.confirm("Remove it?", yes=True)
    assert not one.confirm("Remove it?", yes=False)
    assert one.ask("How many?", default="5") == "5"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_a_person_is_asked(make, monkeypatch, typed, answer):
    given, asked = Tty(typed), Tty()
    monkeypatch.setattr(sys, "stdin", given)
    monkeypatch.setattr(sys, "stderr", asked)
    assert make().confirm("Remove it?", yes=False) is answer
    assert asked.getvalue() == "Remove it? [y/N] "


def test_the_screen_of_an_invocation(make):
    one, other = make(), make()
    with shown(one):
        assert screen() is one
        with shown(other):
            assert screen() is other
        assert screen() is one
    with pytest.raises(LookupError):
        screen()


def test_palettes_follow_the_terminal():
    assert Palette.of_terminal({"COLORTERM": "truecolor"})("x", "actual") == "\x1b[38;2;217;130;43mx\x1b[0m"
    assert Palette.of_terminal({"TERM": "xterm-256color"})("x", "actual") == "\x1b[38;5;172mx\x1b[0m"
    assert Palette.of_terminal({"TERM": "xterm"})("x", "actual") == "\x1b[33mx\x1b[0m"
    assert Palette(0)("x", "actual") == "x"
    assert Palette(3)("", "actual") == ""


class Watch:
    """A clock that is set by hand."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def watch(monkeypatch):
    found = Watch()
    monkeypatch.setattr(progress, "time", found)
    return found


def meter(words="Reading", total=None, width=100):
    return Meter(words, total, stream=None, width=width)


def paced(watch, one, *, each, done, first=1, beginning=30):
    """Let pieces be done, one after another, after a beginning that took longer."""
    watch.now += beginning
    for number in range(first, done + 1):
        watch.now += each
        one.step(number)
    return one


def test_a_meter_tells_share_rate_and_time_left(watch):
    line = paced(watch, meter(total=300), each=1 / 12, done=120).line()
    assert line.startswith("Reading   40 %  120 of 300  12 a second  15 s left  ━━━━━━━━━━╌╌╌╌")


@pytest.mark.parametrize(
    ("each", "done", "said"),
    [(10, 10, "6 a minute"), (10, 10, "48 min 20 s left"), (1000, 4, "82 h 13 min left"), (3, 0, "0 of 300")],
)
def test_a_meter_says_time_in_fitting_units(watch, each, done, said):
    assert said in paced(watch, meter(total=300), each=each, done=done).line()


@pytest.mark.parametrize(("each", "done"), [(10, 1), (10, 3), (0.1, 15)])
def test_a_meter_says_no_time_that_is_worth_nothing(watch, each, done):
    line = paced(watch, meter(total=300), each=each, done=done).line()
    assert line.startswith(f"Reading    {done / 3:.0f} %  {done} of 300  ━" if done == 15 else "Reading    ")
    assert " left" not in line


def test_what_was_known_before_is_no_pace(watch):
    one = paced(watch, meter(total=300), each=10, done=205, first=201)
    assert "205 of 300  6 a minute  15 min 50 s left" in one.line()


def test_a_meter_of_done_work_says_no_time(watch):
    assert "left" not in paced(watch, meter(total=30), each=10, done=30).line()


def test_nothing_is_drawn_into_what_is_written(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_TICK", 0.0)
    stream = io.StringIO()
    with Meter("Reading", stream=stream, width=100) as one:
        while not (drawn := stream.getvalue()):
            time.sleep(0)
        with one.hidden():
            wiped = stream.getvalue()
            time.sleep(0.05)
            assert stream.getvalue() == wiped
        while stream.getvalue() == wiped:
            time.sleep(0)
    assert drawn.startswith("\r\x1b[2KReading")
    assert wiped.endswith("\r\x1b[2K")
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_a_meter_begins_anew_with_another_part_of_the_work(watch):
    one = paced(watch, meter(total=300), each=5, done=20)
    one.step(0, total=40, words="Judging")
    assert "left" not in paced(watch, one, each=0.5, done=2).line()
    assert paced(watch, one, each=0.5, done=20, first=3, beginning=0).line().startswith("Judging   50 %  20 of 40")
    assert "2 a second  10 s left" in one.line()
    one.step(30, total=400, words="Telling")
    assert "left" not in one.line()


def test_a_meter_leaves_out_what_doesnt_fit(watch):
    assert paced(watch, meter(total=300, width=30), each=1, done=120).line() == "Reading   40 %  120 of 300"
    assert meter(words="x" * 50, width=20).line() == "X" + "x" * 18
    one = meter()
    watch.now += 5
    assert one.line() == "Reading  5 s"


def test_a_meter_takes_new_words_and_totals():
    one = meter()
    one.step(5, total=10, words="Writing\x1b")
    assert one.line().startswith("Writing\\x1b   50 %  5 of 10")


def test_progress_on_a_pipe_is_silent(make, capsys):
    with make().progress("Working", 10) as step:
        step(5)
    assert capsys.readouterr() == ("", "")


def test_progress_draws_after_a_second_and_wipes_itself(make, monkeypatch):
    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("ara.cli.progress._PATIENCE", 0.01)
    monkeypatch.setattr("ara.cli.progress._TICK", 0.01)
    one = make(width=80)
    with one.progress("Working", 10) as step:
        step(5)
        while "50 %" not in stream.getvalue():
            pass
        one.note("beside")
    text = stream.getvalue()
    assert "Working   50 %  5 of 10" in text
    assert "\r\x1b[2K\x1b[38;5;244mbeside" in text
    assert text.endswith(("\r\x1b[2K", "beside\x1b[0m\n"))


def test_a_short_piece_of_work_draws_nothing(make, monkeypatch):
    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    with make().progress("Working"):
        pass
    assert stream.getvalue() == ""


def test_a_document_has_no_nan(make):
    with pytest.raises(ValueError, match="not JSON compliant"):
        make(json=True).result({"a": float("nan")}, lambda: "")
