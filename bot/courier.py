"""The paced lane: messages the conference starts, at a set rate and at most once.

The only importer of python-telegram-bot, whose `AIORateLimiter` and typed errors a mass sender
needs. Two of its traps are handled here: its pause after a 429 ends early when another request
finishes, so the courier itself sends one message at a time and pauses whole; and a rate of 20 per
second lets a burst of 20 through at once, so the limiter runs as one per 1/20 of a second, and a
little more, since messages do not all take equally long on their way.
"""

import asyncio
import logging
import os
from datetime import timedelta

from httpx import ConnectError, ConnectTimeout, PoolTimeout
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
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

from bot.clock import Clock
from bot.trace import log_fault
from bot.waiting import Sleep, wait_for_news
from config.plan import ConferencePlan
from handlers.conversation import Screen
from handlers.notices import Postponed, keyboard_of, render_notice
from storage.database import Database
from storage.tables import Lane, OutboxMessage, OutboxState, Person
from storage.tables.outbox import OPEN

log = logging.getLogger(__name__)

# The library's documented way to have its durations as timedelta, and no warnings about that.
os.environ["PTB_TIMEDELTA"] = "true"

RATE = 20
"""Messages a second, where the settings say nothing else: room is left for the replies."""
_URGENT = "held-question"
"""Somebody may be in danger: it does not wait behind an announcement to thousands."""
_STRANGER = "chat not found"
_NOT_SENT = (ConnectError, ConnectTimeout, PoolTimeout)
_TOKEN_PAUSE = 300.0


def build_sender(token: str, base: str, proxy: str | None, *, rate: int = RATE) -> ExtBot[None]:
    """The bot that only sends, so many messages a second at the most."""
    return ExtBot(
        token,
        base_url=f"{base.rstrip('/')}/bot",
        request=HTTPXRequest(read_timeout=25, write_timeout=25, connect_timeout=10, proxy=proxy),
        rate_limiter=AIORateLimiter(overall_max_rate=1, overall_time_period=1.05 / rate),  # type: ignore[arg-type]
    )


