"""Queries over questions, each named for what it returns."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import (
    AuditEntry,
    ConferenceRecord,
    Question,
    QuestionState,
    Report,
    Topic,
    Unit,
)

LISTED = (QuestionState.submitted, QuestionState.reported)
"""The states that the consolidated list shows: neither withdrawn nor held for the duty officer."""

# Asked with every question sent, and so built once: building one costs more than asking it.
_RECORD: Table = ConferenceRecord.__table__  # type: ignore[attr-defined]
_NEXT_NUMBER = (
    update(_RECORD)
    .values(last_number=_RECORD.c.last_number + 1)
    .returning(_RECORD.c.code, _RECORD.c.last_number)
)
_SAME_WORDS = select(Question).where(
    col(Question.author_id) == bindparam("author_id"),
    col(Question.fingerprint) == bindparam("fingerprint"),
)
_SENT_SINCE = (
    select(func.count())
    .select_from(Question)
    .where(
        col(Question.author_id) == bindparam("author_id"),
        col(Question.submitted_at) >= bindparam("moment"),
    )
)
_OPEN_UNIT = select(col(Unit.name)).where(
    col(Unit.code) == bindparam("unit_code"),
    col(Unit.closed_at).is_(None),
    select(col(Topic.code))
    .where(col(Topic.code) == bindparam("topic_code"), col(Topic.closed_at).is_(None))
    .exists(),
)
_BEFORE_SENDING = select(
    _OPEN_UNIT.scalar_subquery(),
    _SAME_WORDS.with_only_columns(col(Question.id)).scalar_subquery(),
    _SENT_SINCE.scalar_subquery(),
)
_HAS_REPORTED = select(
    select(col(Report.id)).where(col(Report.unit_code) == bindparam("unit_code")).exists()
)


async def next_number(session: AsyncSession) -> tuple[str, int]:
    """The conference's code and the next number under it; a number is never given twice."""
    row = (await session.execute(_NEXT_NUMBER)).one()
    return row[0], row[1]


async def question_by_code(
    session: AsyncSession, code: str, *, to_change: bool = False
) -> Question | None:
    """The question with this tracking code; `to_change`: nobody else changes it meanwhile."""
    query = select(Question).where(col(Question.code) == code)
    if to_change:
        query = query.with_for_update()
    found: Question | None = await session.scalar(query)
    return found


async def question_by_fingerprint(
    session: AsyncSession, author_id: int, fingerprint: str
) -> Question | None:
    """This person's question with these same words."""
    found: Question | None = await session.scalar(
        _SAME_WORDS, {"author_id": author_id, "fingerprint": fingerprint}
    )
    return found


async def questions_of(session: AsyncSession, author_id: int) -> Sequence[Question]:
    """All that a person asked, the newest first."""
    return (
        await session.scalars(
            select(Question)
            .where(col(Question.author_id) == author_id)
            .order_by(col(Question.id).desc())
        )
    ).all()


async def count_since(session: AsyncSession, author_id: int, moment: datetime) -> int:
    """How many questions a person has sent since a moment, withdrawn ones included."""
    return (await session.scalar(_SENT_SINCE, {"author_id": author_id, "moment": moment})) or 0


class BeforeSending(NamedTuple):
    """What decides whether a question is taken, read in one look."""

    unit: str | None
    """The unit's name, if the plan still has both it and the topic."""
    same_id: int | None
    """This person's question with these same words."""
    sent_today: int


async def before_sending(
    session: AsyncSession,
    *,
    author_id: int,
    fingerprint: str,
    day_began_at: datetime,
    unit_code: str,
    topic_code: str,
) -> BeforeSending:
    """Look at what matters to a question that is about to be sent."""
    found = await session.execute(
        _BEFORE_SENDING,
        {
            "author_id": author_id,
            "fingerprint": fingerprint,
            "moment": day_began_at,
            "unit_code": unit_code,
            "topic_code": topic_code,
        },
    )
    return BeforeSending(*found.one())


