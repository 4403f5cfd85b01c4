"""The same thing is said once in a while."""

import logging
from datetime import timedelta

import pytest

from ara.logs import Once


@pytest.fixture
def logger():
    made = logging.getLogger("ara.tests.once")
    yield made
    made.filters.clear()


def texts(caplog):
    return [record.getMessage() for record in caplog.records]


def test_one_text_is_said_once_and_another_too(logger, caplog):
    logger.addFilter(Once())
    for number in (1, 1, 2, 1):
        logger.warning("the disk %d is full", number)
    assert texts(caplog) == ["the disk 1 is full", "the disk 2 is full"]


def test_it_is_said_again_after_a_while(logger, caplog):
    once = Once(every=timedelta(minutes=10))
    record = logging.LogRecord("ara", logging.ERROR, "", 0, "gone", None, None)
    said = []
    for minute in (0, 9, 10, 11, 5):
        record.created = 60.0 * minute
        said.append(once.filter(record))
    assert said == [True, False, True, False, True]


def test_what_it_is_about_is_for_its_owner_to_say(logger, caplog):
    logger.addFilter(Once(lambda record: str(record.msg)))
    for number in range(3):
        logger.error("table %d is ill", number)
    assert texts(caplog) == ["table 0 is ill"]


def test_less_than_warnings_go_through_and_few_are_remembered(logger, caplog):
    caplog.set_level(logging.INFO, logger="ara.tests.once")
    logger.addFilter(Once())
    for _ in range(2):
        logger.info("well")
    assert texts(caplog) == ["well", "well"]
    for number in range(257):
        logger.warning("%d", number)
    caplog.clear()
    logger.warning("256")
    logger.warning("0")
    assert texts(caplog) == ["0"]
