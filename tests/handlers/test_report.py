from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from config.texts import texts_for
from handlers.callbacks import OpenReportCallback, SendReportCallback
from storage.tables import AuditEntry, Question, QuestionState, Report, Role
from tests.cast import at
from tests.chat import Chat, chat_with
from tests.officials import LEADS, lead_of, link_to

VI = texts_for("vi")
FINISHED = VI(
    "report-finished",
    unit="Đoàn phường Sở Dầu",
    number=1,
    moment="08:00 ngày 10/5/2022",
)
WORDS = "Bao giờ sân chơi của khu tập thể số {} có đèn chiếu sáng?"


async def reports(app: App) -> list[tuple[str, int, int, bool, bool]]:
    """(unit, number, questions, late, by an organiser)."""
    async with app.database.snapshot() as session:
        found = await session.scalars(select(Report).order_by(col(Report.id)))
        return [
            (one.unit_code, one.number, one.question_count, one.is_late, one.by_organiser)
            for one in found
        ]


async def states(app: App) -> list[str]:
    async with app.database.snapshot() as session:
        found = await session.scalars(select(Question).order_by(col(Question.id)))
        return [one.state.value for one in found]


def waiting(unit: str, count: int, *, left: str, asking: str = "none", other: str = "no") -> str:
    return VI(
        "report-unit",
        unit=unit,
        waiting=count,
        held=0,
        deadline="trước ngày 19/5/2022",
        left=left,
        asking=asking,
        for_other=other,
    )


def done(unit: str, count: int, moment: str, *, number: int = 1, late: str = "no") -> str:
    return VI("report-done", unit=unit, count=count, number=number, late=late, moment=moment)


async def test_lead_hands_the_units_questions_up_with_one_tap(
    app: App, organiser: Chat, chat: Chat
) -> None:
    await chat.join()
    codes = [await chat.ask(WORDS.format(n)) for n in range(2)]
    neighbour = chat_with(app, chat.user_id + 1)
    await neighbour.join()
    elsewhere = await neighbour.ask(WORDS.format(9), unit="Hạ Lý")
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("18/5 20:30")
    await lead.send("/baocao")
    shown, labels = lead.said, lead.labels
    await lead.press("Gửi 2 câu lên Ban Tổ chức")

    assert shown == waiting("Đoàn phường Sở Dầu", 2, left="còn 3 giờ")
    assert labels == ["Gửi 2 câu lên Ban Tổ chức", "Đọc các câu hỏi (2)", "Xin thêm thời gian"]
    assert lead.said == done("Đoàn phường Sở Dầu", 2, "20:30 ngày 18/5/2022")
    assert lead.labels == ["Mở danh mục"]
    assert await reports(app) == [("so-dau", 1, 2, False, False)]
    assert await states(app) == ["reported", "reported", "submitted"]
    async with app.database.snapshot() as session:
        entries = await session.scalars(
            select(AuditEntry).where(
                col(AuditEntry.action).in_(["report.sent", "question.reported"])
            )
        )
        assert [(one.action, one.detail.get("unit")) for one in entries] == [
            ("report.sent", "so-dau"),
            ("question.reported", None),
            ("question.reported", None),
        ]
    assert (codes, elsewhere) == (["HB22-0001", "HB22-0002"], "HB22-0003")


