"""Reminders: planned at each tick from the milestones in force, checked again when sent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.calendar import Calendar, calendar_of
from conference.notifying import notify
from conference.nudge_times import NudgeKind, Round, rounds
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan, MilestoneName
from storage.nudging import (
    claim_rounds,
    leads_of,
    member_is_silent,
    planned_rounds,
    question_counts,
    remind_members,
    reported_units,
)
from storage.people import grants_of, holders_of
from storage.tables import Person, QuestionState, Role

MORNING = time(8)


@dataclass(frozen=True, slots=True)
class Part:
    """One matter a person is reminded of."""

    kind: NudgeKind
    milestone: MilestoneName
    unit_code: str | None
    revision: int

    def as_content(self) -> dict[str, Any]:
        """For an outbox row."""
        return {
            "kind": self.kind,
            "milestone": self.milestone,
            "unit": self.unit_code,
            "revision": self.revision,
        }


async def plan_nudges(session: AsyncSession, plan: ConferencePlan, *, now: datetime) -> int:
    """Write down what has become due; returns how many messages that makes.

    A round is planned once, whoever's tick comes first. Of several late rounds with one purpose
    the last one still of use is sent, the others are skipped with the reason. Several matters
    for one person become one message. Whoever joined after a round was due waits for the next.
    """
    calendar = await calendar_of(session, plan)
    due = [one for one in rounds(calendar) if one.due_at <= now]
    known = await planned_rounds(session, [one.key for one in due])
    fresh = [one for one in due if one.key not in known]
    if not fresh:
        return 0
    chosen, skipped = _chosen(fresh, now)
    claimed = await claim_rounds(
        session,
        [
            {
                "key": one.key,
                "due_at": one.due_at,
                "planned_at": now,
                "people": 0,
                "skipped": skipped.get(one.key),
            }
            for one in fresh
        ],
    )
    chosen = [one for one in chosen if one.key in claimed]
    written = 0
    for one in chosen:
        if one.kind == "members_without_question":
            part = Part(one.kind, one.milestone, one.unit_code, one.revision)
            written += await remind_members(
                session,
                key=one.key,
                unit_code=one.unit_code,
                joined_before=one.due_at,
                not_after=one.not_after,
                content={"parts": [part.as_content()]},
                now=now,
            )
    return written + await _remind_officials(session, calendar, chosen, now)


def _chosen(fresh: Sequence[Round], now: datetime) -> tuple[list[Round], dict[str, str]]:
    """The rounds to send, and why the others are not."""
    by_purpose: dict[tuple[str, str, str | None], list[Round]] = defaultdict(list)
    skipped: dict[str, str] = {}
    for one in sorted(fresh, key=lambda each: each.due_at):
        if now >= one.not_after:
            skipped[one.key] = "too late"
        else:
            by_purpose[one.purpose].append(one)
    chosen = []
    for late in by_purpose.values():
        chosen.append(late[-1])
        skipped |= {one.key: "a later one took its place" for one in late[:-1]}
    return chosen, skipped


async def _remind_officials(
    session: AsyncSession, calendar: Calendar, chosen: Iterable[Round], now: datetime
) -> int:
    matters: dict[int, tuple[Person, list[Round]]] = {}
    for one in chosen:
        if one.kind == "members_without_question":
            continue
        for person in await _people_for(session, calendar, one):
            matters.setdefault(person.id or 0, (person, []))[1].append(one)
    for person, theirs in matters.values():
        parts = [Part(one.kind, one.milestone, one.unit_code, one.revision) for one in theirs]
        await notify(
            session,
            person,
            "nudge",
            key=f"nudge:{theirs[0].key}",
            now=now,
            not_after=max(one.not_after for one in theirs),
            parts=[part.as_content() for part in parts],
        )
    return len(matters)


async def _people_for(session: AsyncSession, calendar: Calendar, one: Round) -> Sequence[Person]:
    assert one.unit_code is not None  # noqa: S101  officials' rounds name a unit
    part = Part(one.kind, one.milestone, one.unit_code, one.revision)
    if not await _still_true(session, calendar, part):
        return []
    if one.kind.startswith("unit_leads"):
        return [p for _, p in await leads_of(session, [one.unit_code], before=one.due_at)]
    organisers = await holders_of(session, Role.organiser)
    return [one for one in organisers if one.unreachable_at is None]


async def parts_still_true(
    session: AsyncSession,
    plan: ConferencePlan,
    person: Person,
    parts: Iterable[dict[str, Any]],
) -> tuple[Calendar, list[Part]]:
    """What of a reminder still holds at the moment of sending: nobody who has acted is nudged."""
    calendar = await calendar_of(session, plan)
    grants = await grants_of(session, person.id or 0)
    led = {grant.unit_code for grant in grants if grant.role is Role.unit_lead}
    is_organiser = any(grant.role is Role.organiser for grant in grants)
    true: list[Part] = []
    for stored in parts:
        part = Part(stored["kind"], stored["milestone"], stored["unit"], stored["revision"])
        if part.kind == "members_without_question":
            is_meant = await session.scalar(
                select(col(Person.id)).where(col(Person.id) == person.id, *member_is_silent())
            )
        elif part.kind.startswith("organisers"):
            is_meant = is_organiser
        else:
            is_meant = part.unit_code in led
        if is_meant and await _still_true(session, calendar, part):
            true.append(part)
    return calendar, true


async def _still_true(session: AsyncSession, calendar: Calendar, part: Part) -> bool:
    """The milestone has not moved since, and the unit still owes what it is reminded of."""
    if part.revision != calendar.revision(part.milestone, part.unit_code):
        return False
    if part.kind == "members_without_question":
        return True
    unit_code = part.unit_code or ""
    if unit_code in await reported_units(session):
        return False
    if part.kind == "organisers_with_units_without_lead":
        return not await leads_of(session, [unit_code])
    if part.kind == "unit_leads_with_unreviewed_questions":
        counts = await question_counts(session, QuestionState.submitted)
        return counts.get(unit_code, 0) > 0
    return True


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
    tomorrow = local.date() + timedelta(days=1)
    until = datetime.combine(tomorrow, max(MORNING, plan.quiet_hours.ends), plan.zone)
    actor.person.snoozed_until = until
    session.add(actor.person)
    await session.flush()
    return until


async def late_leads(session: AsyncSession, plan: ConferencePlan) -> list[tuple[str, Person]]:
    """(unit, lead) of the units without a report, whoever can be reached."""
    reported = await reported_units(session)
    owing = [unit.code for unit in plan.units if unit.code not in reported]
    return [
        (unit, person)
        for unit, person in await leads_of(session, owing)
        if person.unreachable_at is None
    ]


async def remind_now(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, now: datetime
) -> int:
    """An organiser's word: remind the late leads at once; at most once an hour each."""
    require(actor, Permission.nudge_send)
    calendar = await calendar_of(session, plan)
    by_person: dict[int, tuple[Person, list[Part]]] = {}
    for unit, person in await late_leads(session, plan):
        part = Part(
            "unit_leads_without_report",
            "unit_reports_due",
            unit,
            calendar.revision("unit_reports_due", unit),
        )
        by_person.setdefault(person.id or 0, (person, []))[1].append(part)
    for person, parts in by_person.values():
        await notify(
            session,
            person,
            "nudge",
            key=f"nudge:by-hand:{now:%Y-%m-%dT%H}",
            now=now,
            parts=[part.as_content() for part in parts],
        )
    record(session, actor, "nudges.sent", ("conference", ""), now=now, people=len(by_person))
    await session.flush()
    return len(by_person)
