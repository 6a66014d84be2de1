from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import App, opened
from config.texts import texts_for
from handlers.callbacks import SendBroadcastCallback
from storage.tables import (
    AgeBand,
    Broadcast,
    Lane,
    OutboxMessage,
    OutboxState,
    Role,
    RoleGrant,
)
from tests.bot_api import BotApi, add_person, send_all
from tests.chat import Chat, FrozenClock, chat_with, make_app

TEXT = "Sáng mai 7 giờ 30 họp tại <hội trường> & nhà văn hóa."
HEADING = "Thông báo từ Quận Đoàn Hồng Bàng"
ASK = texts_for("vi")("broadcast-ask-text", maximum=3500)
ASK_AUDIENCE = texts_for("vi")("broadcast-ask-audience")
QUESTION = "Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?"
TO_ONE = "Gửi tới 1 người"


@pytest.fixture
async def app(database_address: str, tmp_path: Path, bot_api: BotApi) -> AsyncIterator[App]:
    app = make_app(database_address, tmp_path, courier_base=bot_api.base)
    async with opened(app):
        yield app


async def broadcasts(app: App) -> list[tuple[str, str, int]]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(select(Broadcast).order_by(Broadcast.id))
        return [(row.text, row.audience, row.people) for row in rows]


async def states(app: App) -> list[OutboxState]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.lane == Lane.paced)
            .order_by(OutboxMessage.id)
        )
        return [row.state for row in rows]


def progress(outcome: str, audience: str, people: int, **counts: int) -> str:
    names = ("sent", "waiting", "failed", "uncertain", "cancelled", "forgotten")
    texts = texts_for("vi")
    return "\n\n".join(
        [
            texts(
                "broadcast-progress",
                outcome=outcome,
                audience=audience,
                people=people,
                moment="08:00 ngày 10/5/2022",
                **dict.fromkeys(names, 0) | counts,
            ),
            texts("broadcast-quoted", text=TEXT),
        ]
    )


async def test_organiser_writes_to_one_unit(app: App, organiser: Chat, bot_api: BotApi) -> None:
    member, child, elsewhere = (bot_api.newcomer() for _ in range(3))
    await add_person(app, member, unit="so-dau")
    await add_person(app, child, unit="so-dau", age=AgeBand.under_16)
    await add_person(app, elsewhere, unit="ha-ly")

    await organiser.send("/thongbao")
    asked = organiser.said
    await organiser.send(TEXT)
    asked_whom = organiser.said
    await organiser.press("Một đơn vị")
    asked_which = organiser.said
    await organiser.press("Sở Dầu")
    last_look, choices = organiser.said, organiser.labels
    await organiser.press("Gửi tới 2 người")
    begun, while_going = organiser.said, organiser.labels
    await send_all(app)
    await organiser.press("Cập nhật")

    assert (asked, asked_whom) == (ASK, ASK_AUDIENCE)
    assert asked_which == "Gửi tới đơn vị nào?"
    escaped = TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert last_look == (
        f"<b>{HEADING}</b>\n\n{escaped}\n\n————\n"
        "Phần trên là nguyên văn người nhận sẽ đọc. Người nhận: Đoàn phường Sở Dầu, "
        "<b>2 người</b>.\nMuốn sửa, xin gửi lại toàn bộ nội dung mới."
    )
    assert choices == ["Gửi tới 2 người", "Đổi người nhận", "Hủy"]
    assert begun == progress("going", "Đoàn phường Sở Dầu", 2, waiting=2)
    assert while_going == ["Cập nhật", "Dừng gửi"]
    assert bot_api.arrived() == [(one, f"{HEADING}\n\n{TEXT}") for one in (member, child)]
    assert organiser.said == progress("over", "Đoàn phường Sở Dầu", 2, sent=2)
    assert organiser.labels == []
    assert await broadcasts(app) == [(TEXT, "unit:so-dau", 2)]


async def test_text_after_the_command_goes_straight_to_the_audience(organiser: Chat) -> None:
    await organiser.send(f"/broadcast {TEXT}\n\nBan Tổ chức")
    asked = organiser.said
    await organiser.press("Một vai trò")
    roles = organiser.labels
    await organiser.press("Ban Tổ chức")

    assert asked == ASK_AUDIENCE
    assert roles == ["Ban Tổ chức", "cán bộ trực", "Bí thư", "‹ Quay lại"]
    assert "nhà văn hóa.\n\nBan Tổ chức\n\n————" in organiser.said
    assert organiser.labels[0] == TO_ONE


