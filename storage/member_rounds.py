"""Rounds of reminders for members, who may be a hundred thousand: planned slice by slice.

The statements are built once, as building one takes longer than executing it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Insert,
    String,
    Table,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.nudging import SUPERSEDED, is_silent, may_remind_member
from storage.paced import IN_SLICE, Slice, next_slice, people_of
from storage.tables import NudgeRound, OutboxMessage, OutboxState, Person, PlannedNudge
from storage.tables.outbox import PACED_OPEN


class MemberRound(NamedTuple):
    """A round, and for whom it is."""

    key: str
    unit_code: str | None
    """None: for those who have chosen no unit, or one that the plan no longer has."""
    known: Sequence[str]
    """All the plan's units."""
    joined_by: datetime
    """Who said yes later waits for the next round."""

    @property
    def whose(self) -> dict[str, Any]:
        """The parameters of `_WHOSE`."""
        return {"known": self.known} if self.unit_code is None else {"unit": self.unit_code}


_ROUND: Table = NudgeRound.__table__  # type: ignore[attr-defined]
_PLANNED: Table = PlannedNudge.__table__  # type: ignore[attr-defined]
_PERSON: Table = Person.__table__  # type: ignore[attr-defined]
_OUTBOX: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_IS_ROUND = _ROUND.c.key == bindparam("round")
_PLANNED_TO = select(_ROUND.c.planned_to).where(_IS_ROUND)
_MOVE_ON = (
    update(_ROUND)
    .where(_IS_ROUND, _ROUND.c.planned_to == bindparam("after"))
    .values(planned_to=bindparam("to"))
)
_COUNT_MORE = update(_ROUND).where(_IS_ROUND).values(people=_ROUND.c.people + bindparam("more"))
_WHOSE = {
    True: col(Person.unit_code) == bindparam("unit"),
    False: or_(
        col(Person.unit_code).is_(None),
        col(Person.unit_code).not_in(bindparam("known", expanding=True)),
    ),
}
"""Whom a round is for: by whether it is for a unit."""
_NEXT = {has_unit: people_of(whose) for has_unit, whose in _WHOSE.items()}
_GIVE_WAY = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.kind == bindparam("of_kind"),
        _OUTBOX.c.recipient_id.between(bindparam("first_id"), bindparam("last_id")),
        _OUTBOX.c.state == OutboxState.due,
        PACED_OPEN,
        exists().where(
            _PLANNED.c.person_id == _OUTBOX.c.recipient_id,
            _PLANNED.c.round_key == bindparam("round"),
        ),
    )
    .values(SUPERSEDED)
)
# The people are locked as well, like whoever inserts their messages does, and first: who erases a
# person at this moment is passed over, not waited for with that person's plan in hand.
_SOME = (
    select(_PLANNED.c.person_id)
    .join(_PERSON, _PERSON.c.id == _PLANNED.c.person_id)
    .order_by(_PLANNED.c.person_id)
    .limit(bindparam("at_most"))
    .with_for_update(key_share=True, skip_locked=True)
    .cte("some")
)
_TAKE = (
    delete(_PLANNED)
    .where(_PLANNED.c.person_id.in_(select(_SOME.c.person_id)))
    .returning(_PLANNED.c.round_key, _PLANNED.c.person_id)
)
_PEOPLE = select(Person).where(col(Person.id).in_(bindparam("ids", expanding=True)))


@cache
def _plan(has_unit: bool, dialect: str) -> Insert:  # noqa: FBT001  a key of `_WHOSE`
    whom = select(col(Person.id), bindparam("round", type_=String)).where(
        IN_SLICE,
        _WHOSE[has_unit],
        _PERSON.c.consented_at <= bindparam("joined_by", type_=_PERSON.c.consented_at.type),
        may_remind_member(),
        is_silent(),
    )
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    planned = insert(_PLANNED).from_select(["person_id", "round_key"], whom)
    statement: Insert = planned.on_conflict_do_update(
        index_elements=["person_id"], set_={"round_key": planned.excluded.round_key}
    )
    return statement


class NextMembers(NamedTuple):
    """Some of those whom a round may remind."""

    after: int
    """The last person whom the round has taken care of before."""
    people: Slice | None
    """None: nobody is left, the round comes to its end."""


async def next_members(
    session: AsyncSession, one: MemberRound, *, at_once: int
) -> NextMembers | None:
    """Who comes next in a round, so many at once; None: it is planned wholly."""
    after = await session.scalar(_PLANNED_TO, {"round": one.key})
    if after is None:
        return None
    people = await next_slice(
        session, _NEXT[one.unit_code is not None], after_id=after, size=at_once, **one.whose
    )
    return NextMembers(after, people)


async def move_on(session: AsyncSession, one: MemberRound, members: NextMembers) -> bool:
    """A round takes care of these; False: another process has done so already."""
    people = members.people
    to = None if people is None or people.is_last else people.last
    moved = await session.execute(_MOVE_ON, {"round": one.key, "after": members.after, "to": to})
    return bool(moved.rowcount)  # type: ignore[attr-defined]


async def plan_people(session: AsyncSession, one: MemberRound, people: Slice) -> int:
    """A round reminds those of a slice who may be reminded; returns how many these are.

    It takes the place of whatever round was to remind them before.
    """
    statement = _plan(one.unit_code is not None, session.get_bind().dialect.name)
    result = await session.execute(
        statement,
        {
            "round": one.key,
            "joined_by": one.joined_by,
            "first_id": people.first,
            "last_id": people.last,
            **one.whose,
        },
    )
    planned = int(result.rowcount)  # type: ignore[attr-defined]
    if planned:
        await session.execute(_COUNT_MORE, {"round": one.key, "more": planned})
    return planned


async def give_way(session: AsyncSession, kind: str, one: MemberRound, people: Slice) -> None:
    """Cancel what is written to those whom this round reminds and has not left.

    Whoever could not be reached for a while hears the last word, not all of them.
    """
    await session.execute(
        _GIVE_WAY,
        {
            "of_kind": kind,
            "round": one.key,
            "first_id": people.first,
            "last_id": people.last,
        },
    )


async def take_planned(session: AsyncSession, at_most: int) -> dict[str, list[Person]]:
    """Take the next few planned reminders away to be written: the people, by round.

    What another process is taking at this moment is passed over.
    """
    taken = (await session.execute(_TAKE, {"at_most": at_most})).all()
    if not taken:
        return {}
    found = await session.scalars(_PEOPLE, {"ids": [person_id for _, person_id in taken]})
    people = {person.id: person for person in found}
    by_round: dict[str, list[Person]] = defaultdict(list)
    for key, person_id in taken:
        by_round[key].append(people[person_id])
    return by_round
