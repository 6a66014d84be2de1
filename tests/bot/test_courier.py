import asyncio
import json
import logging
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.app import App, opened
from bot.courier import RATE, Courier, build_sender
from bot.sandbox.control import SANDBOX
from conference import broadcasting, nudging
from conference.broadcasting import begin_broadcast
from conference.joining import actor_of
from conference.notifying import notify
from config.texts import texts_for
from handlers.callbacks import EraseIdentitiesCallback
from storage.people import person_of
from storage.tables import (
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    Question,
    QuestionState,
    Role,
)
from tests.bot.conftest import until
from tests.bot_api import BotApi, add_person, send_all, serving
from tests.cast import at
from tests.chat import ORGANISER, TOKEN, make_app, set_clock

RETENTION = "retention-over"
"""A notice that is true whenever it is sent."""


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[BotApi]:
    async with serving(tmp_path) as platform:
        yield platform


@pytest.fixture
async def app(platform: BotApi, database_address: str, tmp_path: Path) -> AsyncIterator[App]:
    async with opened(make_app(database_address, tmp_path, courier_base=platform.base)) as app:
        yield app


async def person(app: App, platform: BotApi, **more: Any) -> int:
    number = platform.newcomer()
    await add_person(app, number, **more)
    return number


async def tell(app: App, *people: int, kind: str = RETENTION, times: int = 1, **more: Any) -> None:
    async with app.database.transaction() as session:
        for number in people:
            who = await person_of(session, "telegram", str(number))
            assert who is not None
            for turn in range(times):
                await notify(session, who, kind, key=f"{kind}:{turn}", now=app.clock(), **more)


async def rows(app: App) -> list[tuple[OutboxState, str | None]]:
    async with app.database.snapshot() as session:
        found = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.lane == Lane.paced)
            .order_by(OutboxMessage.id)
        )
        return [(row.state, row.error) for row in found]