async def held_questions(session: AsyncSession) -> Sequence[Question]:
    """Questions that wait for the duty officer, the oldest first."""
    return (
        await session.scalars(
            select(Question)
            .where(col(Question.state) == QuestionState.held)
            .order_by(col(Question.id))
        )
    ).all()


async def listed_of_unit(session: AsyncSession, unit_code: str) -> Sequence[Question]:
    """A unit's questions but the held and the withdrawn ones, in the order they came."""
    return (
        await session.scalars(
            select(Question)
            .where(col(Question.unit_code) == unit_code, col(Question.state).in_(LISTED))
            .order_by(col(Question.id))
        )
    ).all()


async def report_of(session: AsyncSession, unit_code: str) -> Report | None:
    """The unit's last report, once one has been handed up."""
    found: Report | None = await session.scalar(
        select(Report)
        .where(col(Report.unit_code) == unit_code)
        .order_by(col(Report.number).desc())
        .limit(1)
    )
    return found


async def has_reported(session: AsyncSession, unit_code: str) -> bool:
    """Whether the unit has handed up a report."""
    return bool(await session.scalar(_HAS_REPORTED, {"unit_code": unit_code}))


async def history_of(session: AsyncSession, question_id: int) -> Sequence[AuditEntry]:
    """What has happened to a question, in order."""
    return (
        await session.scalars(
            select(AuditEntry)
            .where(
                col(AuditEntry.subject_kind) == "question",
                col(AuditEntry.subject_id) == str(question_id),
            )
            .order_by(col(AuditEntry.id))
        )
    ).all()


class ListedQuestion(NamedTuple):
    """A row of the list as it is stored."""

    code: str
    text: str
    state: QuestionState
    is_addendum: bool
    submitted_at: datetime
    topic_code: str
    topic_number: int
    topic: str
    unit_code: str
    unit: str


def _listed(
    *,
    topic_code: str | None,
    unit_code: str | None,
    state: QuestionState | None,
    since: datetime | None,
) -> list[Any]:
    conditions: list[Any] = [col(Question.state).in_(LISTED)]
    if topic_code is not None:
        conditions.append(col(Question.topic_code) == topic_code)
    if unit_code is not None:
        conditions.append(col(Question.unit_code) == unit_code)
    if state is not None:
        conditions.append(col(Question.state) == state)
    if since is not None:
        conditions.append(col(Question.submitted_at) >= since)
    return conditions


async def count_listed(session: AsyncSession, **filters: Any) -> int:
    """How many questions the list holds under these filters (those of `listed_questions`)."""
    return (
        await session.scalar(select(func.count()).select_from(Question).where(*_listed(**filters)))
    ) or 0


async def listed_questions(
    session: AsyncSession,
    *,
    by_unit: bool = False,
    topic_code: str | None = None,
    unit_code: str | None = None,
    state: QuestionState | None = None,
    since: datetime | None = None,
) -> AsyncIterator[Sequence[ListedQuestion]]:
    """The list's rows, some at a time, by topic then unit or the reverse; no author in them."""
    topic_first = (col(Topic.number) == 0, col(Topic.position), col(Unit.position))
    unit_first = (col(Unit.position), col(Topic.number) == 0, col(Topic.position))
    columns: tuple[Any, ...] = (
        col(Question.code),
        col(Question.text),
        col(Question.state),
        col(Question.is_addendum),
        col(Question.submitted_at),
        col(Topic.code).label("topic_code"),
        col(Topic.number).label("topic_number"),
        col(Topic.label).label("topic"),
        col(Unit.code).label("unit_code"),
        col(Unit.name).label("unit"),
    )
    query = (
        select(*columns)
        .select_from(Question)
        .join(Topic, col(Topic.code) == col(Question.topic_code))
        .join(Unit, col(Unit.code) == col(Question.unit_code))
        .where(*_listed(topic_code=topic_code, unit_code=unit_code, state=state, since=since))
        .order_by(*(unit_first if by_unit else topic_first), col(Question.id))
        .execution_options(yield_per=500)
    )
    stream = await session.stream(query)
    async for some in stream.partitions():
        yield [ListedQuestion._make(row) for row in some]
