import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.errors import ChoiceGoneError, NotAllowedError
from conference.reporting import (
    NothingToReportError,
    UnitHasLeadError,
    hand_up,
    unit_progress,
    units_to_report,
)
from storage.questions import history_of
from storage.tables import (
    AuditEntry,
    Extension,
    Question,
    QuestionState,
    Report,
    Role,
    RoleGrant,
)
from tests.cast import (
    JOINED,
    MINUTE,
    PLAN,
    UNITS,
    actor,
    ask,
    at,
    counted,
    enter,
    revoke,
    set_stage,
)

NOW = at("18/5 10:00")


async def people(database):
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "second", leads=["so-dau"])
        await enter(session, "lead-of-two", leads=["ha-ly", "quan-toan"])
        await enter(session, "boss", organiser=True)
        await enter(session, "lead-and-boss", leads=["minh-khai"], organiser=True)
        await enter(session, "member", unit_code="so-dau")
        await enter(session, "former", leads=["so-dau"])
        await revoke(session, "former", JOINED)
        duty = await enter(session, "duty")
        session.add(RoleGrant(person_id=duty.person_id, role=Role.duty_officer, granted_at=JOINED))


async def hand(session, name, unit_code="so-dau", now=NOW):
    return await hand_up(
        session, await actor(session, name), plan=PLAN, unit_code=unit_code, now=now
    )


async def states(session):
    found = await session.execute(
        select(col(Question.code), col(Question.state)).order_by(col(Question.id))
    )
    return [state.value for _, state in found.all()]


async def audit(session, action):
    found = await session.scalars(
        select(AuditEntry).where(col(AuditEntry.action) == action).order_by(col(AuditEntry.id))
    )
    return [(one.actor_id, one.subject_kind, one.subject_id, one.detail) for one in found]


async def test_lead_hands_up_what_the_unit_has_asked(database):
    await people(database)
    async with database.transaction() as session:
        first = await ask(session, "so-dau")
        await ask(session, "so-dau", state=QuestionState.held)
        await ask(session, "so-dau", state=QuestionState.withdrawn)
        second = await ask(session, "so-dau")
        await ask(session, "ha-ly")
        report = await hand(session, "lead")
        lead = await actor(session, "lead")

        assert report.model_dump(exclude={"id"}) == {
            "unit_code": "so-dau",
            "number": 1,
            "handed_up_at": NOW,
            "handed_up_by": lead.person_id,
            "question_count": 2,
            "is_late": False,
            "by_organiser": False,
        }
        assert await states(session) == ["reported", "held", "withdrawn", "reported", "submitted"]
        assert await audit(session, "report.sent") == [
            (
                lead.person_id,
                "report",
                str(report.id),
                {"unit": "so-dau", "for_unit_without_lead": False},
            )
        ]
        for question in (first, second):
            [entry] = await history_of(session, question.id)
            assert (entry.action, entry.at, entry.actor_id) == (
                "question.reported",
                NOW,
                lead.person_id,
            )


async def test_no_question_is_a_report_too(database):
    await people(database)
    async with database.transaction() as session:
        report = await hand(session, "lead")
        assert (report.number, report.question_count) == (1, 0)
        with pytest.raises(NothingToReportError) as refused:
            await hand(session, "second")
        assert refused.value.details == {"unit": PLAN.unit("so-dau").name}
        assert len(list(await session.scalars(select(Report)))) == 1


async def test_later_questions_go_up_with_a_second_report(database):
    await people(database)
    async with database.transaction() as session:
        await ask(session, "so-dau")
        held = await ask(session, "so-dau", state=QuestionState.held)
        await hand(session, "lead")
        await ask(session, "so-dau")
        second = await hand(session, "second", now=NOW + MINUTE)
        assert (second.number, second.question_count) == (2, 1)

        await session.refresh(held)
        held.state = QuestionState.submitted  # the duty officer has released it
        await session.flush()
        third = await hand(session, "lead", now=at("20/5 09:00"))
        assert (third.number, third.question_count, third.is_late) == (3, 1, True)
        assert await states(session) == ["reported", "reported", "reported"]
        with pytest.raises(NothingToReportError):
            await hand(session, "lead")


@pytest.mark.parametrize(
    ("name", "unit_code", "refusal"),
    [
        ("lead", "so-dau", None),
        ("second", "so-dau", None),
        ("lead-of-two", "ha-ly", None),
        ("lead-of-two", "quan-toan", None),
        ("lead-and-boss", "minh-khai", None),
        ("lead-and-boss", "thuong-ly", None),
        ("boss", "thuong-ly", None),
        ("boss", "so-dau", UnitHasLeadError),
        ("lead-and-boss", "so-dau", UnitHasLeadError),
        ("boss", "no-such-unit", ChoiceGoneError),
        ("lead", "ha-ly", NotAllowedError),
        ("lead", "thuong-ly", NotAllowedError),
        ("lead", "no-such-unit", NotAllowedError),
        ("former", "so-dau", NotAllowedError),
        ("member", "so-dau", NotAllowedError),
        ("duty", "so-dau", NotAllowedError),
        ("stranger", "so-dau", NotAllowedError),
    ],
)
async def test_who_may_hand_up_for_which_unit(database, name, unit_code, refusal):
    await people(database)
    async with database.transaction() as session:
        await ask(session, "so-dau")
        if refusal is None:
            assert (await hand(session, name, unit_code)).unit_code == unit_code
            return
        with pytest.raises(refusal):
            await hand(session, name, unit_code)
        assert list(await session.scalars(select(Report))) == []
        assert await states(session) == ["submitted"]
        assert await audit(session, "report.sent") == []


