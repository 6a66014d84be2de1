"""What comes to a unit after its report, and what an erasure leaves of a question: nothing."""

from sqlmodel import col, select

from bot.app import App
from storage.tables import OutboxMessage, OutboxState
from tests.chat import Chat, chat_with
from tests.officials import lead_of

FATHER = "Ở nhà bố hay đánh con, con đau lắm, con sợ về nhà ạ."


async def _late(app: App) -> list[tuple[str, OutboxState]]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.kind == "late-question")
            .order_by(col(OutboxMessage.id))
        )
        return [(row.chat_id, row.state) for row in rows]


async def test_question_after_the_report_is_told_to_the_lead_once_a_day_and_can_be_changed(
    app: App, organiser: Chat, chat: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await lead.press("Đơn vị không có câu hỏi")
    await chat.join()
    first = await chat.ask("Đường nhà em bao giờ có đèn chiếu sáng ạ?")
    await chat.ask("Sân bóng của phường mình bao giờ được sửa ạ?")

    assert await _late(app) == [(str(lead.user_id), OutboxState.due)]
    await chat.press_data(f"q.view:{first}")
    assert chat.labels[:2] == ["Sửa", "Rút lại"]


async def test_released_question_of_a_unit_that_has_reported_is_told_to_its_lead(
    app: App, organiser: Chat, chat: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await chat.join()
    code = await chat.ask(FATHER)
    await lead.send("/baocao")
    await lead.press("Đơn vị không có câu hỏi")
    assert await _late(app) == []

    await organiser.press_data(f"d.pass:{code}")

    assert await _late(app) == [(str(lead.user_id), OutboxState.due)]


async def test_history_of_an_erased_question_is_in_nobody_elses(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.ask("Đường nhà em bao giờ có đèn chiếu sáng ạ?")
    await chat.send("/xoa")
    await chat.press("Xóa")
    other = chat_with(app, 7_000_000_777)
    await other.join()
    code = await other.ask("Sân bóng của phường mình bao giờ được sửa ạ?")

    await other.press_data(f"q.view:{code}")

    assert other.said.count("đã tiếp nhận") == 2  # the state, and one line of history


async def test_child_who_is_hurt_at_home_is_not_sent_to_ask_at_home(chat: Chat) -> None:
    await chat.send(FATHER)
    await chat.press("Đồng ý")
    await chat.press("Dưới 16")

    assert "bố mẹ" not in chat.said


async def test_duty_officer_is_told_that_an_erased_question_is_gone(
    organiser: Chat, chat: Chat
) -> None:
    await organiser.send("/start")
    await chat.join()
    code = await chat.ask(FATHER)
    await chat.send("/xoa")
    await chat.press("Xóa")

    await organiser.press_data(f"d.pass:{code}")

    assert organiser.said == f"Câu {code} không còn nữa: người gửi đã xóa dữ liệu của mình."


async def test_phone_number_that_comes_with_an_edit_is_pointed_out(chat: Chat) -> None:
    await chat.join()
    code = await chat.ask("Đường nhà em bao giờ có đèn chiếu sáng ạ?")
    await chat.press_data(f"q.edit:{code}")

    await chat.send("Đường nhà em bao giờ có đèn ạ? Gọi em số 0912.345.678 nhé.")

    assert "phần đó sẽ được che" in chat.said
