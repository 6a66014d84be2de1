from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from config.texts import texts_for
from storage.tables import AuditEntry, OutboxMessage, OutboxState, Question, QuestionState, Role
from tests.cast import at, plan_nudges
from tests.chat import ORGANISER, Chat, chat_with
from tests.officials import LEADS, lead_of, link_to

VI = texts_for("vi")
WORDS = "Bao giờ sân chơi của khu tập thể số {} có đèn chiếu sáng?"
Hear = Callable[[], Awaitable[None]]


def lines(chat: Chat) -> dict[str, str]:
    """Each unit's line of the progress screen, by its name."""
    return {line[2:].partition(":")[0]: line for line in chat.said.splitlines()[2:]}


async def test_progress_says_of_each_unit_how_far_it_is(
    app: App, organiser: Chat, chat: Chat
) -> None:
    await chat.join()
    await chat.ask(WORDS.format(1))
    await chat.ask(WORDS.format(2))
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead_of(app, organiser, "Hạ Lý", LEADS + 1)
    await lead.send("/baocao")
    await lead.press("Gửi 2 câu lên Ban Tổ chức")
    await chat.ask(WORDS.format(3))
    neighbour = chat_with(app, chat.user_id + 1)
    await neighbour.join()
    await neighbour.ask(WORDS.format(4), unit="Hạ Lý")
    await neighbour.ask(WORDS.format(5))
    async with app.database.transaction() as session:
        held = (await session.scalars(select(Question).order_by(col(Question.id).desc()))).first()
        held.state = QuestionState.held
    await organiser.send("/tiendo")
    title = organiser.said.splitlines()[:2]

    assert (
        title
        == VI(
            "progress-title",
            reported=1,
            units=11,
            asked=4,
            deadline="trước ngày 19/5/2022",
            left="còn 8 ngày",
        ).splitlines()
    )
    assert lines(organiser) == {
        "Quán Toan": "· Quán Toan: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Hùng Vương": "· Hùng Vương: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Sở Dầu": "✓ Sở Dầu: 3 câu – đã gửi 08:00 ngày 10/5/2022, thêm 1 câu mới",
        "Thượng Lý": "· Thượng Lý: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Hạ Lý": "· Hạ Lý: 1 câu – chưa gửi; 1 câu cần người xem",
        "Minh Khai": "· Minh Khai: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Trại Chuối": "· Trại Chuối: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Hoàng Văn Thụ": "· Hoàng Văn Thụ: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Phan Bội Châu": "· Phan Bội Châu: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Trường học": "· Trường học: 0 câu – chưa gửi; <b>chưa có ai</b>",
        "Cơ quan, doanh nghiệp": ("· Cơ quan, doanh nghiệp: 0 câu – chưa gửi; <b>chưa có ai</b>"),
    }
    assert organiser.labels == ["Nhắc đơn vị chưa gửi", "Gia hạn", "Gửi thay đơn vị"]


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("18/5 23:59", "· Sở Dầu: 0 câu – chưa gửi"),
        ("19/5 00:00", "✗ Sở Dầu: 0 câu – muộn 1 ngày"),
        ("19/5 23:59", "✗ Sở Dầu: 0 câu – muộn 1 ngày"),
        ("20/5 00:01", "✗ Sở Dầu: 0 câu – muộn 2 ngày"),
    ],
)
async def test_progress_counts_the_days_a_unit_is_late(
    app: App, organiser: Chat, moment: str, state: str
) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at(moment)
    await organiser.send("/tiendo")

    assert lines(organiser)["Sở Dầu"] == state


