"""Notices that must not be missed, however late their reader opens the chat."""

from datetime import timedelta

from sqlmodel import col, select

from bot.app import App
from storage.tables import OutboxMessage, OutboxState, Person
from tests.chat import ORGANISER, Chat


async def _notices(app: App, kind: str) -> list[tuple[str, OutboxState]]:
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(col(OutboxMessage.id))
        )
        return [(row.chat_id, row.state) for row in rows]


async def test_held_question_is_sent_to_an_organiser_who_opens_the_bot_later(
    app: App, chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask("Em không muốn sống nữa, em phải nói với ai bây giờ ạ?")
    async with app.database.transaction() as session:
        person = await session.scalar(select(Person).where(Person.external_id == str(ORGANISER)))
        assert person is not None
        person.unreachable_at = app.clock()
        row = await session.scalar(
            select(OutboxMessage).where(OutboxMessage.kind == "held-question")
        )
        assert row is not None
        row.state, row.error = OutboxState.failed, "BadRequest"

    await organiser.send("/start")

    assert await _notices(app, "held-question") == [(str(ORGANISER), OutboxState.due)]
    async with app.database.snapshot() as session:
        person = await session.scalar(select(Person).where(Person.external_id == str(ORGANISER)))
    assert person is not None
    assert person.unreachable_at is None


async def test_menu_leads_an_organiser_to_the_erasure_until_it_is_done(
    app: App, organiser: Chat
) -> None:
    await organiser.send("/start")
    assert "Xem và xác nhận" not in organiser.labels

    app.clock.moment = app.plan.moment("conference_opens") + timedelta(days=181)  # type: ignore[attr-defined]
    await organiser.send("/start")
    assert organiser.labels[0] == "Xem và xác nhận"

    await organiser.press("Xem và xác nhận")
    await organiser.press("Xóa danh tính")
    await organiser.send("/start")
    assert "Xem và xác nhận" not in organiser.labels
