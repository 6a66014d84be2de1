"""Writing paced messages: many in one statement, and each of them possible only once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    String,
    Table,
    bindparam,
    cast,
    func,
    literal,
    select,
)
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


class Slice(NamedTuple):
    """Some people, those of a condition whose ids lie between two, both included."""

    first: int
    last: int
    is_last: bool
    """Nobody comes after these."""


_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
IN_SLICE = col(Person.id).between(
    bindparam("first_id", type_=BigInteger), bindparam("last_id", type_=BigInteger)
)
"""That a person is in the slice which `write_to` is given."""


def people_of(*meant: ColumnElement[bool]) -> Select[Any, Any, Any]:
    """What `next_slice` executes: the people of whom all this holds.

    Args:
        meant: conditions on `Person`.
    """
    some = (
        select(col(Person.id).label("id"))
        .where(*meant, col(Person.id) > bindparam("after_id", type_=BigInteger))
        .order_by(col(Person.id))
        .limit(bindparam("size", type_=BigInteger))
        .subquery()
    )
    return select(func.min(some.c.id), func.max(some.c.id), func.count(some.c.id))


async def next_slice(
    session: AsyncSession,
    people: Select[Any],
    *,
    after_id: int,
    size: int,
    **parameters: Any,
) -> Slice | None:
    """The next of these people, in the order of their ids. None: nobody is left.

    Args:
        session: the caller's transaction.
        people: from `people_of`.
        after_id: they come after this one.
        size: how many they are, the last ones excepted.
        parameters: those that the conditions have.
    """
    found = await session.execute(people, {"after_id": after_id, "size": size, **parameters})
    first, last, count = found.one()
    return Slice(first, last, count < size) if count else None


def insert_new(session: AsyncSession, table: type[SQLModel] | Table) -> Any:
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


def message_to(
    session: AsyncSession,
    *meant: ColumnElement[bool],
    kind: str,
    key: str,
    content: dict[str, Any],
    now: datetime,
    not_after: datetime | None,
) -> Insert:
    """What `write_to` executes: the same message to everyone of whom all this holds.

    Args:
        session: one over the database that it is meant for.
        meant: conditions on `Person`; with `IN_SLICE` among them it is written slice by slice.
        kind: which message.
        key: what it is about; a second one with this key to one person is not written.
        content: ids and codes that the wording needs, never words.
        now: the present moment.
        not_after: when it is of no use any more.
    """
    columns = _OUTBOX.c
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
    whom = select(*values.values()).where(*meant)
    statement: Insert = (
        insert_new(session, _OUTBOX)
        .from_select(list(values), whom, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return statement


async def write_to(session: AsyncSession, message: Insert, people: Slice | None = None) -> int:
    """Write the message to its people, or to a slice of them; returns to how many it was."""
    announce(session, News.paced)
    within = {"first_id": people.first, "last_id": people.last} if people else {}
    result = await session.execute(message, within)
    return int(result.rowcount)  # type: ignore[attr-defined]
