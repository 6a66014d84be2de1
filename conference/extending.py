"""Moving a milestone: by an organiser, or at a unit lead's request."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.calendar import calendar_of
from conference.errors import ConferenceError, NotAllowedError
from conference.notifying import notify
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan, MilestoneName
from storage.extensions import open_request
from storage.nudging import leads_of, reported_units
from storage.people import holders_of
from storage.tables import AgeBand, Extension, ExtensionRequest, Person, Role, RoleGrant

EXTENDABLE: tuple[MilestoneName, ...] = ("asking_closes", "unit_reports_due")
"""What may be moved in the chat; the later milestones are the conference's own."""


class MomentUnfitError(ConferenceError):
    """A milestone cannot move to the past, to where it is, or past the conference."""

    code = "moment-unfit"


class RequestDecidedError(ConferenceError):
    """Another organiser has answered this request."""

    code = "request-decided"


async def extend(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    milestone: MilestoneName,
    unit_code: str | None,
    moment: datetime,
    reason: str,
    now: datetime,
) -> tuple[Extension, int]:
    """Move a milestone for one unit or for all; returns it and how many people will hear of it.

    Whatever is derived from the milestone moves with it; each person affected hears once.

    Raises:
        MomentUnfitError: the moment is past, unchanged, or not before the conference.
    """
    require(actor, Permission.milestone_extend)
    calendar = await calendar_of(session, plan)
    if milestone not in EXTENDABLE:
        raise MomentUnfitError
    if not now < moment < calendar.moment("conference_opens"):
        raise MomentUnfitError
    if moment == calendar.moment(milestone, unit_code):
        raise MomentUnfitError
    granted = Extension(
        milestone=milestone,
        unit_code=unit_code,
        moment=moment,
        reason=reason,
        granted_at=now,
        granted_by=actor.person_id,
    )
    session.add(granted)
    await session.flush()
    record(
        session,
        actor,
        "milestone.extended",
        ("extension", granted.id),
        now=now,
        milestone=milestone,
        unit=unit_code,
    )
    people = await _affected(session, plan, milestone, unit_code)
    for person in people:
        await notify(
            session,
            person,
            "extended",
            key=f"extended:{granted.id}",
            now=now,
            not_after=moment,
            extension=granted.id,
        )
    return granted, len(people)


async def _affected(
    session: AsyncSession, plan: ConferencePlan, milestone: MilestoneName, unit_code: str | None
) -> list[Person]:
    """Leads who still owe a report; for asking, also the members (never the under-16s)."""
    units = [unit_code] if unit_code else [unit.code for unit in plan.units]
    reported = await reported_units(session)
    owing = [code for code in units if code not in reported or milestone == "asking_closes"]
    people = {person.id: person for _, person in await leads_of(session, owing)}
    if milestone == "asking_closes":
        query = select(Person).where(
            col(Person.consented_at).is_not(None),
            col(Person.age_band) != AgeBand.under_16,
            col(Person.reminders_stopped_at).is_(None),
            col(Person.id).not_in(
                select(col(RoleGrant.person_id)).where(col(RoleGrant.revoked_at).is_(None))
            ),
        )
        if unit_code is not None:
            query = query.where(col(Person.unit_code) == unit_code)
        people |= {person.id: person for person in await session.scalars(query)}
    return [person for person in people.values() if person.unreachable_at is None]


async def ask_for_time(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    unit_code: str,
    wanted: datetime,
    reason: str,
    now: datetime,
) -> ExtensionRequest:
    """A lead asks for more time for the unit's report; the organisers are told at once.

    A request that is still open is replaced, not doubled.

    Raises:
        NotAllowedError: the person leads another unit.
        MomentUnfitError: as for `extend`.
    """
    require(actor, Permission.report_send)
    if unit_code not in actor.led_units:
        raise NotAllowedError(permission=Permission.report_send.value)
    calendar = await calendar_of(session, plan)
    here = calendar.moment("unit_reports_due", unit_code)
    if not max(now, here) < wanted < calendar.moment("conference_opens"):
        raise MomentUnfitError
    before = await open_request(session, unit_code, "unit_reports_due")
    if before is not None:
        before.decided_at = now
        session.add(before)
    request = ExtensionRequest(
        milestone="unit_reports_due",
        unit_code=unit_code,
        wanted=wanted,
        reason=reason,
        asked_at=now,
        asked_by=actor.person_id,
    )
    session.add(request)
    await session.flush()
    record(
        session,
        actor,
        "extension.asked",
        ("extension_request", request.id),
        now=now,
        unit=unit_code,
    )
    for organiser in await holders_of(session, Role.organiser):
        await notify(
            session,
            organiser,
            "extension-request",
            key=f"extension-request:{request.id}",
            now=now,
            not_after=wanted,
            request=request.id,
        )
    return request


async def decide_request(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    request_id: int,
    is_granted: bool,
    now: datetime,
) -> ExtensionRequest:
    """Grant or refuse, once; the lead hears of it.

    Raises:
        RequestDecidedError: another organiser was first.
        MomentUnfitError: the moment asked for has passed meanwhile.
    """
    require(actor, Permission.milestone_extend)
    request: ExtensionRequest | None = await session.scalar(
        update(ExtensionRequest)
        .where(col(ExtensionRequest.id) == request_id, col(ExtensionRequest.decided_at).is_(None))
        .values(decided_at=now, decided_by=actor.person_id, is_granted=is_granted)
        .returning(ExtensionRequest)
    )
    if request is None:
        raise RequestDecidedError
    if is_granted:
        await extend(
            session,
            actor,
            plan=plan,
            milestone="unit_reports_due",
            unit_code=request.unit_code,
            moment=request.wanted,
            reason=request.reason,
            now=now,
        )
        return request
    record(session, actor, "extension.refused", ("extension_request", request.id), now=now)
    person = await session.get(Person, request.asked_by) if request.asked_by else None
    if person is not None:
        await notify(
            session,
            person,
            "extension-refused",
            key=f"extension-refused:{request.id}",
            now=now,
            not_after=now + timedelta(days=2),
            unit=request.unit_code,
        )
    return request
