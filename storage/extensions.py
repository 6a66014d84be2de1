"""Queries over moved milestones and requests for more time."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.preloading import preloaded_in
from storage.tables import Extension, ExtensionRequest


async def extensions(session: AsyncSession) -> Sequence[Extension]:
    """Every extension, in the order in which they were granted."""
    ahead = preloaded_in(session)
    if ahead is not None:
        return ahead.extensions
    return (await session.scalars(select(Extension).order_by(col(Extension.id)))).all()


async def open_request(
    session: AsyncSession, unit_code: str, milestone: str
) -> ExtensionRequest | None:
    """A unit's request that nobody has decided yet."""
    found: ExtensionRequest | None = await session.scalar(
        select(ExtensionRequest)
        .where(
            col(ExtensionRequest.unit_code) == unit_code,
            col(ExtensionRequest.milestone) == milestone,
            col(ExtensionRequest.decided_at).is_(None),
        )
        .order_by(col(ExtensionRequest.id).desc())
        .limit(1)
    )
    return found