async def test_progress_of_a_late_report_and_of_a_units_own_deadline(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/giahan")
    for label in ("Đơn vị gửi tổng hợp", "Hạ Lý", "Thêm 3 ngày"):
        await organiser.press(label)
    await organiser.send("Phường mất điện.")
    app.clock.moment = at("20/5 08:00")
    await lead.send("/baocao")
    await lead.press("Đơn vị không có câu hỏi")
    await organiser.send("/tiendo")

    found = lines(organiser)
    assert found["Sở Dầu"] == "✓ Sở Dầu: 0 câu – đã gửi 08:00 ngày 20/5/2022, muộn 2 ngày"
    assert found["Hạ Lý"] == (
        "· Hạ Lý: 0 câu – chưa gửi; <b>chưa có ai</b>; hạn riêng trước ngày 22/5/2022"
    )


async def test_progress_in_english(app: App, organiser: Chat) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/language")
    await organiser.press("English")
    app.clock.moment = at("19/5 10:00")
    await organiser.send("/progress")

    found = lines(organiser)
    assert found["Sở Dầu"] == "✗ Sở Dầu: 0 – 1 day late"
    assert found["Hạ Lý"] == "✗ Hạ Lý: 0 – 1 day late; <b>nobody yet</b>"


PREVIEW = (
    "<b>Sở Dầu chưa gửi tổng hợp câu hỏi.</b> Hạn gửi: trước ngày 19/5/2022, còn 14 giờ. "
    "Đồng chí mở ra xem rồi bấm gửi là xong; đơn vị không có câu hỏi cũng xin báo một tiếng."
)


async def test_remind_shows_who_and_what_and_sends_once_an_hour(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    other = await lead_of(app, organiser, "Hạ Lý", LEADS + 1)
    done = await lead_of(app, organiser, "Minh Khai", LEADS + 2)
    payload = await link_to(organiser, Role.unit_lead, "Hạ Lý")
    await lead.send(f"/start {payload}")
    await lead.press("Nhận vai trò")
    await done.send("/baocao")
    await done.press("Đơn vị không có câu hỏi")
    app.clock.moment = at("18/5 10:00")
    async with app.database.transaction() as session:
        # What was due before is not this test's matter.
        await plan_nudges(session, app.plan, now=app.clock())
        for row in await session.scalars(select(OutboxMessage)):
            row.state = OutboxState.sent
    shown = {chat.user_id: len(chat.shown) for chat in (lead, other, done)}

    await organiser.send("/nhac")
    asked = organiser.said
    await organiser.press("Nhắc ngay")
    first = organiser.said
    await hear()
    app.clock.moment += timedelta(minutes=59)
    await organiser.send("/nhac")
    await organiser.press("Nhắc ngay")
    second = organiser.said
    await hear()
    news = {chat.user_id: len(chat.shown) - shown[chat.user_id] for chat in (lead, other, done)}
    app.clock.moment += timedelta(minutes=1)
    await organiser.send("/nhac")
    await organiser.press("Nhắc ngay")
    third = organiser.said

    assert asked == VI("remind-ask", people=2, units="Sở Dầu, Hạ Lý") + (
        f"\n\n<blockquote>{PREVIEW}</blockquote>"
    )
    assert (first, second, third) == (
        VI("remind-sent", people=2, waits_until="none"),
        VI("remind-sent", people=0, waits_until="none"),
        VI("remind-sent", people=2, waits_until="none"),
    )
    assert news == {lead.user_id: 1, other.user_id: 1, done.user_id: 0}
    assert lead.said == PREVIEW.replace("Sở Dầu", "Sở Dầu, Hạ Lý")
    assert lead.labels == ["Mở tổng hợp Sở Dầu", "Mở tổng hợp Hạ Lý", "Để sáng mai"]
    assert other.said == PREVIEW.replace("Sở Dầu", "Hạ Lý")
    async with app.database.snapshot() as session:
        entries = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "nudges.sent")
        )
        assert [entry.detail["people"] for entry in entries] == [2, 0, 2]


async def test_remind_with_nobody_to_remind(app: App, organiser: Chat) -> None:
    await organiser.send("/nhac")

    assert organiser.said == VI("remind-nobody")
    assert organiser.labels == ["Xem tiến độ"]


async def test_remind_at_night_says_that_it_waits_until_morning(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("19/5 22:00")
    await organiser.send("/nhac")
    preview = organiser.said
    await organiser.press("Nhắc ngay")
    said = organiser.said
    await hear()
    at_night = len(lead.shown)
    app.clock.moment = at("20/5 06:30")
    await hear()

    assert "Hạn trước ngày 19/5/2022 đã qua" in preview
    assert said == VI("remind-sent", people=1, waits_until="06:30 ngày 20/5/2022")
    assert len(lead.shown) == at_night + 1
    assert lead.said.startswith("<b>Sở Dầu chưa gửi tổng hợp câu hỏi.</b> Hạn trước ngày")


async def test_lead_who_reports_before_the_reminder_leaves_gets_none(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("17/5 10:00")
    await organiser.send("/nhac")
    await organiser.press("Nhắc ngay")
    await lead.send("/baocao")
    await lead.press("Đơn vị không có câu hỏi")
    shown = len(lead.shown)
    await hear()

    assert len(lead.shown) == shown
    assert chat_with(app, ORGANISER).user_id == organiser.user_id
