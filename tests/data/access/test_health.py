import pytest

from ara.data.access import health
from ara.data.access.board import Board
from ara.data.access.health import Health


@pytest.fixture
def board():
    opened = Board()
    yield opened
    opened.close()


def ask(board, work, **parts):
    moment = (1_700_000_000.0,) if work is health.observe else ()
    return board.run(lambda connection, _: work(connection, *moment, "acme", **parts))


def test_nothing_known_counts_as_well(board):
    assert ask(board, health.of) == Health()
    assert Health().score == 1.0


def test_the_first_observation_counts_whole_the_later_ones_a_tenth(board):
    ask(board, health.observe, ok=True, seconds=0.2)
    ask(board, health.observe, ok=True, seconds=0.1)
    ask(board, health.observe, ok=False, error="it broke")
    found = ask(board, health.of)
    assert (found.asked, found.error) == (3, "it broke")
    assert (found.success, found.latency_ms) == (pytest.approx(0.9), pytest.approx(190))
    ask(board, health.observe, ok=True, seconds=0.19)
    later = ask(board, health.of)
    assert (later.error, later.failed) == ("it broke", 1_700_000_000.0), "what went wrong last stays known, and when"


def test_a_first_failure_is_not_softened(board):
    ask(board, health.observe, ok=False, error="it broke")
    assert (ask(board, health.of).success, ask(board, health.of).latency_ms) == (0.0, None)


def test_quality_and_freshness_are_taken_in_apart_and_bounded(board):
    ask(board, health.report, quality=1.5)
    ask(board, health.report, freshness=60.0)
    ask(board, health.report, quality=0.5)
    found = ask(board, health.of)
    assert (found.quality, found.freshness_s) == (pytest.approx(0.95), 60.0)


def test_the_score_is_success_times_quality_less_a_tenth_for_being_slow():
    assert Health(success=0.8, quality=0.5).score == pytest.approx(0.4)
    assert Health(latency_ms=1_000).score == pytest.approx(0.95)
    assert Health(latency_ms=60_000).score == pytest.approx(0.9)


def test_late_bars_cost_up_to_three_tenths_and_one_that_is_traded_no_longer_little(board):
    assert Health(freshness_s=health.STALE / 2).score == pytest.approx(0.85)
    assert Health(freshness_s=10 * health.STALE).score == pytest.approx(0.7)
    for late in (0.0, 20 * 365 * 86_400.0):
        ask(board, health.report, freshness=late)
    assert ask(board, health.of).score == pytest.approx(0.97)
