import asyncio
import logging

import pytest

from ara.errors import StoreError
from ara.jobs.document import log_document
from ara.jobs.journal import MOST, Journal, lines_of, mark_of
from ara.logs import with_correlation


async def test_a_job_has_its_own_lines_and_no_others(opened):
    async with opened("memory:") as desk:
        one, two = Journal(1, desk.clock), Journal(2, desk.clock)
        logger = logging.getLogger("ara.tried")
        logger.addHandler(one)
        logger.addHandler(two)
        try:
            for number in (1, 2):
                with with_correlation(mark_of(number)):
                    logger.warning("said of %d, password=hunter2", number)
                    await asyncio.to_thread(logger.error, "in a thread of %d", number)
            logger.warning("said of none")
        finally:
            logger.removeHandler(one)
            logger.removeHandler(two)
        await one.write(desk.store)
        await one.write(desk.store)
        kept = await lines_of(desk.store, 1)
        assert [(line.level, line.words.partition(",")[0]) for line in kept.lines] == [
            ("warning", "said of 1"),
            ("error", "in a thread of 1"),
        ]
        assert "hunter2" not in str(kept)
        assert (await lines_of(desk.store, 2)).lines == ()


async def test_a_long_log_keeps_its_beginning_and_its_end(opened):
    async with opened("memory:") as desk:
        journal = Journal(1, desk.clock)
        for number in range(2 * MOST):
            journal.say(f"{number} " + "x" * 1000)
            if number % 100 == 99:
                await journal.write(desk.store)
        told = log_document(1, await lines_of(desk.store, 1))
        numbers = [int(line["words"].split()[0]) for line in told["lines"]]
        assert numbers == [*range(MOST // 10), *range(2 * MOST - MOST * 9 // 10, 2 * MOST)]
        assert told["left_out"] == MOST
        assert max(len(line["words"]) for line in told["lines"]) < 600


async def test_lines_wait_where_the_store_is_away(opened, tmp_path):
    async with opened(f"sqlite:///{tmp_path / 'queue.db'}") as desk:
        journal = Journal(1, desk.clock)
        journal.say("one")
        await desk.store.close()
        with pytest.raises(StoreError):
            await journal.write(desk.store)
        journal.say("two")
    async with opened(f"sqlite:///{tmp_path / 'queue.db'}") as desk:
        await journal.write(desk.store)
        assert [line.words for line in (await lines_of(desk.store, 1)).lines] == ["one", "two"]
