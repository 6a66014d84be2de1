"""What an organiser sees of the messages on their way, and sending a stranded one again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from conference.auditing import record
from conference.broadcasting import count_unwritten
from conference.roles import Actor, Permission, require
from storage.alerts import count_set_aside
from storage.outbox import (
    count_by_lane,
    count_planned,
    grants_of_people,
    newest_troubled,
    put_back,
)
from storage.tables import Lane, OutboxMessage, OutboxState, Role

TROUBLES_SHOWN = 8
REPLY = "reply"
"""The kind of every message of the reply lane: what it answered is not kept."""


class Reason(StrEnum):
    """Why a message is stranded, as far as an organiser needs to know."""

    blocked = "blocked"
    refused = "refused"
    no_answer = "no-answer"
    cut_off = "cut-off"
    other = "other"


_MARKS = (
    (Reason.blocked, ("forbidden", "403")),
    (Reason.cut_off, ("the process ended",)),
    (Reason.refused, ("badrequest", "400", "chatmigrated")),
    (Reason.no_answer, ("timedout", "networkerror", "given up")),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One stranded message: what and to which role, never to whom."""

    number: int
    """The row's number."""
    attempts: int
    kind: str
    state: OutboxState
    reason: Reason
    at: datetime
    """When it was given up, or else when it was written."""
    holders: Sequence[tuple[Role, str | None]]
    """The roles of whom it is for, each with its unit; empty: a person who is not known."""
    can_retry: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """The paced lane in numbers, the failed replies, and the newest troubles."""

    waiting: int
    """Due or being sent just now, or to be written yet."""
    sent: int
    failed: int
    uncertain: int
    cancelled: int
    failed_replies: int
    set_aside: int
    """Updates that no turn could handle; they are kept for a while."""
    troubles: Sequence[Trouble]


async def outbox_desk(session: AsyncSession, actor: Actor) -> Desk:
    """What is on its way, what has arrived, and what has not.

    Raises:
        NotAllowedError: not an organiser.
    """
    require(actor, Permission.outbox_view)
    counts = await count_by_lane(session)
    rows = await newest_troubled(session, TROUBLES_SHOWN)
    grants = await grants_of_people(
        session, [person.id for _, person in rows if person is not None and person.id is not None]
    )
    troubles = []
    for message, person in rows:
        holders: list[tuple[Role, str | None]] = []
        if person is not None and person.id is not None:
            holders = [(grant.role, grant.unit_code) for grant in grants.get(person.id, [])] or [
                (Role.member, person.unit_code)
            ]
        is_reachable = person is not None and person.unreachable_at is None
        troubles.append(
            Trouble(
                number=message.id or 0,
                attempts=message.attempts,
                kind=message.kind if message.lane is Lane.paced else REPLY,
                state=message.state,
                reason=_reason(message),
                at=message.sent_at or message.created_at,
                holders=holders,
                can_retry=message.lane is Lane.paced and is_reachable,
            )
        )

    def paced(*states: OutboxState) -> int:
        return sum(counts.get((Lane.paced, state), 0) for state in states)

    return Desk(
        waiting=paced(OutboxState.due, OutboxState.sending) + await count_to_be_written(session),
        sent=paced(OutboxState.sent),
        failed=paced(OutboxState.failed),
        uncertain=paced(OutboxState.uncertain),
        cancelled=paced(OutboxState.cancelled),
        failed_replies=counts.get((Lane.reply, OutboxState.failed), 0),
        set_aside=await count_set_aside(session, None),
        troubles=troubles,
    )


async def count_to_be_written(session: AsyncSession) -> int:
    """How many messages of reminders and announcements become rows as they are sent."""
    return await count_planned(session) + await count_unwritten(session)


def _reason(message: OutboxMessage) -> Reason:
    said = (message.error or "").casefold()
    for reason, marks in _MARKS:
        if any(mark in said for mark in marks):
            return reason
    return Reason.no_answer if message.state is OutboxState.uncertain else Reason.other


async def retry_message(
    session: AsyncSession, actor: Actor, number: int, *, attempts: int, now: datetime
) -> bool:
    """Send a failed or uncertain paced message again; an uncertain one may then arrive twice.

    False, and nothing changes: it was tried again since, or its recipient cannot be reached. A
    failed reply has no content left and cannot be sent again.

    Args:
        session: the caller's transaction.
        actor: who asks for it.
        number: the row's number.
        attempts: how often it had been tried when the actor saw it stranded, so that a second
            press does not send a third copy.
        now: the present moment.

    Raises:
        NotAllowedError: not an organiser.
    """
    require(actor, Permission.outbox_view)
    message = await put_back(session, number, attempts)
    if message is None:
        return False
    record(
        session,
        actor,
        "outbox.retried",
        ("outbox", number),
        now=now,
        kind=message.kind,
        attempts=attempts,
    )
    return True
