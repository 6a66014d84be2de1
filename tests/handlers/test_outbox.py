from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import App, opened
from conference.outbox_desk import TROUBLES_SHOWN
from config.texts import texts_for
from storage.tables import AuditEntry, Lane, OutboxMessage, OutboxState, Role
from tests.bot_api import BotApi, add_person, send_all
from tests.chat import Chat, make_app

TEXT = "Sáng mai 7 giờ 30 họp tại hội trường."
NO_TROUBLE = "Không có tin nào gặp lỗi."
WHEN = "08:00 ngày 10/5/2022"


@pytest.fixture
async def app(database_address: str, tmp_path: Path, bot_api: BotApi) -> AsyncIterator[App]:
    app = make_app(database_address, tmp_path, courier_base=bot_api.base)
    async with opened(app):
        yield app


def title(**counts: int) -> str:
    names = ("waiting", "sent", "failed", "uncertain", "cancelled", "replies")
    return texts_for("vi")("outbox-title", moment=WHEN, **dict.fromkeys(names, 0) | counts)


async def announce(app: App, organiser: Chat, unit: str = "Sở Dầu") -> None:
    """Send to a unit everything that can be sent."""
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press(unit)
    await organiser.press("Gửi tới")
    await send_all(app)


async def paced(app: App) -> list[tuple[OutboxState, int]]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.lane == Lane.paced)
            .order_by(OutboxMessage.id)
        )
        return [(row.state, row.attempts) for row in rows]


async def retries(app: App) -> list[dict[str, object]]:
    async with app.database.snapshot() as session:
        return list(
            await session.scalars(
                select(AuditEntry.detail).where(AuditEntry.action == "outbox.retried")
            )
        )


async def test_an_empty_outbox_says_so(organiser: Chat) -> None:
    await organiser.send("/hangdoi")

    assert organiser.said == f"{title()}\n\n{NO_TROUBLE}"
    assert organiser.labels == ["Cập nhật"]


