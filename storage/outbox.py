"""Queries over what goes out: a broadcast's messages, and what an organiser looks at."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, cast, exists, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Lane, OutboxMessage, OutboxState, Person, Role, RoleGrant

TROUBLED = (OutboxState.failed, OutboxState.uncertain)
_COLUMNS = (
    "lane",
    "key",
    "bot_id",
    "channel",
    "chat_id",
    "recipient_id",
    "kind",
    "content",
    "state",
    "attempts",
    "created_at",
    "forget",
)


def _is_meant(unit_code: str | None, role: Role | None) -> tuple[Any, ...]:
    """Reachable, and known by a yes or by a role; of one unit or of one role, where asked."""
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


async def count_meant(
    session: AsyncSession, *, unit_code: str | None = None, role: Role | None = None
) -> int:
    """How many people a broadcast would go to: all, those of a unit, or those with a role."""
    found = await session.scalar(
        select(func.count()).select_from(Person).where(*_is_meant(unit_code, role))
    )
    return int(found or 0)


async def add_for_meant(
    session: AsyncSession,
    *,
    prefix: str,
    kind: str,
    content: dict[str, Any],
    now: datetime,
    unit_code: str | None = None,
    role: Role | None = None,
) -> int:
    """Write one paced message to each of these people, in one statement; returns how many."""
    table = OutboxMessage.__table__  # type: ignore[attr-defined]
    chosen = select(
        literal(Lane.paced, table.c.lane.type),
        literal(prefix) + cast(col(Person.id), String),
        literal(""),
        col(Person.channel),
        col(Person.external_id),
        col(Person.id),
        literal(kind),
        literal(content, table.c.content.type),
        literal(OutboxState.due, table.c.state.type),
        literal(0),
        literal(now, table.c.created_at.type),
        literal(False),
    ).where(*_is_meant(unit_code, role))
    result = await session.execute(
        insert(OutboxMessage).from_select(_COLUMNS, chosen, include_defaults=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _has_prefix(prefix: str) -> tuple[Any, ...]:
    """The keys made of this prefix and a number, found through the unique index on `key`.

    Every collation puts a digit before the letter `a`, and nothing before the prefix itself;
    one that overlooks punctuation lets other keys in, which the last condition keeps out.
    """
    key = col(OutboxMessage.key)
    return key >= prefix, key < f"{prefix}a", func.substr(key, 1, len(prefix)) == prefix


async def states_under(session: AsyncSession, prefix: str) -> dict[OutboxState, int]:
    """How many messages of this prefix are in each state."""
    rows = await session.execute(
        select(col(OutboxMessage.state), func.count())
        .where(*_has_prefix(prefix))
        .group_by(col(OutboxMessage.state))
    )
    return {state: int(count) for state, count in rows.all()}


async def cancel_under(session: AsyncSession, prefix: str, reason: str) -> int:
    """Cancel those of this prefix that have not been taken for sending; returns how many."""
    result = await session.execute(
        update(OutboxMessage)
        .where(*_has_prefix(prefix), col(OutboxMessage.state) == OutboxState.due)
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
        .where(col(OutboxMessage.state).in_(TROUBLED))
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
        .values(
            state=OutboxState.due,
            error=None,
            next_try_at=None,
            lease_owner=None,
            lease_until=None,
        )
        .returning(OutboxMessage)
        .execution_options(populate_existing=True)
    )
    return found
