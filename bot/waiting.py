"""Waiting that news can cut short, and work that ends together or in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
"""`asyncio.sleep`, or what a test puts in its place."""
Wait = Callable[[asyncio.Event, float], Awaitable[None]]
"""`wait_for_news`, or what a test puts in its place."""


async def wait_for_news(news: asyncio.Event, seconds: float) -> None:
    """Wait until `news` is set, for so many seconds at most.

    Not by `asyncio.wait_for`: up to Python 3.11 it swallows a cancellation that comes together
    with the news, and whoever has cancelled then waits for ever (python/cpython#86296).
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


@contextlib.asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first error is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def let_finish(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Do the work; if cancelled meanwhile, let it be finished in so many seconds at most."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
