"""One paced message on its way, through python-telegram-bot, and what its errors mean.

The only importer of that library, whose `AIORateLimiter` and typed errors a mass sender needs. Two
of its traps are handled by the courier: the library's pause after a 429 ends early when another
request finishes, so one message is sent at a time and the courier pauses whole; and its limiter
lets messages that were held up on their way arrive together, so any one second is counted too.
"""

import asyncio
import logging
import os
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from httpx import ConnectError, ConnectTimeout, PoolTimeout
from telegram import LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from handlers.conversation import Screen
from handlers.notices import keyboard_of
from storage.tables import OutboxState

log = logging.getLogger(__name__)

# The library's documented way to have its durations as timedelta, and no warnings about that.
os.environ["PTB_TIMEDELTA"] = "true"

_STRANGER = "chat not found"
_NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout)
_TOKEN_PAUSE = 300.0
_EVENLY = 0.8
"""The smallest distance of two messages, in parts of the even one: lost time is caught up."""
_PREPARING = 0.005
"""Seconds that the library may take before it sends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a message; `due` means that it surely was not sent."""

    state: OutboxState
    message_id: int | None = None
    error: str | None = None
    unreachable: bool = False
    pause: float = 0.0
    """Seconds in which nothing may be sent."""


class _PacedRequest(HTTPXRequest):
    """Never more than `rate` requests in any one second, wherever one counts.

    A message arrives somewhere between its beginning and its answer. So one may begin when the
    one `rate` before it was answered a second ago: then no second sees both. This is counted here,
    as what the library does before and after the request itself would only lengthen the second.
    """

    def __init__(self, rate: int, *, proxy: str | None, patience: float) -> None:
        super().__init__(
            read_timeout=patience, write_timeout=patience, connect_timeout=10, proxy=proxy
        )
        self._answered: deque[float] = deque(maxlen=rate)

    async def wait_for_turn(self, *, ahead: float = 0.0) -> None:
        if len(self._answered) == self._answered.maxlen:
            await asyncio.sleep(self._answered[0] + 1 - ahead - monotonic())

    async def do_request(self, *given: Any, **named: Any) -> tuple[int, bytes]:
        await self.wait_for_turn()
        try:
            return await super().do_request(*given, **named)
        finally:
            self._answered.append(monotonic())


class Delivery:
    """Sends finished messages, never more than `rate` of them in any one second."""

    def __init__(
        self, token: str, base: str, proxy: str | None, *, rate: int, patience: float
    ) -> None:
        self._request = _PacedRequest(rate, proxy=proxy, patience=patience)
        self._bot: ExtBot[None] = ExtBot(
            token,
            base_url=f"{base.rstrip('/')}/bot",
            request=self._request,
            rate_limiter=AIORateLimiter(overall_max_rate=1, overall_time_period=_EVENLY / rate),  # type: ignore[arg-type]
        )

    async def wait_for_turn(self) -> None:
        """Wait until one more message may be prepared; the moment itself is awaited later."""
        await self._request.wait_for_turn(ahead=_PREPARING)

    async def send(self, chat_id: str, screen: Screen, attempts: int) -> Outcome:
        """Send one message; `attempts` counts this one."""
        keyboard = keyboard_of(screen)
        try:
            sent = await self._bot.send_message(
                chat_id=chat_id,
                text=screen.text,
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keyboard.model_dump(exclude_none=True) if keyboard else None,  # type: ignore[arg-type]
            )
        except TelegramError as error:
            return _outcome(error, attempts)
        return Outcome(OutboxState.sent, message_id=sent.message_id)

    async def close(self) -> None:
        """Close the connections. The library's own `initialize` and `shutdown` are not needed."""
        await self._request.shutdown()


def _outcome(error: TelegramError, attempts: int) -> Outcome:
    """Sort the error by whether the message may have arrived, and whom it concerns."""
    kind = type(error).__name__
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        assert isinstance(wait, timedelta)  # noqa: S101  as ordered above
        return Outcome(OutboxState.due, error=kind, pause=wait.total_seconds())
    if isinstance(error, InvalidToken):
        log.error("the courier halts for a while: the platform does not know the token")
        return Outcome(OutboxState.due, error=kind, pause=_TOKEN_PAUSE)
    if isinstance(error.__cause__, _NOT_SENT):
        return Outcome(OutboxState.due, error=kind, pause=2.0 ** min(attempts, 6))
    if isinstance(error, Forbidden) or _STRANGER in error.message.lower():
        return Outcome(OutboxState.failed, error=kind, unreachable=True)
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return Outcome(OutboxState.uncertain, error=kind)
    return Outcome(OutboxState.failed, error=kind)
