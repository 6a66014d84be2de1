from sqlmodel import select

from storage.tables import Person, Question
from tests.chat import Chat


async def test_member_asks_in_six_taps_and_gets_a_receipt(chat: Chat) -> None:
    await chat.send("/start")
    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Thực phẩm cổng trường")
    await chat.send("Đồ ăn bán trước cổng trường do ai kiểm tra?")
    await chat.press("Gửi")

    assert "HB22-0001" in chat.said
    assert chat.labels == ["Gửi câu khác", "Xem HB22-0001"]
    async with chat.app.database.snapshot() as session:
        [question] = (await session.scalars(select(Question))).all()
        [person] = (
            await session.scalars(select(Person).where(Person.external_id == str(chat.user_id)))
        ).all()
    assert (question.text, question.unit_code, question.topic_code, question.state.value) == (
        "Đồ ăn bán trước cổng trường do ai kiểm tra?",
        "so-dau",
        "school-gate-food",
        "submitted",
    )
    assert question.author_id == person.id
