"""Organisers are told in their chats when something needs a person, once, in plain words."""

import json
import logging
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, update

from bot.alarm import HALTED_AFTER, LEAST_SPACE
from bot.app import App, opened
from bot.bot_api import ApiUnreachableError
from bot.sandbox.control import SANDBOX
from config.texts import texts_for
from handlers.callbacks import OpenCallback
from storage.tables import (
    InboxState,
    InboxUpdate,
    Lane,
    OutboxMessage,
    OutboxState,
    Person,
    Role,
)
from tests.bot_api import BotApi, add_person, send_all, serving
from tests.cast import at
from tests.chat import (
    ORGANISER,
    Chat,
    RecordingPlatform,
    make_app,
    pass_time,
    set_clock,
    store,
    stored,
)

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def bot_api(tmp_path: Path) -> AsyncIterator[BotApi]:
    async with serving(tmp_path) as server:
        yield server


@pytest.fixture
async def app(database_address: str, tmp_path: Path, bot_api: BotApi) -> AsyncIterator[App]:
    app = make_app(database_address, tmp_path, courier_base=bot_api.base)
    async with opened(app):
        yield app


@pytest.fixture
async def second(app: App, bot_api: BotApi) -> int:
    """An organiser who can be reached, and speaks English."""
    number = bot_api.newcomer()
    await add_person(app, number, role=Role.organiser)
    async with app.database.transaction() as session:
        await session.execute(
            update(Person).where(Person.external_id == str(number)).values(language="en")
        )
    return number


async def look(app: App, times: int = 1) -> None:
    """The alarm's tick, after which what is due has gone out."""
    for _ in range(times):
        await app.alarm.look()
    await send_all(app)
    await app.settle()


async def alerts(app: App, bot_api: BotApi, chat: int) -> list[str]:
    return [text for to, text in bot_api.arrived() if to == chat]


async def set_aside(app: App, number: int) -> None:
    """An update that no turn could handle."""
    now = app.clock()
    await store(
        app,
        InboxUpdate(
            bot_id=str(app.bot.id), update_id=number, chat_key="42:7", body={}, attempts=3,
            state=InboxState.set_aside, received_at=now, set_aside_at=now, error="KeyError",
        ),
    )  # fmt: skip


async def uncertain(app: App, number: int, kind: str = "nudge") -> None:
    """A paced message of which nobody knows whether it arrived."""
    now = app.clock()
    [someone, *_] = await stored(app, Person)
    await store(
        app,
        OutboxMessage(
            lane=Lane.paced, key=f"{kind}:{number}", bot_id="", chat_id="7", kind=kind,
            recipient_id=someone.id, state=OutboxState.uncertain, attempts=1, created_at=now,
            sent_at=now, error="TimedOut",
        ),
    )  # fmt: skip


def without_tags(text: str) -> str:
    return text.replace("<b>", "").replace("</b>", "")


def notice(kind: str, language: str = "en", **values: object) -> str:
    return without_tags(texts_for(language)(f"notice-alert-{kind}", **values))


async def test_nothing_wrong_is_not_told(app: App, second: int, bot_api: BotApi) -> None:
    await look(app, 3)

    assert await alerts(app, bot_api, second) == []
    assert await stored(app, OutboxMessage) == []


async def test_a_poison_update_reaches_the_organisers_through_a_real_turn(
    app: App, chat: Chat, second: int, bot_api: BotApi
) -> None:
    await chat.deliver({"message": {"message_id": 1, "shape": "unknown"}})
    pass_time(app, MINUTE)

    await look(app)

    assert await alerts(app, bot_api, second) == [notice("set-aside", count=1)]


@pytest.mark.parametrize(("kind", "add"), [("set-aside", set_aside), ("uncertain", uncertain)])
async def test_one_alert_a_day_and_kind_with_what_came_since(
    app: App, second: int, bot_api: BotApi, kind: str, add: object
) -> None:
    told = []
    for day, number in enumerate((1, 2, 4)):
        for place in range(number):
            await add(app, 10 * day + place)
        pass_time(app, MINUTE)
        await look(app, 2)
        told.append(notice(kind, count=number))
        pass_time(app, DAY - MINUTE)
    # What comes later the same day waits for the next day's alert.
    pass_time(app, -MINUTE)
    await add(app, 1000)
    await look(app)
    pass_time(app, MINUTE)
    await look(app, 2)
    told.append(notice(kind, count=1))
    pass_time(app, DAY)
    await look(app)

    assert await alerts(app, bot_api, second) == told


async def test_the_alert_is_formal_and_opens_the_outbox(app: App, bot_api: BotApi) -> None:
    number = bot_api.newcomer()
    await add_person(app, number, role=Role.organiser)
    await uncertain(app, 1)
    pass_time(app, MINUTE)

    await look(app)

    texts = texts_for("vi")
    [said] = await alerts(app, bot_api, number)
    assert said == without_tags(texts("notice-alert-uncertain", count=1))
    assert "đồng chí" in said
    calls = bot_api.server.app[SANDBOX].calls.listed("sendMessage", 0)
    [markup] = [
        one["params"]["reply_markup"] for one in calls if one["params"]["chat_id"] == str(number)
    ]
    assert json.loads(markup)["inline_keyboard"] == [
        [{
            "text": texts.plain("button-outbox"),
            "callback_data": OpenCallback(command="outbox").pack(),
        }]
    ]  # fmt: skip


