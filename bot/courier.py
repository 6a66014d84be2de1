"""The paced lane: messages the conference starts, at a set rate and at most once.

The only importer of python-telegram-bot, whose `AIORateLimiter` and typed errors a mass sender
needs. Two of its traps are handled here: its pause after a 429 ends early when another request
finishes, so the courier itself sends one message at a time and pauses whole; and a rate of 20 per
second lets a burst of 20 through at once, so the limiter runs as one per 1/20 of a second.
"""

import asyncio
import logging
from datetime import timedelta

from httpx import ConnectError, ConnectTimeout, PoolTimeout
from sqlalchemy import select, update
from sqlmodel import col
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.clock import Clock
from config.plan import ConferencePlan
from config.texts import texts_for
from handlers.notices import keyboard_of, render_notice
from storage.database import Database
from storage.tables import Lane, OutboxMessage, OutboxState, Person

log = logging.getLogger(__name__)

RATE = 20
_NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout)
_MOST_ATTEMPTS = 8


def build_sender(token: str, base: str, proxy: str | None) -> ExtBot[None]:
    """The bot that only sends, at the set rate."""
    return ExtBot(
        token,
        base_url=f"{base.rstrip('/')}/bot",
        request=HTTPXRequest(read_timeout=25, write_timeout=25, connect_timeout=10, proxy=proxy),
        rate_limiter=AIORateLimiter(overall_max_rate=1, overall_time_period=1 / RATE),  # type: ignore[arg-type]
    )


class Courier:
    """Takes due rows one after another: marks, commits, sends, marks again.

    What was being sent when the process died becomes `uncertain`: it is shown, never repeated.
    """

    def __init__(
        self, database: Database, plan: ConferencePlan, sender: ExtBot[None], clock: Clock
    ) -> None:
        self._database = database
        self._plan = plan
        self._sender = sender
        self._clock = clock
        self._news = asyncio.Event()
        self._is_open = False

    def wake(self) -> None:
        """There may be something due."""
        self._news.set()

    async def resume(self) -> None:
        """After a start: the fate of what was being sent is unknown."""
        async with self._database.transaction() as session:
            found = await session.scalars(
                update(OutboxMessage)
                .where(
                    col(OutboxMessage.lane) == Lane.paced,
                    col(OutboxMessage.state) == OutboxState.sending,
                )
                .values(state=OutboxState.uncertain, error="the process ended while sending")
                .returning(col(OutboxMessage.id))
            )
            for row_id in found:
                log.warning("paced message %s is uncertain: it is not sent again", row_id)

    async def close(self) -> None:
        """Close the connections."""
        if self._is_open:
            await self._sender.shutdown()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._news.clear()
            try:
                pause = await self.send_next()
            except Exception:
                log.exception("a paced message could not be taken or closed; trying again")
                pause = 5.0
            if pause:
                try:
                    await asyncio.wait_for(self._news.wait(), timeout=pause)
                except TimeoutError:
                    continue

    async def send_next(self) -> float:
        """Send the next due message; returns how many seconds to wait before the next."""
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(OutboxMessage)
                .where(
                    col(OutboxMessage.lane) == Lane.paced,
                    col(OutboxMessage.state) == OutboxState.due,
                    (col(OutboxMessage.next_try_at).is_(None))
                    | (col(OutboxMessage.next_try_at) <= self._clock()),
                )
                .order_by(col(OutboxMessage.id))
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return 5.0
            person = await session.get(Person, row.recipient_id) if row.recipient_id else None
            if person is None or person.unreachable_at is not None:
                row.state = OutboxState.cancelled
                row.error = "the person cannot be reached"
                return 0.0
            texts = texts_for(person.language)
            screen = await render_notice(
                session, row.kind, row.content, texts=texts, plan=self._plan
            )
            if screen is None:
                row.state = OutboxState.cancelled
                row.error = "no longer true"
                return 0.0
            row.state = OutboxState.sending
            row.attempts += 1
        keyboard = keyboard_of(screen)
        try:
            if not self._is_open:
                await self._sender.initialize()
                self._is_open = True
            sent = await self._sender.send_message(
                chat_id=row.chat_id,
                text=screen.text,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard.model_dump(exclude_none=True) if keyboard else None,  # type: ignore[arg-type]
            )
        except TelegramError as error:
            return await self._failed(row, error)
        await self._close_row(row, OutboxState.sent, message_id=sent.message_id)
        return 0.0

    async def _failed(self, row: OutboxMessage, error: TelegramError) -> float:
        """Sort the error by whether the message may have arrived, and whom it concerns."""
        cause = error.__cause__
        kind = type(error).__name__
        log.warning("paced message %s: %s", row.id, kind)
        if isinstance(error, RetryAfter):
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            await self._later(row, kind, seconds)
            return seconds
        if isinstance(error, Forbidden):
            await self._close_row(row, OutboxState.failed, error=kind, unreachable=True)
        elif isinstance(error, ChatMigrated | BadRequest):
            await self._close_row(row, OutboxState.failed, error=kind)
        elif isinstance(error, InvalidToken):
            log.error("the courier halts for a while: the platform does not know the token")
            await self._later(row, kind, 300.0)
            return 300.0
        elif isinstance(cause, _NOT_SENT) and row.attempts < _MOST_ATTEMPTS:
            pause = min(2.0**row.attempts, 60.0)
            await self._later(row, kind, pause)
            return pause
        elif isinstance(error, NetworkError):
            await self._close_row(row, OutboxState.uncertain, error=kind)
        else:
            await self._close_row(row, OutboxState.failed, error=kind)
        return 0.0

    async def _later(self, row: OutboxMessage, error: str, seconds: float) -> None:
        await self._close_row(
            row,
            OutboxState.due,
            error=error,
            next_try_in=timedelta(seconds=seconds),
        )

    async def _close_row(
        self,
        row: OutboxMessage,
        state: OutboxState,
        *,
        message_id: int | None = None,
        error: str | None = None,
        unreachable: bool = False,
        next_try_in: timedelta | None = None,
    ) -> None:
        now = self._clock()
        async with self._database.transaction() as session:
            await session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == row.id)
                .values(
                    state=state,
                    message_id=message_id,
                    error=error,
                    attempts=row.attempts,
                    sent_at=now if state is OutboxState.sent else None,
                    next_try_at=now + next_try_in if next_try_in else None,
                )
            )
            if unreachable:
                await session.execute(
                    update(Person)
                    .where(col(Person.id) == row.recipient_id)
                    .values(unreachable_at=now)
                )
