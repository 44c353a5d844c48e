"""Tasks end when they are told to."""

from __future__ import annotations

import asyncio

import pytest

from ledger.tasks import ended


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await ended([task])
    assert task.cancelled()
    assert lost == 3


@pytest.mark.anyio
async def test_a_task_that_failed_is_ended_and_its_error_is_nobodys() -> None:
    async def failing() -> None:
        raise ValueError("nobody asked")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await ended([task])
    assert task.done()
