"""Names of units and topics, those that a later plan has dropped included."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Topic, Unit


async def unit_and_topic_names(
    session: AsyncSession, unit_code: str, topic_code: str
) -> tuple[str, str]:
    """A unit's name and a topic's label by their codes."""
    unit = await session.get_one(Unit, unit_code)
    topic = await session.get_one(Topic, topic_code)
    return unit.name, topic.label


_OPEN_CHOICE = select(col(Unit.name)).where(
    col(Unit.code) == bindparam("unit_code"),
    col(Unit.closed_at).is_(None),
    select(col(Topic.code))
    .where(col(Topic.code) == bindparam("topic_code"), col(Topic.closed_at).is_(None))
    .exists(),
)


async def open_unit_name(session: AsyncSession, unit_code: str, topic_code: str) -> str | None:
    """The unit's name, if the plan still has both it and the topic."""
    name: str | None = await session.scalar(
        _OPEN_CHOICE, {"unit_code": unit_code, "topic_code": topic_code}
    )
    return name
