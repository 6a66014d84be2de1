"""Queries for the conference's numbers: counts only, never who asked what."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.questions import LISTED
from storage.tables import Question, Report, Topic, Unit


class CellCount(NamedTuple):
    """How many listed questions a unit has on a topic, with both names as last loaded."""

    unit_code: str
    unit: str
    topic_code: str
    topic: str
    questions: int


async def cell_counts(session: AsyncSession) -> Sequence[CellCount]:
    """Units by topics in the plan's order, what the plan has dropped since included."""
    rows = await session.execute(
        select(
            col(Unit.code),
            col(Unit.short_name),
            col(Topic.code),
            col(Topic.label),
            func.count(),
        )
        .select_from(Question)
        .join(Unit, col(Unit.code) == col(Question.unit_code))
        .join(Topic, col(Topic.code) == col(Question.topic_code))
        .where(col(Question.state).in_(LISTED))
        .group_by(col(Unit.code), col(Topic.code))
        .order_by(col(Unit.position), col(Unit.code), col(Topic.position), col(Topic.code))
    )
    return [CellCount(*row) for row in rows]


async def author_counts(session: AsyncSession) -> tuple[int, int]:
    """How many people have asked listed questions, and how many of these have no author left."""
    row = (
        await session.execute(
            select(
                func.count(distinct(col(Question.author_id))),
                func.count() - func.count(col(Question.author_id)),
            ).where(col(Question.state).in_(LISTED))
        )
    ).one()
    return int(row[0]), int(row[1])


async def asked_moments(session: AsyncSession) -> AsyncIterator[datetime]:
    """When each listed question was sent."""
    async for moment in await session.stream_scalars(
        select(col(Question.submitted_at))
        .where(col(Question.state).in_(LISTED))
        .execution_options(yield_per=5000)
    ):
        yield moment


async def count_reported(session: AsyncSession, unit_codes: Sequence[str]) -> int:
    """How many of these units have handed up a report."""
    found = await session.scalar(
        select(func.count(distinct(col(Report.unit_code)))).where(
            col(Report.unit_code).in_(unit_codes)
        )
    )
    return found or 0