async def test_what_waits_and_what_was_sent_is_counted(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    for _ in range(3):
        await add_person(app, bot_api.newcomer(), unit="so-dau")
    await organiser.send(f"/thongbao {TEXT}")
    await organiser.press("Một đơn vị")
    await organiser.press("Sở Dầu")
    await organiser.press("Gửi tới")
    await app.courier.send_next()

    await organiser.send("/outbox")
    before = organiser.said
    await send_all(app)
    await organiser.press("Cập nhật")

    assert before == f"{title(waiting=2, sent=1)}\n\n{NO_TROUBLE}"
    assert organiser.said == f"{title(sent=3)}\n\n{NO_TROUBLE}"


async def test_an_uncertain_message_can_be_sent_again_with_a_warning_and_only_once(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    lead = bot_api.newcomer()
    await add_person(app, lead, age=None, role=Role.unit_lead, led="so-dau")
    bot_api.will(drop=True, after_delivery=True)
    await announce(app, organiser)

    await organiser.send("/hangdoi")
    said, labels = organiser.said, organiser.labels
    number, (_, data) = organiser.screen.message_id, organiser.screen.buttons[0]
    await organiser.press_data(data, number)
    waiting = organiser.said
    bot_api.will(drop=True, after_delivery=True)
    await send_all(app)
    await organiser.press_data(data, number)
    await send_all(app)

    assert said == (
        f"{title(uncertain=1)}\n\n<b>1. Thông báo</b>, tới Bí thư Đoàn phường Sở Dầu\n"
        f"{WHEN}: không rõ đã tới hay chưa, mất kết nối, Telegram không trả lời."
    )
    assert labels == ["Gửi lại tin 1 (có thể gửi hai lần)", "Cập nhật"]
    assert waiting == f"{title(waiting=1)}\n\n{NO_TROUBLE}"
    assert [answer.get("text") for answer in organiser.platform.answers[-2:]] == [
        "Đã xếp lại vào hàng đợi.",
        "Tin này đã được gửi lại trước đó, hoặc người nhận hiện không nhận được tin.",
    ]
    assert [chat for chat, _ in bot_api.arrived()] == [lead, lead]
    assert await paced(app) == [(OutboxState.uncertain, 2)]
    assert await retries(app) == [{"kind": "broadcast", "attempts": 1}]


async def test_a_failed_message_can_be_sent_again(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    member = bot_api.newcomer()
    await add_person(app, member, unit="so-dau")
    bot_api.will(status=400, description="Bad Request: something about CANARY")
    await announce(app, organiser)

    await organiser.send("/hangdoi")
    said, labels = organiser.said, organiser.labels
    await organiser.press("Gửi lại tin 1")
    await send_all(app)
    await organiser.press("Cập nhật")

    assert said == (
        f"{title(failed=1)}\n\n<b>1. Thông báo</b>, "
        "tới đoàn viên, thanh thiếu nhi Đoàn phường Sở Dầu\n"
        f"{WHEN}: không gửi được, Telegram không nhận tin này."
    )
    assert labels == ["Gửi lại tin 1", "Cập nhật"]
    assert organiser.said == f"{title(sent=1)}\n\n{NO_TROUBLE}"
    assert [chat for chat, _ in bot_api.arrived()] == [member]


async def test_whoever_blocked_the_bot_is_not_offered_for_another_try_until_they_return(
    app: App, organiser: Chat, bot_api: BotApi
) -> None:
    member = bot_api.newcomer()
    await add_person(app, member, unit="so-dau")
    bot_api.will(status=403)
    await announce(app, organiser)

    await organiser.send("/hangdoi")
    said, labels = organiser.said, organiser.labels
    number = (await _troubled(app)).id
    await organiser.press_data(f"u.retry:{number}:1")
    after_forging = await paced(app)
    await Chat(app, organiser.platform, member).deliver({"my_chat_member": _back(member)})
    await organiser.press("Cập nhật")

    assert said.endswith("không gửi được, người nhận đã chặn hoặc tài khoản không còn.")
    assert labels == ["Cập nhật"]
    assert after_forging == [(OutboxState.failed, 1)]
    assert organiser.labels == ["Gửi lại tin 1", "Cập nhật"]


async def _troubled(app: App) -> OutboxMessage:
    async with app.database.snapshot() as session:
        return (
            await session.scalars(
                select(OutboxMessage).where(OutboxMessage.state == OutboxState.failed)
            )
        ).one()


def _back(person: int) -> dict[str, object]:
    user = {"id": person, "is_bot": False, "first_name": "CANARY-NAME"}
    bot = {"id": 42, "is_bot": True, "first_name": "bot"}
    return {
        "chat": {"id": person, "type": "private"},
        "from": user,
        "date": 1,
        "old_chat_member": {"status": "kicked", "user": bot, "until_date": 0},
        "new_chat_member": {"status": "member", "user": bot},
    }


async def test_a_failed_reply_is_shown_but_cannot_be_sent_again(app: App, organiser: Chat) -> None:
    async with app.database.transaction() as session:
        session.add(
            OutboxMessage(
                lane=Lane.reply,
                bot_id="42",
                chat_id="7000000999",
                kind="sendMessage",
                state=OutboxState.failed,
                error="400 Bad Request: chat not found 7000000999",
                created_at=app.clock(),
                sent_at=app.clock(),
            )
        )
    row = await _troubled(app)

    await organiser.send("/hangdoi")
    await organiser.press_data(f"u.retry:{row.id}:0")

    assert organiser.said == (
        f"{title(replies=1)}\n\n<b>1. Câu trả lời</b>, tới người không còn lưu dữ liệu\n"
        f"{WHEN}: không gửi được, Telegram không nhận tin này.\n\n"
        + texts_for("vi")("outbox-replies-note")
    )
    assert organiser.labels == ["Cập nhật"]
    assert (await _troubled(app)).id == row.id


async def test_only_the_newest_are_listed_and_the_rest_is_counted(
    app: App, organiser: Chat
) -> None:
    async with app.database.transaction() as session:
        for at in range(TROUBLES_SHOWN + 2):
            session.add(
                OutboxMessage(
                    lane=Lane.paced,
                    key=f"x:{at}",
                    bot_id="",
                    chat_id="1",
                    kind="of-a-later-version" if at == TROUBLES_SHOWN + 1 else "nudge",
                    state=OutboxState.failed,
                    error="KeyError",
                    created_at=app.clock(),
                )
            )

    await organiser.send("/hangdoi")

    lines = organiser.said.split("\n\n")
    assert [line.partition(",")[0] for line in lines[-TROUBLES_SHOWN - 1 : -1]] == [
        "<b>1. Tin khác</b>",
        *(f"<b>{at}. Nhắc việc</b>" for at in range(2, TROUBLES_SHOWN + 1)),
    ]
    assert lines[-1] == "… và 2 tin cũ hơn."


async def test_nothing_shows_who_a_person_is(app: App, organiser: Chat, bot_api: BotApi) -> None:
    member = bot_api.newcomer()
    await add_person(app, member, unit="so-dau")
    bot_api.will(status=400, description=f"Bad Request: CANARY {member}")
    await announce(app, organiser)
    await organiser.send("/hangdoi")

    everything = "\n".join(one.text + str(one.buttons) for one in organiser.shown)
    assert str(member) not in everything
    assert "CANARY" not in everything
