"""Queries over people and their roles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.preloading import preloaded_in
from storage.tables import (
    ChatState,
    InboxState,
    InboxUpdate,
    Invite,
    Job,
    OutboxMessage,
    Person,
    Role,
    RoleGrant,
)


async def person_of(session: AsyncSession, channel: str, external_id: str) -> Person | None:
    """The person behind an account of a channel."""
    ahead = preloaded_in(session)
    if ahead is not None and channel == ahead.channel and external_id in ahead.people:
        return ahead.people.pop(external_id)
    found: Person | None = await session.scalar(
        select(Person).where(
            col(Person.channel) == channel, col(Person.external_id) == external_id
        )
    )
    return found


async def grants_of(session: AsyncSession, person_id: int) -> Sequence[RoleGrant]:
    """The roles a person holds now."""
    ahead = preloaded_in(session)
    if ahead is not None and person_id in ahead.roleless:
        ahead.roleless.remove(person_id)
        return ()
    return (
        await session.scalars(
            select(RoleGrant).where(
                col(RoleGrant.person_id) == person_id, col(RoleGrant.revoked_at).is_(None)
            )
        )
    ).all()


async def holders_of(session: AsyncSession, role: Role) -> Sequence[Person]:
    """Everyone who holds a role now, each once."""
    return (
        await session.scalars(
            select(Person)
            .where(
                col(Person.id).in_(
                    select(col(RoleGrant.person_id)).where(
                        col(RoleGrant.role) == role, col(RoleGrant.revoked_at).is_(None)
                    )
                )
            )
            .order_by(col(Person.id))
        )
    ).all()


async def invite_for(
    session: AsyncSession, token_hash: str, person_id: int | None, now: datetime
) -> Invite | None:
    """An invitation that can still be used, or that this person has used."""
    theirs = col(Invite.used_by) == person_id if person_id is not None else false()
    found: Invite | None = await session.scalar(
        select(Invite).where(
            col(Invite.token_hash) == token_hash, or_(and_(*_usable(now)), theirs)
        )
    )
    return found


def _usable(now: datetime) -> tuple[Any, ...]:
    return (
        col(Invite.used_at).is_(None),
        col(Invite.revoked_at).is_(None),
        col(Invite.expires_at) > now,
    )


async def take_invite(
    session: AsyncSession, token_hash: str, person_id: int, now: datetime
) -> Invite | None:
    """Use an invitation up, in one statement: of any number who race for it one gets it."""
    found: Invite | None = await session.scalar(
        update(Invite)
        .where(col(Invite.token_hash) == token_hash, *_usable(now))
        .values(used_at=now, used_by=person_id)
        .returning(Invite)
    )
    return found


async def forget_chat(session: AsyncSession, external_id: str) -> None:
    """Remove what the chat itself left behind: chat state, stored updates, messages, jobs."""
    await session.execute(
        delete(ChatState).where(
            or_(col(ChatState.user_id) == external_id, col(ChatState.chat_id) == external_id)
        )
    )
    await session.execute(delete(OutboxMessage).where(col(OutboxMessage.chat_id) == external_id))
    await session.execute(delete(Job).where(col(Job.chat_id) == external_id))
    await session.execute(
        update(InboxUpdate)
        .where(
            col(InboxUpdate.chat_key).endswith(f":{external_id}", autoescape=True),
            col(InboxUpdate.state) != InboxState.waiting,
        )
        .values(body=None, chat_key="")
    )
