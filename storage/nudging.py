"""Queries for reminders: who is meant, and which rounds are planned already."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, exists, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import (
    AgeBand,
    Lane,
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


async def planned_rounds(session: AsyncSession, keys: Collection[str]) -> set[str]:
    """Of these rounds those that are planned already."""
    found = await session.scalars(select(col(NudgeRound.key)).where(col(NudgeRound.key).in_(keys)))
    return set(found)


async def claim_rounds(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Write rounds down as planned; returns those that this transaction was the first to write."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    make = postgresql.insert if on_postgresql else sqlite.insert
    found = await session.scalars(
        make(NudgeRound)
        .values(list(rows))
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(NudgeRound.key))
    )
    return set(found)


async def leads_of(
    session: AsyncSession, unit_codes: Collection[str], *, before: datetime | None = None
) -> Sequence[tuple[str, Person]]:
    """(unit, lead) for these units; with `before`, only who was lead by then and is reachable."""
    query = (
        select(col(RoleGrant.unit_code), Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(
            col(RoleGrant.role) == Role.unit_lead,
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.unit_code).in_(unit_codes),
        )
        .order_by(col(RoleGrant.unit_code), col(Person.id))
    )
    if before is not None:
        query = query.where(
            col(RoleGrant.granted_at) <= before, col(Person.unreachable_at).is_(None)
        )
    return [(str(unit), person) for unit, person in (await session.execute(query)).all()]


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


def member_is_silent() -> tuple[Any, ...]:
    """The conditions under which a member may be reminded to ask: never the under-16s."""
    return (
        col(Person.consented_at).is_not(None),
        col(Person.age_band).is_not(None),
        col(Person.age_band) != AgeBand.under_16,
        col(Person.reminders_stopped_at).is_(None),
        col(Person.unreachable_at).is_(None),
        ~exists().where(
            col(RoleGrant.person_id) == col(Person.id), col(RoleGrant.revoked_at).is_(None)
        ),
        ~exists().where(
            col(Question.author_id) == col(Person.id),
            col(Question.state) != QuestionState.withdrawn,
        ),
    )


async def remind_members(
    session: AsyncSession,
    *,
    key: str,
    unit_code: str | None,
    joined_before: datetime,
    not_after: datetime,
    content: dict[str, Any],
    now: datetime,
) -> int:
    """Write one paced message for each silent member of a unit, in one statement."""
    of_unit = (
        col(Person.unit_code).is_(None)
        if unit_code is None
        else col(Person.unit_code) == unit_code
    )
    table = OutboxMessage.__table__  # type: ignore[attr-defined]
    chosen = select(
        literal(Lane.paced, table.c.lane.type),
        literal(f"nudge:{key}:") + cast(col(Person.id), String),
        literal(""),
        col(Person.channel),
        col(Person.external_id),
        col(Person.id),
        literal("nudge"),
        literal(content, table.c.content.type),
        literal(OutboxState.due, table.c.state.type),
        literal(0),
        literal(not_after, table.c.not_after.type),
        literal(now, table.c.created_at.type),
        literal(False),
    ).where(of_unit, col(Person.consented_at) <= joined_before, *member_is_silent())
    result = await session.execute(
        insert(OutboxMessage).from_select(
            [
                "lane",
                "key",
                "bot_id",
                "channel",
                "chat_id",
                "recipient_id",
                "kind",
                "content",
                "state",
                "attempts",
                "not_after",
                "created_at",
                "forget",
            ],
            chosen,
            include_defaults=False,
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
