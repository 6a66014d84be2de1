from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from conference.calendar import calendar_of
from conference.errors import ChoiceGoneError, NotAllowedError
from conference.extending import (
    MomentUnfitError,
    RequestDecidedError,
    ask_for_time,
    decide_request,
    extend,
    extension_still_true,
)
from storage.extensions import open_request
from storage.tables import AgeBand, AuditEntry, Extension, ExtensionRequest, OutboxMessage, Person
from tests.cast import (
    JOINED,
    MINUTE,
    PLAN,
    actor,
    ask,
    at,
    counted,
    enter,
    messages,
    plan_nudges,
    report,
    revoke,
    set_stage,
    still_true,
)

NOW = at("15/5 10:00")


async def people(database):
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "second", leads=["so-dau"])
        await enter(session, "lead-of-two", leads=["so-dau", "ha-ly"])
        await enter(session, "other-lead", leads=["ha-ly"])
        await enter(session, "lead-who-reported", leads=["minh-khai"])
        await enter(session, "blocked-lead", leads=["so-dau"], unreachable_at=JOINED)
        await enter(session, "former", leads=["so-dau"])
        await revoke(session, "former", JOINED)
        await enter(session, "boss", organiser=True)
        await enter(session, "other-boss", organiser=True)
        await enter(session, "member", unit_code="so-dau")
        await enter(session, "asker", unit_code="so-dau")
        await ask(session, "so-dau", author=await actor(session, "asker"))
        await enter(session, "elsewhere", unit_code="ha-ly")
        await enter(session, "nowhere")
        await enter(session, "under-16", unit_code="so-dau", age_band=AgeBand.under_16)
        await enter(session, "no-age", unit_code="so-dau", age_band=None)
        await enter(session, "no-yes", unit_code="so-dau", consented_at=None)
        await enter(session, "stopped", unit_code="so-dau", reminders_stopped_at=JOINED)
        await enter(session, "blocked", unit_code="so-dau", unreachable_at=JOINED)
        await report(session, "minh-khai", JOINED)


async def move(
    session, milestone="unit_reports_due", unit_code="so-dau", to="21/5", now=NOW, who="boss"
):
    return await extend(
        session,
        await actor(session, who),
        plan=PLAN,
        milestone=milestone,
        unit_code=unit_code,
        moment=at(to) if isinstance(to, str) else to,
        reason="Mưa bão",
        now=now,
    )


LEADS_OF_UNIT = {"lead", "second", "lead-of-two"}
MEMBERS_OF_UNIT = {"member", "asker"}


@pytest.mark.parametrize(
    ("milestone", "unit_code", "told"),
    [
        ("unit_reports_due", "so-dau", LEADS_OF_UNIT),
        ("unit_reports_due", "minh-khai", set()),
        ("unit_reports_due", "thuong-ly", set()),
        ("unit_reports_due", None, LEADS_OF_UNIT | {"other-lead"}),
        ("asking_closes", "so-dau", LEADS_OF_UNIT | MEMBERS_OF_UNIT),
        ("asking_closes", "minh-khai", {"lead-who-reported"}),
        (
            "asking_closes",
            None,
            LEADS_OF_UNIT
            | MEMBERS_OF_UNIT
            | {"other-lead", "lead-who-reported", "elsewhere", "nowhere"},
        ),
    ],
)
async def test_exactly_those_affected_hear_once(database, milestone, unit_code, told):
    await people(database)
    async with database.transaction() as session:
        granted, count = await move(session, milestone, unit_code, "21/5")
        rows = await messages(session, "extended")
        assert sorted(one.chat_id for one in rows) == sorted(told)
        assert count == len(told)
        assert {one.key for one in rows} == {
            f"extended:{granted.id}:{one.recipient_id}" for one in rows
        }
        assert all(
            (one.content, one.not_after, one.created_at)
            == ({"extension": granted.id}, at("21/5"), NOW)
            for one in rows
        )


