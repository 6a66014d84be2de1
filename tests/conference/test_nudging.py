import asyncio
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from conference.errors import NotAllowedError
from conference.notifying import notify
from conference.nudging import (
    begin_rounds,
    late_leads,
    next_members,
    plan_members,
    remind_now,
    snooze,
    stop_reminders,
    write_planned,
)
from config.plan import load_plan
from storage.database import Database
from storage.tables import (
    AgeBand,
    AuditEntry,
    Extension,
    Lane,
    NudgeRound,
    OutboxMessage,
    OutboxState,
    Person,
    PlannedNudge,
    QuestionState,
    Role,
    RoleGrant,
    Unit,
)
from tests.cast import (
    JOINED,
    MINUTE,
    PLAN,
    UNITS,
    actor,
    ask,
    at,
    change,
    changed_plan,
    counted,
    enter,
    messages,
    moved_plan,
    plan_nudges,
    read,
    report,
    revoke,
    said,
    send,
    set_stage,
    skipped,
    still_true,
)
from tests.chat import PLAN_FILE

WARD = load_plan(PLAN_FILE.with_name("vi-du-2027.toml"))
TWO = PLAN.model_copy(update={"units": (PLAN.unit("so-dau"), PLAN.unit("ha-ly"))})
"""The plan of 2022 with two units only."""
LEADS = "unit_leads_without_report"
UNREVIEWED = "unit_leads_with_unreviewed_questions"
MEMBERS = "members_without_question"
NO_LEAD = "organisers_with_units_without_lead"
LATE = "organisers_with_late_units"
LATER = "a later one took its place"


async def test_whole_plan_goes_to_exactly_those_who_are_late(database):
    """Ticks every half hour of the days with deadlines and once a day else; nobody acts."""
    await set_stage(database)
    async with database.transaction() as session:
        session.add(
            Unit(code="gone", name="", short_name="", kind="", position=99, closed_at=JOINED)
        )
        await session.flush()
        asker = await enter(session, "asker", unit_code="so-dau")
        withdrew = await enter(session, "withdrew", unit_code="so-dau")
        await ask(session, "so-dau", author=asker)
        await ask(session, "so-dau", author=withdrew, state=QuestionState.withdrawn)
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "lead-of-two", leads=["ha-ly", "quan-toan"])
        await enter(session, "one-of-two", leads=["minh-khai"])
        await enter(session, "two-of-two", leads=["minh-khai"])
        await enter(session, "done", leads=["hung-vuong"])
        await enter(session, "lead-and-organiser", leads=["thuong-ly"], organiser=True)
        await enter(session, "boss", organiser=True)
        await enter(session, "former", leads=["hoang-van-thu"])
        await revoke(session, "former", JOINED)
        await enter(session, "silent")
        await enter(session, "silent-of-gone-unit", unit_code="gone")
        await enter(session, "late-comer", since=at("15/5 10:00"))
        for unit in ("hung-vuong", "truong-hoc", "co-quan-doanh-nghiep"):
            await report(session, unit, JOINED)

    heard = []
    moments = [at(f"{day}/5 12:00") for day in (*range(5, 12), *range(21, 28))]
    moments += [at("12/5") + number * timedelta(minutes=30) for number in range(9 * 48)]
    async with database.transaction() as session:
        for now in sorted(moments):
            if await plan_nudges(session, PLAN, now=now):
                heard += [
                    (said(now), who, parts) for who, parts in sorted((await read(session)).items())
                ]
                await send(session, now)

    def leads(moment):
        return [
            (moment, "lead", [f"{LEADS} so-dau"]),
            (moment, "lead-of-two", [f"{LEADS} quan-toan", f"{LEADS} ha-ly"]),
            (moment, "one-of-two", [f"{LEADS} minh-khai"]),
            (moment, "two-of-two", [f"{LEADS} minh-khai"]),
        ]

    lacking = [f"{NO_LEAD} {unit}" for unit in ("trai-chuoi", "hoang-van-thu", "phan-boi-chau")]
    late = [
        "quan-toan",
        "so-dau",
        "thuong-ly",
        "ha-ly",
        "minh-khai",
        "trai-chuoi",
        "hoang-van-thu",
        "phan-boi-chau",
    ]

    def everyone(moment, *others):
        return sorted(
            [
                *leads(moment),
                (moment, "boss", lacking),
                (moment, "lead-and-organiser", [f"{LEADS} thuong-ly", *lacking]),
                *others,
            ]
        )

    def silent(moment, *names):
        return [(moment, name, [f"{MEMBERS} {unit}"]) for name, unit in names]

    first = [("silent", "-"), ("silent-of-gone-unit", "-"), ("withdrew", "so-dau")]
    assert heard == [
        *everyone("12/5 19:00"),
        *silent("14/5 19:00", *first),
        *everyone("16/5 19:00", *silent("16/5 19:00", ("late-comer", "-"), *first)),
        ("17/5 19:00", "lead", [f"{UNREVIEWED} so-dau"]),
        *everyone("18/5 12:00"),
        *everyone("18/5 21:00"),
        *sorted(
            [*leads("19/5 08:00"), ("19/5 08:00", "lead-and-organiser", [f"{LEADS} thuong-ly"])]
        ),
        ("20/5 06:30", "boss", [f"{LATE} {unit}" for unit in late]),
        ("20/5 06:30", "lead-and-organiser", [f"{LATE} {unit}" for unit in late]),
    ]
    async with database.snapshot() as session:
        assert await skipped(session) == {}
        keys = list(await session.scalars(select(col(OutboxMessage.key))))
    assert len(keys) == len(set(keys)) == len(heard)