async def test_an_alert_that_is_uncertain_itself_raises_none(
    app: App, second: int, bot_api: BotApi
) -> None:
    await uncertain(app, 1, kind="alert-uncertain")
    pass_time(app, MINUTE)

    await look(app)

    assert await alerts(app, bot_api, second) == []


async def test_what_was_sent_again_before_the_alert_went_out_is_not_told(
    app: App, second: int, bot_api: BotApi
) -> None:
    await uncertain(app, 1)
    pass_time(app, MINUTE)
    await app.alarm.look()
    async with app.database.transaction() as session:
        await session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == "nudge")
            .values(state=OutboxState.sent)
        )

    await send_all(app)

    assert await alerts(app, bot_api, second) == []


async def test_the_outbox_says_how_many_could_not_be_handled(app: App, organiser: Chat) -> None:
    await set_aside(app, 1)
    await set_aside(app, 2)

    await organiser.send("/hangdoi")

    assert texts_for("vi")("outbox-set-aside", count=2) in organiser.said.split("\n\n")


async def test_a_halted_courier_is_told_by_the_reply_lane_once_a_day(
    app: App, second: int, bot_api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing runs the courier here: the same message stays due from look to look."""
    platform = app.platform
    assert isinstance(platform, RecordingPlatform)
    await uncertain(app, 1)
    pass_time(app, MINUTE)
    for _ in range(HALTED_AFTER):
        await app.alarm.look()
    await app.settle()
    assert platform.screens == {}

    with caplog.at_level(logging.ERROR, "bot.alarm"):
        for _ in range(3):
            await app.alarm.look()
        await app.settle()

    texts = texts_for("vi")
    moment = "08:01 ngày 10/5/2022"
    assert [shown.text for shown in platform.screens[str(ORGANISER)].values()] == [
        texts("alert-halted", moment=moment)
    ]
    assert len(platform.screens[str(second)]) == 1
    assert len([r for r in caplog.records if "the courier is halted" in r.getMessage()]) == 1
    await send_all(app)
    pass_time(app, DAY)
    await look(app, HALTED_AFTER + 2)
    assert len(platform.screens[str(ORGANISER)]) == 1


async def test_a_courier_that_is_only_slow_raises_no_alarm(app: App, bot_api: BotApi) -> None:
    number = bot_api.newcomer()
    await add_person(app, number, role=Role.organiser)
    [organiser, *_] = await stored(app, Person)
    await store(
        app,
        *(
            OutboxMessage(
                lane=Lane.paced, key=f"retention:{at}", bot_id="", chat_id=str(number),
                recipient_id=organiser.id, kind="retention-over", created_at=app.clock(),
            )
            for at in range(HALTED_AFTER + 5)
        ),
    )  # fmt: skip

    for _ in range(HALTED_AFTER + 3):
        await app.courier.send_next()
        await app.alarm.look()
    await app.settle()

    assert app.platform.screens == {}


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the disk says it has left, in megabytes."""
    left = {"free": LEAST_SPACE}
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _path: SimpleNamespace(free=left["free"] * 1_000_000)
    )
    return left


async def test_little_space_is_told_before_there_is_none(
    app: App, second: int, bot_api: BotApi, free: dict[str, int]
) -> None:
    await look(app)
    assert await alerts(app, bot_api, second) == []

    free["free"] = LEAST_SPACE - 1
    await look(app, 3)
    free["free"] = 20
    await look(app)

    assert await alerts(app, bot_api, second) == [notice("low-space", free="199")]
    pass_time(app, DAY)
    await look(app)
    assert await alerts(app, bot_api, second) == [
        notice("low-space", free="199"), notice("low-space", free="20"),
    ]  # fmt: skip


async def test_a_full_disk_is_said_straight_to_the_platform_once_an_hour(
    app: App, second: int
) -> None:
    platform = app.platform
    assert isinstance(platform, RecordingPlatform)
    said = texts_for("vi")("alert-disk-full")
    for _ in range(3):
        app.database.was_full = True
        await app.alarm.look()
        pass_time(app, MINUTE)
    assert [shown.text for shown in platform.screens[str(ORGANISER)].values()] == [said]
    assert len(platform.screens[str(second)]) == 1

    pass_time(app, timedelta(hours=1))
    await app.alarm.look()
    assert len(platform.screens[str(ORGANISER)]) == 1
    app.database.was_full = True
    platform.failures.append(
        ("sendMessage", ApiUnreachableError("timeout", may_have_arrived=False))
    )
    await app.alarm.look()

    assert len(platform.screens[str(ORGANISER)]) == 1
    assert len(platform.screens[str(second)]) == 2


async def test_reminders_that_nobody_writes_are_told_as_a_halt_but_not_at_night(
    app: App, bot_api: BotApi
) -> None:
    """Nothing runs the courier here: what is planned stays so from look to look."""
    platform = app.platform
    assert isinstance(platform, RecordingPlatform)
    await add_person(app, bot_api.newcomer())
    set_clock(app, at("14/5 19:00"))
    await app.nudge()
    async with app.database.transaction() as session:
        await session.execute(delete(OutboxMessage))
    set_clock(app, at("14/5 22:00"))
    for _ in range(HALTED_AFTER + 1):
        await app.alarm.look()
    await app.settle()
    at_night = dict(platform.screens)
    set_clock(app, at("15/5 07:00"))
    for _ in range(HALTED_AFTER + 1):
        await app.alarm.look()
    await app.settle()

    assert at_night == {}
    [shown] = platform.screens[str(ORGANISER)].values()
    assert shown.text == texts_for("vi")("alert-halted", moment="07:00 ngày 15/5/2022")
