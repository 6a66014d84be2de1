"""Writing paced messages: many in one statement, and each of them possible only once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from storage.news import News, announce
from storage.tables import Lane, OutboxMessage, OutboxState, Person


@dataclass(frozen=True, slots=True)
class Paced:
    """One message to one person: ids and codes that its wording needs, never words."""

    person: Person
    key: str
    """What it is about; a second one with this key to this person is not written."""
    content: dict[str, Any] = field(default_factory=dict)
    not_after: datetime | None = None


def insert_new(session: AsyncSession, table: type[SQLModel]) -> Any:
    """An INSERT in the database's own dialect, which alone knows ON CONFLICT."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if on_postgresql else sqlite.insert)(table)


async def write_each(
    session: AsyncSession, kind: str, messages: Sequence[Paced], *, now: datetime
) -> set[int]:
    """Write messages of one kind; returns to whom one was written that was not there before."""
    if not messages:
        return set()
    announce(session, News.paced)
    written = await session.scalars(
        insert_new(session, OutboxMessage)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(OutboxMessage.recipient_id))
        .execution_options(render_nulls=True),  # or each None would begin a new statement
        [
            {
                "lane": Lane.paced,
                "key": f"{one.key}:{one.person.id}",
                "bot_id": "",
                "channel": one.person.channel,
                "chat_id": one.person.external_id,
                "recipient_id": one.person.id,
                "kind": kind,
                "content": one.content,
                "state": OutboxState.due,
                "attempts": 0,
                "not_after": one.not_after,
                "created_at": now,
                "forget": False,
            }
            for one in messages
        ],
    )
    return {int(person_id) for person_id in written}


async def write_to(
    session: AsyncSession,
    *meant: ColumnElement[bool],
    kind: str,
    key: str,
    content: dict[str, Any],
    now: datetime,
    not_after: datetime | None,
) -> int:
    """Write the same message to everyone of whom all this holds; returns how many were written.

    Args:
        session: the caller's transaction.
        meant: conditions on `Person`.
        kind: which message.
        key: what it is about; a second one with this key to one person is not written.
        content: ids and codes that the wording needs, never words.
        now: the present moment.
        not_after: when it is of no use any more.
    """
    announce(session, News.paced)
    columns = OutboxMessage.__table__.c  # type: ignore[attr-defined]
    values = {
        "lane": literal(Lane.paced, columns.lane.type),
        "key": literal(f"{key}:") + cast(col(Person.id), String),
        "bot_id": literal(""),
        "channel": col(Person.channel),
        "chat_id": col(Person.external_id),
        "recipient_id": col(Person.id),
        "kind": literal(kind),
        "content": literal(content, columns.content.type),
        "state": literal(OutboxState.due, columns.state.type),
        "attempts": literal(0),
        "not_after": literal(not_after, columns.not_after.type),
        "created_at": literal(now, columns.created_at.type),
        "forget": literal(value=False),
    }
    result = await session.execute(
        insert_new(session, OutboxMessage)
        .from_select(list(values), select(*values.values()).where(*meant), include_defaults=False)
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