# What waits at each moment of the plan where nobody acts: a lead with a question to hand up, a
# unit without a lead, an organiser and a silent member.
MOMENTS = {
    "12/5 19:00": {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
    "14/5 19:00": {"an": [f"{MEMBERS} -"]},
    "16/5 19:00": {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"], "an": [f"{MEMBERS} -"]},
    "17/5 19:00": {"lead": [f"{UNREVIEWED} so-dau"]},
    "18/5 12:00": {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
    "18/5 21:00": {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
    "19/5 08:00": {"lead": [f"{LEADS} so-dau"]},
    "20/5 06:30": {"boss": [f"{LATE} so-dau", f"{LATE} ha-ly"]},
}  # fmt: skip
TWICE = [moment for moment, whom in MOMENTS.items() if "lead" in whom and "boss" in whom]


async def small_cast(database):
    await set_stage(database, TWO)
    async with database.transaction() as session:
        asker = await enter(session, "asker", unit_code="so-dau")
        await ask(session, "so-dau", author=asker)
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "boss", organiser=True)
        await enter(session, "an")


async def tick_until(session, moment):
    """Every moment of the plan up to this one, each message sent."""
    for one in MOMENTS:
        if at(one) <= moment:
            await plan_nudges(session, TWO, now=at(one))
            await send(session, at(one))


async def through_the_plan(database, act, *, is_planned_first):
    """Act just before (or just after) each moment is planned, always from the same state."""
    found = {}
    async with database.transaction() as session:
        for words in MOMENTS:
            now = at(words)
            savepoint = await session.begin_nested()
            if is_planned_first:
                await plan_nudges(session, TWO, now=now)
                await act(session, now)
                found[words] = await still_true(session, TWO)
            else:
                await act(session, now - MINUTE)
                await plan_nudges(session, TWO, now=now)
                found[words] = await read(session)
                assert await still_true(session, TWO) == found[words]
            await savepoint.rollback()
            session.expire_all()
            await plan_nudges(session, TWO, now=now)
            await send(session, now)
    return found


def without(is_gone, extra=None):
    """The table of moments without some parts, and with others at some moments."""
    found = {}
    for moment, whom in MOMENTS.items():
        left = {
            who: [part for part in parts if not is_gone(who, part)] for who, parts in whom.items()
        }
        found[moment] = {who: parts for who, parts in left.items() if parts}
        found[moment] |= (extra or {}).get(moment, {})
    return found


async def nobody_acts(session, now):
    pass


async def unit_reports(session, now):
    await report(session, "so-dau", now)


async def other_unit_reports(session, now):
    await report(session, "ha-ly", now)


async def other_unit_gets_a_lead(session, now):
    await enter(session, "new", leads=["ha-ly"], since=now)


async def lead_is_revoked(session, now):
    await revoke(session, "lead", now)


async def organiser_is_revoked(session, now):
    await revoke(session, "boss", now)


async def question_is_held(session, now):
    await session.execute(text("UPDATE question SET state = 'held'"))


async def question_is_withdrawn(session, now):
    await session.execute(text("UPDATE question SET state = 'withdrawn'"))


async def member_asks(session, now):
    await ask(session, "ha-ly", author=await actor(session, "an"))


async def member_asks_something_held(session, now):
    await ask(session, "ha-ly", author=await actor(session, "an"), state=QuestionState.held)


async def member_asks_and_withdraws(session, now):
    await ask(session, "ha-ly", author=await actor(session, "an"), state=QuestionState.withdrawn)


async def member_stops_reminders(session, now):
    assert await stop_reminders(session, await actor(session, "an"), now=now)


async def member_turns_out_to_be_under_16(session, now):
    await change(session, "an", age_band=AgeBand.under_16)


async def member_gets_a_role(session, now):
    person = (await actor(session, "an")).person
    session.add(RoleGrant(person_id=person.id, role=Role.duty_officer, granted_at=now))
    await session.flush()


async def member_blocks_the_bot(session, now):
    await change(session, "an", unreachable_at=now)


async def official_blocks_the_bot(session, now):
    await change(session, "lead", unreachable_at=now)


async def member_stopped_reminders_as_a_member_and_leads_since(session, now):
    await change(session, "lead", reminders_stopped_at=JOINED)


MEMBER_IS_DONE = without(lambda who, part: who == "an")
ACTS = [
    (nobody_acts, MOMENTS, MOMENTS),
    (unit_reports, *[without(lambda who, part: "so-dau" in part)] * 2),
    (other_unit_reports, *[without(lambda who, part: "ha-ly" in part)] * 2),
    (
        other_unit_gets_a_lead,
        without(
            lambda who, part: NO_LEAD in part,
            {moment: {"lead": MOMENTS[moment]["lead"], "new": [f"{LEADS} ha-ly"]} for moment in (*TWICE, "19/5 08:00")}
            | {"16/5 19:00": {"lead": [f"{LEADS} so-dau"], "new": [f"{LEADS} ha-ly"], "an": [f"{MEMBERS} -"]}},
        ),
        without(lambda who, part: NO_LEAD in part),
    ),
    (
        lead_is_revoked,
        without(
            lambda who, part: who == "lead",
            {moment: {"boss": [f"{NO_LEAD} so-dau", f"{NO_LEAD} ha-ly"]} for moment in TWICE}
            ,
        ),
        without(lambda who, part: who == "lead"),
    ),
    (organiser_is_revoked, *[without(lambda who, part: who == "boss")] * 2),
    (question_is_held, *[without(lambda who, part: UNREVIEWED in part)] * 2),
    (question_is_withdrawn, without(lambda who, part: UNREVIEWED in part, {"14/5 19:00": {"an": [f"{MEMBERS} -"], "asker": [f"{MEMBERS} so-dau"]}, "16/5 19:00": {**MOMENTS["16/5 19:00"], "asker": [f"{MEMBERS} so-dau"]}}), without(lambda who, part: UNREVIEWED in part)),
    (member_asks, *[MEMBER_IS_DONE] * 2),
    (member_asks_something_held, *[MEMBER_IS_DONE] * 2),
    (member_asks_and_withdraws, MOMENTS, MOMENTS),
    (member_stops_reminders, *[MEMBER_IS_DONE] * 2),
    (member_turns_out_to_be_under_16, *[MEMBER_IS_DONE] * 2),
    (member_gets_a_role, *[MEMBER_IS_DONE] * 2),
    (member_blocks_the_bot, *[MEMBER_IS_DONE] * 2),
    (official_blocks_the_bot, without(lambda who, part: who == "lead"), None),
    (member_stopped_reminders_as_a_member_and_leads_since, MOMENTS, MOMENTS),
]  # fmt: skip


@pytest.mark.parametrize(("act", "before", "after"), ACTS, ids=[row[0].__name__ for row in ACTS])
async def test_who_has_acted_hears_nothing_of_it(database, act, before, after):
    """Acted before the tick, and between planning and sending."""
    await small_cast(database)
    assert await through_the_plan(database, act, is_planned_first=False) == before
    async with database.transaction() as session:
        for table in (OutboxMessage, PlannedNudge, NudgeRound):
            await session.execute(delete(table))
    if after is not None:  # None: at sending it is the courier who knows
        assert await through_the_plan(database, act, is_planned_first=True) == after


# Where the table's message would be, the reason is told.
OUTAGES = [
    # The last tick before, the first one after; who is told what; which rounds were skipped.
    pytest.param(
        "16/5 18:00", "17/5 18:30",
        {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
        {f"{MEMBERS} -1d@19:00": "too late"},
        id="a day: what is still of use is sent late, asking has closed",
    ),
    pytest.param(
        "16/5 18:00", "18/5 12:30",
        {"lead": [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
        {
            f"{LEADS} -3d@19:00": LATER,
            f"{NO_LEAD} -3d@19:00": LATER,
            f"{MEMBERS} -1d@19:00": "too late",
        },
        id="two offsets and two matters: the later offset, and one message",
    ),
    pytest.param(
        "13/5 12:00", "16/5 23:00",
        {},
        {},
        id="back in quiet hours: nothing yet",
    ),
    pytest.param(
        "13/5 12:00", "16/5 21:29",
        {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"], "an": [f"{MEMBERS} -"]},
        {f"{MEMBERS} -3d@19:00": LATER},
        id="back in the last minute before quiet hours",
    ),
    pytest.param(
        "18/5 11:00", "18/5 21:15",
        {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"]},
        {f"{LEADS} -1d@12:00": LATER, f"{NO_LEAD} -1d@12:00": LATER},
        id="hours: only the last one",
    ),
    pytest.param(
        "18/5 11:00", "19/5 06:30",
        {},
        {
            f"{LEADS} -1d@12:00": "too late",
            f"{LEADS} -3h": "too late",
            f"{NO_LEAD} -1d@12:00": "too late",
            f"{NO_LEAD} -3h": "too late",
        },
        id="over the deadline: what was to be said before it is not said after it",
    ),
    pytest.param(
        "18/5 11:00", "19/5 09:00",
        {"lead": [f"{LEADS} so-dau"]},
        {
            f"{LEADS} -1d@12:00": "too late",
            f"{LEADS} -3h": "too late",
            f"{NO_LEAD} -1d@12:00": "too late",
            f"{NO_LEAD} -3h": "too late",
        },
        id="over the deadline and the reminder after it: that one",
    ),
    pytest.param(
        "18/5 22:00", "20/5 12:00",
        {"lead": [f"{LEADS} so-dau"], "boss": [f"{LATE} so-dau", f"{LATE} ha-ly"]},
        {},
        id="a day after the deadline: the lead's reminder and the escalation",
    ),
    pytest.param(
        "18/5 22:00", "24/5 08:00",
        {"boss": [f"{LATE} so-dau", f"{LATE} ha-ly"]},
        {f"{LEADS} +0d@08:00": "too late"},
        id="until the next milestone: only the escalation is of use",
    ),
    pytest.param(
        "18/5 22:00", "26/5 08:00",
        {},
        {f"{LEADS} +0d@08:00": "too late", f"{LATE} escalation": "too late"},
        id="until the conference: nothing is of use",
    ),
    pytest.param(
        "5/5 08:00", "16/5 20:00",
        {"lead": [f"{LEADS} so-dau"], "boss": [f"{NO_LEAD} ha-ly"], "an": [f"{MEMBERS} -"]},
        {f"{LEADS} -7d@19:00": LATER, f"{NO_LEAD} -7d@19:00": LATER, f"{MEMBERS} -3d@19:00": LATER},
        id="from the beginning",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("last", "first", "told", "reasons"), OUTAGES)
async def test_after_an_outage_the_latest_of_use_is_sent(database, last, first, told, reasons):
    await small_cast(database)
    async with database.transaction() as session:
        await tick_until(session, at(last))
        written = await plan_nudges(session, TWO, now=at(first))
        assert await read(session) == told
        assert written == len(told)
        assert await skipped(session) == reasons
        assert await plan_nudges(session, TWO, now=at(first)) == 0


async def test_what_could_not_leave_gives_way_to_the_next_word(database):
    """The bot ran, the platform did not answer: nobody gets all of them at once afterwards."""
    await small_cast(database)
    async with database.transaction() as session:
        for moment in ("12/5 19:00", "14/5 19:00", "16/5 19:00", "17/5 19:00"):
            await plan_nudges(session, TWO, now=at(moment))
        assert await read(session) == {
            "lead": [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"],
            "boss": [f"{NO_LEAD} ha-ly"],
            "an": [f"{MEMBERS} -"],
        }
        for moment in ("18/5 12:00", "18/5 21:00", "19/5 08:00", "20/5 06:30"):
            await plan_nudges(session, TWO, now=at(moment))
        assert await read(session) == {
            "lead": [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"],
            "boss": [f"{NO_LEAD} ha-ly", f"{LATE} so-dau", f"{LATE} ha-ly"],
            "an": [f"{MEMBERS} -"],
        }
        by_person = {message.chat_id: message for message in await messages(session)}
        assert {who: said(one.not_after) for who, one in by_person.items()} == {
            "lead": "24/5 00:00",
            "boss": "26/5 08:00",
            "an": "17/5 00:00",
        }
        rows = list(await session.scalars(select(OutboxMessage)))
    gone = Counter((one.chat_id, one.error) for one in rows if one.state is OutboxState.cancelled)
    assert gone == {("lead", LATER): 5, ("boss", LATER): 4, ("an", LATER): 1}


async def test_what_is_being_sent_does_not_give_way(database):
    await small_cast(database)
    async with database.transaction() as session:
        await plan_nudges(session, TWO, now=at("12/5 19:00"))
        [first] = [one for one in await messages(session) if one.chat_id == "lead"]
        first.state = OutboxState.sending
        await session.flush()
        await plan_nudges(session, TWO, now=at("16/5 19:00"))
        await session.refresh(first)
        assert first.state is OutboxState.sending
        assert (await read(session))["lead"] == [f"{LEADS} so-dau"]


async def test_other_messages_do_not_give_way_to_a_nudge(database):
    await small_cast(database)
    async with database.transaction() as session:
        boss = (await actor(session, "boss")).person
        await notify(session, boss, "held-question", key="held:1", now=JOINED, code="T-1")
        await plan_nudges(session, TWO, now=at("12/5 19:00"))
        assert len(await messages(session, "held-question")) == 1


MEMBERS_TABLE = [
    ({}, True),
    ({"age_band": AgeBand.from_16_to_17}, True),
    ({"age_band": AgeBand.over_30}, True),
    ({"unit_code": "so-dau"}, True),
    ({"language": "en"}, True),
    ({"snoozed_until": at("20/5 08:00")}, True),
    ({"since": at("14/5 19:00")}, True),
    ({"since": at("14/5 19:00") + timedelta(microseconds=1)}, False),
    ({"age_band": AgeBand.under_16}, False),
    ({"age_band": None}, False),
    ({"consented_at": None}, False),
    ({"reminders_stopped_at": JOINED}, False),
    ({"unreachable_at": JOINED}, False),
    ({"leads": ["so-dau"], "consented_at": JOINED, "age_band": AgeBand.over_30}, False),
    ({"organiser": True, "consented_at": JOINED, "age_band": AgeBand.over_30}, False),
]


async def test_members_are_meant(database):
    await set_stage(database)
    async with database.transaction() as session:
        for number, (columns, _) in enumerate(MEMBERS_TABLE):
            await enter(session, str(number), **columns)
        await plan_nudges(session, PLAN, now=at("14/5 19:00") + MINUTE)
        meant = await still_true(session, PLAN)
    told = {who for who, parts in meant.items() if parts[0].startswith(MEMBERS)}
    assert told == {str(number) for number, (_, is_meant) in enumerate(MEMBERS_TABLE) if is_meant}


async def test_messages_carry_what_sending_needs(database):
    await small_cast(database)
    async with database.transaction() as session:
        await plan_nudges(session, TWO, now=at("16/5 19:00"))
        rows = {one.chat_id: one for one in await messages(session)}
        people = {one.external_id: one.id for one in await session.scalars(select(Person))}
        rounds = {
            one.key: (one.due_at, one.planned_at, one.people)
            for one in await session.scalars(
                select(NudgeRound).where(col(NudgeRound.skipped).is_(None))
            )
        }
    lead, an = rows["lead"], rows["an"]
    assert an.model_dump(exclude={"id"}) == {
        "lane": Lane.paced,
        "key": f"nudge:{MEMBERS}:asking_closes:-1d@19:00:-:0:{people['an']}",
        "bot_id": "",
        "channel": "telegram",
        "chat_id": "an",
        "recipient_id": people["an"],
        "kind": "nudge",
        "content": {
            "parts": [{"kind": MEMBERS, "milestone": "asking_closes", "unit": None, "revision": 0}]
        },
        "state": OutboxState.due,
        "attempts": 0,
        "next_try_at": None,
        "not_after": at("17/5"),
        "created_at": at("16/5 19:00"),
        "sent_at": None,
        "slot": None,
        "message_id": None,
        "forget": False,
        "error": None,
    }
    same = {"id", "key", "chat_id", "recipient_id", "content", "not_after"}
    assert lead.model_dump(exclude=same) == an.model_dump(exclude=same)
    assert (lead.key, lead.not_after) == (
        f"nudge:{LEADS}:unit_reports_due:-3d@19:00:so-dau:0:{people['lead']}",
        at("19/5"),
    )
    moments = (at("16/5 19:00"), at("16/5 19:00"))
    assert rounds == {
        f"{LEADS}:unit_reports_due:-3d@19:00:so-dau:0": (*moments, 1),
        f"{LEADS}:unit_reports_due:-3d@19:00:ha-ly:0": (*moments, 0),
        f"{NO_LEAD}:unit_reports_due:-3d@19:00:so-dau:0": (*moments, 0),
        f"{NO_LEAD}:unit_reports_due:-3d@19:00:ha-ly:0": (*moments, 1),
        f"{MEMBERS}:asking_closes:-1d@19:00:so-dau:0": (*moments, 0),
        f"{MEMBERS}:asking_closes:-1d@19:00:ha-ly:0": (*moments, 0),
        f"{MEMBERS}:asking_closes:-1d@19:00:-:0": (*moments, 1),
    }


JOINS = [
    # A lead since this moment hears first at that one; ticks are on time.
    ("12/5 19:00", "12/5 19:00"),
    ("12/5 19:01", "16/5 19:00"),
    ("18/5 20:59", "18/5 21:00"),
    ("18/5 21:01", "19/5 08:00"),
    ("19/5 08:01", None),
]


@pytest.mark.parametrize(("since", "first"), JOINS)
async def test_lead_who_joined_after_a_round_was_due_waits_for_the_next(database, since, first):
    await set_stage(database, TWO)
    heard = []
    async with database.transaction() as session:
        for words in sorted({*MOMENTS, since}, key=at):
            if words == since:
                await enter(session, "new", leads=["so-dau"], since=at(since))
            await plan_nudges(session, TWO, now=at(words))
            if "new" in await read(session):
                heard.append(words)
            await send(session, at(words))
    assert heard[:1] == ([first] if first else [])


async def test_lead_who_joined_in_an_outage_is_not_reminded_of_what_was_due_before(database):
    await set_stage(database, TWO)
    async with database.transaction() as session:
        await enter(session, "old", leads=["so-dau"])
        await enter(session, "new", leads=["so-dau"], since=at("16/5 20:00"))
        await plan_nudges(session, TWO, now=at("16/5 21:00"))
        assert await read(session) == {"old": [f"{LEADS} so-dau"]}


# The deadline of the reports at other hours: in which minute the last reminder goes out.
@pytest.mark.parametrize(
    ("due", "minute"),
    [
        ("19/5 00:00", "18/5 21:00"),
        ("19/5 01:00", "18/5 21:29"),
        ("19/5 06:00", "18/5 21:29"),
        ("19/5 06:30", "18/5 21:29"),
        ("19/5 07:00", "19/5 06:30"),
        ("18/5 17:00", "18/5 14:00"),
    ],
)
async def test_last_reminder_comes_in_its_minute_and_not_in_quiet_hours(database, due, minute):
    plan = moved_plan("unit_reports_due", due) if due != "18/5 17:00" else changed_plan(
        ("unit_reports_due = 2022-05-19T00:00:00", "unit_reports_due = 2022-05-18T17:00:00"),
        ('after = ["0d@08:00"]', 'after = ["1d@08:00"]'),
    )  # fmt: skip
    await set_stage(database, plan)
    async with database.transaction() as session:
        await enter(session, "lead", leads=["so-dau"])
        await plan_nudges(session, plan, now=at("18/5 12:30"))
        await send(session, at("18/5 12:30"))
        heard = []
        moments = {at("18/5 13:00") + number * timedelta(minutes=30) for number in range(36)}
        for now in sorted({*moments, at(minute) - MINUTE, at(minute)}):
            if now < at(due) and await plan_nudges(session, plan, now=now):
                heard.append(said(now))
                await send(session, now)
    assert heard == [minute]


async def test_nothing_is_planned_in_quiet_hours_without_a_single_query(database):
    await small_cast(database)
    async with database.transaction() as session:
        with counted(database) as statements:
            assert await plan_nudges(session, TWO, now=at("16/5 21:30")) == 0
            assert await plan_nudges(session, TWO, now=at("17/5 06:29")) == 0
        assert statements == []
        assert await plan_nudges(session, TWO, now=at("17/5 06:30")) == 2


async def test_reminders_keep_the_wall_clock_when_the_clocks_change(database):
    """The ward's plan is in a zone with summer time, which begins on 28 March 2027."""
    await set_stage(database, WARD)
    async with database.transaction() as session:
        session.add(
            Extension(
                milestone="unit_reports_due",
                unit_code="kp-01",
                moment=at("29/3 12:00", WARD),
                reason="",
                granted_at=at("20/3 12:00", WARD),
            )
        )
        await enter(session, "lead", leads=["kp-01"])
        now, heard = at("20/3 12:00", WARD), []
        while now < at("30/3 14:00", WARD):
            if await plan_nudges(session, WARD, now=now):
                heard.append(now.astimezone(WARD.zone).isoformat(timespec="minutes"))
                await send(session, now)
            now += timedelta(hours=1)
    assert heard == [
        "2027-03-26T19:00+01:00",
        "2027-03-28T19:00+02:00",
        "2027-03-29T09:00+02:00",
        "2027-03-29T19:00+02:00",
    ]


# -- moved milestones


def granted(milestone, unit_code, moment, when):
    return Extension(
        milestone=milestone, unit_code=unit_code, moment=at(moment), reason="", granted_at=at(when)
    )


async def test_extension_for_one_unit_moves_its_reminders_alone(database):
    await set_stage(database, TWO)
    heard = []
    async with database.transaction() as session:
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "other", leads=["ha-ly"])
        await enter(session, "boss", organiser=True)
        await tick_until(session, at("17/5 19:00"))
        session.add(granted("unit_reports_due", "so-dau", "21/5 00:00", "18/5 19:30"))
        await session.flush()
        now = at("18/5 19:30")
        while now < at("27/5"):
            if await plan_nudges(session, TWO, now=now):
                heard += [
                    (said(now), who, parts) for who, parts in sorted((await read(session)).items())
                ]
                await send(session, now)
            now += timedelta(minutes=30)
        reasons = await skipped(session)
    assert heard == [
        ("18/5 19:30", "other", [f"{LEADS} ha-ly"]),  # the tick of noon was missed on purpose
        ("18/5 21:00", "other", [f"{LEADS} ha-ly"]),
        ("19/5 08:00", "other", [f"{LEADS} ha-ly"]),
        ("20/5 06:30", "boss", [f"{LATE} ha-ly"]),
        ("20/5 12:00", "lead", [f"{LEADS} so-dau"]),
        ("20/5 21:00", "lead", [f"{LEADS} so-dau"]),
        ("21/5 08:00", "lead", [f"{LEADS} so-dau"]),
        ("22/5 06:30", "boss", [f"{LATE} so-dau"]),
    ]
    moved = "due before the milestone was moved"
    assert reasons == {
        f"{kind} {offset}": moved
        for kind, offsets in (
            (LEADS, ("-7d@19:00", "-3d@19:00")),
            (NO_LEAD, ("-7d@19:00", "-3d@19:00")),
            (UNREVIEWED, ("-2d@19:00",)),
        )
        for offset in offsets
        if (kind, offset) != (UNREVIEWED, "-2d@19:00")
    }


@pytest.mark.parametrize(
    ("milestone", "unit_code", "left"),
    [
        ("unit_reports_due", "so-dau", {"other", "elsewhere", "there", "nowhere", "boss"}),
        ("unit_reports_due", None, {"elsewhere", "there", "nowhere"}),
        ("asking_closes", "so-dau", {"lead", "other", "elsewhere", "nowhere", "boss"}),
        ("asking_closes", None, {"lead", "other", "boss"}),
    ],
)
async def test_extension_makes_what_waits_untrue(database, milestone, unit_code, left):
    await set_stage(database, TWO)
    async with database.transaction() as session:
        await enter(session, "lead", leads=["so-dau"])
        await enter(session, "other", leads=["ha-ly"])
        await enter(session, "boss", organiser=True)
        await enter(session, "there", unit_code="so-dau")
        await enter(session, "elsewhere", unit_code="ha-ly")
        await enter(session, "nowhere")
        await plan_nudges(session, TWO, now=at("16/5 19:00"))
        await plan_nudges(session, TWO, now=at("20/5 06:30"))
        before = await read(session)
        assert before == {
            "lead": [f"{LEADS} so-dau"],
            "other": [f"{LEADS} ha-ly"],
            "boss": [f"{LATE} so-dau", f"{LATE} ha-ly"],
            "there": [f"{MEMBERS} so-dau"],
            "elsewhere": [f"{MEMBERS} ha-ly"],
            "nowhere": [f"{MEMBERS} -"],
        }
        session.add(granted(milestone, unit_code, "22/5 12:00", "20/5 07:00"))
        await session.flush()
        after = await still_true(session, TWO)
    assert set(after) == left
    if milestone == "unit_reports_due" and unit_code:
        before["boss"] = [f"{LATE} ha-ly"]
    assert after == {who: before[who] for who in left}


# -- reminding by hand, and quieting


async def test_organiser_reminds_who_is_late_at_most_once_an_hour(database):
    await set_stage(database, TWO)
    async with database.transaction() as session:
        await enter(session, "lead-of-two", leads=["so-dau", "ha-ly"])
        await enter(session, "second", leads=["ha-ly"])
        await enter(session, "blocked", leads=["ha-ly"], unreachable_at=JOINED)
        boss = await enter(session, "boss", organiser=True)

        assert [(unit, one.external_id) for unit, one in await late_leads(session, TWO)] == [
            ("ha-ly", "lead-of-two"),
            ("ha-ly", "second"),
            ("so-dau", "lead-of-two"),
        ]
        counts = [
            await remind_now(session, boss, plan=TWO, now=at(f"17/5 {hour}"))
            for hour in ("10:50", "10:50", "11:10", "11:49", "11:50")
        ]
        assert counts == [2, 0, 0, 0, 2]
        assert await read(session) == {
            "lead-of-two": [f"{LEADS} ha-ly", f"{LEADS} so-dau"],
            "second": [f"{LEADS} ha-ly"],
        }
        assert await still_true(session, TWO) == await read(session)
        [note, *_] = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "nudges.sent")
        )
        assert (note.actor_id, note.detail) == (boss.person_id, {"people": 2})

        await report(session, "ha-ly", at("17/5 12:00"))
        assert await remind_now(session, boss, plan=TWO, now=at("17/5 13:00")) == 1
        assert await still_true(session, TWO) == {"lead-of-two": [f"{LEADS} so-dau"]}


async def test_reminding_by_hand_takes_in_what_has_not_left(database):
    await small_cast(database)
    async with database.transaction() as session:
        boss = await actor(session, "boss")
        await plan_nudges(session, TWO, now=at("17/5 19:00"))
        assert (await read(session))["lead"] == [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"]
        assert await remind_now(session, boss, plan=TWO, now=at("17/5 19:00")) == 1
        assert (await read(session))["lead"] == [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"]
        assert await remind_now(session, boss, plan=TWO, now=at("17/5 19:30")) == 0
        assert (await read(session))["lead"] == [f"{LEADS} so-dau", f"{UNREVIEWED} so-dau"]


async def test_only_an_organiser_reminds_by_hand(database):
    await small_cast(database)
    async with database.transaction() as session:
        for name in ("lead", "an"):
            with pytest.raises(NotAllowedError):
                await remind_now(session, await actor(session, name), plan=TWO, now=JOINED)
        assert await read(session) == {}


async def test_member_stops_reminders_for_good_and_an_official_cannot(database):
    await small_cast(database)
    async with database.transaction() as session:
        assert await stop_reminders(session, await actor(session, "an"), now=JOINED) is True
        assert await stop_reminders(session, await actor(session, "lead"), now=JOINED) is False
        stopped = {
            one.external_id: one.reminders_stopped_at
            for one in await session.scalars(select(Person))
        }
        assert stopped == {"an": JOINED, "lead": None, "boss": None, "asker": None}


@pytest.mark.parametrize(
    ("pressed", "until"),
    [
        ("16/5 19:00", "17/5 08:00"),
        ("16/5 23:59", "17/5 08:00"),
        ("17/5 00:01", "17/5 08:00"),
        ("17/5 06:29", "17/5 08:00"),
        ("17/5 06:30", "18/5 08:00"),
        ("17/5 09:00", "18/5 08:00"),
    ],
)
async def test_official_puts_reminders_off_until_the_next_morning(database, pressed, until):
    await small_cast(database)
    async with database.transaction() as session:
        found = await snooze(session, await actor(session, "lead"), plan=TWO, now=at(pressed))
        person = (await actor(session, "lead")).person
    assert (said(found), person.snoozed_until) == (until, found)


# -- at once, and at scale


async def test_planning_twice_writes_nothing_twice(database):
    await small_cast(database)
    other = Database(database.url.render_as_string(hide_password=False))
    async with database.transaction() as session:
        assert await plan_nudges(session, TWO, now=at("16/5 19:00")) == 3
    async with other.transaction() as session:
        assert await plan_nudges(session, TWO, now=at("16/5 19:00")) == 0
        assert await plan_nudges(session, TWO, now=at("16/5 19:30")) == 0
    await other.close()
    async with database.snapshot() as session:
        assert len(await messages(session)) == 3


async def test_processes_that_plan_at_once_write_nothing_twice(database):
    """Each with its own connection, loop and thread, let go at the same moment."""
    await small_cast(database)
    address = database.url.render_as_string(hide_password=False)
    processes = 4
    gate = threading.Barrier(processes)

    async def plan(moment):
        other = Database(address)
        try:
            async with other.transaction() as session:
                return await plan_nudges(session, TWO, now=at(moment))
        finally:
            await other.close()

    def process(moment):
        gate.wait()
        return asyncio.run(plan(moment))

    for moment, expected in (("12/5 19:00", 2), ("16/5 19:00", 3), ("18/5 12:00", 2)):
        counts = await asyncio.gather(
            *(asyncio.to_thread(process, moment) for _ in range(processes))
        )
        assert sorted(counts) == [0, 0, 0, expected]
        async with database.transaction() as session:
            assert len(await read(session)) == expected
            await send(session, at(moment))


async def test_planner_waits_for_one_that_has_not_committed(database):
    if database.is_sqlite:
        pytest.skip("SQLite has one writer, and it waits to begin")
    await small_cast(database)
    async with database.transaction() as session:
        assert await plan_nudges(session, TWO, now=at("16/5 19:00")) == 3
        other = AsyncSession(database._writer)
        await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await plan_nudges(other, TWO, now=at("16/5 19:00"))
        await other.close()
    async with database.transaction() as other:
        assert await plan_nudges(other, TWO, now=at("16/5 19:00")) == 0


async def plan_counted(database, plan, now):
    async with database.transaction() as session:
        with counted(database) as statements:
            await plan_nudges(session, plan, now=now)
    return len(statements)


async def test_tick_with_nothing_due_costs_two_queries_however_many_units(database):
    await set_stage(database)
    one = PLAN.model_copy(update={"units": (PLAN.unit("so-dau"),)})
    for plan in (one, PLAN):
        await plan_counted(database, plan, at("18/5 12:00"))
    assert await plan_counted(database, one, at("18/5 12:01")) == 2
    assert await plan_counted(database, PLAN, at("18/5 12:01")) == 2


async def test_round_costs_the_same_however_many_people(database):
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "boss", organiser=True)
        await enter(session, "lead", leads=["so-dau"])
    few = await plan_counted(database, PLAN, at("12/5 19:00"))
    async with database.transaction() as session:
        await send(session, at("12/5 19:00"))
        for number in range(40):
            await enter(session, f"boss {number}", organiser=True)
            await enter(session, f"lead {number}", leads=[UNITS[number % len(UNITS)]])
            await enter(session, f"member {number}")
    many = await plan_counted(database, PLAN, at("16/5 19:00"))
    looked_for = 4 * (len(UNITS) + 1)  # members of each unit and of none
    planned, written = 3, 5  # those of the one that has some
    assert (few, many - looked_for - planned - written) == (11, 11)


async def test_round_cut_off_by_a_crash_is_planned_to_its_end_and_nobody_twice(database):
    await set_stage(database)
    async with database.transaction() as session:
        for number in range(5):
            await enter(session, f"member {number}")
    async with database.transaction() as session:
        _, begun = await begin_rounds(session, PLAN, now=at("16/5 19:00"))
        written = 0
        for one in begun:
            some = await next_members(session, PLAN, one, at_once=2)
            written += await plan_members(session, PLAN, one, some)
        assert written == 2
    async with database.transaction() as session:
        assert await plan_nudges(session, PLAN, now=at("16/5 19:01")) == 3
        assert await plan_nudges(session, PLAN, now=at("16/5 19:02")) == 0
    async with database.snapshot() as session:
        recipients = [row.recipient_id for row in await messages(session)]
        assert len(recipients) == len(set(recipients)) == 5
        people = await session.scalars(select(NudgeRound.people))
        assert sum(people) == 5


async def test_reminders_are_written_a_hundred_at_a_time_and_each_once(database):
    await set_stage(database)
    async with database.transaction() as session:
        for number in range(250):
            await enter(session, f"member {number}")
        await plan_only(session, "16/5 19:00")
    written = []
    for _ in range(4):
        async with database.transaction() as session:
            assert await write_planned(session, PLAN, now=at("16/5 19:01")) is (len(written) < 3)
            written.append(len(await messages(session)))
    async with database.snapshot() as session:
        recipients = {row.recipient_id for row in await messages(session)}
    assert (written, len(recipients)) == ([100, 200, 250, 250], 250)


async def planned_for(session):
    """Who is to be reminded, and by which round, that is not written yet."""
    found = await session.execute(
        select(Person.external_id, PlannedNudge.round_key).join(
            Person, col(Person.id) == col(PlannedNudge.person_id)
        )
    )
    return sorted((who, key.split(":")[2]) for who, key in found.all())


async def plan_only(session, moment):
    """A tick's plan, of which the courier has not asked for anything yet."""
    _, begun = await begin_rounds(session, PLAN, now=at(moment))
    for one in begun:
        while some := await next_members(session, PLAN, one):
            await plan_members(session, PLAN, one, some)


async def test_later_round_takes_the_place_of_one_that_is_not_written_yet(database):
    await set_stage(database)
    async with database.transaction() as session:
        for name in ("an", "ba", "chi"):
            await enter(session, name)
        await plan_only(session, "14/5 19:00")
        early = await planned_for(session)
        await ask(session, "so-dau", author=await actor(session, "chi"))
        await plan_only(session, "16/5 19:00")
        late = await planned_for(session)
        while await write_planned(session, PLAN, now=at("16/5 19:01")):
            pass
        written = {row.chat_id: row.key.split(":")[3] for row in await messages(session)}
    assert early == [("an", "-3d@19"), ("ba", "-3d@19"), ("chi", "-3d@19")]
    # Whoever has asked meanwhile is left to the check at sending.
    assert late == [("an", "-1d@19"), ("ba", "-1d@19"), ("chi", "-3d@19")]
    assert written == {"an": "-1d@19", "ba": "-1d@19", "chi": "-3d@19"}


@pytest.mark.parametrize("written_at", ["16/5 19:01", "17/5 00:00"])
async def test_nothing_is_written_of_a_round_that_was_moved_or_is_over(database, written_at):
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "an")
        await plan_only(session, "16/5 19:00")
        if written_at == "16/5 19:01":
            session.add(
                Extension(
                    milestone="asking_closes",
                    moment=at("18/5 00:00"),
                    reason="",
                    granted_at=at("16/5 19:00"),
                )
            )
            await session.flush()
        assert await write_planned(session, PLAN, now=at(written_at))
        assert await messages(session) == []
        assert await planned_for(session) == []
        assert not await write_planned(session, PLAN, now=at(written_at))


async def test_clock_that_is_behind_ends_no_round_that_another_has_begun(database):
    await set_stage(database)
    async with database.transaction() as session:
        for number in range(5):
            await enter(session, f"member {number}")
        _, begun = await begin_rounds(session, PLAN, now=at("16/5 19:00"))
        for one in begun:
            await plan_members(
                session, PLAN, one, await next_members(session, PLAN, one, at_once=2)
            )
        _, none = await begin_rounds(session, PLAN, now=at("16/5 18:59"))
        assert none == []
        assert await plan_nudges(session, PLAN, now=at("16/5 19:01")) == 3
        assert len(await messages(session)) == 5


async def test_what_is_due_earlier_goes_on_first(database):
    """Two rounds were cut off by a crash: the later one is to have the last word."""
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "an")
        rounds = {
            at(moment): (await begin_rounds(session, PLAN, now=at(moment)))[1]
            for moment in ("14/5 19:00", "16/5 19:00")
        }
        assert all(rounds.values())
        _, begun = await begin_rounds(session, PLAN, now=at("16/5 19:01"))
    assert [one.due_at for one in begun] == sorted(one.due_at for one in begun)
    assert {one.offset for one in begun} == {"-3d@19:00", "-1d@19:00"}


async def test_whoever_is_forgotten_is_planned_for_no_more(database):
    await set_stage(database)
    async with database.transaction() as session:
        for name in ("an", "ba"):
            await enter(session, name)
        await plan_only(session, "16/5 19:00")
    async with database.transaction() as session:
        await session.execute(delete(Person).where(Person.external_id == "an"))
    async with database.transaction() as session:
        assert [who for who, _ in await planned_for(session)] == ["ba"]
        assert await write_planned(session, PLAN, now=at("16/5 19:01"))
        assert list(await read(session)) == ["ba"]


async def test_members_read_by_two_processes_are_reminded_by_the_one_that_writes_first(database):
    await set_stage(database)
    async with database.transaction() as session:
        for number in range(3):
            await enter(session, f"member {number}")
    now = at("16/5 19:00")
    async with database.transaction() as session:
        _, begun = await begin_rounds(session, PLAN, now=now)
    async with database.snapshot() as session:
        read = [
            (one, await next_members(session, PLAN, one, at_once=at_once))
            for one in begun
            for at_once in (1, 2)
        ]
    written = []
    for one, some in read:
        async with database.transaction() as session:
            written.append(await plan_members(session, PLAN, one, some))
    assert sum(written) == 1
    async with database.transaction() as session:
        assert await plan_nudges(session, PLAN, now=now) == 2


async def test_sending_costs_the_same_however_many_parts(database):
    await set_stage(database)
    async with database.transaction() as session:
        await enter(session, "boss", organiser=True)
        await enter(session, "lead", leads=UNITS[:1])
        await plan_nudges(session, PLAN, now=at("20/5 06:30"))
        with counted(database) as statements:
            found = await still_true(session, PLAN)
    assert (len(found["boss"]), len(found["lead"])) == (len(UNITS), 1)
    assert len(statements) <= 1 + 2 * 7


async def test_a_thousand_members_are_planned_at_once(database):
    await set_stage(database)
    async with database.transaction() as session:
        await session.execute(
            Person.__table__.insert(),
            [
                {
                    "channel": "telegram",
                    "external_id": str(number),
                    "language": "vi",
                    "age_band": AgeBand.under_16 if number % 10 == 0 else AgeBand.from_18_to_30,
                    "consented_at": JOINED,
                    "unit_code": [*UNITS, None][number % 12],
                    "created_at": JOINED,
                }
                for number in range(1000)
            ],
        )
        assert await plan_nudges(session, PLAN, now=at("14/5 19:00")) == 900
        assert await plan_nudges(session, PLAN, now=at("16/5 19:00")) == 900
        states = await session.execute(
            select(col(OutboxMessage.state), func.count()).group_by(col(OutboxMessage.state))
        )
        assert dict(states.all()) == {OutboxState.due: 900, OutboxState.cancelled: 900}