async def test_extension_is_in_force_at_once_and_recorded(database):
    await people(database)
    async with database.transaction() as session:
        boss = await actor(session, "boss")
        local = at("21/5 12:00").astimezone(PLAN.zone)
        granted, _ = await move(session, to=local)
        calendar = await calendar_of(session, PLAN)
        moment = calendar.moment("unit_reports_due", "so-dau")
        assert (moment, moment.utcoffset()) == (at("21/5 12:00"), timedelta())
        assert calendar.revision("unit_reports_due", "so-dau") == granted.id
        assert calendar.moment("unit_reports_due", "ha-ly") == at("19/5")
        [note] = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "milestone.extended")
        )
        assert (note.actor_id, note.at, note.subject_kind, note.subject_id, note.detail) == (
            boss.person_id,
            NOW,
            "extension",
            str(granted.id),
            {"milestone": "unit_reports_due", "unit": "so-dau"},
        )
    async with database.snapshot() as session:
        [stored] = await session.scalars(select(Extension))
        assert stored.model_dump(exclude={"id"}) == {
            "milestone": "unit_reports_due",
            "unit_code": "so-dau",
            "moment": at("21/5 12:00"),
            "reason": "Mưa bão",
            "granted_at": NOW,
            "granted_by": boss.person_id,
        }


@pytest.mark.parametrize(
    ("milestone", "unit_code", "to", "refusal"),
    [
        ("unit_reports_due", "so-dau", "19/5 00:01", None),
        ("unit_reports_due", "so-dau", "18/5", None),
        ("unit_reports_due", "so-dau", NOW + MINUTE, None),
        ("unit_reports_due", None, "26/5 07:59", None),
        ("asking_closes", None, "18/5", None),
        ("unit_reports_due", "so-dau", "19/5", MomentUnfitError),
        ("unit_reports_due", "so-dau", NOW, MomentUnfitError),
        ("unit_reports_due", "so-dau", NOW - MINUTE, MomentUnfitError),
        ("unit_reports_due", "so-dau", "26/5 08:00", MomentUnfitError),
        ("asking_opens", None, "16/5", MomentUnfitError),
        ("consolidation_due", None, "25/5", MomentUnfitError),
        ("conference_opens", None, "25/5", MomentUnfitError),
        ("unit_reports_due", "no-such-unit", "21/5", ChoiceGoneError),
    ],
)
async def test_which_moments_a_milestone_can_move_to(database, milestone, unit_code, to, refusal):
    await people(database)
    async with database.transaction() as session:
        if refusal is None:
            granted, _ = await move(session, milestone, unit_code, to)
            assert granted.moment == (at(to) if isinstance(to, str) else to)
            return
        with pytest.raises(refusal):
            await move(session, milestone, unit_code, to)
        assert list(await session.scalars(select(Extension))) == []
        assert await messages(session, "extended") == []


@pytest.mark.parametrize("who", ["lead", "member", "former", "stranger"])
async def test_only_an_organiser_moves_a_milestone(database, who):
    await people(database)
    async with database.transaction() as session:
        with pytest.raises(NotAllowedError):
            await move(session, who=who)
        with pytest.raises(NotAllowedError):
            await decide_request(
                session,
                await actor(session, who),
                plan=PLAN,
                request_id=1,
                is_granted=True,
                now=NOW,
            )
        assert list(await session.scalars(select(Extension))) == []


async def test_nudges_after_an_extension_are_those_of_the_new_moment(database):
    await people(database)
    moment = at("18/5 12:00")
    async with database.transaction() as session:
        await plan_nudges(session, PLAN, now=moment)
        assert {"lead", "second", "other-lead"} < (await still_true(session, PLAN)).keys()
        await move(session, to="21/5", now=moment + MINUTE)
        assert (await still_true(session, PLAN)).keys() & {"lead", "second", "other-lead"} == {
            "other-lead"
        }
        # At once: neither a nudge that would have been due already, nor a second message.
        await plan_nudges(session, PLAN, now=moment + 2 * MINUTE)
        assert (await still_true(session, PLAN)).keys() & {"lead", "second", "other-lead"} == {
            "other-lead"
        }
        await plan_nudges(session, PLAN, now=at("20/5 12:00"))
        assert {"lead", "second"} < (await still_true(session, PLAN)).keys()


async def told(database, extension_id):
    """To whom an extension is still told at this moment, of all who are in the bot."""
    async with database.snapshot() as session:
        found = set()
        for person in await session.scalars(select(Person)):
            if await extension_still_true(session, PLAN, person, extension_id):
                found.add(person.external_id)
        return found


