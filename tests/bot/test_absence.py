"""Back after an absence: who was in the middle sees their step again, and nobody else."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.absence import IN_THE_MIDDLE, PRESS_KEPT
from bot.app import App, opened
from config.texts import texts_for
from storage.tables import ChatState, InboxState, InboxUpdate, Question, Role
from tests.bot_api import add_person
from tests.chat import Chat, FrozenClock, chat_with, make_app, pass_time, set_clock, store, stored

AWAY = PRESS_KEPT + timedelta(seconds=1)
BACK = texts_for("vi").plain("back-again")
TEXT = "Khi nào cầu vượt ở ngã tư được sửa cho em đi học?"
HALF_A_MINUTE = timedelta(seconds=30)


async def come_back(app: App, after: timedelta = AWAY) -> int:
    """Nobody was there for so long; returns how many people are offered their step."""
    pass_time(app, after)
    offered = await app.presence.note()
    await app.settle()
    return offered


async def stay(app: App, time: timedelta) -> None:
    """So much time passes while the bot is there."""
    for _ in range(time // HALF_A_MINUTE):
        pass_time(app, HALF_A_MINUTE)
        assert await app.presence.note() == 0


async def test_the_step_is_shown_again_with_buttons_that_work(app: App, chat: Chat) -> None:
    await chat.join()
    before = chat.screen

    assert await come_back(app) == 1

    again = chat.screen
    assert again.message_id != before.message_id
    assert again.text == f"{BACK}\n\n{before.text}"
    assert again.buttons
    assert before.buttons == []
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send(TEXT)
    await chat.press("Gửi")
    assert [one.text for one in await stored(app, Question)] == [TEXT]


@pytest.mark.parametrize("away", [timedelta(), HALF_A_MINUTE, PRESS_KEPT])
async def test_a_short_absence_is_passed_over(app: App, chat: Chat, away: timedelta) -> None:
    await chat.join()
    said = len(chat.shown)

    assert await come_back(app, away) == 0

    assert len(chat.shown) == said


async def test_who_finished_or_left_long_before_hears_nothing(app: App, chat: Chat) -> None:
    early, done = chat_with(app, 101), chat_with(app, 102)
    await early.join()
    await done.join()
    await done.ask(TEXT)
    await stay(app, IN_THE_MIDDLE + HALF_A_MINUTE)
    await chat.join()
    said = {phone.user_id: len(phone.shown) for phone in (early, done)}

    assert await come_back(app) == 1

    assert {phone.user_id: len(phone.shown) for phone in (early, done)} == said
    assert chat.said.startswith(BACK)


async def test_half_an_hour_counts_from_when_the_bot_went_away(app: App, chat: Chat) -> None:
    await chat.join()
    assert await come_back(app, timedelta(hours=5)) == 1
    assert chat.said.startswith(BACK)


async def test_one_absence_is_offered_once(app: App, chat: Chat) -> None:
    await chat.join()
    assert await come_back(app) == 1
    said = len(chat.shown)

    assert await come_back(app, HALF_A_MINUTE) == 0
    assert len(chat.shown) == said

    assert await come_back(app) == 1
    assert len(chat.shown) == said + 1


async def test_of_several_processes_one_makes_the_offers(
    app: App, chat: Chat, database_address: str, tmp_path: Path
) -> None:
    await chat.join()
    pass_time(app, AWAY)
    others = [make_app(database_address, tmp_path, clock=app.clock) for _ in range(3)]

    offered = await asyncio.gather(*(one.presence.note() for one in [app, *others]))

    assert sorted(offered) == [0, 0, 0, 1]
    offers = [one for one in await stored(app, InboxUpdate) if one.update_id < 0]
    assert [one.state for one in offers] == [InboxState.waiting]
    for one in others:
        await one.database.close()


async def test_whose_update_waits_is_answered_and_offered_nothing(app: App, chat: Chat) -> None:
    await chat.join()
    pass_time(app, AWAY)
    update = chat.text_update("Sở Dầu")
    await store(
        app,
        InboxUpdate(
            bot_id=str(app.bot.id), update_id=update["update_id"], body=update,
            chat_key=f"{app.bot.id}:{chat.user_id}", received_at=app.clock(),
        ),
    )  # fmt: skip

    assert await app.presence.note() == 0

    await app.settle()
    assert not any(shown.text.startswith(BACK) for shown in chat.shown)
    assert "Nội dung khác" in chat.labels


async def test_a_new_start_finds_the_absence_and_an_end_writes_it_down(
    database_address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FrozenClock()
    first = make_app(database_address, tmp_path, clock=clock)
    async with opened(first):
        chat = chat_with(first)
        await chat.join()
        clock.moment += timedelta(seconds=100)
        await first._leave()
    clock.moment += AWAY
    second = make_app(database_address, tmp_path, clock=clock, platform=chat.platform)

    with caplog.at_level(logging.WARNING, "bot.absence"):
        async with opened(second):
            await second.settle()
            assert chat_with(second).said.startswith(BACK)

    line = "nobody was there for 151 seconds; 1 people are offered their step again"
    assert [record.getMessage() for record in caplog.records] == [line]


async def test_nobody_is_woken_at_night_for_a_step_left_long_ago(app: App, chat: Chat) -> None:
    await chat.join()
    said = len(chat.shown)
    night = app.clock().replace(hour=18)  # 01:00 in Hải Phòng

    assert await come_back(app, night - app.clock()) == 0

    assert len(chat.shown) == said
    await chat.send("/hoi")
    set_clock(app, app.clock() + HALF_A_MINUTE)
    assert await come_back(app) == 1


async def test_a_clock_set_back_is_no_absence(app: App, chat: Chat) -> None:
    await chat.join()
    assert await come_back(app, -timedelta(hours=1)) == 0
    assert await come_back(app, HALF_A_MINUTE) == 0
    assert await come_back(app) == 1


async def test_a_sandbox_clock_that_is_moved_is_no_absence(app: App, chat: Chat) -> None:
    await chat.join()
    app.clock.offset += timedelta(days=2)

    assert await come_back(app, timedelta(days=2)) == 0


async def test_back_at_the_same_step_although_all_is_known(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send(TEXT)
    await chat.press("Đổi lĩnh vực")
    before = chat.said

    await come_back(app)

    assert chat.said == f"{BACK}\n\n{before}"


async def test_new_words_for_a_question_are_asked_for_again(app: App, chat: Chat) -> None:
    await chat.join()
    code = await chat.ask(TEXT)
    await chat.press(f"Xem {code}")
    await chat.press("Sửa")
    before = chat.screen

    await come_back(app)

    assert chat.shown[-2].text == BACK
    assert (chat.said, chat.screen.buttons) == (before.text, chat.shown[-1].buttons)
    await chat.send("Cầu vượt ở ngã tư bao giờ sửa xong vậy ạ?")
    [question] = await stored(app, Question)
    assert question.text == "Cầu vượt ở ngã tư bao giờ sửa xong vậy ạ?"


async def test_a_code_is_asked_for_again(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.ask(TEXT)
    await chat.send("/tracuu")
    before = chat.said

    await come_back(app)

    assert [shown.text for shown in chat.shown[-2:]] == [BACK, before]


async def test_an_announcement_is_taken_up_where_it_stood(app: App, organiser: Chat) -> None:
    await organiser.send("/thongbao")
    screens = [organiser.said]
    await come_back(app)
    screens.append(organiser.said)
    await organiser.send("Sáng mai 7 giờ 30 họp tại hội trường.")
    screens.append(organiser.said)
    await come_back(app)
    screens.append(organiser.said)
    await organiser.press("Mọi người")
    screens.append(organiser.said)
    await come_back(app)
    screens.append(organiser.said)

    assert screens[0::2] == screens[1::2]


async def test_moving_a_deadline_is_taken_up_where_it_stood(app: App, organiser: Chat) -> None:
    await organiser.send("/giahan")
    await organiser.press_data(organiser.screen.buttons[0][1])
    await organiser.press_data(organiser.screen.buttons[0][1])
    [state] = await stored(app, ChatState)
    screens = [organiser.said]
    await come_back(app)
    screens.append(organiser.said)
    await organiser.press_data(organiser.screen.buttons[0][1])
    screens.append(organiser.said)
    await come_back(app)
    screens.append(organiser.said)

    assert state.state == "ExtendForm:day"
    assert screens[0::2] == screens[1::2]


async def test_a_lead_is_asked_again_why_more_time_is_needed(app: App) -> None:
    await add_person(app, 300, age=None, role=Role.unit_lead, led="so-dau")
    lead = chat_with(app, 300)
    await lead.send("/baocao")
    await lead.press("Xin thêm")
    await lead.press_data(lead.screen.buttons[0][1])
    before = lead.said

    await come_back(app)

    assert [shown.text for shown in lead.shown[-2:]] == [BACK, before]


async def test_who_has_lost_the_role_is_not_reminded_of_its_form(
    app: App, organiser: Chat
) -> None:
    await add_person(app, 301, role=Role.organiser)
    other = chat_with(app, 301)
    await other.send("/thongbao")
    said = len(other.shown)
    await organiser.send("/nhansu")
    await organiser.press("Thu vai trò số 2")
    await organiser.press_data(organiser.screen.buttons[0][1])

    await come_back(app)

    assert not any(shown.text == BACK for shown in other.shown[said:])


async def test_nobody_else_can_send_such_an_update(app: App, chat: Chat) -> None:
    await chat.join()
    said = len(chat.shown)

    await chat.deliver({"update_id": -5, **chat.text_update("")})

    assert not any(shown.text.startswith(BACK) for shown in chat.shown[said:])
