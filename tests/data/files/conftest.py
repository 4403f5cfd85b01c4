"""Files as people have them, written into a folder of their own."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ara.data.files import FRAME, Reading, Refused, Table, members

Read = Callable[..., tuple[pl.DataFrame, list[Refused]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give what is read of a file of that name and content."""

    def reading(
        name: str, content: str | bytes | pl.DataFrame, **said: str | bool
    ) -> tuple[pl.DataFrame, list[Refused]]:
        path = tmp_path / name
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found, _ = members(path)
        frames: list[pl.DataFrame] = []
        refused: list[Refused] = []
        for member in found:
            for frame, report in Table(member, Reading(**said)).frames():
                frames.append(frame)
                refused += report
        return pl.concat([pl.DataFrame(schema=FRAME), *frames]), refused

    return reading
