"""Running turns: the inbox's rows through aiogram's Dispatcher, in order within each chat."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from aiogram import Bot, Dispatcher
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError
from sqlalchemy import Row, Table, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

from bot import chat_state
from bot.clock import Clock
from bot.trace import log_fault
from bot.turn import Outcome, Turn, current_turn, reply_row, undo, write_rows
from bot.waiting import wait_for_news
from storage.database import Database
from storage.faults import Fault, fault_of
from storage.news import News, news_of
from storage.preloading import preload
from storage.tables import InboxState, InboxUpdate
from storage.tables.inbox import WAITING

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
_LONGEST_PAUSE = timedelta(seconds=2**MOST_ATTEMPTS / 4)
"""Between two tries. One that is due later still was written before the clock was set back."""
BATCH = 16
"""Turns in one transaction: all their replies wait for its commit."""
_LOOKED_AT = 256
"""Chats among which those of a batch are chosen: other processes may have the first in hand."""
_FEWEST_TOGETHER = 2
_GATHERED = 0.01
"""Seconds between two batches, in which replies leave and updates gather for the next one."""
_IDLE = 2.0
_IDLE_AMONG_SEVERAL = 0.5
_BUSY_ELSEWHERE = 0.1
"""Seconds until the inbox is looked at again: another process has the chats that wait in hand."""

_INBOX: Table = InboxUpdate.__table__  # type: ignore[attr-defined]
_IS_OPEN = (_INBOX.c.bot_id == bindparam("bot"), WAITING)
_TAKEN = (
    _INBOX.c.chat_key,
    _INBOX.c.update_id,
    _INBOX.c.body,
    _INBOX.c.attempts,
    _INBOX.c.next_try_at,
)
_LOWEST = (
    select(func.min(_INBOX.c.update_id).label("update_id"))
    .where(*_IS_OPEN)
    .group_by(_INBOX.c.chat_key)
    .subquery()
)
_WAITING = (
    select(*_TAKEN)
    .join(_LOWEST, _INBOX.c.update_id == _LOWEST.c.update_id)
    .where(
        _INBOX.c.bot_id == bindparam("bot"),
        or_(
            _INBOX.c.next_try_at.is_(None),
            _INBOX.c.next_try_at <= bindparam("now", type_=_INBOX.c.next_try_at.type),
            _INBOX.c.next_try_at > bindparam("latest", type_=_INBOX.c.next_try_at.type),
        ),
    )
    .order_by(_INBOX.c.update_id)
    .limit(bindparam("at_most"))
)
_CHATS_WAITING = _WAITING.with_only_columns(_INBOX.c.chat_key)
_WAITING_IN = _WAITING.where(_INBOX.c.chat_key.in_(bindparam("chats", expanding=True)))
_NEXT = (
    select(*_TAKEN)
    .where(*_IS_OPEN, _INBOX.c.chat_key == bindparam("chat_key"))
    .order_by(_INBOX.c.update_id)
    .limit(1)
)
_THIS = update(_INBOX).where(
    _INBOX.c.bot_id == bindparam("bot"), _INBOX.c.update_id == bindparam("number")
)
_DONE = _THIS.values(state=InboxState.done, body=None, error=None)
_DONE_AND_FORGOTTEN = _DONE.values(chat_key="")

Store = Callable[[AsyncSession], Awaitable[int]]
"""Keeps what has come within the transaction; returns how many updates that were."""
Said = Callable[[Turn, list[dict[str, Any]]], None]
Apologise = Callable[[AsyncSession, Row[Any]], Awaitable[list[dict[str, Any]]]]


class UnknownShapeError(Exception):
    """An update that aiogram cannot read."""


class _Taken(NamedTuple):
    stored: int
    ran: int
    alone: list[str]
    """Chats whose turns are not for a commit with others'."""


