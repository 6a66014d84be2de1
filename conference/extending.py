"""Moving a milestone: by an organiser, or at a unit lead's request."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.calendar import Calendar, calendar_of
from conference.errors import ChoiceGoneError, ConferenceError, NotAllowedError
from conference.notifying import notify
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan, MilestoneName
from storage.extensions import open_request
from storage.nudging import asks_from, leads_any, may_remind_member, reported_units
from storage.paced import Paced, message_to, write_each, write_to
from storage.people import holders_of
from storage.tables import Extension, ExtensionRequest, Person, Role

EXTENDABLE: tuple[MilestoneName, ...] = ("asking_closes", "unit_reports_due")
"""What may be moved in the chat; the later milestones are the conference's own."""


class MomentUnfitError(ConferenceError):
    """A milestone cannot move to the past, to where it is, or past the conference."""

    code = "moment-unfit"


class RequestDecidedError(ConferenceError):
    """Another organiser has answered this request."""

    code = "request-decided"


def require_fit(
    calendar: Calendar,
    milestone: MilestoneName,
    unit_code: str | None,
    moment: datetime,
    now: datetime,
) -> None:
    """Raise `MomentUnfitError` unless the milestone can move to this moment."""
    if milestone not in EXTENDABLE:
        raise MomentUnfitError
    if not now < moment < calendar.moment("conference_opens"):
        raise MomentUnfitError
    if moment == calendar.moment(milestone, unit_code):
        raise MomentUnfitError


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
        ChoiceGoneError: the plan has no such unit.
        MomentUnfitError: the moment is past, unchanged, or not before the conference.
    """
    require(actor, Permission.milestone_extend)
    calendar = await calendar_of(session, plan)
    if unit_code is not None and unit_code not in {unit.code for unit in plan.units}:
        raise ChoiceGoneError
    require_fit(calendar, milestone, unit_code, moment, now)
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
    message = message_to(
        session,
        *await _affected(session, plan, granted),
        kind="extended",
        key=f"extended:{granted.id}",
        content={"extension": granted.id},
        now=now,
        not_after=moment,
    )
    return granted, await write_to(session, message)


async def extension_still_true(
    session: AsyncSession, plan: ConferencePlan, person: Person, extension_id: int
) -> Extension | None:
    """An extension, if it still concerns this person at the moment of telling them.

    None: another one is in force for them by now, or they have done what they got time for.
    """
    granted = await session.get(Extension, extension_id)
    if granted is None:
        return None
    is_affected = await session.scalar(
        select(col(Person.id)).where(
            col(Person.id) == person.id, *await _affected(session, plan, granted)
        )
    )
    return granted if is_affected is not None else None


async def _affected(
    session: AsyncSession, plan: ConferencePlan, granted: Extension
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions on a person whom an extension concerns.

    Leads who still owe a report; for asking, the leads and the members whom the bot may remind.
    """
    calendar = await calendar_of(session, plan)
    units = [unit.code for unit in plan.units]
    is_for_asking = granted.milestone == "asking_closes"
    done = set() if is_for_asking else await reported_units(session)
    in_force = [
        code
        for code in (*units, None)
        if calendar.revision(granted.milestone, code) == granted.id  # type: ignore[arg-type]
    ]
    concerned = leads_any([code for code in in_force if code is not None and code not in done])
    if is_for_asking:
        concerned = or_(concerned, and_(may_remind_member(), asks_from(in_force, units)))
    return concerned, col(Person.unreachable_at).is_(None)


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
    key, content = f"extension-request:{request.id}", {"request": request.id}
    organisers = await holders_of(session, Role.organiser)
    await write_each(
        session,
        "extension-request",
        [Paced(organiser, key, content, wanted) for organiser in organisers],
        now=now,
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
