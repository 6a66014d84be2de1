"""Queries over what needs a person: since when, and how much of it."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.outbox import is_under
from storage.paced import insert_new
from storage.tables import (
    Broadcast,
    InboxUpdate,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
)
from storage.tables.inbox import SET_ASIDE
from storage.tables.outbox import IN_TROUBLE, OPEN


async def last_told(session: AsyncSession, kind: str) -> datetime | None:
    """When the newest alert of this kind was written; its key is the kind, a day and whom."""
    found: datetime | None = await session.scalar(
        select(func.max(col(OutboxMessage.created_at))).where(*is_under(kind))
    )
    return found


async def count_set_aside(session: AsyncSession, since: datetime | None) -> int:
    """How many updates no turn could handle (since a moment)."""
    found = select(func.count()).select_from(InboxUpdate).where(SET_ASIDE)
    if since is not None:
        found = found.where(col(InboxUpdate.set_aside_at) > since)
    return int(await session.scalar(found) or 0)


async def count_uncertain(session: AsyncSession, since: datetime | None, apart_from: str) -> int:
    """How many paced messages may or may not have arrived (since a moment).

    Args:
        session: the caller's transaction.
        since: None for all there are.
        apart_from: how the kinds begin that do not count.
    """
    found = (
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            IN_TROUBLE,  # as the index says it, or SQLite reads every row
            col(OutboxMessage.lane) == Lane.paced,
            col(OutboxMessage.state) == OutboxState.uncertain,
            col(OutboxMessage.kind).not_like(f"{apart_from}%"),
        )
    )
    if since is not None:
        found = found.where(col(OutboxMessage.sent_at) > since)
    return int(await session.scalar(found) or 0)


async def next_paced(session: AsyncSession, now: datetime) -> int | None:
    """The paced message that is to go out next, if one is due."""
    found: int | None = await session.scalar(
        select(col(OutboxMessage.id))
        .where(
            OPEN,
            col(OutboxMessage.lane) == Lane.paced,
            func.coalesce(col(OutboxMessage.next_try_at), now) <= now,
        )
        .order_by(col(OutboxMessage.id))
        .limit(1)
    )
    return found


async def next_unwritten(session: AsyncSession) -> tuple[int | None, int | None] | None:
    """Where the writing of planned reminders and of announcements stands; None: all is written."""
    planned = await session.scalar(select(func.min(col(PlannedNudge.person_id))))
    announced = await session.scalar(
        select(func.min(col(Broadcast.written_to))).where(col(Broadcast.stopped_at).is_(None))
    )
    return None if planned is None and announced is None else (planned, announced)


async def write_reply_once(
    session: AsyncSession,
    person: Person,
    *,
    key: str,
    bot_id: str,
    method: str,
    parameters: dict[str, str],
    now: datetime,
) -> OutboxMessage | None:
    """A call for the reply lane that can exist only once; None: it does already."""
    found: OutboxMessage | None = await session.scalar(
        insert_new(session, OutboxMessage)
        .values(
            lane=Lane.reply,
            key=f"{key}:{person.id}",
            bot_id=bot_id,
            channel=person.channel,
            chat_id=person.external_id,
            recipient_id=person.id,
            kind=method,
            content=parameters,
            state=OutboxState.due,
            attempts=0,
            created_at=now,
            forget=False,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(OutboxMessage)
    )
    return found
