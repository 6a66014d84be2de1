"""APScheduler as a clock: short jobs at intervals, nothing kept in a job store."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.trace import log_fault

log = logging.getLogger(__name__)

Tick = Callable[[], Awaitable[None]]
_NO_JUMP = 1.0
"""Seconds by which a clock may be put right without anybody missing a tick."""


class _SteadyScheduler(AsyncIOScheduler):  # type: ignore[misc]  # it has no types
    """APScheduler keeps the moments of the wall clock: set back an hour, it would rest for one.

    The timer that wakes it runs by the monotonic clock, so that a jump is seen within one tick.
    """

    _offset: float | None = None

    def wakeup(self) -> None:
        """Called when a job is due, as far as was known when the timer was set."""
        offset = time.time() - time.monotonic()
        jump = offset - (self._offset if self._offset is not None else offset)
        self._offset = offset
        if jump < -_NO_JUMP:
            log.warning("the clock was set back by %s seconds", round(-jump))
            for job in self.get_jobs():
                job.modify(next_run_time=job.next_run_time + timedelta(seconds=jump))
        super().wakeup()


def build_scheduler(ticks: Mapping[str, tuple[Tick, int]]) -> AsyncIOScheduler:
    """A scheduler that runs each named tick every so many seconds, never twice at once."""
    scheduler = _SteadyScheduler(timezone="UTC")
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
    except asyncio.CancelledError:
        return  # the program ends, and APScheduler would print where this tick stood
    except Exception as error:  # noqa: BLE001  the next one tries again
        log_fault(log, error, "a tick failed")