async def test_record_says_that_an_organiser_acted_for_a_unit_without_a_lead(database):
    await people(database)
    async with database.transaction() as session:
        await ask(session, "thuong-ly")
        for_none = await hand(session, "boss", "thuong-ly")
        for_own = await hand(session, "lead-and-boss", "minh-khai")
        assert (for_none.by_organiser, for_own.by_organiser) == (True, False)
        assert [detail for *_, detail in await audit(session, "report.sent")] == [
            {"unit": "thuong-ly", "for_unit_without_lead": True},
            {"unit": "minh-khai", "for_unit_without_lead": False},
        ]


@pytest.mark.parametrize(
    ("moved_to", "unit_code", "handed_up", "is_late"),
    [
        (None, None, at("19/5") - timedelta(seconds=1), False),
        (None, None, at("19/5"), True),
        (None, None, at("20/5 08:00"), True),
        ("21/5 12:00", "so-dau", at("20/5 08:00"), False),
        ("21/5 12:00", "so-dau", at("21/5 12:00"), True),
        ("21/5 12:00", None, at("20/5 08:00"), False),
        ("21/5 12:00", "ha-ly", at("20/5 08:00"), True),
    ],
)
async def test_report_is_late_from_the_deadline_in_force(
    database, moved_to, unit_code, handed_up, is_late
):
    await people(database)
    async with database.transaction() as session:
        if moved_to:
            session.add(
                Extension(
                    milestone="unit_reports_due",
                    unit_code=unit_code,
                    moment=at(moved_to),
                    reason="",
                    granted_at=NOW,
                )
            )
            await session.flush()
        assert (await hand(session, "lead", now=handed_up)).is_late is is_late
        [row] = [
            one
            for one in await unit_progress(session, PLAN, now=at("25/5"))
            if one.unit_code == "so-dau"
        ]
    due = at(moved_to) if moved_to and unit_code != "ha-ly" else at("19/5")
    assert (row.due_at, row.late_by) == (due, handed_up - due if is_late else None)


async def test_progress_tells_how_far_each_unit_is(database):
    await people(database)
    async with database.transaction() as session:
        for state in ("submitted", "submitted", "held", "withdrawn"):
            await ask(session, "so-dau", state=QuestionState(state))
        await ask(session, "ha-ly")
        await hand(session, "lead-of-two", "ha-ly")
        await ask(session, "ha-ly")
        await hand(session, "boss", "thuong-ly", now=at("20/5 06:00"))
        await hand(session, "lead-of-two", "ha-ly", now=at("20/5 07:00"))
        rows = await unit_progress(session, PLAN, now=at("20/5 08:00"))
    assert [row.unit_code for row in rows] == UNITS
    found = {
        row.unit_code: (
            row.asked,
            row.waiting,
            row.held,
            row.leads,
            row.report and row.report.number,
            row.late_by,
        )
        for row in rows
    }
    late = timedelta(hours=32)
    assert found == dict.fromkeys(UNITS, (0, 0, 0, 0, None, late)) | {
        "so-dau": (2, 2, 1, 2, None, late),
        "ha-ly": (2, 0, 0, 1, 2, None),
        "quan-toan": (0, 0, 0, 1, None, late),
        "minh-khai": (0, 0, 0, 1, None, late),
        "thuong-ly": (0, 0, 0, 0, 1, timedelta(hours=30)),
    }


async def test_progress_costs_the_same_however_many_units(database):
    await people(database)
    one = PLAN.model_copy(update={"units": PLAN.units[:1]})
    async with database.transaction() as session:
        await hand(session, "lead")
        counts = []
        for plan in (one, PLAN):
            with counted(database) as statements:
                await unit_progress(session, plan, now=NOW)
            counts.append(len(statements))
    assert counts == [6, 6]


async def test_units_to_report_are_ones_own_or_those_that_nobody_leads(database):
    await people(database)
    led = {"so-dau", "ha-ly", "quan-toan", "minh-khai"}
    without_lead = [code for code in UNITS if code not in led]
    expected = {
        "lead": ["so-dau"],
        "lead-of-two": ["quan-toan", "ha-ly"],
        "boss": without_lead,
        "lead-and-boss": [code for code in UNITS if code == "minh-khai" or code not in led],
    }
    async with database.transaction() as session:
        found = {
            name: await units_to_report(session, await actor(session, name), PLAN)
            for name in expected
        }
        assert found == expected
        with pytest.raises(NotAllowedError):
            await units_to_report(session, await actor(session, "member"), PLAN)


async def test_two_leads_who_hand_up_at_once_make_one_report(database):
    await people(database)
    async with database.transaction() as session:
        await ask(session, "so-dau")

    async def press(name):
        async with database.transaction() as session:
            return await hand(session, name)

    done = await asyncio.gather(press("lead"), press("second"), return_exceptions=True)
    assert {type(one) for one in done} == {Report, NothingToReportError}
    async with database.snapshot() as session:
        [report] = await session.scalars(select(Report))
    assert (report.number, report.question_count) == (1, 1)


async def test_questions_are_taken_while_a_report_is_handed_up(database):
    """The lock of the unit keeps other reports out, not questions."""
    if database.is_sqlite:
        pytest.skip("SQLite has one writer, and it waits to begin")
    await people(database)
    async with database.transaction() as session:
        await hand(session, "lead")
        other = AsyncSession(database._writer)
        await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        assert (await ask(other, "so-dau")).id is not None
        person = await actor(other, "second")
        with pytest.raises(DBAPIError, match="lock timeout"):
            await hand_up(other, person, plan=PLAN, unit_code="so-dau", now=NOW)
        await other.close()
