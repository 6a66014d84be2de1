"""What every turn asks first, read for a whole batch of chats at once.

A row is handed out once: whoever asks again may have changed it meanwhile, and asks the database.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import ChatState, Extension, Person, RoleGrant

_KEY = "preloaded"
_PEOPLE = select(Person).where(
    col(Person.channel) == bindparam("channel"),
    col(Person.external_id).in_(bindparam("external_ids", expanding=True)),
)
_HOLDERS = (
    select(col(Person.external_id))
    .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
    .where(
        col(Person.channel) == bindparam("channel"),
        col(Person.external_id).in_(bindparam("external_ids", expanding=True)),
        col(RoleGrant.revoked_at).is_(None),
    )
)
_CHAT_STATES = select(
    col(ChatState.chat_id),
    col(ChatState.state),
    col(ChatState.content),
    col(ChatState.begun_at),
).where(
    col(ChatState.bot_id) == bindparam("bot_id"),
    col(ChatState.chat_id).in_(bindparam("external_ids", expanding=True)),
    col(ChatState.user_id) == col(ChatState.chat_id),
)
_EXTENSIONS = select(Extension).order_by(col(Extension.id))


class StoredState(NamedTuple):
    """Where a dialogue stands, as its row says."""

    state: str | None
    content: dict[str, Any]
    begun_at: datetime


@dataclass(slots=True)
class Preloaded:
    """The first reads of a batch of private chats; their people hold no role."""

    channel: str
    people: dict[str, Person | None]
    roleless: set[int | None]
    chat_states: dict[str, StoredState | None]
    extensions: Sequence[Extension]


async def preload(
    session: AsyncSession, *, channel: str, bot_id: str, external_ids: Collection[str]
) -> set[str]:
    """Read ahead for these private chats; returns those of them whose people hold a role.

    What these do may change anything, also what was read ahead for others: they are left out, and
    their turns belong outside the batch.
    """
    wanted = {"channel": channel, "external_ids": sorted(external_ids)}
    officials = set(await session.scalars(_HOLDERS, wanted))
    members = sorted(set(external_ids) - officials)
    wanted["external_ids"] = members
    people: dict[str, Person | None] = dict.fromkeys(members)
    for person in await session.scalars(_PEOPLE, wanted):
        people[person.external_id] = person
    chat_states: dict[str, StoredState | None] = dict.fromkeys(members)
    states = await session.execute(_CHAT_STATES, {"bot_id": bot_id, "external_ids": members})
    for chat_id, *stored in states.all():
        chat_states[chat_id] = StoredState(*stored)
    extensions = (await session.scalars(_EXTENSIONS)).all()
    roleless = {person.id for person in people.values() if person is not None}
    session.info[_KEY] = Preloaded(channel, people, roleless, chat_states, extensions)
    return officials


def preloaded_in(session: AsyncSession) -> Preloaded | None:
    """What has been read ahead in this session."""
    found: Preloaded | None = session.info.get(_KEY)
    return found


def drop_preloaded(session: AsyncSession) -> None:
    """Read afresh from here on: something has been undone."""
    session.info.pop(_KEY, None)
