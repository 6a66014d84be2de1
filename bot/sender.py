"""The reply lane: what turns have said goes out, in order within each chat, at least once.

On SQLite there is one process, and what it sends is in its memory. On PostgreSQL several send:
each chat is one process's at a time, by a lock, and what is sent is what the database owes that
chat then, whichever process's turn has said it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError, Platform
from bot.clock import Clock
from bot.observing import Observer
from bot.trace import kind_of, log_fault
from bot.turn import Call
from bot.waiting import Wait, wait_for_news
from storage.database import Database
from storage.locks import Locks
from storage.tables import Lane, OutboxMessage, OutboxState, Person
from storage.tables.outbox import OPEN

log = logging.getLogger(__name__)

Row = dict[str, Any]
"""An outbox row, with what is learnt about it while it is being sent."""

KEPT_TRYING = timedelta(hours=24)
MOST_UNANSWERED = 3
"""So often a new message is sent whose sending was never answered: each may have arrived."""
_FILE_FIELDS = {"sendDocument": "document", "sendPhoto": "photo"}
_NEW = {"sendMessage", *_FILE_FIELDS}
_COUNTS_AS_DONE = (
    "message is not modified",
    "message to delete not found",
    "message can't be deleted",
)
_EDIT_IMPOSSIBLE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_TOKEN_REFUSED = {401, 404}
_MARKS_GATHERED = 0.001
"""Seconds in which replies that leave together are gathered, to be marked in one commit."""
_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_IS_ROW = _OUTBOX.c.id == bindparam("row")
_CLOSE = (
    update(_OUTBOX)
    # Another process may have sent it too, if this one had lost the lock meanwhile.
    .where(_IS_ROW, _OUTBOX.c.state == OutboxState.due)
    .values(
        {
            name: bindparam(name)
            for name in ("state", "content", "sent_at", "message_id", "attempts", "error")
        }
    )
)
_FORGET = delete(_OUTBOX).where(_IS_ROW)
_FORBIDDEN = 403
_TOO_MANY = 429
_SERVER_FAULT = 500
_TAKEN_PAUSE = 0.05
_LONGEST_TAKEN_PAUSE = 0.25
"""Seconds before a chat that another process is sending to is tried again."""


@dataclass(slots=True)
class _Outcome:
    state: OutboxState
    message_id: int | None = None
    error: str | None = None
    unreachable: bool = False


class _ElsewhereError(Exception):
    """The file to be sent is not here; another process may have it."""


def _always() -> bool:
    return True


class Sender:
    """One queue a chat; an outbox row stays open until its call has succeeded.

    Args:
        locks: what keeps other processes off a chat meanwhile; None where there are none.
        wait: how to wait between two tries, cut short when the program ends.
        file_gone: what to do about a row whose file is not on this machine; True: it is sent in
            another way, False: it is lost, None: another process may have it.
    """

    def __init__(
        self,
        database: Database,
        platform: Platform,
        clock: Clock,
        bot_id: str,
        *,
        locks: Locks | None = None,
        wait: Wait = wait_for_news,
        file_gone: Callable[[Row], Awaitable[bool | None]] | None = None,
    ) -> None:
        self._database = database
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._locks = locks
        self.wait = wait
        self.file_gone = file_gone
        self.observer = Observer()
        self._queues: dict[str, deque[Row]] = {}
        self._put_off = 0
        self._queued: set[int] = set()
        self._work: asyncio.Queue[str | Call] = asyncio.Queue()
        """Chats whose queue has begun, and callback answers, which wait in no queue."""
        self._marks: list[tuple[Row, _Outcome]] = []
        self._marking = asyncio.Lock()
        self._closing = asyncio.Event()
        self._wanted: list[str] = []
        self._taken: dict[str, list[Row]] = {}
        self._finished: list[str] = []
        self._taking = asyncio.Lock()

    async def run(self) -> None:
        """Send what is queued, each chat for itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._do(await self._work.get()))

    async def resume(self, older_than: timedelta = timedelta()) -> None:
        """Queue what is unsent and in no queue.

        After a start that is what an earlier run left. Later it is what a process that has died
        owed, or a commit that was not answered and yet done. A process that is alone sees by its
        age that it is not just on its way here; among several the lock on the chat and the state
        read under it decide, so that no clock has to be right.
        """
        if self._locks is not None:
            await self._look()
            return
        now = self._clock()
        async with self._marking, self._database.snapshot() as session:
            rows = await session.scalars(
                select(OutboxMessage)
                .where(
                    self._owed(),
                    or_(
                        col(OutboxMessage.created_at) <= now - older_than,
                        col(OutboxMessage.created_at) > now,  # the clock was set back
                    ),
                )
                .order_by(col(OutboxMessage.id))
            )
            for row in rows:
                self.queue([row.model_dump()])

    async def _look(self) -> None:
        async with self._database.snapshot() as session:
            chats = await session.scalars(
                select(col(OutboxMessage.chat_id)).where(self._owed()).distinct()
            )
            for chat_id in chats:
                self._queue_of(chat_id)

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for what is being sent or marked just now.

        A chat that the platform, or another process, has put off for a while is not.
        """
        return len(self._queues) > self._put_off

    def queue(self, rows: Iterable[Row]) -> None:
        """Send each row to its chat, after what that chat is still owed."""
        for row in rows:
            if self._locks is None:
                if row["id"] in self._queued:
                    continue
                self._queued.add(row["id"])
            self._queue_of(row["chat_id"]).append(row)

    def _queue_of(self, chat_id: str) -> deque[Row]:
        """What waits for this chat; where processes share the work, its rows only say that."""
        if chat_id not in self._queues:
            self._queues[chat_id] = deque()
            self._work.put_nowait(chat_id)
        return self._queues[chat_id]

    def answer(self, calls: Iterable[Call]) -> None:
        """Answer buttons at once, past every queue; what fails or is cut off is not repeated."""
        for call in calls:
            self._work.put_nowait(call)

    async def idle(self) -> None:
        """Wait until nothing is queued."""
        await self._work.join()

    async def finish(self, seconds: float) -> None:
        """Let what is queued go out, for so long at most; the rest waits in the outbox."""
        self._closing.set()
        try:
            await asyncio.wait_for(self._work.join(), seconds)
        except TimeoutError:
            log.warning("replies to %s chats wait for the next start", len(self._queues))

    async def _do(self, what: str | Call) -> None:
        try:
            if isinstance(what, Call):
                await self._answer(what)
            elif self._locks is None:
                await self._drain(what)
            else:
                await self._drain_shared(self._locks, what)
        finally:
            self._work.task_done()

    async def _answer(self, call: Call) -> None:
        """Stop the button's spinner."""
        try:
            await self._platform.call(call.method, call.parameters, timeout=10)
        except ApiError as error:
            log.info("a callback answer was not taken: %s", error)
        except Exception as error:  # noqa: BLE001  it must not end all sending
            log_fault(log, error, "a callback answer could not be sent")

    async def _drain(self, chat_id: str) -> None:
        waiting = self._queues[chat_id]
        while waiting:
            row = waiting[0]
            outcome = await self._delivered(row, is_ours=_always)
            if outcome is None:
                return
            await self._record(row, outcome)
            waiting.popleft()
        del self._queues[chat_id]

    async def _drain_shared(self, locks: Locks, chat_id: str) -> None:
        """Send what the database owes this chat while no other process does.

        A row that comes into the queue meanwhile makes it be asked once more: an earlier one of
        another process may stand before it.
        """
        is_to_look = True
        try:
            while is_to_look:
                self._queues[chat_id].clear()
                is_to_look = await self._send_owed(locks, chat_id)
                is_to_look = is_to_look or bool(self._queues[chat_id])
        finally:
            del self._queues[chat_id]
            await self._give_back(locks, chat_id)

    async def _send_owed(self, locks: Locks, chat_id: str) -> bool:
        """Send it; True: the lock was lost before all of it was sent."""
        key = self._lock_of(chat_id)
        for row in await self._take(locks, chat_id):
            try:
                outcome = await self._delivered(row, is_ours=partial(locks.holds, key))
            except _ElsewhereError:
                return False
            if outcome is None:
                return not locks.holds(key)
            await self._record(row, outcome)
        return False

    def _lock_of(self, chat_id: str) -> str:
        return f"reply:{self._bot_id}:{chat_id}"

    def _owed(self) -> ColumnElement[bool]:
        return and_(
            OPEN,  # as the index says it, or SQLite reads every row
            col(OutboxMessage.lane) == Lane.reply,
            col(OutboxMessage.bot_id) == self._bot_id,
            col(OutboxMessage.state) == OutboxState.due,
        )

    async def _take(self, locks: Locks, chat_id: str) -> list[Row]:
        """The rows that this chat is owed, once no other process sends to it.

        At the end there are none where that cannot be at once: the other process, or the next
        start, sends them. Whoever has the turn asks for all who wait.
        """
        pause = _TAKEN_PAUSE
        while True:
            self._wanted.append(chat_id)
            async with self._taking:
                if chat_id in self._wanted:
                    wanted, self._wanted = self._wanted, []
                    try:
                        await self._take_all(locks, wanted)
                    except Exception as error:  # noqa: BLE001  drivers raise what they like
                        log_fault(log, error, "what is owed could not be read")
            rows = self._taken.pop(chat_id, None)
            if rows is not None:
                return rows
            if self._closing.is_set():
                return []
            await self._rest(pause)
            pause = min(pause * 2, _LONGEST_TAKEN_PAUSE)

    async def _take_all(self, locks: Locks, chats: Sequence[str]) -> None:
        keys = {self._lock_of(chat): chat for chat in chats}
        new = [key for key in keys if not locks.holds(key)]
        if new:
            await locks.try_hold(new)
        ours = [chat for key, chat in keys.items() if locks.holds(key)]
        if not ours:
            return
        async with self._database.snapshot() as session:
            rows = await session.scalars(
                select(OutboxMessage)
                .where(self._owed(), col(OutboxMessage.chat_id).in_(ours))
                .order_by(col(OutboxMessage.id))
            )
            found: dict[str, list[Row]] = {chat: [] for chat in ours}
            for row in rows:
                found[row.chat_id].append(row.model_dump())
        self._taken |= found

    async def _give_back(self, locks: Locks, chat_id: str) -> None:
        """Let other processes send to this chat; whoever has the turn does it for all who wait."""
        self._finished.append(self._lock_of(chat_id))
        async with self._taking:
            finished, self._finished = self._finished, []
            if finished:
                await locks.release(finished)

    async def _delivered(self, row: Row, is_ours: Callable[[], bool]) -> _Outcome | None:
        try:
            return await self._deliver(row, is_ours)
        except _ElsewhereError:
            raise
        except Exception as error:  # noqa: BLE001  our fault, but this row's alone
            log_fault(log, error, f"reply {row['id']} cannot be sent")
            return _Outcome(OutboxState.failed, error=type(error).__name__)

    async def _deliver(self, row: Row, is_ours: Callable[[], bool]) -> _Outcome | None:
        """Try until there is an outcome. None: before that the program ends or the lock is lost.

        Raises:
            _ElsewhereError: the row's file may be on another machine.
        """
        while is_ours():
            outcome = await self._attempt(row)
            if outcome is not None:
                return outcome
            row["attempts"] = attempts = int(row.get("attempts") or 0) + 1
            if self._clock() - row["created_at"] > KEPT_TRYING:
                return _Outcome(OutboxState.failed, error="given up after 24 hours")
            pause = row.pop("pause", 2.0 ** min(attempts - 1, 6))
            if pause:
                await self._rest(pause)
            if self._closing.is_set():
                return None
        return None

    async def _rest(self, seconds: float) -> None:
        """Before a chat's next try; cut short when the program ends."""
        self._put_off += 1
        try:
            await self.wait(self._closing, seconds)
        finally:
            self._put_off -= 1

    async def _attempt(self, row: Row) -> _Outcome | None:
        """Try once. None: try again."""
        try:
            method, parameters = await self._resolved(row)
        except Exception as error:  # noqa: BLE001  a database that is away, in any driver's words
            log_fault(log, error, f"reply {row['id']} cannot be resolved yet")
            return None
        if method is None:
            return _Outcome(OutboxState.cancelled, error="the message it speaks of was never sent")
        try:
            result = await self._call(method, parameters)
        except FileNotFoundError:
            return await self._without_file(row)
        except ApiRefusedError as error:
            return self._refused(row, method, error)
        except ApiUnreachableError as error:
            return self._unanswered(row, method, error)
        message_id = result.get("message_id") if isinstance(result, Mapping) else None
        return _Outcome(
            OutboxState.sent, message_id=message_id if isinstance(message_id, int) else None
        )

    async def _without_file(self, row: Row) -> _Outcome:
        is_made_again = await self.file_gone(row) if self.file_gone is not None else False
        if is_made_again is None:
            raise _ElsewhereError
        if is_made_again:
            return _Outcome(OutboxState.cancelled, error="the file is gone and is made again")
        return _Outcome(OutboxState.failed, error="the file is gone")

    async def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        path = parameters.pop("file_path", None)
        if path is None:
            return await self._platform.call(method, parameters)
        files = {_FILE_FIELDS[method]: Path(path)}
        return await self._platform.call(method, parameters, files=files, timeout=120)

    def _unanswered(self, row: Row, method: str, error: ApiUnreachableError) -> _Outcome | None:
        log.warning(
            "reply %s: no answer from the platform (%s)", row["id"], error, extra=kind_of(error)
        )
        if error.may_have_arrived and method in _NEW:
            row["unanswered"] = row.get("unanswered", 0) + 1
            if row["unanswered"] >= MOST_UNANSWERED:
                return _Outcome(OutboxState.uncertain, error=str(error))
        return None

    def _refused(self, row: Row, method: str, error: ApiRefusedError) -> _Outcome | None:
        said = error.description.lower()
        log.warning("reply %s (%s): %s", row["id"], method, error, extra=kind_of(error))
        if error.code == _TOO_MANY:
            row["pause"] = max(float(error.retry_after or 1), 0.1)
            return None
        if error.code >= _SERVER_FAULT or error.code in _TOKEN_REFUSED:
            return None
        is_edit_impossible = any(text in said for text in _EDIT_IMPOSSIBLE)
        if is_edit_impossible and method == "editMessageText":
            row |= {"as_new": True, "pause": 0.0}
            return None
        if is_edit_impossible or any(text in said for text in _COUNTS_AS_DONE):
            return _Outcome(OutboxState.sent)
        if "can't parse entities" in said and "parse_mode" in row["content"]:
            plain = {k: v for k, v in row["content"].items() if k != "parse_mode"}
            row |= {"content": plain, "pause": 0.0}
            return None
        return _Outcome(OutboxState.failed, error=str(error), unreachable=error.code == _FORBIDDEN)

    async def _resolved(self, row: Row) -> tuple[str | None, dict[str, Any]]:
        """The call with real message ids where it names promised ones.

        An edit of a message that never arrived, or can no longer be edited, becomes a new one.
        """
        method, parameters = row["kind"], dict(row["content"])
        wanted = int(parameters.get("message_id", 0) or 0)
        if wanted < 0:
            row["stands_for"] = wanted
            real = await self._sent_id(wanted)
            if real is not None:
                parameters["message_id"] = str(real)
            elif method == "editMessageText":
                row["as_new"] = True
            else:
                return None, parameters
        if row.get("as_new"):
            parameters.pop("message_id", None)
            return "sendMessage", parameters
        return method, parameters

    async def _sent_id(self, slot: int) -> int | None:
        async with self._database.snapshot() as session:
            found: int | None = await session.scalar(
                select(col(OutboxMessage.message_id)).where(col(OutboxMessage.slot) == slot)
            )
        return found

    async def _record(self, row: Row, outcome: _Outcome) -> None:
        """Close the row; whoever holds the lock records for all who wait.

        A database that is away is waited for: the message is out and must not go out again.
        """
        mark = (row, outcome)
        self._marks.append(mark)
        while True:
            async with self._marking:
                if mark not in self._marks:
                    return
                await asyncio.sleep(_MARKS_GATHERED)
                marks = list(self._marks)
                try:
                    async with self._database.transaction() as session:
                        await self._close_rows(session, marks)
                except Exception as error:  # noqa: BLE001  drivers raise what they like
                    log_fault(log, error, "sent replies could not be marked")
                else:
                    del self._marks[: len(marks)]
                    self._queued.difference_update(done["id"] for done, _ in marks)
                    for _, result in marks:
                        self.observer.reply_closed(result.state)
                    return
            await self.wait(asyncio.Event(), 1)

    async def _close_rows(self, session: AsyncSession, marks: list[tuple[Row, _Outcome]]) -> None:
        now = self._clock()
        kept = [(row, outcome) for row, outcome in marks if not row.get("forget")]
        if kept:
            await session.execute(_CLOSE, [_closed(row, outcome, now) for row, outcome in kept])
        if forgotten := [{"row": row["id"]} for row, _ in marks if row.get("forget")]:
            await session.execute(_FORGET, forgotten)
            self._database.owe_traces()
        for row, outcome in kept:
            if row.get("as_new") and "stands_for" in row and outcome.message_id is not None:
                await session.execute(
                    update(OutboxMessage)
                    .where(col(OutboxMessage.slot) == row["stands_for"])
                    .values(message_id=outcome.message_id)
                )
            if outcome.unreachable:
                await session.execute(
                    update(Person)
                    .where(
                        col(Person.channel) == "telegram",
                        col(Person.external_id) == row["chat_id"],
                    )
                    .values(unreachable_at=now)
                )


def _closed(row: Row, outcome: _Outcome, now: datetime) -> dict[str, Any]:
    return {
        "row": row["id"],
        "state": outcome.state,
        "content": {},
        "sent_at": now,
        "message_id": outcome.message_id,
        "attempts": row.get("attempts") or 0,
        "error": outcome.error,
    }
