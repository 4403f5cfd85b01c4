"""The same id gives the same bytes: on one thread or two, in a thread or in a worker; on another kernel to 1e-6."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from ara.data.feed import MarketData
from ara.market import symbols
from ara.prediction.compute import Recipe
from ara.prediction.document import to_document
from ara.prediction.outlook import outlook
from ara.testing import desk

ASK = """
import asyncio, json, sys
from ara.data.feed import MarketData
from ara.market import symbols
from ara.prediction.compute import Recipe
from ara.prediction.document import to_document
from ara.prediction.outlook import outlook
from ara.testing import desk

async def main():
    async with desk() as one:
        bars = await MarketData(one).bars(symbols.resolve("AAPL"))
        sys.stdout.write(json.dumps(to_document(outlook(bars, 30, Recipe()))))

asyncio.run(main())
"""


def asked(**environ: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**os.environ, **environ}, capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def first() -> dict:
    return asked(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")


def test_threads_change_no_byte(first: dict) -> None:
    assert asked(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", POLARS_MAX_THREADS="2") == first


@pytest.mark.parametrize("kernel", ["Prescott", "Haswell", "Zen"])
def test_another_blas_kernel_agrees_to_a_millionth(first: dict, kernel: str) -> None:
    other = asked(OPENBLAS_CORETYPE=kernel)
    assert other["id"] == first["id"]
    for day, expected in zip(other["days"], first["days"], strict=True):
        got = np.array(list(day["quantiles"].values()))
        assert got == pytest.approx(list(expected["quantiles"].values()), rel=1e-6)


def test_plain_arithmetic_without_simd_agrees_to_a_millionth(first: dict) -> None:
    other = asked(NPY_DISABLE_CPU_FEATURES="AVX512F AVX512CD AVX512_SKX AVX2 FMA3")
    assert other["id"] == first["id"]
    for day, expected in zip(other["days"], first["days"], strict=True):
        assert list(day["quantiles"].values()) == pytest.approx(list(expected["quantiles"].values()), rel=1e-6)


async def test_a_worker_process_and_a_thread_give_the_same_bytes() -> None:
    async with desk() as one:
        bars = await MarketData(one).bars(symbols.resolve("BTC-USD"))
        here = outlook(bars, 30, Recipe())
        thread = await one.workers.run(outlook, bars, 30, Recipe(), where="thread")
        process = await one.workers.run(outlook, bars, 30, Recipe(), where="process")
    assert here.id == thread.id == process.id
    documents = [json.dumps(to_document(told), sort_keys=True) for told in (here, thread, process)]
    assert documents[0] == documents[1] == documents[2]
