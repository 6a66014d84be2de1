"""Queries over what goes out: a broadcast's messages, and what an organiser looks at."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.news import News, announce
from storage.tables import (
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
    Role,
    RoleGrant,
)
from storage.tables.outbox import IN_TROUBLE

TROUBLED = (OutboxState.failed, OutboxState.uncertain)


def who_is_meant(
    *, unit_code: str | None = None, role: Role | None = None
) -> tuple[ColumnElement[bool], ...]:
    """Conditions on `Person`: reachable, and known by a yes or by a role; of one unit or role."""
    holds = and_(col(RoleGrant.person_id) == col(Person.id), col(RoleGrant.revoked_at).is_(None))
    has_agreed = col(Person.consented_at).is_not(None)
    is_reachable = col(Person.unreachable_at).is_(None)
    if role is not None:
        return is_reachable, exists().where(holds, col(RoleGrant.role) == role)
    if unit_code is not None:
        return is_reachable, or_(
            and_(has_agreed, col(Person.unit_code) == unit_code),
            exists().where(holds, col(RoleGrant.unit_code) == unit_code),
        )
    return is_reachable, or_(has_agreed, exists().where(holds))


async def count_people(session: AsyncSession, *meant: ColumnElement[bool]) -> int:
    """How many people there are of whom all this holds."""
    found = await session.scalar(select(func.count()).select_from(Person).where(*meant))
    return int(found or 0)


def is_under(key_of_all: str) -> tuple[ColumnElement[bool], ...]:
    """The messages whose key is this, a colon and a number: found through the unique index.

    Every collation puts a digit before the letter `a`, and nothing before the prefix itself;
    one that overlooks punctuation lets other keys in, which the last condition keeps out.
    """
    key, prefix = col(OutboxMessage.key), f"{key_of_all}:"
    return key >= prefix, key < f"{prefix}a", func.substr(key, 1, len(prefix)) == prefix


async def states_under(session: AsyncSession, key: str) -> dict[OutboxState, int]:
    """How many of the messages written with this key are in each state."""
    rows = await session.execute(
        select(col(OutboxMessage.state), func.count())
        .where(*is_under(key))
        .group_by(col(OutboxMessage.state))
    )
    return {state: int(count) for state, count in rows.all()}


async def cancel_under(session: AsyncSession, key: str, reason: str) -> int:
    """Cancel those of them that have not been taken for sending; returns how many."""
    result = await session.execute(
        update(OutboxMessage)
        .where(*is_under(key), col(OutboxMessage.state) == OutboxState.due)
        .values(state=OutboxState.cancelled, error=reason)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


async def count_by_lane(session: AsyncSession) -> dict[tuple[Lane, OutboxState], int]:
    """How many messages each lane has in each state."""
    rows = await session.execute(
        select(col(OutboxMessage.lane), col(OutboxMessage.state), func.count()).group_by(
            col(OutboxMessage.lane), col(OutboxMessage.state)
        )
    )
    return {(lane, state): int(count) for lane, state, count in rows.all()}


async def count_planned(session: AsyncSession) -> int:
    """How many reminders are planned whose messages are to be written yet."""
    return int(await session.scalar(select(func.count()).select_from(PlannedNudge)) or 0)


async def newest_troubled(
    session: AsyncSession, limit: int
) -> Sequence[tuple[OutboxMessage, Person | None]]:
    """The newest messages that failed or may have arrived, each with whom it was for."""
    rows = await session.execute(
        select(OutboxMessage, Person)
        .outerjoin(
            Person,
            or_(
                col(Person.id) == col(OutboxMessage.recipient_id),
                and_(
                    col(OutboxMessage.recipient_id).is_(None),
                    col(Person.channel) == col(OutboxMessage.channel),
                    col(Person.external_id) == col(OutboxMessage.chat_id),
                ),
            ),
        )
        .where(IN_TROUBLE)
        .order_by(col(OutboxMessage.id).desc())
        .limit(limit)
    )
    return [(message, person) for message, person in rows.all()]


async def grants_of_people(
    session: AsyncSession, person_ids: Collection[int]
) -> dict[int, list[RoleGrant]]:
    """The roles that each of these people holds now."""
    found: dict[int, list[RoleGrant]] = {}
    for grant in await session.scalars(
        select(RoleGrant)
        .where(col(RoleGrant.person_id).in_(person_ids), col(RoleGrant.revoked_at).is_(None))
        .order_by(col(RoleGrant.id))
    ):
        found.setdefault(grant.person_id, []).append(grant)
    return found


async def put_back(session: AsyncSession, message_id: int, attempts: int) -> OutboxMessage | None:
    """Make a troubled paced message due again, unless it was tried again since.

    Args:
        session: the caller's transaction.
        message_id: the row.
        attempts: how often it had been tried when its trouble was seen.
    """
    announce(session, News.paced)
    found: OutboxMessage | None = await session.scalar(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.id) == message_id,
            col(OutboxMessage.lane) == Lane.paced,
            col(OutboxMessage.state).in_(TROUBLED),
            col(OutboxMessage.attempts) == attempts,
            ~exists().where(
                col(Person.id) == col(OutboxMessage.recipient_id),
                col(Person.unreachable_at).is_not(None),
            ),
        )
        .values(state=OutboxState.due, error=None, next_try_at=None)
        .returning(OutboxMessage)
        .execution_options(populate_existing=True)
    )
    return found