async def test_extension_is_told_while_it_is_in_force(database):
    await people(database)
    async with database.transaction() as session:
        for_all, _ = await move(session, unit_code=None, to="20/5")
        asking, _ = await move(session, "asking_closes", None, "18/5")
        await move(session, "asking_closes", "ha-ly", "19/5")
        await move(session, unit_code="ha-ly", to="22/5")
    # Who leads two units still has one for which the first is in force.
    assert await told(database, for_all.id) == LEADS_OF_UNIT
    assert await told(database, asking.id) == (
        LEADS_OF_UNIT | MEMBERS_OF_UNIT | {"lead-who-reported", "nowhere"}
    )
    async with database.transaction() as session:
        await report(session, "so-dau", NOW)
        await revoke(session, "second", NOW)
        person = (await actor(session, "member")).person
        person.reminders_stopped_at = NOW
    assert await told(database, for_all.id) == set()
    # Whoever was a lead and never said yes is nothing any more.
    assert await told(database, asking.id) == {
        "lead",
        "lead-of-two",
        "asker",
        "lead-who-reported",
        "nowhere",
    }
    assert await told(database, 99) == set()


async def test_extension_costs_the_same_however_many_people(database):
    await people(database)
    counts = []
    async with database.transaction() as session:
        for round_number in range(2):
            with counted(database) as statements:
                await move(session, "asking_closes", None, f"{18 + round_number}/5")
            counts.append(len(statements))
            for number in range(30):
                await enter(session, f"{round_number} {number}", leads=["so-dau"])
                await enter(session, f"member {round_number} {number}", unit_code="so-dau")
    assert counts[0] == counts[1]


# -- a lead asks for more time


async def want(session, who="lead", unit_code="so-dau", wanted="21/5", now=NOW):
    return await ask_for_time(
        session,
        await actor(session, who),
        plan=PLAN,
        unit_code=unit_code,
        wanted=at(wanted),
        reason="Chờ họp chi đoàn",
        now=now,
    )


async def decide(session, request, *, is_granted, who="boss", now=NOW + MINUTE):
    return await decide_request(
        session,
        await actor(session, who),
        plan=PLAN,
        request_id=request.id,
        is_granted=is_granted,
        now=now,
    )


async def test_lead_asks_and_every_organiser_is_told(database):
    await people(database)
    async with database.transaction() as session:
        lead = await actor(session, "lead")
        request = await want(session)
        assert request.model_dump(exclude={"id"}) == {
            "milestone": "unit_reports_due",
            "unit_code": "so-dau",
            "wanted": at("21/5"),
            "reason": "Chờ họp chi đoàn",
            "asked_at": NOW,
            "asked_by": lead.person_id,
            "decided_at": None,
            "decided_by": None,
            "is_granted": None,
        }
        rows = await messages(session, "extension-request")
        assert [(one.chat_id, one.content, one.not_after) for one in rows] == [
            ("boss", {"request": request.id}, at("21/5")),
            ("other-boss", {"request": request.id}, at("21/5")),
        ]
        [note] = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "extension.asked")
        )
        assert (note.actor_id, note.detail) == (lead.person_id, {"unit": "so-dau"})


@pytest.mark.parametrize(
    ("who", "unit_code", "wanted", "now", "refusal"),
    [
        ("lead", "so-dau", "19/5 00:01", NOW, None),
        ("lead", "so-dau", "21/5", at("20/5"), None),
        ("lead-of-two", "ha-ly", "21/5", NOW, None),
        ("lead", "so-dau", "19/5", NOW, MomentUnfitError),
        ("lead", "so-dau", "18/5", NOW, MomentUnfitError),
        ("lead", "so-dau", "21/5", at("21/5"), MomentUnfitError),
        ("lead", "so-dau", "26/5 08:00", NOW, MomentUnfitError),
        ("lead", "ha-ly", "21/5", NOW, NotAllowedError),
        ("boss", "so-dau", "21/5", NOW, NotAllowedError),
        ("former", "so-dau", "21/5", NOW, NotAllowedError),
        ("member", "so-dau", "21/5", NOW, NotAllowedError),
    ],
)
async def test_who_may_ask_for_how_much_time(database, who, unit_code, wanted, now, refusal):
    await people(database)
    async with database.transaction() as session:
        if refusal is None:
            assert (await want(session, who, unit_code, wanted, now)).wanted == at(wanted)
            return
        with pytest.raises(refusal):
            await want(session, who, unit_code, wanted, now)
        assert list(await session.scalars(select(ExtensionRequest))) == []
        assert await messages(session, "extension-request") == []


