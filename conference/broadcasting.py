"""An organiser's announcement to many: begun once, watched, and stopped half-way if need be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.errors import ConferenceError
from conference.roles import Actor, Permission, require
from conference.vietnamese import clean
from storage.outbox import cancel_under, count_people, states_under, who_is_meant
from storage.paced import IN_SLICE, message_to, next_slice, people_of, write_to
from storage.tables import Broadcast, OutboxState, Person, Role, Unit

KIND = "broadcast"
EVERYONE = "all"
STOPPED = "the broadcast was stopped"
MOST_CHARACTERS = 3500
"""In UTF-16 units, so that it fits with its heading into a message of 4096 however counted."""
AT_ONCE = 100
"""People to whom one transaction writes: replies wait no longer than for these."""
AUDIENCE_ROLES = tuple(role for role in Role if role is not Role.member)
"""The roles that can be addressed: those that are granted."""


class BroadcastTextError(ConferenceError):
    """The text is empty or too long (`length`, `maximum`: characters)."""

    code = "broadcast-text"


class AudienceUnknownError(ConferenceError):
    """No such audience: neither everyone, nor a unit or a role that there is."""

    code = "audience-unknown"


class BroadcastUnknownError(ConferenceError):
    """There is no such broadcast."""

    code = "broadcast-unknown"


@dataclass(frozen=True, slots=True)
class BroadcastProgress:
    """Where a broadcast's messages are. All counts together are `broadcast.people`."""

    broadcast: Broadcast
    sent: int
    waiting: int
    """Due or being sent just now, or to be written yet."""
    failed: int
    uncertain: int
    cancelled: int
    forgotten: int
    """To people who have since been forgotten, their messages with them."""


def fit_text(raw: str) -> str:
    """The text as it is sent.

    Raises:
        BroadcastTextError: nothing is left of it, or it is too long.
    """
    text = clean(raw)
    length = len(text.encode("utf-16-le")) // 2
    if not 1 <= length <= MOST_CHARACTERS:
        raise BroadcastTextError(length=length, maximum=MOST_CHARACTERS)
    return text