@asynccontextmanager
async def couriering(app: App) -> AsyncIterator[list[float]]:
    """The courier runs; its pauses are noted, and over at once."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    app.courier.sleep = sleep
    running = asyncio.ensure_future(app.courier.run())
    try:
        yield pauses
    finally:
        running.cancel()
        await asyncio.wait({running})


async def settled(app: App) -> list[tuple[OutboxState, str | None]]:
    """What has become of all messages, once none is waiting or on its way."""
    async with asyncio.timeout(60):
        while True:
            found = await rows(app)
            if not {state for state, _ in found} & {OutboxState.due, OutboxState.sending}:
                return found
            await asyncio.sleep(0.01)


def calls(platform: BotApi, method: str = "sendMessage") -> list[dict[str, Any]]:
    return platform.server.app[SANDBOX].calls.listed(method, 0)


SENT = (OutboxState.sent, None)


async def test_each_is_told_once_in_their_language_with_a_button_that_works(
    app: App, platform: BotApi
):
    vietnamese, english = await person(app, platform), await person(app, platform)
    async with app.database.transaction() as session:
        await session.execute(
            update(Person).where(Person.external_id == str(english)).values(language="en")
        )
    for _ in range(2):
        await tell(app, vietnamese, english)
    async with couriering(app):
        assert await settled(app) == [SENT, SENT]
        await app.courier.resume()
        app.courier.wake()
    days = app.plan.collection.retention_days
    assert platform.arrived() == [
        (number, texts_for(language).plain("notice-retention", days=days))
        for number, language in ((vietnamese, "vi"), (english, "en"))
    ]
    [[button]] = json.loads(calls(platform)[0]["params"]["reply_markup"])["inline_keyboard"]
    assert button == {
        "text": texts_for("vi").plain("button-retention"),
        "callback_data": EraseIdentitiesCallback(sure=False).pack(),
    }


async def test_who_has_blocked_the_bot_is_unreachable_and_hears_nothing_more(
    app: App, platform: BotApi
):
    blocking, other = await person(app, platform), await person(app, platform)
    platform.will(status=403, chat_id=blocking)
    await tell(app, blocking, other, times=2)
    async with couriering(app):
        found = await settled(app)
    assert found == [
        (OutboxState.failed, "Forbidden"),
        (OutboxState.cancelled, "the person cannot be reached"),
        SENT,
        SENT,
    ]
    assert [call["chat_id"] for call in calls(platform)] == [blocking, other, other]
    async with app.database.snapshot() as session:
        one = await person_of(session, "telegram", str(blocking))
    assert one is not None
    assert one.unreachable_at == app.clock()


async def test_too_many_requests_make_the_whole_courier_pause(app: App, platform: BotApi):
    first, second = await person(app, platform), await person(app, platform)
    platform.will(status=429, retry_after=7)
    await tell(app, first, second)
    begun, is_over = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        assert seconds == 7
        begun.set()
        await is_over.wait()

    app.courier.sleep = sleep
    running = asyncio.ensure_future(app.courier.run())
    await begun.wait()
    for _ in range(20):
        app.courier.wake()
        await asyncio.sleep(0.01)
    assert len(calls(platform)) == 1
    is_over.set()
    assert await settled(app) == [SENT, SENT]
    running.cancel()
    assert [chat for chat, _ in platform.arrived()] == [first, second]


UNKNOWN: dict[str, dict[str, Any]] = {
    "delivered, then an error": {"status": 502, "after_delivery": True},
    "delivered, then hung up": {"drop": True, "after_delivery": True},
    "delivered, then half an answer": {"body": "truncated"},
}


@pytest.mark.parametrize("kind", UNKNOWN)
async def test_what_may_have_arrived_is_uncertain_and_never_repeated(
    app: App, platform: BotApi, kind: str
):
    first, second = await person(app, platform), await person(app, platform)
    platform.will(chat_id=first, **UNKNOWN[kind])
    await tell(app, first, second)
    async with couriering(app) as pauses:
        [(state, error), other] = await settled(app)
        app.courier.wake()
    assert (state, error, other) == (OutboxState.uncertain, "NetworkError", SENT)
    assert pauses == []
    assert [chat for chat, _ in platform.arrived()] == [first, second]


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
async def test_an_answer_that_never_comes_is_uncertain(app: App, platform: BotApi):
    number = await person(app, platform)
    platform.will(delay_ms=2000)
    await tell(app, number)
    hasty = build_sender(TOKEN, platform.base, None, patience=0.2)
    courier = Courier(app.database, app.plan, hasty, app.clock)
    assert await courier.send_next() == 0.0
    await courier.close()
    assert await rows(app) == [(OutboxState.uncertain, "TimedOut")]


async def test_what_cannot_have_arrived_is_tried_again(
    database_address: str, tmp_path: Path, unused_tcp_port: int
):
    base = f"http://127.0.0.1:{unused_tcp_port}"
    app = make_app(database_address, tmp_path, courier_base=base)
    async with opened(app):
        await add_person(app, 7)
        await tell(app, 7)
        pauses = [await app.courier.send_next() for _ in range(9)]
        assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0, 64.0, 64.0]
        assert await rows(app) == [(OutboxState.due, "NetworkError")]


async def test_a_token_that_is_refused_halts_the_courier_for_long(app: App, platform: BotApi):
    number = await person(app, platform)
    await tell(app, number)
    platform.will(status=401)
    assert await app.courier.send_next() == 300.0
    assert await rows(app) == [(OutboxState.due, "InvalidToken")]
    await send_all(app)
    assert await rows(app) == [SENT]


async def test_what_is_no_longer_true_is_not_said(app: App, platform: BotApi, caplog):
    caplog.set_level(logging.INFO, logger="bot.courier")
    duty = await person(app, platform, role=Role.duty_officer)
    async with app.database.transaction() as session:
        session.add(
            Question(
                code="HB22-0001",
                text="x",
                unit_code=app.plan.units[0].code,
                topic_code=app.plan.topics[0].code,
                state=QuestionState.submitted,
                created_at=app.clock(),
                submitted_at=app.clock(),
            )
        )
    await tell(app, duty, kind="held-question", code="HB22-0001")
    await send_all(app)
    assert await rows(app) == [(OutboxState.cancelled, "no longer true")]
    assert platform.arrived() == []
    assert "is not sent: no longer true" in caplog.text


async def test_a_message_that_cannot_be_worded_does_not_stop_the_others(
    app: App, platform: BotApi, caplog
):
    number = await person(app, platform)
    await tell(app, number, kind="CANARY-KIND", words="CANARY-WORDS")
    await tell(app, number)
    await send_all(app)
    assert await rows(app) == [(OutboxState.failed, "KeyError"), SENT]
    assert "CANARY" not in caplog.text


async def test_what_was_being_sent_when_the_process_died_is_uncertain(
    app: App, platform: BotApi, database_address: str, tmp_path: Path
):
    number = await person(app, platform)
    await tell(app, number)
    platform.will(delay_ms=30_000)
    sending = asyncio.ensure_future(app.courier.send_next())
    await until(lambda: calls(platform))
    assert await rows(app) == [(OutboxState.sending, None)]
    sending.cancel()
    await asyncio.wait({sending})
    await app.close()
    again = make_app(database_address, tmp_path, courier_base=platform.base)
    async with opened(again):
        await send_all(again)
        assert await rows(again) == [(OutboxState.uncertain, "the process ended while sending")]
    assert len(calls(platform)) == 1


async def test_what_was_taken_and_not_yet_begun_when_the_courier_ends_waits_for_the_next(
    app: App, platform: BotApi
):
    people = [await person(app, platform) for _ in range(3)]
    await tell(app, *people)
    slow = build_sender(TOKEN, platform.base, None, rate=1)
    courier = Courier(app.database, app.plan, slow, app.clock)
    running = asyncio.ensure_future(courier.run())
    async with asyncio.timeout(60):
        while [state for state, _ in await rows(app)] != ["sent", "sending", "due"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    await courier.close()
    async with app.database.snapshot() as session:
        found = await session.execute(
            select(OutboxMessage.state, OutboxMessage.attempts).order_by(OutboxMessage.id)
        )
        # On a slow machine its second may have come before the end did.
        first, second, third = found.all()
        assert second in [(OutboxState.due, 0), (OutboxState.sent, 1)]
        assert (first, third) == ((OutboxState.sent, 1), (OutboxState.due, 0))
    await send_all(app)
    assert [chat for chat, _ in platform.arrived()] == people


async def test_a_database_that_is_away_while_marking_is_waited_for(
    app: App, platform: BotApi, caplog
):
    async def rename(here: str, there: str) -> None:
        async with app.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {here} RENAME TO {there}"))

    async def give_back(_seconds: float) -> None:
        await rename("stolen", "outbox")

    number = await person(app, platform)
    await tell(app, number)
    platform.will(delay_ms=300)
    app.courier.sleep = give_back
    sending = asyncio.ensure_future(app.courier.send_next())
    await until(lambda: calls(platform))
    await rename("outbox", "stolen")
    await sending
    assert await rows(app) == [SENT]
    assert len(calls(platform)) == 1


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
async def test_no_second_sees_more_messages_than_the_rate(app: App, platform: BotApi):
    people = [await person(app, platform) for _ in range(20)]
    await tell(app, *people, times=5)
    async with couriering(app) as pauses:
        assert await settled(app) == [SENT] * 100
    assert pauses == []
    moments = [call["moment"] for call in calls(platform)]
    assert len(moments) == 100
    busiest = max(bisect_left(moments, one + 1.0) - n for n, one in enumerate(moments))
    assert busiest <= RATE


async def reminded(app: App) -> int:
    """How many members' reminders are written."""
    async with app.database.snapshot() as session:
        found = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "nudge"))
        return sum(row.content["parts"][0]["kind"] == "members_without_question" for row in found)


