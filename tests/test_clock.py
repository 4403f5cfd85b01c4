from datetime import UTC, datetime, timedelta

from ara.clock import Clock, FixedClock, SystemClock


def test_the_systems_clock_is_aware_and_goes_on() -> None:
    clock: Clock = SystemClock()
    first = clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= clock.now() - first < timedelta(minutes=1)


def test_a_fixed_clock_stands_still() -> None:
    moment = datetime(2020, 2, 20, tzinfo=UTC)
    clock: Clock = FixedClock(moment)
    assert clock.now() == clock.now() == moment
