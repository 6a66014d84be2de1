"""Running turns: the inbox's rows through aiogram's Dispatcher, in order within each chat."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from pydantic import ValidationError
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from bot import chat_state
from bot.clock import Clock
from bot.turn import Turn, current_turn, write_replies
from storage.database import Database
from storage.tables import InboxState, InboxUpdate

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
BATCH = 32

Said = Callable[[Turn, list[dict[str, Any]]], Awaitable[None]]
Apologise = Callable[[AsyncSession, Row[Any]], Awaitable[list[dict[str, Any]]]]


class Turns:
    """Takes what waits in the inbox and lets the Dispatcher answer it.

    Args:
        said: called after the commit with each finished turn and its outbox rows.
        apologise: called when an update is set aside; writes the one message that says so.
    """

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        bot: Bot,
        clock: Clock,
        *,
        said: Said,
        apologise: Apologise,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._bot = bot
        self._clock = clock
        self._said = said
        self._apologise = apologise
        self._news = asyncio.Event()
        self._bot_id = str(bot.id)

    def wake(self) -> None:
        """There may be something in the inbox."""
        self._news.set()

    async def run(self) -> None:
        """Answer what waits, for ever; a database that is away is waited for."""
        pause = 0.5
        while True:
            self._news.clear()
            try:
                ran = await self.run_waiting()
                pause = 0.5
            except Exception:
                log.exception("the turns could not be committed; trying again")
                await asyncio.sleep(pause)
                pause = min(pause * 2, 15)
                continue
            if not ran:
                try:
                    await asyncio.wait_for(self._news.wait(), timeout=2)
                except TimeoutError:
                    continue

    async def run_waiting(self) -> int:
        """One batch: the next update of each of several chats. Returns how many were taken."""
        async with self._database.snapshot() as session:
            chats = await self._chats_waiting(session)
        if not chats:
            return 0
        if self._database.is_sqlite:
            return await self._run_batch(chats)
        return sum(await asyncio.gather(*(self._run_batch([chat]) for chat in chats[:8])))

    async def _chats_waiting(self, session: AsyncSession) -> Sequence[str]:
        first = (
            select(
                col(InboxUpdate.chat_key),
                func.min(col(InboxUpdate.update_id)).label("update_id"),
            )
            .where(
                col(InboxUpdate.bot_id) == self._bot_id,
                col(InboxUpdate.state) == InboxState.waiting,
            )
            .group_by(col(InboxUpdate.chat_key))
            .subquery()
        )
        rows = await session.scalars(
            select(first.c.chat_key)
            .join(
                InboxUpdate,
                (col(InboxUpdate.update_id) == first.c.update_id)
                & (col(InboxUpdate.bot_id) == self._bot_id),
            )
            .where(
                or_(
                    col(InboxUpdate.next_try_at).is_(None),
                    col(InboxUpdate.next_try_at) <= self._clock(),
                )
            )
            .order_by(first.c.update_id)
            .limit(BATCH)
        )
        return rows.all()

    async def _run_batch(self, chats: Sequence[str]) -> int:
        finished: list[tuple[Turn, list[dict[str, Any]]]] = []
        async with AsyncExitStack() as stack:
            outer = await stack.enter_async_context(self._database.transaction())
            connection = await outer.connection()
            for chat in chats:
                if not await self._database.lock(outer, f"chat:{chat}", wait=False):
                    continue
                row = await self._next_of(outer, chat)
                if row is not None:
                    finished.append(await self._run_turn(outer, connection, row))
        for turn, rows in finished:
            await self._said(turn, rows)
        if any(turn.forgotten for turn, _ in finished):
            await self._database.forget_traces()
        return len(finished)

    async def _next_of(self, session: AsyncSession, chat: str) -> Row[Any] | None:
        return (
            await session.execute(
                select(
                    col(InboxUpdate.update_id),
                    col(InboxUpdate.body),
                    col(InboxUpdate.attempts),
                    col(InboxUpdate.chat_key),
                )
                .where(
                    col(InboxUpdate.bot_id) == self._bot_id,
                    col(InboxUpdate.chat_key) == chat,
                    col(InboxUpdate.state) == InboxState.waiting,
                )
                .order_by(col(InboxUpdate.update_id))
                .limit(1)
            )
        ).first()

    async def _run_turn(
        self, outer: AsyncSession, connection: AsyncConnection, row: Row[Any]
    ) -> tuple[Turn, list[dict[str, Any]]]:
        """One update in a savepoint of its own, so that its failure is its own too."""
        async with AsyncSession(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            turn = Turn(session, self._clock(), self._bot_id, row.update_id, _chat_of(row))
            token = current_turn.set(turn)
            try:
                incoming = Update.model_validate(row.body, context={"bot": self._bot})
                result = await self._dispatcher.feed_update(
                    self._bot, incoming, session=session, now=turn.now, turn=turn
                )
                if isinstance(result, TelegramMethod):
                    await self._bot(result)
                await chat_state.save(turn)
                rows = await write_replies(turn)
                done: dict[str, Any] = {"state": InboxState.done, "body": None, "error": None}
                if turn.forgotten:
                    done["chat_key"] = ""
                await self._mark(session, row, **done)
                await session.commit()
            except Exception as error:  # noqa: BLE001  whatever it is, it is this update's alone
                await session.rollback()
                turn = Turn(
                    outer, self._clock(), self._bot_id, row.update_id, _chat_of(row), is_over=True
                )
                rows = await self._failed(outer, row, error)
            finally:
                current_turn.reset(token)
                turn.is_over = True
        return turn, rows

    async def _failed(
        self, session: AsyncSession, row: Row[Any], error: Exception
    ) -> list[dict[str, Any]]:
        kind = type(error).__name__
        attempts = row.attempts + 1
        hopeless = attempts >= MOST_ATTEMPTS or isinstance(error, ValidationError)
        log.error(
            "update %s failed (attempt %s of %s): %s",
            row.update_id,
            attempts,
            MOST_ATTEMPTS,
            kind,
            exc_info=None if isinstance(error, ValidationError) else error,
        )
        if not hopeless:
            later = self._clock() + timedelta(seconds=2**attempts / 4)
            await self._mark(session, row, attempts=attempts, next_try_at=later, error=kind)
            return []
        await self._mark(session, row, state=InboxState.set_aside, attempts=attempts, error=kind)
        return await self._apologise(session, row)

    async def _mark(self, session: AsyncSession, row: Row[Any], **values: Any) -> None:
        await session.execute(
            update(InboxUpdate)
            .where(
                col(InboxUpdate.bot_id) == self._bot_id,
                col(InboxUpdate.update_id) == row.update_id,
            )
            .values(**values)
        )


def _chat_of(row: Row[Any]) -> str:
    return str(row.chat_key).rpartition(":")[2]
