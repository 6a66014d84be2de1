"""A turn: everything one update causes, in one transaction, said only after its commit."""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMyCommands,
    EditMessageReplyMarkup,
    EditMessageText,
    LeaveChat,
    SendMessage,
    SetMyCommands,
    TelegramMethod,
)
from aiogram.types import Chat, InlineKeyboardMarkup, InputFile, Message
from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

from storage.preloading import drop_preloaded
from storage.tables import Lane, OutboxMessage, OutboxState

_REPLIES = (
    SendMessage,
    EditMessageText,
    EditMessageReplyMarkup,
    DeleteMessage,
    LeaveChat,
    SetMyCommands,
    DeleteMyCommands,
)
_SLOT_BITS = 52


class TurnError(RuntimeError):
    """What a turn must not do: ask the network, carry bytes, or speak when it is over."""


@dataclass(frozen=True, slots=True)
class Call:
    """One finished call: an API method with its parameters as the platform takes them."""

    method: str
    parameters: dict[str, str]
    chat_id: str | None = None
    slot: int | None = None


class Outcome(StrEnum):
    """How a turn ends: `refused` by a rule, `failed` to be tried again, `set_aside` for good."""

    done = "done"
    refused = "refused"
    failed = "failed"
    set_aside = "set_aside"


@dataclass(slots=True)
class Turn:
    """What one update causes, gathered until the commit."""

    session: AsyncSession
    savepoint: AsyncSessionTransaction
    """What this update has done so far, within a transaction that may hold others' turns too."""
    now: datetime
    bot_id: str
    update_id: int
    chat_id: str
    update: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1
    outcome: Outcome = Outcome.done
    began: float = field(default_factory=time.perf_counter)
    replies: list[Call] = field(default_factory=list)
    answers: list[Call] = field(default_factory=list)
    chat_states: dict[Any, Any] = field(default_factory=dict)
    forgotten: bool = False
    """The person asked to be forgotten: nothing of this turn is kept once it is said."""
    is_over: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The replies as outbox rows, once they are written."""

    async def undo(self) -> None:
        """Take back all that this update has caused so far: a rule has refused it."""
        await undo(self.session, self.savepoint)
        self.savepoint = await self.session.begin_nested()
        self.outcome = Outcome.refused
        self.replies.clear()
        self.answers.clear()
        self.chat_states.clear()


async def undo(session: AsyncSession, savepoint: AsyncSessionTransaction) -> None:
    """Take back what was done since the savepoint, and trust nothing that was read."""
    await savepoint.rollback()
    session.expunge_all()
    drop_preloaded(session)


current_turn: ContextVar[Turn | None] = ContextVar("current_turn", default=None)


def new_slot() -> int:
    """A promised message id: negative, so that it can be no real one."""
    return -secrets.randbits(_SLOT_BITS) - 1


class TurnSession(BaseSession):
    """aiogram's way out, closed: calls are kept in the turn, and sent by the sender later."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,
    ) -> Any:
        """Keep the call.

        Raises:
            TurnError: outside a turn, or for a call that asks the network or carries a file.
        """
        del timeout
        turn = current_turn.get()
        name = type(method).__name__
        if turn is None or turn.is_over:
            raise TurnError(f"{name} outside a turn: nothing is sent before the commit")
        if isinstance(method, AnswerCallbackQuery):
            turn.answers.append(Call(method.__api_method__, self._parameters(bot, method)))
            return True
        if not isinstance(method, _REPLIES):
            raise TurnError(f"{name} asks the network or carries a file: that is a job's work")
        slot = new_slot() if isinstance(method, SendMessage) else None
        holder = method.scope if isinstance(method, SetMyCommands | DeleteMyCommands) else method
        chat_id = str(getattr(holder, "chat_id", turn.chat_id))
        turn.replies.append(
            Call(method.__api_method__, self._parameters(bot, method), chat_id, slot)
        )
        if isinstance(method, SendMessage):
            return Message(
                message_id=slot or 0,
                date=turn.now,
                chat=Chat(id=int(chat_id), type="private"),
                text=method.text,
            ).as_(bot)
        return True

    def _parameters(self, bot: Bot, method: TelegramMethod[Any]) -> dict[str, str]:
        files: dict[str, InputFile] = {}
        parameters: dict[str, str] = {}
        for name, value in method:
            if isinstance(value, InlineKeyboardMarkup):
                # The same words as `prepare_value` finds, which looks at every button for files.
                parameters[name] = value.model_dump_json(exclude_none=True)
                continue
            prepared = self.prepare_value(value, bot=bot, files=files)
            # A removed keyboard is said by leaving it out, which is what None does.
            if prepared is not None:
                parameters[name] = prepared
        if files:
            raise TurnError("a file goes out from a job, not from a turn")
        return parameters

    async def stream_content(self, *_args: Any, **_kwargs: Any) -> Any:
        """Never: downloads are jobs."""
        raise TurnError("downloads are jobs")
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_WRITE = insert(_OUTBOX)
_WRITE_AND_TELL = _WRITE.returning(_OUTBOX.c.id, sort_by_parameter_order=True)
_LAST_ID = select(func.max(_OUTBOX.c.id))


def reply_row(bot_id: str, call: Call, now: datetime, *, forget: bool = False) -> dict[str, Any]:
    """A call as a row of the outbox's reply lane."""
    return {
        "lane": Lane.reply,
        "bot_id": bot_id,
        "channel": "telegram",
        "chat_id": call.chat_id,
        "kind": call.method,
        "content": call.parameters,
        "state": OutboxState.due,
        "attempts": 0,
        "created_at": now,
        "slot": call.slot,
        "forget": forget,
    }


async def write_rows(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Put reply rows into the outbox; each gets its id."""
    if not rows:
        return
    ids: Iterable[int]
    if session.get_bind().dialect.name == "sqlite":
        # It would tell ids in order only for a statement a row. Its one writer counts on from the
        # highest id, so these are the last ones.
        await session.execute(_WRITE, rows)
        last = await session.scalar(_LAST_ID) or 0
        ids = range(last - len(rows) + 1, last + 1)
    else:
        ids = await session.scalars(_WRITE_AND_TELL, rows)
    for row, row_id in zip(rows, ids, strict=True):
        row["id"] = row_id


async def write_calls(
    session: AsyncSession, bot_id: str, calls: Sequence[Call], now: datetime
) -> list[dict[str, Any]]:
    """Put calls into the outbox's reply lane; returns the rows with their ids."""
    rows = [reply_row(bot_id, call, now) for call in calls]
    await write_rows(session, rows)
    return rows