async def test_pressing_send_twice_sends_once(app: App, organiser: Chat) -> None:
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Mọi người")
    number, (_, data) = organiser.screen.message_id, organiser.screen.buttons[0]

    await organiser.press_data(data, number)
    await organiser.press_data(data, number)

    assert organiser.said == progress("going", "mọi người", 1, waiting=1)
    assert await broadcasts(app) == [(TEXT, "all", 1)]
    assert await states(app) == [OutboxState.due]


async def test_send_pressed_after_giving_up_sends_nothing(app: App, organiser: Chat) -> None:
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Mọi người")
    number, (_, data) = organiser.screen.message_id, organiser.screen.buttons[0]
    await organiser.send("/huy")

    await organiser.press_data(data, number)

    nothing = texts_for("vi")("broadcast-nothing-open")
    assert [one.text for one in organiser.shown if one.message_id == number] == [nothing]
    assert await broadcasts(app) == []


async def test_send_of_an_earlier_text_does_not_send_the_present_one(
    app: App, organiser: Chat
) -> None:
    await organiser.send("/thongbao Bản nháp cũ.")
    await organiser.press("Mọi người")
    number, (_, data) = organiser.screen.message_id, organiser.screen.buttons[0]
    await organiser.send("Bản mới.")

    await organiser.press_data(data, number)

    assert await broadcasts(app) == []


async def test_new_words_take_the_place_of_the_old_for_the_same_audience(
    app: App, organiser: Chat
) -> None:
    await organiser.send("/thongbao Bản nháp cũ.")
    await organiser.press("Mọi người")
    sent = await organiser.send("Bản mới.")
    renewed = organiser.said
    await organiser.edit(sent, TEXT)
    edited = organiser.said
    await organiser.press(TO_ONE)

    assert renewed.startswith(f"<b>{HEADING}</b>\n\nBản mới.\n\n————\n")
    assert edited.startswith(f"<b>{HEADING}</b>\n\nSáng mai 7 giờ 30")
    assert await broadcasts(app) == [(TEXT, "all", 1)]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("\u200b", "Nội dung thông báo còn trống."),
        (
            "ă" * 3501,
            "Nội dung dài 3.501 ký tự, nhiều nhất là 3.500. Xin gửi lại bản ngắn hơn.",
        ),
    ],
    ids=["empty", "too long"],
)
async def test_unfit_text_is_refused_and_asked_for_again(
    organiser: Chat, text: str, refusal: str
) -> None:
    await organiser.send("/thongbao")
    await organiser.send(text)
    refused = organiser.said
    await organiser.send(TEXT)

    assert refused == f"{refusal}\n\n{ASK}"
    assert organiser.said == ASK_AUDIENCE


async def test_words_of_an_announcement_are_no_question_and_the_other_way_round(
    app: App, organiser: Chat
) -> None:
    await organiser.join()
    await organiser.send(QUESTION)
    await organiser.send("/thongbao")
    await organiser.send(TEXT)
    announced = organiser.said
    await organiser.message(photo=[], caption="Ảnh hội trường")
    on_picture = organiser.said
    await organiser.message(text=QUESTION, forward_origin=_forwarded())
    on_forwarded = organiser.said
    await organiser.send("/hoi")
    draft = organiser.said
    await organiser.press("Viết tiếp")
    await organiser.press("Sở Dầu")
    await organiser.press("Nội dung khác")

    text_only = texts_for("vi")("broadcast-text-only")
    assert (announced, on_picture, on_forwarded) == (ASK_AUDIENCE, text_only, text_only)
    assert QUESTION in draft
    assert QUESTION in organiser.said
    assert TEXT[:20] not in organiser.said
    assert await broadcasts(app) == []


def _forwarded() -> dict[str, object]:
    return {"type": "hidden_user", "date": 1, "sender_user_name": "CANARY-NAME"}