async def _meant(session: AsyncSession, audience: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions on a person that make an audience.

    Raises:
        AudienceUnknownError: there is no such audience.
    """
    kind, _, code = audience.partition(":")
    if audience == EVERYONE:
        return who_is_meant()
    if kind == "unit" and await session.get(Unit, code) is not None:
        return who_is_meant(unit_code=code)
    if kind == "role" and code in AUDIENCE_ROLES:
        return who_is_meant(role=Role(code))
    raise AudienceUnknownError


async def audience_size(session: AsyncSession, audience: str) -> int:
    """How many people an audience has now.

    Args:
        session: the caller's transaction.
        audience: `all` (whoever said yes or holds a role), `unit:<code>` (those who ask from
            there and who hold a role there) or `role:<role>`; only people who can be reached.

    Raises:
        AudienceUnknownError: there is no such audience.
    """
    return await count_people(session, *await _meant(session, audience))


async def begin_broadcast(
    session: AsyncSession, actor: Actor, *, text: str, audience: str, now: datetime
) -> Broadcast:
    """Put one message for everyone in the audience into the paced lane.

    The first few are written at once; the others by `go_on`, which whoever leads calls.

    An announcement is no reminder: it goes to the under-16s too, and to those who have stopped
    reminders.

    Raises:
        NotAllowedError: not an organiser.
        BroadcastTextError: the text is empty or too long.
        AudienceUnknownError: there is no such audience.
    """
    require(actor, Permission.broadcast_send)
    meant = await _meant(session, audience)
    broadcast = Broadcast(
        text=fit_text(text),
        audience=audience,
        created_at=now,
        created_by=actor.person_id,
        people=await count_people(session, *meant),
        written_to=0,
    )
    session.add(broadcast)
    await session.flush()
    await _write_some(session, broadcast, meant)
    record(
        session,
        actor,
        "broadcast.begun",
        ("broadcast", broadcast.id),
        now=now,
        audience=audience,
        people=broadcast.people,
    )
    await session.flush()
    return broadcast


async def go_on(session: AsyncSession) -> bool:
    """Write a broadcast's messages to the next few people; False: none is to be written.

    Whoever has come after it was begun does not get it.
    """
    broadcast: Broadcast | None = await session.scalar(
        select(Broadcast)
        .where(col(Broadcast.written_to).is_not(None), col(Broadcast.stopped_at).is_(None))
        .order_by(col(Broadcast.id))
        .limit(1)
        .with_for_update()
    )
    if broadcast is None:
        return False
    try:
        meant = await _meant(session, broadcast.audience)
    except AudienceUnknownError:  # the plan has dropped the unit meanwhile
        broadcast.written_to = None
    else:
        came_before = col(Person.created_at) <= broadcast.created_at
        await _write_some(session, broadcast, (*meant, came_before))
    if broadcast.written_to is None:
        broadcast.people = sum((await states_under(session, _key(broadcast))).values())
    await session.flush()
    return True


async def _write_some(
    session: AsyncSession, broadcast: Broadcast, meant: tuple[ColumnElement[bool], ...]
) -> None:
    after = broadcast.written_to or 0
    people = await next_slice(session, people_of(*meant), after_id=after, size=AT_ONCE)
    if people is not None:
        message = message_to(
            session,
            *meant,
            IN_SLICE,
            kind=KIND,
            key=_key(broadcast),
            content={"broadcast": broadcast.id},
            now=broadcast.created_at,
            not_after=None,
        )
        await write_to(session, message, people)
    broadcast.written_to = None if people is None or people.is_last else people.last


async def stop_broadcast(
    session: AsyncSession, actor: Actor, broadcast_id: int, *, now: datetime
) -> int | None:
    """Send no more of it; what is sent stays. Returns how many messages this has kept back.

    None: it was over, or stopped, before. A message being sent at this very moment may arrive.

    Raises:
        NotAllowedError: not an organiser.
        BroadcastUnknownError: there is no such broadcast.
    """
    progress = await broadcast_progress(session, actor, broadcast_id)
    if not progress.waiting:
        return None
    stopped = await session.scalar(
        update(Broadcast)
        .where(col(Broadcast.id) == broadcast_id, col(Broadcast.stopped_at).is_(None))
        .values(stopped_at=now)
        .returning(col(Broadcast.id))
    )
    if stopped is None:
        return None
    broadcast = progress.broadcast
    # Another process may have written more of it meanwhile.
    await session.refresh(broadcast)
    cancelled = await cancel_under(session, _key(broadcast), STOPPED)
    cancelled += _unwritten(broadcast, await states_under(session, _key(broadcast)))
    record(
        session,
        actor,
        "broadcast.stopped",
        ("broadcast", broadcast_id),
        now=now,
        cancelled=cancelled,
    )
    await session.flush()
    return cancelled


async def broadcast_progress(
    session: AsyncSession, actor: Actor, broadcast_id: int
) -> BroadcastProgress:
    """Where the messages of a broadcast are.

    Raises:
        NotAllowedError: not an organiser.
        BroadcastUnknownError: there is no such broadcast.
    """
    require(actor, Permission.broadcast_send)
    broadcast = await session.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise BroadcastUnknownError
    states = await states_under(session, _key(broadcast))
    unwritten = _unwritten(broadcast, states)
    is_stopped = broadcast.stopped_at is not None
    return BroadcastProgress(
        broadcast,
        sent=states.get(OutboxState.sent, 0),
        waiting=states.get(OutboxState.due, 0)
        + states.get(OutboxState.sending, 0)
        + (0 if is_stopped else unwritten),
        failed=states.get(OutboxState.failed, 0),
        uncertain=states.get(OutboxState.uncertain, 0),
        cancelled=states.get(OutboxState.cancelled, 0) + (unwritten if is_stopped else 0),
        forgotten=broadcast.people - sum(states.values()) - unwritten,
    )


async def count_unwritten(session: AsyncSession) -> int:
    """How many messages of the announcements that go on are to be written yet."""
    unwritten = 0
    for broadcast in await session.scalars(
        select(Broadcast).where(
            col(Broadcast.written_to).is_not(None), col(Broadcast.stopped_at).is_(None)
        )
    ):
        unwritten += _unwritten(broadcast, await states_under(session, _key(broadcast)))
    return unwritten


async def latest_broadcast(session: AsyncSession) -> Broadcast | None:
    """The broadcast begun last."""
    found: Broadcast | None = await session.scalar(
        select(Broadcast).order_by(col(Broadcast.id).desc()).limit(1)
    )
    return found


def _unwritten(broadcast: Broadcast, states: Mapping[OutboxState, int]) -> int:
    """How many messages are still to be written, or were when it was stopped."""
    if broadcast.written_to is None:
        return 0
    return max(0, broadcast.people - sum(states.values()))


def _key(broadcast: Broadcast) -> str:
    return f"broadcast:{broadcast.id}"