async def test_unit_without_questions_says_so_and_that_is_a_report(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    shown = lead.said
    await lead.press("Đơn vị không có câu hỏi")

    asking = "trước ngày 17/5/2022"
    assert shown == waiting("Đoàn phường Sở Dầu", 0, left="còn 8 ngày", asking=asking)
    assert lead.said == done("Đoàn phường Sở Dầu", 0, "08:00 ngày 10/5/2022")
    assert "đơn vị không có câu hỏi" in lead.said
    assert "đúng hạn" in lead.said
    assert await reports(app) == [("so-dau", 1, 0, False, False)]


@pytest.mark.parametrize(
    ("moment", "late"), [("18/5 23:59", "no"), ("19/5 00:00", "yes"), ("20/5 09:00", "yes")]
)
async def test_report_says_whether_it_is_on_time(
    app: App, organiser: Chat, moment: str, late: str
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at(moment)
    await lead.send("/report")
    await lead.press("Đơn vị không có câu hỏi")

    day, hour = moment.split()
    said = f"{hour} ngày {day}/2022"
    assert lead.said == done("Đoàn phường Sở Dầu", 0, said, late=late)
    assert await reports(app) == [("so-dau", 1, 0, late == "yes", False)]


async def test_report_is_on_time_within_the_units_own_extension(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/giahan")
    for label in ("Đơn vị gửi tổng hợp", "Sở Dầu", "Thêm 1 ngày"):
        await organiser.press(label)
    await organiser.send("Phường có sự kiện trùng ngày.")
    app.clock.moment = at("19/5 20:00")
    await lead.send("/baocao")
    shown = lead.said.splitlines()
    await lead.press("Đơn vị không có câu hỏi")

    assert shown[2] == "Hạn gửi: trước ngày 20/5/2022 (còn 4 giờ)"
    assert await reports(app) == [("so-dau", 1, 0, False, False)]


async def test_second_press_finds_it_done(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    send, number = lead.screen.buttons[0][1], lead.screen.message_id
    await lead.deliver(
        {"callback_query": lead.callback(send, number)},
        {"callback_query": lead.callback(send, number)},
    )
    pressed = lead.said
    await lead.send("/baocao")

    assert pressed == lead.said
    assert pressed == FINISHED
    assert lead.labels == ["Mở danh mục"]
    assert await reports(app) == [("so-dau", 1, 0, False, False)]


async def test_later_questions_go_up_in_a_second_report(
    app: App, organiser: Chat, chat: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await lead.press("Đơn vị không có câu hỏi")
    await chat.join()
    await chat.ask(WORDS.format(1))
    app.clock.moment = at("20/5 10:00")
    await lead.send("/baocao")
    shown, labels = lead.said, lead.labels
    await lead.press("Gửi 1 câu lên Ban Tổ chức")

    assert shown.splitlines()[-1] == VI(
        "report-sent-before", number=1, moment="08:00 ngày 10/5/2022", waiting=1
    )
    assert labels == ["Gửi 1 câu lên Ban Tổ chức", "Đọc các câu hỏi (1)"]
    assert lead.said == done("Đoàn phường Sở Dầu", 1, "10:00 ngày 20/5/2022", number=2, late="yes")
    assert await reports(app) == [
        ("so-dau", 1, 0, False, False),
        ("so-dau", 2, 1, True, False),
    ]


async def test_author_sees_that_it_was_handed_up_and_can_no_longer_change_it(
    app: App, organiser: Chat, chat: Chat
) -> None:
    await chat.join()
    code = await chat.ask(WORDS.format(1))
    await chat.press(f"Xem {code}")
    before = chat.labels
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await lead.press("Gửi 1 câu lên Ban Tổ chức")
    await chat.press_data(f"q.edit:{code}")
    edited = chat.labels
    await chat.press_data(f"q.drop:{code}:1")
    dropped = chat.said
    await chat.send("/cuatoi")
    listed = chat.said
    await chat.press(f"Xem {code}")

    assert edited == chat.labels
    assert dropped == VI("refused-question-fixed", code=code)
    assert VI("state-reported") in listed
    assert VI("history-question-reported", moment="08:00 ngày 10/5/2022") in chat.said
    assert {label for label in before if label not in chat.labels} == {"Sửa", "Rút lại"}
    assert await states(app) == ["reported"]


async def test_held_question_stays_with_the_duty_officer(
    app: App, organiser: Chat, chat: Chat
) -> None:
    await chat.join()
    await chat.ask(WORDS.format(1))
    async with app.database.transaction() as session:
        [question] = await session.scalars(select(Question))
        question.state = QuestionState.held
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    shown = lead.said.splitlines()[1]
    await lead.press("Đơn vị không có câu hỏi")

    assert shown == "Câu hỏi chờ gửi: <b>0</b> (và 1 câu đang được cán bộ trực xem)"
    assert await reports(app) == [("so-dau", 1, 0, False, False)]
    assert await states(app) == ["held"]


async def test_lead_of_two_units_chooses_and_each_has_its_own_report(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    payload = await link_to(organiser, Role.unit_lead, "Hạ Lý")
    await lead.send(f"/start {payload}")
    await lead.press("Nhận vai trò")
    await lead.send("/baocao")
    asked, labels = lead.said, lead.labels
    await lead.press("Hạ Lý")
    await lead.press("Đơn vị không có câu hỏi")

    assert asked == VI("report-which-unit")
    assert labels == ["Sở Dầu", "Hạ Lý"]
    assert await reports(app) == [("ha-ly", 1, 0, False, False)]


async def test_lead_of_one_unit_cannot_touch_another(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/trogiup")
    await lead.press_data(OpenReportCallback(unit="ha-ly").pack())
    opened = lead.said.splitlines()[0]
    said = []
    for unit in ("ha-ly", "there-is-none", ""):
        await lead.press_data(SendReportCallback(unit=unit).pack())
        said.append(lead.said)

    assert opened == "<b>Đoàn phường Sở Dầu</b>"
    assert said == [VI("refused-not-allowed")] * 3
    assert await reports(app) == []


async def test_organiser_acts_for_a_unit_without_lead_and_the_record_says_so(
    app: App, organiser: Chat
) -> None:
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.send("/baocao")
    labels = organiser.labels
    await organiser.press("Hạ Lý")
    shown = organiser.said.splitlines()[-1]
    buttons = organiser.labels
    await organiser.press("Đơn vị không có câu hỏi")

    assert labels == [u.short_name for u in app.plan.units if u.code != "so-dau"]
    assert shown == "Đơn vị chưa có Bí thư trong hệ thống. Việc gửi thay được ghi lại."
    assert buttons == ["Đơn vị không có câu hỏi"]
    assert await reports(app) == [("ha-ly", 1, 0, False, True)]
    async with app.database.snapshot() as session:
        [entry] = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "report.sent")
        )
    assert entry.detail == {"unit": "ha-ly", "for_unit_without_lead": True}


async def test_organiser_is_refused_where_there_is_a_lead(app: App, organiser: Chat) -> None:
    await organiser.send("/baocao")
    await organiser.press("Sở Dầu")
    number = organiser.screen.message_id
    await lead_of(app, organiser, "Sở Dầu")
    await organiser.press_data(SendReportCallback(unit="so-dau").pack(), number)

    assert organiser.shown[0].text == VI("refused-unit-has-lead", unit="Đoàn phường Sở Dầu")
    assert await reports(app) == []


async def test_organiser_who_also_leads_a_unit_reports_as_its_lead(
    app: App, organiser: Chat
) -> None:
    payload = await link_to(organiser, Role.unit_lead, "Sở Dầu")
    await organiser.send(f"/start {payload}")
    await organiser.press("Nhận vai trò")
    await organiser.send("/baocao")
    await organiser.press("Sở Dầu")
    labels = organiser.labels
    await organiser.press("Đơn vị không có câu hỏi")

    assert labels == ["Đơn vị không có câu hỏi", "Xin thêm thời gian"]
    assert await reports(app) == [("so-dau", 1, 0, False, False)]


async def test_two_leads_press_at_the_same_time_and_one_report_stands(
    app: App, organiser: Chat
) -> None:
    first = await lead_of(app, organiser, "Sở Dầu", LEADS)
    second = await lead_of(app, organiser, "Sở Dầu", LEADS + 1)
    for lead in (first, second):
        await lead.send("/baocao")
    data = SendReportCallback(unit="so-dau").pack()
    await first.deliver(
        *(
            {"callback_query": lead.callback(data, lead.screen.message_id)}
            for lead in (first, second)
        )
    )

    sent = done("Đoàn phường Sở Dầu", 0, "08:00 ngày 10/5/2022")
    refused = VI("refused-nothing-to-report", unit="Đoàn phường Sở Dầu")
    said = sorted([first.said, second.said])
    assert said in (sorted([sent, FINISHED]), sorted([sent, refused]))
    assert await reports(app) == [("so-dau", 1, 0, False, False)]


async def test_report_speaks_english_too(app: App, organiser: Chat) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/language")
    await lead.press("English")
    app.clock.moment += timedelta(days=9)
    await lead.send("/report")
    await lead.press("Our unit has no questions")

    assert lead.said == (
        "<b>The report of Đoàn phường Sở Dầu is sent</b>: no questions, at 08:00 on 19 May 2022, "
        "late. Thank you; this is done. You will only hear of it again if new questions come."
    )


async def test_member_has_no_reports(app: App, chat: Chat) -> None:
    await chat.join()
    await chat.send("/baocao")
    said = chat.said
    await chat.press_data(SendReportCallback(unit="so-dau").pack())

    assert (said, chat.said) == (VI("refused-not-allowed"), VI("refused-not-allowed"))
    assert await reports(app) == []
    assert chat_with(app, LEADS).shown == []
