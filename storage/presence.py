"""Queries over when the bot was there, and who stood in the middle of something then."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.paced import insert_new
from storage.tables import ChatState, InboxState, InboxUpdate, Presence


async def note_presence(session: AsyncSession, bot_id: str, at: datetime) -> datetime | None:
    """Write that the bot is there; returns when it was before, or None at the very first time.

    Of several processes that come back together one sees the absence: the others wait for its
    row, and find it fresh.

    Args:
        session: the caller's transaction.
        bot_id: which bot.
        at: the present moment by the real clock.
    """
    is_it = col(Presence.bot_id) == bot_id
    before: datetime | None = await session.scalar(
        select(col(Presence.seen_at)).where(is_it).with_for_update()
    )
    if before is None:
        await session.execute(
            insert_new(session, Presence)
            .values(bot_id=bot_id, seen_at=at)
            .on_conflict_do_nothing(index_elements=["bot_id"])
        )
    else:
        await session.execute(update(Presence).where(is_it).values(seen_at=at))
    return before


async def chats_in_the_middle(
    session: AsyncSession, bot_id: str, since: datetime
) -> Sequence[ChatState]:
    """Private chats whose dialogue waits for something and has moved since then.

    Not those whose update is stored and waits for its turn: it will be answered anyway.
    """
    waiting = exists().where(
        col(InboxUpdate.bot_id) == bot_id,
        col(InboxUpdate.state) == InboxState.waiting,
        col(InboxUpdate.chat_key) == bot_id + ":" + col(ChatState.chat_id),
    )
    found = await session.scalars(
        select(ChatState)
        .where(
            col(ChatState.bot_id) == bot_id,
            col(ChatState.chat_id) == col(ChatState.user_id),
            col(ChatState.state).is_not(None),
            col(ChatState.changed_at) >= since,
            ~waiting,
        )
        .order_by(col(ChatState.chat_id))
    )
    return found.all()
