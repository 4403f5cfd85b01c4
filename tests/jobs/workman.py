"""Workers as processes of their own, as tests start and kill them."""

import asyncio
import sys
from pathlib import Path

from ara.desk import Desk
from ara.jobs import Worker
from ara.settings import Settings


async def _work(home: str, url: str, said: Path) -> None:
    settings = Settings.load(
        {"home": home, "store.url": url, "jobs.cpus": "1", "jobs.memory": "8G", "log.level": "error"}
    )
    async with Desk.open(settings) as desk:

        def told(job: object) -> None:
            with said.open("a") as file:
                file.write(f"{job.number} {job.state.value} {job.tries}\n")  # type: ignore[attr-defined]

        await Worker(desk, told=told).run(once=True)


def work(home: str, url: str, said: str) -> None:
    """Do all jobs that are due, and write into a file what begins and ends."""
    asyncio.run(_work(home, url, Path(said)))


if __name__ == "__main__":
    work(*sys.argv[1:])