class Turns:
    """Takes what waits in the inbox and lets the Dispatcher answer it.

    Args:
        said: called after the commit with each finished turn and its outbox rows.
        woken: called after the commit with what was announced meanwhile.
        apologise: called when an update is set aside; writes the one message that says so.
    """

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        bot: Bot,
        clock: Clock,
        *,
        channel: str,
        said: Said,
        woken: Callable[[Collection[News]], None],
        apologise: Apologise,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._bot = bot
        self._clock = clock
        self._channel = channel
        self._said = said
        self._woken = woken
        self._apologise = apologise
        self._news = asyncio.Event()
        self._bot_id = str(bot.id)
        self._is_elsewhere = False

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
            if ran:
                await asyncio.sleep(_GATHERED)
            else:
                await wait_for_news(self._news, self._pause)

    @property
    def _pause(self) -> float:
        """Seconds until the inbox is looked at without news: only who stores is told of it."""
        if self._database.is_sqlite:
            return _IDLE
        return _BUSY_ELSEWHERE if self._is_elsewhere else _IDLE_AMONG_SEVERAL

    async def take(self, store: Store) -> int:
        """Keep what has come, and on SQLite answer it in the same commit; returns how many came.

        Nothing is confirmed to the platform before that: should the commit fail, it comes again.
        """
        if self._database.is_sqlite:
            try:
                taken = await self._run_together([], store)
            except Exception as error:
                if fault_of(error) is not None:
                    raise
                log_fault(log, error, "what came could not be answered where it was stored")
            else:
                for chat in taken.alone:
                    await self._run_alone(chat)
                if taken.ran < taken.stored:
                    self.wake()
                return taken.stored
        async with self._database.transaction() as session:
            stored = await store(session)
        self.wake()
        return stored

    async def run_waiting(self) -> int:
        """One batch: the next update of each of several chats. Returns how many were taken.

        Members' turns are in one commit, others' by themselves. What fails outside the turns, or
        waits too long for a row, may be one turn's doing: only that one must then stay undone.
        """
        self._is_elsewhere = False
        chats: list[str] = []
        try:
            taken = await self._run_together(chats)
            ran, alone = taken.ran, taken.alone
        except Exception as error:
            is_for_one = len(chats) >= _FEWEST_TOGETHER and self._waits_for_a_row(error)
            if not chats or (fault_of(error) is not None and not is_for_one):
                raise
            log_fault(log, error, f"{len(chats)} turns could not be committed together")
            ran, alone = 0, chats
        held_up: Exception | None = None
        for chat in alone:
            try:
                ran += await self._run_alone(chat)
            except Exception as error:
                if not self._waits_for_a_row(error):
                    raise
                held_up = error
        if held_up is not None and not ran:
            raise held_up
        return ran

    def _waits_for_a_row(self, error: Exception) -> bool:
        """Whether it may succeed for others: SQLite's one file is busy for everybody."""
        return not self._database.is_sqlite and fault_of(error) is Fault.database_busy

    async def _run_together(self, chats: list[str], store: Store | None = None) -> _Taken:
        """Several chats' turns in one commit.

        Args:
            chats: filled with those whose turn it is, as soon as they are known.
            store: what is to be kept first.
        """
        async with self._database.transaction() as session:
            stored = await store(session) if store is not None else 0
            rows = await self._take_waiting(session)
            if not rows:
                return _Taken(stored, 0, [])
            chats += [row.chat_key for row in rows]
            officials = await preload(
                session,
                channel=self._channel,
                bot_id=self._bot_id,
                external_ids={_person_in(row) for row in rows},
            )
            turns = []
            for row in rows:
                if _person_in(row) not in officials:
                    turns.append(await self._run_turn(session, row))
                    await asyncio.sleep(0)  # what is being sent meanwhile goes on
            await self._write(session, turns)
        await self._tell(turns, news_of(session))
        alone = [row.chat_key for row in rows if _person_in(row) in officials]
        return _Taken(stored, len(turns), alone)

    async def _run_alone(self, chat: str) -> int:
        """A chat's next turn in a transaction of its own."""
        async with self._database.transaction() as session:
            if not await self._database.lock_some(session, [_lock_of(chat)], at_most=1):
                self._is_elsewhere = True
                return 0
            row = await self._next_of(session, chat)
            if row is None:
                return 0
            turn = await self._run_turn(session, row, is_alone=True)
        await self._tell([turn], news_of(session))
        return 1

    async def _tell(self, turns: Sequence[Turn], news: Collection[News]) -> None:
        """After the commit."""
        self._woken(news)
        for turn in turns:
            self._said(turn, turn.rows)
        if any(turn.forgotten for turn in turns):
            await self._database.forget_traces()

    async def _take_waiting(self, session: AsyncSession) -> Sequence[Any]:
        """The lowest undone update of each of several chats, those that have waited longest.

        They are this transaction's: no other process has them in hand.
        """
        wanted = self._wanted()
        if self._database.is_sqlite:
            return (await session.execute(_WAITING, {**wanted, "at_most": BATCH})).all()
        looked_at = {**wanted, "at_most": _LOOKED_AT}
        found = (await session.scalars(_CHATS_WAITING, looked_at)).all()
        if not found:
            return []
        by_lock = {_lock_of(chat): chat for chat in found}
        locks = await self._database.lock_some(session, list(by_lock), at_most=BATCH)
        # Read only now: whoever had a chat until now may have handled what was found.
        wanted |= {"at_most": BATCH, "chats": [by_lock[lock] for lock in locks]}
        rows = (await session.execute(_WAITING_IN, wanted)).all()
        self._is_elsewhere = not rows
        return rows

    async def _next_of(self, session: AsyncSession, chat: str) -> Any:
        """The chat's lowest undone update, unless another process has just failed at it."""
        row = (await session.execute(_NEXT, {**self._wanted(), "chat_key": chat})).first()
        if row is None or row.next_try_at is None:
            return row
        now = self._clock()
        return None if now < row.next_try_at <= now + _LONGEST_PAUSE else row

    def _wanted(self) -> dict[str, Any]:
        now = self._clock()
        return {"bot": self._bot_id, "now": now, "latest": now + _LONGEST_PAUSE}

    async def _run_turn(
        self, session: AsyncSession, row: Row[Any], *, is_alone: bool = False
    ) -> Turn:
        """One update in a savepoint of its own, so that its failure is its own too."""
        turn = self._turn(session, await session.begin_nested(), row, time.perf_counter())
        token = current_turn.set(turn)
        try:
            result = await self._dispatcher.feed_update(
                self._bot, self._parsed(row), session=session, now=turn.now, turn=turn
            )
            if isinstance(result, TelegramMethod):
                await self._bot(result)
            if is_alone:
                await self._write(session, [turn])
            await turn.savepoint.commit()
        except Exception as error:
            if fault_of(error) is not None:
                raise  # no update's doing: it waits, and no attempt is counted
            await undo(session, turn.savepoint)
            turn = self._turn(session, turn.savepoint, row, turn.began)
            turn.rows = await self._failed(turn, row, error)
        finally:
            current_turn.reset(token)
            turn.is_over = True
        return turn

    async def _write(self, session: AsyncSession, turns: Sequence[Turn]) -> None:
        """What finished turns leave behind: chat states, replies, and that they are done."""
        finished = [turn for turn in turns if turn.outcome in {Outcome.done, Outcome.refused}]
        await session.flush()
        await chat_state.save(session, finished)
        for turn in finished:
            turn.rows = [
                reply_row(self._bot_id, call, turn.now, forget=turn.forgotten)
                for call in turn.replies
            ]
        await write_rows(session, [row for turn in finished for row in turn.rows])
        for statement, is_forgotten in ((_DONE, False), (_DONE_AND_FORGOTTEN, True)):
            done = [
                {"bot": self._bot_id, "number": turn.update_id}
                for turn in finished
                if turn.forgotten is is_forgotten
            ]
            if done:
                await session.execute(statement, done)

    def _turn(
        self,
        session: AsyncSession,
        savepoint: AsyncSessionTransaction,
        row: Row[Any],
        began: float,
    ) -> Turn:
        return Turn(
            session,
            savepoint,
            self._clock(),
            self._bot_id,
            row.update_id,
            _person_in(row),
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
        await self._mark(
            session,
            row,
            state=InboxState.set_aside,
            set_aside_at=self._clock(),
            attempts=attempts,
            error=kind,
        )
        try:
            async with session.begin_nested():
                return await self._apologise(session, row)
        except Exception as second:  # noqa: BLE001  the others in this batch must not wait for it
            log_fault(log, second, f"update {row.update_id}: nobody could be told")
            return []

    async def _mark(self, session: AsyncSession, row: Row[Any], **values: Any) -> None:
        await session.execute(
            _THIS.values(**values), {"bot": self._bot_id, "number": row.update_id}
        )


def _lock_of(chat: str) -> str:
    return f"chat:{chat}"


def _person_in(row: Row[Any]) -> str:
    return str(row.chat_key).rpartition(":")[2]