async def test_what_a_round_has_planned_is_written_as_the_courier_sends_it(
    app: App, platform: BotApi, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(nudging, "_WRITTEN_AT_ONCE", 2)
    members = [await person(app, platform) for _ in range(5)]
    set_clock(app, at("16/5 19:00"))
    await app.nudge()
    written = [await reminded(app)]
    while await app.courier.send_next() is not None:
        written.append(await reminded(app))

    assert sorted(set(written)) == [0, 2, 4, 5]
    assert sorted(chat for chat, _ in platform.arrived() if chat in members) == members


async def test_quiet_hours_find_what_a_round_has_planned_and_leave_it_for_the_morning(
    app: App, platform: BotApi
):
    member = await person(app, platform)
    set_clock(app, at("14/5 21:29"))
    await app.nudge()
    set_clock(app, at("14/5 21:30"))
    await send_all(app)
    at_night = (await reminded(app), platform.arrived())
    set_clock(app, at("15/5 06:30"))
    await send_all(app)

    assert at_night == (0, [])
    assert [chat for chat, _ in platform.arrived() if chat == member] == [member]


async def test_nothing_is_written_while_a_round_is_being_planned(
    app: App, platform: BotApi, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.app.AT_ONCE", 1)
    for _ in range(3):
        await person(app, platform)
    set_clock(app, at("16/5 19:00"))
    planning = asyncio.ensure_future(app.nudge())
    asked = 0
    while not planning.done():
        assert not await app.write_more()
        asked += app.is_planning
        await asyncio.sleep(0)
    assert asked
    assert await app.write_more()
    assert await reminded(app) == 3


async def test_announcement_is_written_as_the_courier_sends_it(
    app: App, platform: BotApi, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(broadcasting, "AT_ONCE", 2)
    people = [await person(app, platform) for _ in range(5)]
    async with app.database.transaction() as session:
        boss = await actor_of(session, "telegram", str(ORGANISER))
        await begin_broadcast(session, boss, text="Mai họp.", audience="all", now=app.clock())
    written = [len(await rows(app))]
    while await app.courier.send_next() is not None:
        written.append(len(await rows(app)))

    assert written == sorted(written)
    assert set(written) == {2, 4, 6}  # the organiser is told as well
    assert [chat for chat, _ in platform.arrived() if chat in people] == people


async def test_announcement_that_cannot_be_written_does_not_hold_up_the_reminders(
    app: App, platform: BotApi, caplog: pytest.LogCaptureFixture
):
    member = await person(app, platform)
    set_clock(app, at("16/5 19:00"))
    await app.nudge()
    async with app.database.transaction() as session:
        await session.execute(text("ALTER TABLE broadcast RENAME TO stolen"))
    try:
        await send_all(app)
    finally:
        async with app.database.transaction() as session:
            await session.execute(text("ALTER TABLE stolen RENAME TO broadcast"))

    assert member in [chat for chat, _ in platform.arrived()]
    assert "what goes to thousands could not be written" in caplog.text
