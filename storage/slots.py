"""Promised message ids: what became of them."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import OutboxMessage

_MESSAGE_ID = select(col(OutboxMessage.message_id)).where(
    col(OutboxMessage.slot) == bindparam("slot")
)


async def message_id_of(session: AsyncSession, slot: int) -> int | None:
    """The real id of a message that was promised under a slot, once it has been sent."""
    found: int | None = await session.scalar(_MESSAGE_ID, {"slot": slot})
    return found
