"""Messages that the conference itself starts: rows for the paced lane, each possible only once."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.people import holders_of
from storage.tables import Lane, OutboxMessage, OutboxState, Person, Question, Role


async def notify(
    session: AsyncSession,
    person: Person,
    kind: str,
    *,
    key: str,
    now: datetime,
    not_after: datetime | None = None,
    **parameters: Any,
) -> None:
    """Ask for one message to one person; worded in their language when it is sent.

    Args:
        session: the caller's transaction.
        person: to whom.
        kind: which message (`notice-<kind>` in the catalogues).
        key: what it is about; a second one with this key to this person is not written.
        now: the present moment.
        not_after: when it is of no use any more.
        parameters: ids and codes that the wording needs, never words.
    """
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    await session.execute(
        insert(OutboxMessage)
        .values(
            lane=Lane.paced,
            key=f"{key}:{person.id}",
            bot_id="",
            channel=person.channel,
            chat_id=person.external_id,
            recipient_id=person.id,
            kind=kind,
            content=parameters,
            state=OutboxState.due,
            created_at=now,
            not_after=not_after,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )


async def notify_duty(session: AsyncSession, question: Question, *, now: datetime) -> None:
    """Call whoever is on duty to a held question: the duty officers, or else the organisers."""
    people = await holders_of(session, Role.duty_officer) or await holders_of(
        session, Role.organiser
    )
    for person in people:
        await notify(
            session,
            person,
            "held-question",
            key=f"held:{question.id}:{now.isoformat(timespec='seconds')}",
            now=now,
            code=question.code,
        )