async def test_stopped_half_way_nobody_else_gets_it(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    people = [bot_api.newcomer() for _ in range(5)]
    for one in people:
        await add_person(app, one, unit="so-dau")
    bot_api.will(chat_id=people[0], status=403)
    bot_api.will(chat_id=people[1], drop=True, after_delivery=True)
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press("Sở Dầu")
    await organiser.press("Gửi tới 5 người")
    for _ in range(3):
        await app.courier.send_next()

    await organiser.press("Dừng gửi")
    stopped, toast = organiser.said, organiser.platform.answers[-1].get("text")
    labels = organiser.labels
    await send_all(app)
    await organiser.send("/thongbao")
    await organiser.press("Xem lần gửi gần nhất")

    counts = {"sent": 1, "failed": 1, "uncertain": 1, "cancelled": 2}
    assert toast == "Đã dừng. 2 tin còn lại đã hủy."
    assert stopped == progress("stopped", "Đoàn phường Sở Dầu", 5, **counts)
    assert labels == ["Tin chờ gửi, tin lỗi"]
    assert organiser.said == stopped
    assert [chat for chat, _ in bot_api.arrived()] == people[1:3]
    assert await states(app) == [
        OutboxState.failed,
        OutboxState.uncertain,
        OutboxState.sent,
        OutboxState.cancelled,
        OutboxState.cancelled,
    ]


async def test_a_message_put_off_by_the_platform_is_not_sent_after_the_stop(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    """Taken for sending before the stop, due again after it."""
    await add_person(app, bot_api.newcomer(), unit="so-dau")
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press("Sở Dầu")
    await organiser.press(TO_ONE)
    async with app.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.sending))
    await organiser.press("Dừng gửi")
    async with app.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.due))

    await send_all(app)

    assert bot_api.arrived() == []
    assert await states(app) == [OutboxState.cancelled]


async def test_stop_pressed_twice_says_that_it_was_stopped(app: App, organiser: Chat) -> None:
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Mọi người")
    await organiser.press(TO_ONE)
    number, (_, data) = organiser.screen.message_id, organiser.screen.buttons[1]

    await organiser.press_data(data, number)
    await organiser.press_data(data, number)

    said = [answer.get("text") for answer in organiser.platform.answers[-2:]]
    assert said == [
        "Đã dừng. 1 tin còn lại đã hủy.",
        "Thông báo này đã gửi xong hoặc đã dừng trước đó.",
    ]
    assert organiser.said == progress("stopped", "mọi người", 1, cancelled=1)
    assert await states(app) == [OutboxState.cancelled]


async def test_nobody_to_reach_means_no_button_to_send(organiser: Chat) -> None:
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press("Hạ Lý")

    assert organiser.said.endswith(
        "Người nhận: Đoàn phường Hạ Lý. Hiện chưa có ai nhận được tin, "
        "xin chọn người nhận khác.\nMuốn sửa, xin gửi lại toàn bộ nội dung mới."
    )
    assert organiser.labels == ["Đổi người nhận", "Hủy"]
    await organiser.press("Đổi người nhận")
    assert organiser.said == ASK_AUDIENCE


async def test_an_audience_that_there_is_not_is_refused(app: App, organiser: Chat) -> None:
    number = await organiser.send(f"/thongbao {TEXT}")
    forged = SendBroadcastCallback(draft=number, kind="unit", code="nowhere")

    await organiser.press_data(forged.pack())

    assert organiser.said == texts_for("vi")("refused-audience-unknown")
    assert await broadcasts(app) == []


async def test_in_quiet_hours_it_says_when_and_waits_till_then(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    member = bot_api.newcomer()
    await add_person(app, member, unit="so-dau")
    assert isinstance(app.clock, FrozenClock)
    app.clock.moment = datetime(2022, 5, 10, 15, 0, tzinfo=UTC)
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press("Sở Dầu")
    last_look = organiser.said
    await organiser.press(TO_ONE)
    await send_all(app)
    in_the_night = bot_api.arrived()
    app.clock.moment = datetime(2022, 5, 10, 23, 30, tzinfo=UTC)
    await send_all(app)

    quiet = "Đang trong giờ yên lặng: tin sẽ được gửi từ 06:30 ngày 11/5/2022."
    assert last_look.endswith(f"\n\n{quiet}")
    assert organiser.said.endswith(f"\n\n{quiet}")
    assert in_the_night == []
    assert [chat for chat, _ in bot_api.arrived()] == [member]


async def test_whoever_loses_the_role_in_the_middle_is_stopped(app: App) -> None:
    chat = chat_with(app)
    await add_person(app, chat.user_id, role=Role.organiser)
    await chat.send("/thongbao")
    async with app.database.transaction() as session:
        await session.execute(update(RoleGrant).values(revoked_at=app.clock()))

    await chat.send(TEXT)
    refused = chat.said
    await chat.send(QUESTION)

    assert refused == texts_for("vi")("refused-not-allowed")
    assert TEXT[:20] not in chat.said
    assert chat.labels[:1] == ["Quán Toan"]
    assert await broadcasts(app) == []