async def test_granting_extends_once_and_the_leads_hear_once(database):
    await people(database)
    async with database.transaction() as session:
        request = await want(session)
        decided = await decide(session, request, is_granted=True)
        boss = await actor(session, "boss")
        assert (decided.id, decided.is_granted, decided.decided_at, decided.decided_by) == (
            request.id,
            True,
            NOW + MINUTE,
            boss.person_id,
        )
        for who, is_granted in (("other-boss", True), ("boss", True), ("other-boss", False)):
            with pytest.raises(RequestDecidedError):
                await decide(session, request, is_granted=is_granted, who=who)
        [granted] = await session.scalars(select(Extension))
        assert (granted.unit_code, granted.moment, granted.reason, granted.granted_by) == (
            "so-dau",
            at("21/5"),
            "Chờ họp chi đoàn",
            boss.person_id,
        )
        rows = await messages(session, "extended")
        assert sorted(one.chat_id for one in rows) == sorted(LEADS_OF_UNIT)
        assert await messages(session, "extension-refused") == []


async def test_refusing_changes_nothing_and_who_asked_hears_once(database):
    await people(database)
    async with database.transaction() as session:
        request = await want(session)
        decided = await decide(session, request, is_granted=False)
        assert (decided.is_granted, decided.decided_at) == (False, NOW + MINUTE)
        for is_granted in (False, True):
            with pytest.raises(RequestDecidedError):
                await decide(session, request, is_granted=is_granted, who="other-boss")
        assert list(await session.scalars(select(Extension))) == []
        [row] = await messages(session, "extension-refused")
        assert (row.chat_id, row.content, row.not_after) == (
            "lead",
            {"unit": "so-dau"},
            NOW + MINUTE + timedelta(days=2),
        )
        calendar = await calendar_of(session, PLAN)
        assert calendar.moment("unit_reports_due", "so-dau") == at("19/5")


async def test_new_request_takes_the_place_of_an_open_one(database):
    await people(database)
    async with database.transaction() as session:
        first = await want(session, wanted="20/5")
        of_other = await want(session, "other-lead", "ha-ly")
        second = await want(session, "second", wanted="22/5", now=NOW + MINUTE)
        assert (await open_request(session, "so-dau", "unit_reports_due")).id == second.id
        assert (await open_request(session, "ha-ly", "unit_reports_due")).id == of_other.id
        with pytest.raises(RequestDecidedError):
            await decide(session, first, is_granted=True)
        await decide(session, second, is_granted=True)
        calendar = await calendar_of(session, PLAN)
        assert calendar.moment("unit_reports_due", "so-dau") == at("22/5")
        assert await open_request(session, "so-dau", "unit_reports_due") is None
        # Granted, and then a little more.
        third = await want(session, wanted="23/5", now=NOW + 2 * MINUTE)
        await decide(session, third, is_granted=True)
        assert (await calendar_of(session, PLAN)).moment("unit_reports_due", "so-dau") == at(
            "23/5"
        )


async def test_request_that_has_become_unfit_stays_open(database):
    """The moment asked for has passed: the turn is taken back, and the request with it."""
    await people(database)
    async with database.transaction() as session:
        request = await want(session)
    async with database.transaction() as session:
        savepoint = await session.begin_nested()
        with pytest.raises(MomentUnfitError):
            await decide(session, request, is_granted=True, now=at("21/5"))
        await savepoint.rollback()
    async with database.snapshot() as session:
        stored = await session.get_one(ExtensionRequest, request.id)
        assert (stored.decided_at, stored.is_granted) == (None, None)
        assert list(await session.scalars(select(Extension))) == []
        kinds = set(await session.scalars(select(col(OutboxMessage.kind))))
    assert kinds == {"extension-request"}
