"""The reply lane: what turns have said goes out, in order within each chat, at least once."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError, Platform
from bot.clock import Clock
from bot.turn import Call
from storage.database import Database
from storage.tables import Lane, OutboxMessage, OutboxState, Person

log = logging.getLogger(__name__)

KEPT_TRYING = timedelta(hours=24)
_LONGEST_PAUSE = 60.0
_COUNTS_AS_DONE = ("message is not modified", "query is too old", "query id is invalid")
_EDIT_IMPOSSIBLE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_GONE = ("message to delete not found", "message can't be deleted")


@dataclass(slots=True)
class _Outcome:
    state: OutboxState
    message_id: int | None = None
    error: str | None = None
    unreachable: bool = False


class Sender:
    """One queue a chat, drained by one task; an outbox row stays open until its call succeeded."""

    def __init__(self, database: Database, platform: Platform, clock: Clock, bot_id: str) -> None:
        self._database = database
        self._platform = platform
        self._clock = clock
        self._bot_id = bot_id
        self._queues: dict[str, deque[Call | dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._marks: list[tuple[dict[str, Any], _Outcome]] = []
        self._marking = asyncio.Lock()

    async def resume(self) -> None:
        """Queue what an earlier run left unsent."""
        async with self._database.snapshot() as session:
            rows = await session.scalars(
                select(OutboxMessage)
                .where(
                    col(OutboxMessage.lane) == Lane.reply,
                    col(OutboxMessage.bot_id) == self._bot_id,
                    col(OutboxMessage.state) == OutboxState.due,
                )
                .order_by(col(OutboxMessage.id))
            )
            for row in rows:
                self.queue(row.chat_id, [row.model_dump()])

    def queue(self, chat_id: str, items: list[Call] | list[dict[str, Any]]) -> None:
        """Send these to the chat after what it is still owed."""
        waiting = self._queues.get(chat_id)
        if waiting is None:
            waiting = self._queues[chat_id] = deque()
            task = asyncio.get_running_loop().create_task(self._drain(chat_id, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.extend(items)

    async def finish(self, seconds: float) -> None:
        """Let what is queued go out, for so long at most; the rest waits in the outbox."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing is queued."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _drain(self, chat_id: str, waiting: deque[Call | dict[str, Any]]) -> None:
        while waiting:
            item = waiting[0]
            if isinstance(item, Call):
                await self._answer(item)
            else:
                await self._record(item, await self._deliver(item))
            waiting.popleft()
        del self._queues[chat_id]

    async def _answer(self, call: Call) -> None:
        """Stop the button's spinner; it is worth no second try."""
        try:
            await self._platform.call(call.method, call.parameters, timeout=10)
        except ApiError as error:
            log.info("a callback answer was not taken: %s", error)

    async def _deliver(self, row: dict[str, Any]) -> _Outcome:
        while True:
            try:
                outcome = await self._attempt(row)
            except SQLAlchemyError:
                log.exception("reply %s: the database did not answer; trying again", row["id"])
                outcome = None
            if outcome is not None:
                return outcome
            row["attempts"] = attempts = int(row.get("attempts") or 0) + 1
            if self._clock() - row["created_at"] > KEPT_TRYING:
                return _Outcome(OutboxState.failed, error="given up after 24 hours")
            await asyncio.sleep(row.pop("pause", min(2.0 ** min(attempts, 6) / 2, _LONGEST_PAUSE)))

    async def _attempt(self, row: dict[str, Any]) -> _Outcome | None:
        """Try once. None: try again."""
        method, parameters = await self._resolved(row)
        if method is None:
            return _Outcome(OutboxState.cancelled, error="the message it speaks of was never sent")
        path = parameters.pop("document_path", None)
        files = {"document": Path(path)} if path else None
        try:
            if files and not files["document"].exists():
                return _Outcome(OutboxState.failed, error="the file is gone")
            result = await self._platform.call(
                method, parameters, files=files, timeout=120 if files else 30
            )
        except ApiRefusedError as error:
            return self._refused(row, method, error)
        except ApiUnreachableError as error:
            log.warning("reply %s: no answer from the platform (%s)", row["id"], error)
            return None
        message_id = result.get("message_id") if isinstance(result, Mapping) else None
        return _Outcome(OutboxState.sent, message_id=message_id)

    def _refused(  # noqa: PLR0911  one line a kind of refusal
        self, row: dict[str, Any], method: str, error: ApiRefusedError
    ) -> _Outcome | None:
        said = error.description.lower()
        if error.code == 429:  # noqa: PLR2004
            row["pause"] = float(error.retry_after or 1)
            log.warning("reply %s: too many requests, waiting %s s", row["id"], row["pause"])
            return None
        if error.code >= 500:  # noqa: PLR2004
            log.warning("reply %s: %s", row["id"], error)
            return None
        if any(text in said for text in (*_COUNTS_AS_DONE, *_GONE)):
            return _Outcome(OutboxState.sent)
        if any(text in said for text in _EDIT_IMPOSSIBLE):
            if method == "editMessageText":
                row["as_new"] = True
                row["pause"] = 0.0
                return None
            return _Outcome(OutboxState.sent)
        if "can't parse entities" in said and "parse_mode" in row["content"]:
            log.error("reply %s: its markup was refused, sent without", row["id"])
            row["content"] = {k: v for k, v in row["content"].items() if k != "parse_mode"}
            row["pause"] = 0.0
            return None
        log.error("reply %s was refused: %s", row["id"], error)
        return _Outcome(
            OutboxState.failed,
            error=str(error)[:200],
            unreachable=error.code == 403,  # noqa: PLR2004
        )

    async def _resolved(self, row: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """The call with real message ids where it names promised ones.

        An edit of a message that never arrived, or can no longer be edited, becomes a new one.
        """
        method, parameters = row["kind"], dict(row["content"])
        wanted = int(parameters.get("message_id", 0) or 0)
        if wanted < 0:
            real = await self._sent_id(wanted)
            if real is None and method != "editMessageText":
                return None, parameters
            if real is None:
                row["as_new"] = True
                row["stands_for"] = wanted
            else:
                parameters["message_id"] = str(real)
        if row.get("as_new"):
            row.setdefault("stands_for", wanted if wanted < 0 else None)
            parameters.pop("message_id", None)
            return "sendMessage", parameters
        return method, parameters

    async def _sent_id(self, slot: int) -> int | None:
        async with self._database.snapshot() as session:
            found: int | None = await session.scalar(
                select(col(OutboxMessage.message_id)).where(col(OutboxMessage.slot) == slot)
            )
        return found

    async def _record(self, row: dict[str, Any], outcome: _Outcome) -> None:
        """Close the row; whoever holds the lock records for all who wait.

        A database that is away is waited for: the message is out and must not go out again.
        """
        self._marks.append((row, outcome))
        while True:
            async with self._marking:
                if not self._marks:
                    return
                marks = list(self._marks)
                try:
                    async with self._database.transaction() as session:
                        for done, result in marks:
                            await self._close_row(session, done, result)
                except Exception:
                    log.exception("replies could not be recorded as sent; trying again")
                else:
                    del self._marks[: len(marks)]
                    return
            await asyncio.sleep(1)

    async def _close_row(
        self, session: AsyncSession, row: dict[str, Any], outcome: _Outcome
    ) -> None:
        if row.get("forget"):
            await session.execute(delete(OutboxMessage).where(col(OutboxMessage.id) == row["id"]))
            return
        await session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.id) == row["id"])
            .values(
                state=outcome.state,
                content={},
                sent_at=self._clock(),
                message_id=outcome.message_id,
                attempts=row.get("attempts") or 0,
                error=outcome.error,
            )
        )
        if row.get("stands_for") is not None:
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
                .values(unreachable_at=self._clock())
            )
