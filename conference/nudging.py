"""Reminders: planned at each tick from the milestones in force, checked again when sent.

Officials' are written at once. A round for members, who may be a hundred thousand, is planned
slice by slice (`plan_members`) and its messages are written as they are sent (`write_planned`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.calendar import Calendar, calendar_of
from conference.nudge_times import ORGANISERS_KINDS, NudgeKind, Round, is_quiet, rounds
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan, MilestoneName
from storage import member_rounds
from storage.member_rounds import MemberRound, NextMembers
from storage.news import News, announce
from storage.nudging import (
    claim_rounds,
    count_people,
    end_rounds,
    is_silent,
    last_message_id,
    leads_of,
    may_remind_member,
    messages_after,
    planned_rounds,
    question_counts,
    reminded_since,
    reported_units,
    take_back,
)
from storage.paced import Paced, write_each
from storage.people import grants_of, holders_of
from storage.tables import Person, QuestionState, Role

NUDGE = "nudge"
"""The kind of every reminder, and the beginning of its key."""
BY_HAND = f"{NUDGE}:by-hand"
MORNING = time(8)
AT_ONCE = 350
"""Members whom one transaction plans: replies wait no longer than for these."""
_WRITTEN_AT_ONCE = 100
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One matter a person is reminded of."""

    kind: NudgeKind
    milestone: MilestoneName
    unit_code: str | None
    revision: int

    @property
    def purpose(self) -> tuple[str, str, str | None]:
        """What it is about; one message says it once."""
        return self.kind, self.milestone, self.unit_code

    def as_content(self) -> dict[str, Any]:
        """For an outbox row."""
        return {
            "kind": self.kind,
            "milestone": self.milestone,
            "unit": self.unit_code,
            "revision": self.revision,
        }

    @classmethod
    def from_content(cls, stored: Mapping[str, Any]) -> "Part":
        """What `as_content` gave."""
        return cls(stored["kind"], stored["milestone"], stored["unit"], stored["revision"])


def _part_of(one: Round) -> Part:
    return Part(one.kind, one.milestone, one.unit_code, one.revision)


def _content(parts: Iterable[Part]) -> dict[str, Any]:
    return {"parts": [part.as_content() for part in parts]}


@dataclass(frozen=True, slots=True)
class _Owed:
    """What the units owe at this moment."""

    led: AbstractSet[str]
    reported: AbstractSet[str]
    unreviewed: AbstractSet[str]

    def by(self, part: Part) -> bool:
        """Whether the unit of an official's reminder still owes what it is about."""
        if part.unit_code in self.reported:
            return False
        if part.kind == "organisers_with_units_without_lead":
            return part.unit_code not in self.led
        if part.kind == "unit_leads_with_unreviewed_questions":
            return part.unit_code in self.unreviewed
        return True


async def _owed(session: AsyncSession, led: AbstractSet[str]) -> _Owed:
    unreviewed = await question_counts(session, QuestionState.submitted)
    return _Owed(led, await reported_units(session), unreviewed.keys())


async def begin_rounds(
    session: AsyncSession, plan: ConferencePlan, *, now: datetime
) -> tuple[int, list[Round]]:
    """Write down which rounds have become due, and all their messages but the members'.

    A round is planned once, whoever's tick comes first, and never in quiet hours. Of several
    late rounds with one purpose the last one still of use is sent, the others are skipped with
    the reason. Several matters for one person become one message, and so does what has not left
    since an earlier round. A member or lead who joined after a round was due waits for the next.

    Returns:
        How many messages that makes, and the rounds for whose members `next_members` is to be
        asked; among them those that an earlier process began and did not end.
    """
    if is_quiet(now, plan.quiet_hours, plan.zone):
        return 0, []
    calendar = await calendar_of(session, plan)
    in_force = sorted(rounds(calendar), key=attrgetter("due_at"))
    due = {one.key: one for one in in_force if one.due_at <= now}
    known = await planned_rounds(session)
    unfinished = {key for key, planned_to in known.items() if planned_to is not None}
    # One that is not due yet was begun by a clock that is ahead of this one: it waits.
    going_on = [one for one in in_force if one.key in unfinished and now < one.not_after]
    if len(going_on) < len(unfinished):
        await end_rounds(session, unfinished - {one.key for one in going_on})
    begun = [one for one in going_on if one.key in due]
    fresh = [one for key, one in due.items() if key not in known]
    if not fresh:
        return 0, begun
    chosen, skipped = _chosen(fresh, now)
    are_chosen = {one.key for one in chosen}
    claimed = await claim_rounds(
        session,
        [
            {
                "key": one.key,
                "due_at": one.due_at,
                "planned_at": now,
                "people": 0,
                "planned_to": 0 if _is_for_members(one) and one.key in are_chosen else None,
                "skipped": skipped.get(one.key),
            }
            for one in fresh
        ],
    )
    chosen = [one for one in chosen if one.key in claimed]
    begun += filter(_is_for_members, chosen)
    return await _remind_officials(session, plan, chosen, now), begun


