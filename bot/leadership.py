"""Which of several processes polls, ticks, does the jobs and sends what is paced: one of them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bot.waiting import together
from storage.locks import Locks

log = logging.getLogger(__name__)

_KEY = "leader"
_STANDS_EVERY = 1.0


class Leadership:
    """Held by one process at a time; when that one dies, another has it within seconds.

    Args:
        locks: None where there is only one process, which then always leads.
    """

    def __init__(self, locks: Locks | None) -> None:
        self._locks = locks

    @property
    def is_leader(self) -> bool:
        """Whether this process leads, as far as it knows."""
        return self._locks is None or self._locks.holds(_KEY)

    async def stand(self) -> bool:
        """Lead, if nobody else does; returns whether this process leads now."""
        return self.is_leader or (
            self._locks is not None and _KEY in await self._locks.try_hold([_KEY])
        )

    async def run(self, lead: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do what a leader does whenever this process is it, until cancelled.

        Args:
            lead: begun whenever this process comes to lead, cancelled when it no longer does.
        """
        if self._locks is None:
            await lead()
            return
        try:
            while True:
                if await self.stand():
                    log.info("this process leads")
                    async with together() as group:
                        leading = group.create_task(lead())
                        await self._locks.lost(_KEY)
                        log.warning("this process no longer leads")
                        leading.cancel()
                await asyncio.sleep(_STANDS_EVERY)
        finally:
            await self._locks.release([_KEY])
