"""Messages that the conference itself starts: rows for the paced lane, each possible only once."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.news import News, announce
from storage.nudging import leads_of
from storage.paced import Paced, write_each
from storage.people import holders_of
from storage.questions import has_reported
from storage.tables import Lane, OutboxMessage, OutboxState, Person, Question, Role

NOT_TO_BE_MISSED = ("held-question", "retention-over")


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
    await write_each(session, kind, [Paced(person, key, parameters, not_after)], now=now)


async def notify_duty(session: AsyncSession, question: Question, *, now: datetime) -> None:
    """Call whoever is on duty to a held question: the duty officers, or else the organisers."""
    people = await holders_of(session, Role.duty_officer) or await holders_of(
        session, Role.organiser
    )
    key = f"held:{question.id}:{now.isoformat(timespec='seconds')}"
    content = {"code": question.code}
    await write_each(
        session, "held-question", [Paced(person, key, content) for person in people], now=now
    )


async def notify_leads_of_late_question(
    session: AsyncSession, unit_code: str, *, now: datetime
) -> None:
    """A question has come to a unit that has reported: its leads are told, once a day."""
    if not await has_reported(session, unit_code):
        return
    key = f"late-question:{unit_code}:{now.date().isoformat()}"
    people = [lead.person for lead in await leads_of(session, [unit_code])]
    await write_each(
        session,
        "late-question",
        [Paced(person, key, {"unit": unit_code}) for person in people],
        now=now,
    )


async def reach_again(session: AsyncSession, person: Person) -> None:
    """Somebody who could not be written to has written: what must not be missed goes out now.

    Telegram lets nobody be written to who has never opened the bot, organisers included.
    """
    announce(session, News.paced)
    person.unreachable_at = None
    session.add(person)
    await session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.recipient_id) == person.id,
            col(OutboxMessage.lane) == Lane.paced,
            col(OutboxMessage.kind).in_(NOT_TO_BE_MISSED),
            col(OutboxMessage.state).in_([OutboxState.failed, OutboxState.cancelled]),
        )
        .values(state=OutboxState.due, error=None)
    )
