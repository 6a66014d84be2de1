"""Running turns: the inbox's rows through aiogram's Dispatcher, in order within each chat."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from bot import chat_state
from bot.clock import Clock
from bot.trace import log_fault
from bot.turn import Outcome, Turn, current_turn, write_replies
from bot.waiting import wait_for_news
from storage.database import Database
from storage.tables import InboxState, InboxUpdate

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
BATCH = 16
"""Turns in one transaction (SQLite): all their replies wait for its commit."""
_AT_ONCE = 8
"""Turns at the same time, each on a connection of its own (PostgreSQL)."""

Said = Callable[[Turn, list[dict[str, Any]]], None]
Apologise = Callable[[AsyncSession, Row[Any]], Awaitable[list[dict[str, Any]]]]


class UnknownShapeError(Exception):
    """An update that aiogram cannot read."""


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
            except Exception as error:  # noqa: BLE001  drivers raise what they like
                log_fault(log, error, "turns could not be committed; trying again")
                await asyncio.sleep(pause)
                pause = min(pause * 2, 15)
                continue
            pause = 0.5
            if not ran:
                await wait_for_news(self._news, 2)

    async def run_waiting(self) -> int:
        """One batch: the next update of each of several chats. Returns how many were taken."""
        async with self._database.snapshot() as session:
            chats = await self._chats_waiting(session)
        if not chats:
            return 0
        if self._database.is_sqlite:
            return await self._run_batch(chats)
        ran = await asyncio.gather(
            *(self._run_batch([chat]) for chat in chats[:_AT_ONCE]), return_exceptions=True
        )
        for one in ran:
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in ran if isinstance(one, int))

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
        async with self._database.transaction() as outer:
            connection = await outer.connection()
            for chat in chats:
                if not await self._database.lock(outer, f"chat:{chat}", wait=False):
                    continue
                row = await self._next_of(outer, chat)
                if row is not None:
                    finished.append(await self._run_turn(outer, connection, row))
        for turn, rows in finished:
            self._said(turn, rows)
        if any(turn.forgotten for turn, _ in finished):
            await self._database.forget_traces()
        return len(finished)

    async def _next_of(self, session: AsyncSession, chat: str) -> Row[Any] | None:
        """The chat's lowest undone update, unless another process has just failed at it."""
        row = (
            await session.execute(
                select(
                    col(InboxUpdate.update_id),
                    col(InboxUpdate.body),
                    col(InboxUpdate.attempts),
                    col(InboxUpdate.chat_key),
                    col(InboxUpdate.next_try_at),
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
        is_early = row is not None and row.next_try_at and row.next_try_at > self._clock()
        return None if is_early else row

    async def _run_turn(
        self, outer: AsyncSession, connection: AsyncConnection, row: Row[Any]
    ) -> tuple[Turn, list[dict[str, Any]]]:
        """One update in a savepoint of its own, so that its failure is its own too."""
        async with AsyncSession(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            turn = self._turn(session, row, time.perf_counter())
            token = current_turn.set(turn)
            try:
                result = await self._dispatcher.feed_update(
                    self._bot, self._parsed(row), session=session, now=turn.now, turn=turn
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
                turn = self._turn(outer, row, turn.began)
                rows = await self._failed(turn, row, error)
            finally:
                current_turn.reset(token)
                turn.is_over = True
        return turn, rows

    def _turn(self, session: AsyncSession, row: Row[Any], began: float) -> Turn:
        return Turn(
            session,
            self._clock(),
            self._bot_id,
            row.update_id,
            str(row.chat_key).rpartition(":")[2],
            update=row.body or {},
            attempt=row.attempts + 1,
            began=began,
        )

    def _parsed(self, row: Row[Any]) -> Update:
        """The update as aiogram knows it.

        Raises:
            UnknownShapeError: it does not; trying again would not help.
        """
        try:
            incoming = Update.model_validate(row.body, context={"bot": self._bot})
            _ = incoming.event_type
        except (ValidationError, UpdateTypeLookupError) as error:
            raise UnknownShapeError(type(error).__name__) from None
        return incoming

    async def _failed(self, turn: Turn, row: Row[Any], error: Exception) -> list[dict[str, Any]]:
        session, attempts = turn.session, turn.attempt
        kind = type(error).__name__
        attempt = f"attempt {attempts} of {MOST_ATTEMPTS}"
        log_fault(log, error, f"update {row.update_id} failed ({attempt})")
        if attempts < MOST_ATTEMPTS and not isinstance(error, UnknownShapeError):
            later = self._clock() + timedelta(seconds=2**attempts / 4)
            turn.outcome = Outcome.failed
            await self._mark(session, row, attempts=attempts, next_try_at=later, error=kind)
            return []
        turn.outcome = Outcome.set_aside
        await self._mark(session, row, state=InboxState.set_aside, attempts=attempts, error=kind)
        try:
            async with session.begin_nested():
                return await self._apologise(session, row)
        except Exception as second:  # noqa: BLE001  the others in this batch must not wait for it
            log_fault(log, second, f"update {row.update_id}: nobody could be told")
            return []

    async def _mark(self, session: AsyncSession, row: Row[Any], **values: Any) -> None:
        await session.execute(
            update(InboxUpdate)
            .where(
                col(InboxUpdate.bot_id) == self._bot_id,
                col(InboxUpdate.update_id) == row.update_id,
            )
            .values(**values)
        )
