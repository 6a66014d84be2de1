"""A unit's report: its lead hands the questions up, once and again for what comes later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.auditing import record
from conference.calendar import calendar_of
from conference.errors import ChoiceGoneError, ConferenceError, NotAllowedError
from conference.roles import Actor, Permission, require
from config.plan import ConferencePlan
from storage.nudging import leads_of, question_counts
from storage.questions import listed_of_unit, report_of
from storage.reports import lock_unit, reports_by_unit
from storage.tables import Question, QuestionState, Report, Role


class NothingToReportError(ConferenceError):
    """The unit has reported, and nothing has come since."""

    code = "nothing-to-report"


class UnitHasLeadError(ConferenceError):
    """An organiser may act for a unit only while nobody leads it."""

    code = "unit-has-lead"


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """How far one unit is."""

    unit_code: str
    asked: int
    waiting: int
    """Of these, not handed up yet."""
    held: int
    leads: int
    report: Report | None
    due_at: datetime
    late_by: timedelta | None
    """How late the report is, or was; None when it is not."""


async def unit_progress(
    session: AsyncSession, plan: ConferencePlan, *, now: datetime
) -> list[UnitProgress]:
    """How far each unit is, in the plan's order."""
    calendar = await calendar_of(session, plan)
    asked = await question_counts(session, QuestionState.submitted, QuestionState.reported)
    waiting = await question_counts(session, QuestionState.submitted)
    held = await question_counts(session, QuestionState.held)
    codes = [unit.code for unit in plan.units]
    leads = Counter(lead.unit_code for lead in await leads_of(session, codes))
    reports = await reports_by_unit(session)
    rows = []
    for code in codes:
        theirs = reports.get(code, [])
        due = calendar.moment("unit_reports_due", code)
        until = theirs[0].handed_up_at if theirs else now
        rows.append(
            UnitProgress(
                code,
                asked.get(code, 0),
                waiting.get(code, 0),
                held.get(code, 0),
                leads[code],
                theirs[-1] if theirs else None,
                due,
                until - due if until >= due else None,
            )
        )
    return rows


async def units_to_report(
    session: AsyncSession, actor: Actor, plan: ConferencePlan
) -> Sequence[str]:
    """The units this person may report for: their own, or those that nobody leads."""
    require(actor, Permission.report_send)
    codes = [unit.code for unit in plan.units]
    if Role.organiser not in actor.roles:
        return [code for code in codes if code in actor.led_units]
    led = {lead.unit_code for lead in await leads_of(session, codes)}
    return [code for code in codes if code in actor.led_units or code not in led]


async def questions_to_read(
    session: AsyncSession, actor: Actor, *, plan: ConferencePlan, unit_code: str
) -> Sequence[Question]:
    """What a unit's young people have asked, for whoever reports for the unit.

    Raises:
        NotAllowedError: the person reports for other units.
    """
    if unit_code not in await units_to_report(session, actor, plan):
        raise NotAllowedError(permission=Permission.report_send.value)
    return await listed_of_unit(session, unit_code)


async def hand_up(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    unit_code: str,
    now: datetime,
) -> Report:
    """Hand up what the unit's young people have asked; none at all is a report too.

    Held questions stay with the duty officer. The plan's III.5 sets the deadline.

    Raises:
        NotAllowedError: the person leads another unit.
        ChoiceGoneError: the plan has no such unit.
        UnitHasLeadError: an organiser, and the unit has a lead.
        NothingToReportError: reported already, and nothing has come since.
    """
    require(actor, Permission.report_send)
    is_lead = unit_code in actor.led_units
    if not is_lead and Role.organiser not in actor.roles:
        raise NotAllowedError(permission=Permission.report_send.value)
    if unit_code not in {unit.code for unit in plan.units}:
        raise ChoiceGoneError
    await lock_unit(session, unit_code)
    if not is_lead and await leads_of(session, [unit_code]):
        raise UnitHasLeadError(unit=plan.unit(unit_code).name)
    before = await report_of(session, unit_code)
    moved = list(
        await session.scalars(
            update(Question)
            .where(
                col(Question.unit_code) == unit_code,
                col(Question.state) == QuestionState.submitted,
            )
            .values(state=QuestionState.reported)
            .returning(col(Question.id))
            .execution_options(synchronize_session=False)
        )
    )
    if before is not None and not moved:
        raise NothingToReportError(unit=plan.unit(unit_code).name)
    calendar = await calendar_of(session, plan)
    report = Report(
        unit_code=unit_code,
        number=before.number + 1 if before is not None else 1,
        handed_up_at=now,
        handed_up_by=actor.person_id,
        question_count=len(moved),
        is_late=now >= calendar.moment("unit_reports_due", unit_code),
        by_organiser=not is_lead,
    )
    session.add(report)
    await session.flush()
    record(
        session,
        actor,
        "report.sent",
        ("report", report.id),
        now=now,
        unit=unit_code,
        for_unit_without_lead=not is_lead,
    )
    for question_id in moved:
        record(session, actor, "question.reported", ("question", question_id), now=now)
    await session.flush()
    return report