class Courier:
    """Takes due rows one after another: marks, commits, sends, marks again.

    What was being sent when the process died becomes `uncertain`: it is shown, never repeated.

    Args:
        sleep: how to wait out a trouble; no news cuts that short.
    """

    def __init__(
        self,
        database: Database,
        plan: ConferencePlan,
        sender: ExtBot[None],
        clock: Clock,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._plan = plan
        self._sender = sender
        self._clock = clock
        self.sleep = sleep
        self._news = asyncio.Event()

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
        """Close the connections. The library's own `initialize` and `shutdown` are not needed."""
        await self._sender.request.shutdown()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._news.clear()
            try:
                pause = await self.send_next()
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "a paced message could not be taken or closed")
                pause = 5.0
            if pause is None:
                await wait_for_news(self._news, 5)
            elif pause:
                await self.sleep(pause)

    async def send_next(self) -> float | None:
        """Send the next due message.

        Returns:
            Seconds in which nothing may be sent, or None when nothing is due.
        """
        async with self._database.transaction() as session:
            row = await self._next_due(session)
            if row is None:
                return None
            screen = await self._worded(session, row)
            if screen is None:
                return 0.0
            row.state = OutboxState.sending
            row.attempts += 1
        keyboard = keyboard_of(screen)
        try:
            sent = await self._sender.send_message(
                chat_id=row.chat_id,
                text=screen.text,
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keyboard.model_dump(exclude_none=True) if keyboard else None,  # type: ignore[arg-type]
            )
        except TelegramError as error:
            return await self._failed(row, error)
        await self._close_row(row, OutboxState.sent, message_id=sent.message_id)
        return 0.0

    async def _next_due(self, session: AsyncSession) -> OutboxMessage | None:
        due = (
            select(OutboxMessage)
            .where(
                OPEN,  # as the index says it, or SQLite reads every row
                col(OutboxMessage.lane) == Lane.paced,
                col(OutboxMessage.state) == OutboxState.due,
                or_(
                    col(OutboxMessage.next_try_at).is_(None),
                    col(OutboxMessage.next_try_at) <= self._clock(),
                ),
            )
            .order_by(col(OutboxMessage.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        urgent: OutboxMessage | None = await session.scalar(
            due.where(col(OutboxMessage.kind) == _URGENT)
        )
        if urgent is not None:
            return urgent
        found: OutboxMessage | None = await session.scalar(due)
        return found

    async def _worded(self, session: AsyncSession, row: OutboxMessage) -> Screen | None:
        """The message in its recipient's words. None: not to be sent now, as the row then says."""
        person = await session.get(Person, row.recipient_id) if row.recipient_id else None
        if person is None or person.unreachable_at is not None:
            row.state, row.error = OutboxState.cancelled, "the person cannot be reached"
            return None
        now = self._clock()
        if row.not_after is not None and now >= row.not_after:
            row.state, row.error = OutboxState.cancelled, "too late"
            return None
        try:
            async with session.begin_nested():
                rendered = await render_notice(
                    session, row.kind, row.content, person=person, plan=self._plan, now=now
                )
        except Exception as error:  # noqa: BLE001  our fault, but this message's alone
            log_fault(log, error, f"paced message {row.id} cannot be worded")
            row.state, row.error = OutboxState.failed, type(error).__name__
            return None
        if rendered is None:
            row.state, row.error = OutboxState.cancelled, "no longer true"
        elif isinstance(rendered, Postponed):
            if row.not_after is not None and rendered.until >= row.not_after:
                row.state, row.error = OutboxState.cancelled, "too late"
            row.next_try_at = rendered.until
            return None
        return rendered

    async def _failed(self, row: OutboxMessage, error: TelegramError) -> float:
        """Sort the error by whether the message may have arrived, and whom it concerns."""
        kind = type(error).__name__
        log.warning("paced message %s: %s", row.id, kind)
        pause = 0.0
        if isinstance(error, RetryAfter):
            wait = error.retry_after
            assert isinstance(wait, timedelta)  # noqa: S101  as ordered above
            pause = wait.total_seconds()
            await self._later(row, kind)
        elif isinstance(error, InvalidToken):
            log.error("the courier halts for a while: the platform does not know the token")
            pause = _TOKEN_PAUSE
            await self._later(row, kind)
        elif isinstance(error.__cause__, _NOT_SENT):
            pause = _growing(row.attempts)
            await self._later(row, kind)
        elif isinstance(error, Forbidden) or _STRANGER in error.message.lower():
            await self._close_row(row, OutboxState.failed, error=kind, unreachable=True)
        elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
            await self._close_row(row, OutboxState.uncertain, error=kind)
        else:
            await self._close_row(row, OutboxState.failed, error=kind)
        return pause

    async def _later(self, row: OutboxMessage, error: str) -> None:
        """It was not sent: it is due again, after the pause that the whole courier takes."""
        await self._close_row(row, OutboxState.due, error=error)

    async def _close_row(
        self,
        row: OutboxMessage,
        state: OutboxState,
        *,
        message_id: int | None = None,
        error: str | None = None,
        unreachable: bool = False,
    ) -> None:
        """Write down what became of the message; a database that is away is waited for."""
        while True:
            try:
                async with self._database.transaction() as session:
                    await self._mark(session, row, state, message_id, error)
                    if unreachable:
                        await session.execute(
                            update(Person)
                            .where(col(Person.id) == row.recipient_id)
                            .values(unreachable_at=self._clock())
                        )
            except Exception as fault:  # noqa: BLE001  drivers raise what they like
                log_fault(log, fault, f"paced message {row.id} could not be marked")
                await self.sleep(1)
            else:
                return

    async def _mark(
        self,
        session: AsyncSession,
        row: OutboxMessage,
        state: OutboxState,
        message_id: int | None,
        error: str | None,
    ) -> None:
        await session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.id) == row.id)
            .values(
                state=state,
                message_id=message_id,
                error=error,
                sent_at=None if state is OutboxState.due else self._clock(),
            )
        )


def _growing(attempts: int) -> float:
    """Seconds to wait after so many failures."""
    return 2.0 ** min(attempts, 6)
