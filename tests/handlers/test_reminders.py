from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from config.texts import texts_for
from storage.tables import AuditEntry, OutboxMessage, OutboxState, Person, Role
from tests.cast import at, said
from tests.chat import Chat, chat_with
from tests.officials import lead_of, link_to

VI = texts_for("vi")
WORDS = "Bao giờ sân chơi của khu tập thể số {} có đèn chiếu sáng?"
Hear = Callable[[], Awaitable[None]]


async def person_of(app: App, chat: Chat) -> Person:
    async with app.database.snapshot() as session:
        return (
            await session.scalars(select(Person).where(Person.external_id == str(chat.user_id)))
        ).one()


async def nudges(app: App, chat: Chat) -> list[tuple[str, str | None]]:
    """(state, reason) of every reminder to one person, in order."""
    async with app.database.snapshot() as session:
        found = await session.scalars(
            select(OutboxMessage)
            .where(
                col(OutboxMessage.kind) == "nudge",
                col(OutboxMessage.chat_id) == str(chat.user_id),
            )
            .order_by(col(OutboxMessage.id))
        )
        return [(one.state.value, one.error) for one in found]


async def silent_member(app: App, user_id: int = 7_200) -> Chat:
    member = chat_with(app, user_id)
    await member.join()
    return member


async def test_member_stops_reminders_for_good(app: App, hear: Hear) -> None:
    member = await silent_member(app)
    app.clock.moment = at("14/5 19:00")
    await hear()
    nudge, labels = member.said, member.labels
    await member.press("Đừng nhắc nữa")
    stopped, buttons = member.said, member.labels
    shown = len(member.shown)
    app.clock.moment = at("16/5 19:00")
    await hear()

    assert nudge == VI(
        "nudge-members-without-question",
        title=app.plan.conference.short_title,
        deadline="trước ngày 17/5/2022",
        left="còn 2 ngày",
    )
    assert labels == ["Gửi câu hỏi", "Đừng nhắc nữa"]
    assert (stopped, buttons) == (VI("reminders-stopped"), ["Mở danh mục"])
    assert len(member.shown) == shown
    assert (await person_of(app, member)).reminders_stopped_at == at("14/5 19:00")
    assert await nudges(app, member) == [("sent", None)]
    async with app.database.snapshot() as session:
        entries = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "reminders.stopped")
        )
        assert len(list(entries)) == 1


async def test_reminder_that_waits_is_not_sent_once_they_are_stopped(app: App, hear: Hear) -> None:
    member = await silent_member(app)
    app.clock.moment = at("14/5 19:00")
    await app.nudge()
    await member.send("/trogiup")
    await member.press_data("n.quiet:1")
    shown = len(member.shown)
    await hear()

    assert len(member.shown) == shown
    assert await nudges(app, member) == [("cancelled", "no longer true")]


async def test_member_presses_ask_under_the_reminder_and_is_reminded_no_more(
    app: App, hear: Hear
) -> None:
    member = await silent_member(app)
    app.clock.moment = at("14/5 19:00")
    await hear()
    await member.press("Gửi câu hỏi")
    for label in ("Sở Dầu", "Nội dung khác"):
        await member.press(label)
    await member.send(WORDS.format(1))
    await member.press("Gửi")
    shown = len(member.shown)
    app.clock.moment = at("16/5 19:00")
    await hear()

    assert len(member.shown) == shown
    assert await nudges(app, member) == [("sent", None)]


async def test_lead_puts_reminders_off_until_tomorrow_morning(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("15/5 19:00")
    await hear()
    labels = lead.labels
    await lead.press("Để sáng mai")
    snoozed, until = lead.said, (await person_of(app, lead)).snoozed_until
    shown = len(lead.shown)
    app.clock.moment = at("15/5 20:00")
    await organiser.send("/nhac")
    await organiser.press("Nhắc ngay")
    await hear()
    in_the_evening = len(lead.shown)
    app.clock.moment = at("16/5 07:59")
    await hear()
    before_eight = len(lead.shown)
    app.clock.moment = at("16/5 08:00")
    await hear()

    assert labels == ["Mở tổng hợp Sở Dầu", "Để sáng mai"]
    assert snoozed == VI("reminders-snoozed", moment="08:00 ngày 16/5/2022")
    assert said(until) == "16/5 08:00"
    assert (in_the_evening, before_eight, len(lead.shown)) == (shown, shown, shown + 1)
    assert lead.said.startswith("<b>Sở Dầu chưa gửi tổng hợp câu hỏi.</b>")


async def test_official_cannot_stop_reminders_for_good(
    app: App, organiser: Chat, hear: Hear
) -> None:
    member = await silent_member(app)
    app.clock.moment = at("14/5 19:00")
    await hear()
    stop = member.screen.buttons[1][1]
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    await member.send(f"/start {payload}")
    await member.press("Nhận vai trò")
    await member.press_data(stop)

    assert member.said == VI("reminders-snoozed", moment="08:00 ngày 15/5/2022")
    assert (await person_of(app, member)).reminders_stopped_at is None


async def test_snooze_that_outlasts_the_milestone_drops_the_reminder(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("18/5 12:00")
    await hear()
    await lead.press("Để sáng mai")
    shown = len(lead.shown)
    app.clock.moment = at("18/5 21:00")
    await hear()
    app.clock.moment = at("19/5 08:00")
    await hear()

    [after] = [one.text for one in lead.shown[shown:]]
    assert "Hạn trước ngày 19/5/2022 đã qua" in after
    states = await nudges(app, lead)
    assert states == [("sent", None), ("cancelled", "too late"), ("sent", None)]


async def test_stranger_who_presses_an_old_button_is_answered_and_nothing_is_kept(
    app: App,
) -> None:
    chat = chat_with(app)
    await chat.send("/trogiup")
    for data in ("n.quiet:1", "n.quiet:0"):
        await chat.press_data(data)
        assert chat.said == VI("reminders-stopped")

    async with app.database.snapshot() as session:
        assert [one.external_id for one in await session.scalars(select(Person))] == ["900"]


async def test_courier_waits_with_what_was_planned_before_the_quiet_hours(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    shown = len(lead.shown)
    app.clock.moment = at("15/5 21:29")
    await app.nudge()
    app.clock.moment = at("15/5 21:30")
    await hear()
    at_night = len(lead.shown)
    async with app.database.snapshot() as session:
        [row] = await session.scalars(
            select(OutboxMessage).where(
                col(OutboxMessage.chat_id) == str(lead.user_id), col(OutboxMessage.kind) == "nudge"
            )
        )
    app.clock.moment = at("16/5 06:29")
    await hear()
    before_dawn = len(lead.shown)
    app.clock.moment += timedelta(minutes=1)
    await hear()

    assert (row.state, said(row.next_try_at)) == (OutboxState.due, "16/5 06:30")
    assert (at_night, before_dawn, len(lead.shown)) == (shown, shown, shown + 1)
