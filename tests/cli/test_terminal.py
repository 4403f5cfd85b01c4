import pytest

from ara.cli.words import width


@pytest.mark.parametrize("columns", [20, 60, 100, 200])
def test_a_forecast_fits_every_terminal(terminal, columns):
    outcome = terminal("predict", "AAPL", "--days", "3", columns=columns).end()
    assert outcome.code == 0
    assert [line for line in outcome.plain.splitlines() if width(line) > columns] == []
    assert ("●" in outcome.plain) == (columns >= 100)
    assert "\x1b[38;5;" in outcome.out


@pytest.mark.parametrize(
    ("words", "environ"),
    [((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"}), (("--no-color",), {}), (("--set", "cli.colour=never"), {})],
)
def test_colours_can_be_refused(terminal, words, environ):
    outcome = terminal("predict", "AAPL", "--quiet", *words, **environ).end()  # without the meter of a slow machine
    assert outcome.code == 0
    assert "\x1b" not in outcome.out


def test_true_colour_where_the_terminal_has_it(terminal):
    assert "\x1b[38;2;91;141;214m" in terminal("predict", "AAPL", COLORTERM="truecolor").end().out


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_help_fits_every_terminal(terminal, columns):
    outcome = terminal("--help", columns=columns).end()
    assert outcome.code == 0
    assert all(width(line) <= max(columns, 38) for line in outcome.plain.splitlines())
    assert "\x1b[1mForecast\x1b[0m" in outcome.out
    assert "\x1b" not in terminal("--help", NO_COLOR="1").end().out


def test_an_error_is_two_lines(terminal):
    outcome = terminal("predict", "AAPL", "--days", "31").end()
    assert outcome.code == 2
    assert outcome.plain == "days is 31; a forecast reaches 1 to 30 bars\nGive a whole number from 1 to 30.\n"


def test_progress_is_shown_and_wiped(terminal, sampled):
    outcome = terminal("predict", *sampled, "--days", "30").end()
    assert outcome.code == 0
    assert "Forecasting" in outcome.out
    assert " of 22" in outcome.out
    assert "Forecasting" not in outcome.out.rpartition("\x1b[2K")[2]


def test_quiet_shows_no_progress(terminal, sampled):
    outcome = terminal("-q", "predict", *sampled, "--days", "30").end()
    assert outcome.code == 0
    assert "Forecasting" not in outcome.out


def test_ctrl_c_at_a_terminal_leaves_a_clean_line(terminal, sampled):
    running = terminal("predict", *sampled, "--days", "30", "-a", "full")
    running.read("Forecasting")
    running.type("\x03")
    outcome = running.end()
    assert outcome.code == 130
    assert "Traceback" not in outcome.out
    assert outcome.out.rpartition("\x1b[2K")[2].strip() in {"", "^C"}


def test_a_first_run_offers_to_write_settings_and_goes_on(terminal, monkeypatch):
    monkeypatch.delenv("CI")
    monkeypatch.delenv("ARA_HOME")
    running = terminal("predict", "AAPL", "--days", "1")
    asked = running.read("[y/N]")
    assert "settings" in asked
    running.type("n\n")
    outcome = running.end()
    assert outcome.code == 0
    assert "AAPL" in outcome.plain
    again = terminal("predict", "AAPL", "--days", "1").end()
    assert "[y/N]" not in again.out
