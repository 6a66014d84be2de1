"""Long polling: updates are stored first, and only then confirmed by asking for the next."""

import asyncio
import json
import logging
from collections.abc import Callable

from bot.bot_api import ApiError, ApiRefusedError, Platform
from bot.clock import Clock
from bot.inbox import ALLOWED_UPDATES, store_updates
from storage.database import Database

log = logging.getLogger(__name__)

POLL_SECONDS = 25
_LONGEST_PAUSE = 30.0
_CONFLICT_PATIENCE = 60.0
"""So long another poller may go on before this one gives up."""


class CannotPollError(Exception):
    """Polling makes no sense any more; one line for the operator."""


class Intake:
    """Asks for updates, keeps them, and tells the turns."""

    def __init__(
        self,
        database: Database,
        platform: Platform,
        clock: Clock,
        bot_id: str,
        *,
        stored: Callable[[], None],
        conflict_patience: float = _CONFLICT_PATIENCE,
    ) -> None:
        self._database = database
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._stored = stored
        self._patience = conflict_patience
        self._offset: int | None = None

    async def run(self) -> None:
        """Poll for ever.

        Raises:
            CannotPollError: the token is refused, or polled elsewhere for a minute on end.
        """
        pause = 1.0
        conflict_since: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self.poll()
                pause, conflict_since = 1.0, None
                continue
            except ApiRefusedError as error:
                if error.code in {401, 404}:
                    raise CannotPollError("the platform does not know this token") from None
                if error.code == 409:  # noqa: PLR2004
                    conflict_since = conflict_since or loop.time()
                    if loop.time() - conflict_since >= self._patience:
                        raise CannotPollError(
                            "another program polls with this token (409 Conflict); stop it first"
                        ) from None
                    log.warning("another program polls with this token")
                    pause = min(5.0, self._patience / 5)
                else:
                    log.warning("polling: %s", error)
                    pause = error.retry_after or min(pause * 2, _LONGEST_PAUSE)
            except ApiError as error:
                log.warning("polling: no answer from the platform (%s)", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                log.exception("updates could not be stored; they are asked for again")
                pause = min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def poll(self, seconds: int = POLL_SECONDS) -> int:
        """Ask once and store what came; returns how many updates that were."""
        parameters = {
            "timeout": str(seconds),
            "limit": "100",
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            parameters["offset"] = str(self._offset)
        updates = await self._platform.call("getUpdates", parameters, timeout=seconds + 15)
        if not updates:
            return 0
        async with self._database.transaction() as session:
            await store_updates(session, self._bot_id, updates, self._clock())
        self._offset = max(int(one["update_id"]) for one in updates) + 1
        self._stored()
        return len(updates)
