"""Waiting that news can cut short."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

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
