"""Queries for reminders: who is meant, and which rounds are planned already."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.paced import insert_new
from storage.tables import (
    AgeBand,
    NudgeRound,
    OutboxMessage,
    OutboxState,
    Person,
    Question,
    QuestionState,
    Report,
    Role,
    RoleGrant,
)
from storage.tables.outbox import PACED_OPEN

SUPERSEDED = {"state": OutboxState.cancelled, "error": "a later one took its place"}
"""What becomes of a message that has not left when a later reminder is written."""


class Lead(NamedTuple):
    """Who leads a unit."""

    unit_code: str
    person: Person
    since: datetime


async def planned_rounds(session: AsyncSession) -> dict[str, int | None]:
    """The rounds that are planned already, and how far: None is wholly."""
    found = await session.execute(select(col(NudgeRound.key), col(NudgeRound.planned_to)))
    return {str(key): planned_to for key, planned_to in found.all()}


async def end_rounds(session: AsyncSession, keys: Collection[str]) -> None:
    """These rounds are not planned any further."""
    await session.execute(
        update(NudgeRound).where(col(NudgeRound.key).in_(keys)).values(planned_to=None)
    )


async def claim_rounds(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Write rounds down as planned; returns those that this transaction was the first to write.

    Always in the order of their keys, so that two who claim at once wait and never deadlock.
    """
    found = await session.scalars(
        insert_new(session, NudgeRound)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(NudgeRound.key))
        .execution_options(render_nulls=True),
        sorted(rows, key=itemgetter("key")),
    )
    return set(found)


async def count_people(session: AsyncSession, people: Mapping[str, int]) -> None:
    """Write down how many each of these rounds has reminded."""
    await session.execute(
        update(NudgeRound), [{"key": key, "people": count} for key, count in people.items()]
    )


async def leads_of(session: AsyncSession, unit_codes: Collection[str]) -> Sequence[Lead]:
    """The leads of these units, each once, whether they can be reached or not."""
    rows = await session.execute(
        select(col(RoleGrant.unit_code), Person, func.min(col(RoleGrant.granted_at)))
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(
            col(RoleGrant.role) == Role.unit_lead,
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.unit_code).in_(unit_codes),
        )
        .group_by(col(RoleGrant.unit_code), col(Person.id))
        .order_by(col(RoleGrant.unit_code), col(Person.id))
    )
    return [Lead(str(unit), person, since) for unit, person, since in rows.all()]


def leads_any(unit_codes: Collection[str]) -> ColumnElement[bool]:
    """The condition that a person leads one of these units."""
    return exists().where(
        col(RoleGrant.person_id) == col(Person.id),
        col(RoleGrant.role) == Role.unit_lead,
        col(RoleGrant.revoked_at).is_(None),
        col(RoleGrant.unit_code).in_(unit_codes),
    )


async def reported_units(session: AsyncSession) -> set[str]:
    """The units that have handed up a report."""
    return set(await session.scalars(select(col(Report.unit_code)).distinct()))


async def question_counts(session: AsyncSession, *states: QuestionState) -> dict[str, int]:
    """How many questions in these states each unit has."""
    rows = await session.execute(
        select(col(Question.unit_code), func.count())
        .where(col(Question.state).in_(states))
        .group_by(col(Question.unit_code))
    )
    return {str(unit): int(count) for unit, count in rows.all()}


def may_remind_member() -> ColumnElement[bool]:
    """The condition under which the bot may speak first to a member: never to an under-16.

    Whoever holds a role is no mere member, and whose age is unknown might be under 16.
    """
    return and_(
        col(Person.consented_at).is_not(None),
        col(Person.age_band).is_not(None),
        col(Person.age_band) != AgeBand.under_16,
        col(Person.reminders_stopped_at).is_(None),
        col(Person.unreachable_at).is_(None),
        ~exists().where(
            col(RoleGrant.person_id) == col(Person.id), col(RoleGrant.revoked_at).is_(None)
        ),
    )


def is_silent() -> ColumnElement[bool]:
    """The condition that a person has no question but withdrawn ones."""
    return ~exists().where(
        col(Question.author_id) == col(Person.id), col(Question.state) != QuestionState.withdrawn
    )


def asks_from(unit_codes: Collection[str | None], known: Collection[str]) -> ColumnElement[bool]:
    """The condition that a person's unit is one of these.

    Args:
        unit_codes: the units; None stands for people who have chosen none.
        known: all the plan's units; who chose one that is gone has chosen none.
    """
    unit = col(Person.unit_code)
    named = unit.in_([code for code in unit_codes if code is not None])
    return or_(named, unit.is_(None), unit.not_in(known)) if None in unit_codes else named


async def last_message_id(session: AsyncSession) -> int:
    """The highest id in the outbox: whatever this transaction writes from here on has a higher."""
    return await session.scalar(select(func.max(col(OutboxMessage.id)))) or 0


async def take_back(
    session: AsyncSession, kind: str, recipients: Collection[int], *, up_to_id: int
) -> list[tuple[int, dict[str, Any], datetime | None]]:
    """Cancel the messages of this kind to these people that have not left, up to this id.

    Returns:
        (recipient, content, not after) of each, the oldest first.
    """
    if not recipients:
        return []
    cancelled = await session.execute(
        update(OutboxMessage)
        .where(
            *_waiting(kind),
            col(OutboxMessage.id) <= up_to_id,
            col(OutboxMessage.recipient_id).in_(recipients),
        )
        .values(**SUPERSEDED)
        .returning(
            col(OutboxMessage.id),
            col(OutboxMessage.recipient_id),
            col(OutboxMessage.content),
            col(OutboxMessage.not_after),
        )
        .execution_options(synchronize_session=False)
    )
    in_order = sorted(cancelled.all(), key=itemgetter(0))
    return [(person_id or 0, content, not_after) for _, person_id, content, not_after in in_order]


def _waiting(kind: str) -> tuple[Any, ...]:
    return col(OutboxMessage.kind) == kind, col(OutboxMessage.state) == OutboxState.due, PACED_OPEN


async def messages_after(
    session: AsyncSession, kind: str, recipients: Collection[int], *, after_id: int
) -> Sequence[OutboxMessage]:
    """The messages of this kind to these people with higher ids than this."""
    if not recipients:
        return []
    found = await session.scalars(
        select(OutboxMessage).where(
            col(OutboxMessage.id) > after_id,
            col(OutboxMessage.kind) == kind,
            col(OutboxMessage.recipient_id).in_(recipients),
        )
    )
    return found.all()


async def reminded_since(session: AsyncSession, prefix: str, moment: datetime) -> set[int]:
    """To whom messages with keys of this prefix were written after a moment."""
    found = await session.scalars(
        select(col(OutboxMessage.recipient_id)).where(
            col(OutboxMessage.key).startswith(prefix, autoescape=True),
            col(OutboxMessage.created_at) > moment,
            col(OutboxMessage.recipient_id).is_not(None),
        )
    )
    return {int(person_id) for person_id in found if person_id is not None}
