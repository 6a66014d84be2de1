"""A plan into the database: rename by code, add, close what disappeared, delete nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.plan import ConferencePlan
from storage.tables import ConferenceRecord, DatabaseKind, Department, Topic, Unit


class PlanMismatchError(Exception):
    """The database belongs to another conference or another program; one line for the operator."""


async def conference_record(session: AsyncSession) -> ConferenceRecord | None:
    """The one conference of this database, once a plan has been loaded."""
    found: ConferenceRecord | None = await session.scalar(select(ConferenceRecord))
    return found


async def load_plan_into(
    session: AsyncSession,
    plan: ConferencePlan,
    *,
    kind: DatabaseKind,
    now: datetime,
    clock_offset: timedelta = timedelta(),
) -> ConferenceRecord:
    """Bring the database to the plan.

    Args:
        session: the caller's transaction.
        plan: the plan as loaded.
        kind: which program asks.
        now: the present moment.
        clock_offset: how far the sandbox's clock stands from the real one; used once.

    Raises:
        PlanMismatchError: the database is of another conference, or of the other program.
    """
    conference = await conference_record(session)
    if conference is None:
        conference = ConferenceRecord(
            code=plan.conference.code,
            title=plan.conference.title,
            plan_digest=plan.digest,
            kind=kind,
            loaded_at=now,
            clock_offset_seconds=round(clock_offset.total_seconds()),
        )
    if conference.kind is not kind:
        raise PlanMismatchError(
            f"the database is the {conference.kind.value} program's; "
            f"the {kind.value} one does not open it"
        )
    if conference.code != plan.conference.code:
        raise PlanMismatchError(
            f"the database is of conference {conference.code}, the plan of "
            f"{plan.conference.code}: a conference's code never changes; use another database"
        )
    if conference.plan_digest != plan.digest or not await session.scalar(select(col(Unit.code))):
        conference.title = plan.conference.title
        conference.plan_digest = plan.digest
        conference.loaded_at = now
        await _bring(
            session,
            {
                u.code: {"name": u.name, "short_name": u.short_name, "kind": u.kind}
                for u in plan.units
            },
            Unit,
            now,
        )
        await _bring(
            session,
            {t.code: {"number": t.number, "label": t.label} for t in plan.topics},
            Topic,
            now,
        )
        await _bring(
            session, {d.code: {"name": d.name} for d in plan.departments}, Department, now
        )
    session.add(conference)
    await session.flush()
    return conference


async def _bring(
    session: AsyncSession,
    wanted: Mapping[str, Mapping[str, object]],
    make: Callable[..., Unit | Topic | Department],
    now: datetime,
) -> None:
    there = {row.code: row for row in (await session.scalars(select(make))).all()}  # type: ignore[call-overload]
    for position, (code, values) in enumerate(wanted.items()):
        row = there.get(code) or make(code=code, position=position, **values)
        for name, value in values.items():
            setattr(row, name, value)
        row.position = position
        row.closed_at = None
        session.add(row)
    for code in there.keys() - wanted.keys():
        there[code].closed_at = there[code].closed_at or now
        session.add(there[code])