def _is_for_members(one: Round) -> bool:
    return one.kind == "members_without_question"


def _for_members(plan: ConferencePlan, one: Round) -> MemberRound:
    return MemberRound(one.key, one.unit_code, [unit.code for unit in plan.units], one.due_at)


async def next_members(
    session: AsyncSession, plan: ConferencePlan, one: Round, *, at_once: int = AT_ONCE
) -> NextMembers | None:
    """Who comes next in a round, so many at once; None: it is planned wholly.

    Only reads, so that whoever writes need not wait for it; `plan_members` is to follow.
    """
    return await member_rounds.next_members(session, _for_members(plan, one), at_once=at_once)


async def plan_members(
    session: AsyncSession, plan: ConferencePlan, one: Round, members: NextMembers
) -> int:
    """A round is to remind these, or those of them who are meant; returns how many that is."""
    theirs, people = _for_members(plan, one), members.people
    if not await member_rounds.move_on(session, theirs, members) or people is None:
        return 0
    planned = await member_rounds.plan_people(session, theirs, people)
    if planned:
        announce(session, News.paced)
        await member_rounds.give_way(session, NUDGE, theirs, people)
    return planned


async def write_planned(session: AsyncSession, plan: ConferencePlan, *, now: datetime) -> bool:
    """Write the messages of the next few planned reminders; False: there are none.

    Of a round whose milestone has been moved, or whose time is over, nothing is written.
    """
    taken = await member_rounds.take_planned(session, _WRITTEN_AT_ONCE)
    if not taken:
        return False
    in_force = {one.key: one for one in rounds(await calendar_of(session, plan))}
    messages = []
    for key, people in taken.items():
        one = in_force.get(key)
        if one is None or now >= one.not_after:
            continue
        content = _content([_part_of(one)])
        messages += [Paced(person, f"{NUDGE}:{key}", content, one.not_after) for person in people]
    await write_each(session, NUDGE, messages, now=now)
    return True


async def _remind_officials(
    session: AsyncSession, plan: ConferencePlan, chosen: Sequence[Round], now: datetime
) -> int:
    before = await last_message_id(session)
    officials = _by_person(
        (person, one) for one, person in await _officials_for(session, plan, chosen)
    )
    if not officials:
        return 0
    people: dict[str, int] = defaultdict(int)
    for _, theirs in officials.values():
        for one in theirs:
            people[one.key] += 1
    written = await _write_nudges(
        session,
        [
            Paced(
                person,
                f"{NUDGE}:{theirs[0].key}",
                _content(map(_part_of, theirs)),
                max(one.not_after for one in theirs),
            )
            for person, theirs in officials.values()
        ],
        before,
        now,
    )
    await count_people(session, people)
    return written


def _chosen(fresh: Sequence[Round], now: datetime) -> tuple[list[Round], dict[str, str]]:
    """The rounds to send, and why the others are not."""
    by_purpose: dict[tuple[str, str, str | None], list[Round]] = defaultdict(list)
    skipped: dict[str, str] = {}
    for one in sorted(fresh, key=lambda each: each.due_at):
        if one.moved_at is not None and one.due_at <= one.moved_at:
            skipped[one.key] = "due before the milestone was moved"
        elif now >= one.not_after:
            skipped[one.key] = "too late"
        else:
            by_purpose[one.purpose].append(one)
    chosen = []
    for late in by_purpose.values():
        chosen.append(late[-1])
        skipped |= {one.key: "a later one took its place" for one in late[:-1]}
    return chosen, skipped


async def _officials_for(
    session: AsyncSession, plan: ConferencePlan, chosen: Sequence[Round]
) -> list[tuple[Round, Person]]:
    """Who is meant by each round for leads or organisers."""
    if all(map(_is_for_members, chosen)):
        return []
    leads = await leads_of(session, [unit.code for unit in plan.units])
    owed = await _owed(session, {lead.unit_code for lead in leads})
    organisers = await holders_of(session, Role.organiser)
    meant: list[tuple[Round, Person]] = []
    for one in chosen:
        if _is_for_members(one) or not owed.by(_part_of(one)):
            continue
        if one.kind in ORGANISERS_KINDS:
            people = organisers
        else:
            people = [
                lead.person
                for lead in leads
                if lead.unit_code == one.unit_code and lead.since <= one.due_at
            ]
        meant += [(one, person) for person in people if person.unreachable_at is None]
    return meant


