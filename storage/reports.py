"""Queries over units' reports."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Report, Unit


async def reports_by_unit(session: AsyncSession) -> Mapping[str, Sequence[Report]]:
    """Each unit's reports, the first one first; a unit without any is not in it."""
    found: dict[str, list[Report]] = {}
    for report in await session.scalars(select(Report).order_by(col(Report.number))):
        found.setdefault(report.unit_code, []).append(report)
    return found


async def lock_unit(session: AsyncSession, unit_code: str) -> None:
    """Let nobody else hand up for this unit until the transaction ends.

    Questions of the unit are still taken. SQLite's only writer needs no lock.
    """
    await session.execute(
        select(col(Unit.code)).where(col(Unit.code) == unit_code).with_for_update(key_share=True)
    )
