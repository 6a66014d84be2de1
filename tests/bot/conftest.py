import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram.types import CallbackQuery, Message, TelegramObject
from sqlalchemy import select

from bot.app import App
from storage.tables import InboxUpdate, Lane, OutboxMessage

Act = Callable[[Callable[[], Awaitable[Any]], TelegramObject, dict[str, Any]], Awaitable[Any]]


class Meddling:
    """Puts something around the real handler of a message with this text or a button's data."""

    def __init__(self, app: App) -> None:
        self.acts: dict[str, Act] = {}
        self.is_echo = False
        """Answer every message with its own text instead of the real handler."""
        self.handled: list[tuple[int, str]] = []
        """(who, what they wrote or pressed), in the order in which handlers were reached."""
        for observer in (app.dispatcher.message, app.dispatcher.callback_query):
            observer.middleware(self)

    async def __call__(self, handler, event, data):
        assert isinstance(event, Message | CallbackQuery)
        assert event.from_user is not None
        said = (event.text if isinstance(event, Message) else event.data) or ""
        self.handled.append((event.from_user.id, said))
        if said in self.acts:
            return await self.acts[said](lambda: handler(event, data), event, data)
        if self.is_echo and isinstance(event, Message):
            return event.answer(said)
        return await handler(event, data)


@pytest.fixture
def meddling(app: App) -> Meddling:
    return Meddling(app)


async def until(condition: Callable[[], object]) -> None:
    """Let the other tasks go on until something has become true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  what is waited for is the program's own doing
            await asyncio.sleep(0)


async def inbox_rows(app: App) -> list[InboxUpdate]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(select(InboxUpdate).order_by(InboxUpdate.update_id))
        return list(rows)


async def reply_rows(app: App) -> list[OutboxMessage]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.lane == Lane.reply)
            .order_by(OutboxMessage.id)
        )
        return list(rows)
