"""Names of units and topics, those that a later plan has dropped included."""

from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Topic, Unit


async def unit_and_topic_names(
    session: AsyncSession, unit_code: str, topic_code: str
) -> tuple[str, str]:
    """A unit's name and a topic's label by their codes."""
    unit = await session.get_one(Unit, unit_code)
    topic = await session.get_one(Topic, topic_code)
    return unit.name, topic.label
