"""Long polling: updates are stored first, and only then confirmed by asking for the next."""

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError, Platform
from bot.clock import Clock
from bot.inbox import ALLOWED_UPDATES, store_updates, update_id_of
from bot.observing import Observer
from bot.trace import kind_of, log_fault
from bot.turns import Store
from bot.waiting import Sleep

log = logging.getLogger(__name__)

POLL_SECONDS = 25
_GATHERED = 0.01
"""Seconds between two polls, in which updates gather to be stored in one commit."""
_LONGEST_PAUSE = 30.0
_SILENCE = 3.0 * POLL_SECONDS
"""Seconds without an answer after which polling no longer counts as working."""
_CONFLICT_PATIENCE = 60.0
"""So many seconds another poller may go on before this one gives up."""
_TOKEN_REFUSED = {401, 404}
_CONFLICT = 409


class Receiver(Protocol):
    """How updates come: asked for, or brought."""

    @property
    def is_for_one(self) -> bool:
        """Whether only one of several processes may do it at a time."""
        ...

    @property
    def is_working(self) -> bool:
        """Whether they can come at this moment."""
        ...

    async def run(self) -> None:
        """Store what comes, for ever."""
        ...


class CannotPollError(Exception):
    """Polling makes no sense any more; one line for the operator."""


class Intake:
    """Asks for updates and hands them over to be kept.

    Args:
        take: keeps what it is given to store, and returns when that is committed.
    """

    is_for_one = True
    """The platform ends the older of two polls with 409."""

    def __init__(
        self,
        platform: Platform,
        clock: Clock,
        bot_id: str,
        *,
        take: Callable[[Store], Awaitable[int]],
        observer: Observer | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._take = take
        self._observer = observer or Observer()
        self._sleep = sleep
        self._offset: int | None = None
        self._answered_at = -math.inf

    @property
    def is_working(self) -> bool:
        """Whether the platform has answered lately."""
        return asyncio.get_running_loop().time() - self._answered_at < _SILENCE

    async def run(self) -> None:
        """Poll for ever.

        Raises:
            CannotPollError: the token is refused, or polled elsewhere for a minute on end.
        """
        pause, in_conflict = 1.0, 0.0
        while True:
            try:
                await self.poll()
                pause, in_conflict = 1.0, 0.0
                await asyncio.sleep(_GATHERED)
                continue
            except ApiRefusedError as error:
                if error.code in _TOKEN_REFUSED:
                    raise CannotPollError("the platform does not know this token") from None
                log.warning("polling: %s", error, extra=kind_of(error))
                pause = error.retry_after or min(pause * 2, _LONGEST_PAUSE)
                if error.code == _CONFLICT:
                    pause = 5.0
                    in_conflict += pause
                    if in_conflict > _CONFLICT_PATIENCE:
                        other = "has a webhook" if "webhook" in error.description else "polls"
                        raise CannotPollError(
                            f"another program {other} with this token (409 Conflict); "
                            "stop it first"
                        ) from None
            except ApiError as error:
                log.warning(
                    "polling: no answer from the platform (%s)", error, extra=kind_of(error)
                )
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "updates could not be stored, and are asked for again")
                pause = min(pause * 2, _LONGEST_PAUSE)
            await self._sleep(pause)

    async def poll(self, seconds: int = POLL_SECONDS) -> int:
        """Ask once and store what came; returns how many updates that were.

        Raises:
            ApiError: there was no answer, or one without a single update that can be kept.
        """
        parameters = {
            "timeout": str(seconds),
            "limit": "100",
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            parameters["offset"] = str(self._offset)
        updates = await self._platform.call("getUpdates", parameters, timeout=seconds + 15)
        if not isinstance(updates, list):
            raise ApiUnreachableError("getUpdates gave no list", may_have_arrived=True)
        self._answered_at = asyncio.get_running_loop().time()
        if not updates:
            return 0
        now = self._clock()
        kept = await self._take(lambda session: store_updates(session, self._bot_id, updates, now))
        if not kept:
            raise ApiUnreachableError("getUpdates gave no update", may_have_arrived=True)
        self._offset = max(update_id_of(one) or 0 for one in updates) + 1
        self._observer.updates_stored(kept)
        return kept
