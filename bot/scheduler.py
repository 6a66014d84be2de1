"""APScheduler as a clock: short jobs at intervals, nothing kept in a job store."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.trace import log_fault

log = logging.getLogger(__name__)

Tick = Callable[[], Awaitable[None]]


def build_scheduler(ticks: Mapping[str, tuple[Tick, int]]) -> AsyncIOScheduler:
    """A scheduler that runs each named tick every so many seconds, never twice at once."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for name, (tick, seconds) in ticks.items():
        scheduler.add_job(
            _guarded,
            "interval",
            seconds=seconds,
            args=[tick],
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


async def _guarded(tick: Tick) -> None:
    try:
        await tick()
    except Exception as error:  # noqa: BLE001  the next one tries again
        log_fault(log, error, "a tick failed")