async def _write_nudges(
    session: AsyncSession, messages: Sequence[Paced], before: int, now: datetime
) -> int:
    """Write these, and take in what of earlier nudges has not left yet."""
    written = await write_each(session, NUDGE, messages, now=now)
    left_over: dict[int, list[dict[str, Any]]] = defaultdict(list)
    useful_until: dict[int, datetime] = {}
    waiting = await take_back(session, NUDGE, written, up_to_id=before)
    for person_id, content, not_after in waiting:
        left_over[person_id] += content["parts"]
        useful_until[person_id] = max(not_after or now, useful_until.get(person_id, now))
    for row in await messages_after(session, NUDGE, left_over, after_id=before):
        person_id = row.recipient_id or 0
        parts = map(Part.from_content, [*left_over[person_id], *row.content["parts"]])
        row.content = _content({part.purpose: part for part in parts}.values())
        row.not_after = max(row.not_after or now, useful_until[person_id])
    await session.flush()
    return len(written)


async def parts_still_true(
    session: AsyncSession,
    plan: ConferencePlan,
    person: Person,
    parts: Iterable[dict[str, Any]],
) -> tuple[Calendar, list[Part]]:
    """What of a reminder still holds at the moment of sending: nobody who has acted is nudged."""
    calendar = await calendar_of(session, plan)
    units = {unit.code for unit in plan.units}
    stored = [
        part
        for part in map(Part.from_content, parts)
        if part.revision == calendar.revision(part.milestone, part.unit_code)
        and part.unit_code in {None, *units}
    ]
    if all(part.kind == "members_without_question" for part in stored):
        is_meant = await session.scalar(
            select(col(Person.id)).where(
                col(Person.id) == person.id, may_remind_member(), is_silent()
            )
        )
        return calendar, stored if is_meant else []
    grants = await grants_of(session, person.id or 0)
    theirs = {grant.unit_code for grant in grants if grant.role is Role.unit_lead}
    is_organiser = any(grant.role is Role.organiser for grant in grants)
    owed = await _owed(session, {lead.unit_code for lead in await leads_of(session, units)})
    return calendar, [
        part
        for part in stored
        if (is_organiser if part.kind in ORGANISERS_KINDS else part.unit_code in theirs)
        and part.kind != "members_without_question"
        and owed.by(part)
    ]


async def stop_reminders(session: AsyncSession, actor: Actor, *, now: datetime) -> bool:
    """A member's word: no reminders any more. False: an official, who can only put them off."""
    if actor.person is None or actor.roles:
        return False
    actor.person.reminders_stopped_at = now
    session.add(actor.person)
    record(session, actor, "reminders.stopped", ("person", actor.person_id), now=now)
    await session.flush()
    return True


async def snooze(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, now: datetime
) -> datetime | None:
    """No reminders until tomorrow morning, local time; returns that moment."""
    if actor.person is None:
        return None
    local = now.astimezone(plan.zone)
    is_before_dawn = is_quiet(now, plan.quiet_hours, plan.zone) and local.time() < MORNING
    day = local.date() + timedelta(days=0 if is_before_dawn else 1)
    until = datetime.combine(day, max(MORNING, plan.quiet_hours.ends), plan.zone).astimezone(UTC)
    actor.person.snoozed_until = until
    session.add(actor.person)
    await session.flush()
    return until


async def late_leads(session: AsyncSession, plan: ConferencePlan) -> list[tuple[str, Person]]:
    """(unit, lead) of the units without a report, whoever can be reached."""
    reported = await reported_units(session)
    owing = [unit.code for unit in plan.units if unit.code not in reported]
    return [
        (lead.unit_code, lead.person)
        for lead in await leads_of(session, owing)
        if lead.person.unreachable_at is None
    ]


async def remind_now(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, now: datetime
) -> int:
    """An organiser's word: remind the late leads at once, each at most once an hour.

    Returns how many are reminded.
    """
    require(actor, Permission.nudge_send)
    calendar = await calendar_of(session, plan)
    reminded = await reminded_since(session, f"{BY_HAND}:", now - _HOUR)
    before = await last_message_id(session)
    late = _by_person(
        (person, unit)
        for unit, person in await late_leads(session, plan)
        if person.id not in reminded
    )
    people = await _write_nudges(
        session,
        [
            Paced(
                person,
                f"{BY_HAND}:{now:%Y-%m-%dT%H}",
                _content(
                    Part(
                        "unit_leads_without_report",
                        "unit_reports_due",
                        unit,
                        calendar.revision("unit_reports_due", unit),
                    )
                    for unit in units
                ),
                now + _DAY,
            )
            for person, units in late.values()
        ],
        before,
        now,
    )
    record(session, actor, "nudges.sent", ("conference", ""), now=now, people=people)
    await session.flush()
    return people


def _by_person(pairs: Iterable[tuple[Person, T]]) -> dict[int, tuple[Person, list[T]]]:
    """What each person is meant by, in order."""
    theirs: dict[int, tuple[Person, list[T]]] = {}
    for person, one in pairs:
        theirs.setdefault(person.id or 0, (person, []))[1].append(one)
    return theirs
