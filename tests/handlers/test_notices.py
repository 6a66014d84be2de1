from collections.abc import Awaitable, Callable

import pytest

from bot.app import App
from config.texts import texts_for
from handlers.callbacks import TurnTeamPageCallback
from handlers.listing import page_of, unit_names
from handlers.moments import left_words
from handlers.notices import nudge_words
from storage.tables import Role
from tests.cast import PLAN, at
from tests.chat import Chat, chat_with
from tests.officials import LEADS, lead_of, link_to

VI, EN = texts_for("vi"), texts_for("en")
Hear = Callable[[], Awaitable[None]]

BEFORE, AFTER = at("18/5 21:00"), at("19/5 08:00")
DUE = at("19/5")
REPORT, REVIEW = "unit_leads_without_report", "unit_leads_with_unreviewed_questions"
MEMBER = "members_without_question"
LATE, EMPTY = "organisers_with_late_units", "organisers_with_units_without_lead"
SAID = {
    ("vi", REPORT, "before"): (
        "<b>Sở Dầu, Hạ Lý chưa gửi tổng hợp câu hỏi.</b> Hạn gửi: trước ngày 19/5/2022, "
        "còn 3 giờ. Đồng chí mở ra xem rồi bấm gửi là xong; đơn vị không có câu hỏi cũng xin "
        "báo một tiếng."
    ),
    ("vi", REPORT, "after"): (
        "<b>Sở Dầu, Hạ Lý chưa gửi tổng hợp câu hỏi.</b> Hạn trước ngày 19/5/2022 đã qua, nhưng "
        "đồng chí gửi lúc này vẫn được ghi nhận và đưa vào danh sách chung."
    ),
    ("vi", REVIEW, "before"): (
        "<b>Sở Dầu, Hạ Lý có câu hỏi mới, mời đồng chí xem.</b> Hạn gửi tổng hợp: trước ngày "
        "19/5/2022, còn 3 giờ."
    ),
    ("vi", MEMBER, "before"): (
        "<b>Bạn chưa gửi câu hỏi nào cho Hội nghị đối thoại 2022.</b> Hạn gửi: trước ngày "
        "19/5/2022, còn 3 giờ. Có điều gì bạn muốn hỏi lãnh đạo không?"
    ),
    ("vi", LATE, "after"): (
        "<b>Quá hạn mà chưa gửi tổng hợp (2 đơn vị):</b> Sở Dầu, Hạ Lý. Hạn: trước ngày 19/5/2022."
    ),
    ("vi", EMPTY, "before"): (
        "<b>Chưa có ai trong hệ thống (2 đơn vị):</b> Sở Dầu, Hạ Lý. Hạn gửi tổng hợp: trước "
        "ngày 19/5/2022, còn 3 giờ. Ban Tổ chức mời Bí thư vào, hoặc gửi thay."
    ),
    ("en", REPORT, "before"): (
        "<b>Sở Dầu, Hạ Lý: no report yet.</b> Due before 19 May 2022, 3 hours left. Have a look, "
        "and one tap hands it up; if there are no questions, please say so."
    ),
    ("en", REPORT, "after"): (
        "<b>Sở Dầu, Hạ Lý: no report yet.</b> It was due before 19 May 2022; sent now, it still "
        "counts and goes into the whole list."
    ),
    ("en", REVIEW, "before"): (
        "<b>Sở Dầu, Hạ Lý: new questions are waiting for you.</b> Reports are due before "
        "19 May 2022, 3 hours left."
    ),
    ("en", MEMBER, "before"): (
        "<b>You have not asked anything for Hội nghị đối thoại 2022 yet.</b> Questions are taken "
        "before 19 May 2022, 3 hours left. Is there something you want to ask the leaders?"
    ),
    ("en", LATE, "after"): (
        "<b>Overdue (2 units):</b> Sở Dầu, Hạ Lý. The report was due before 19 May 2022."
    ),
    ("en", EMPTY, "before"): (
        "<b>Nobody here yet (2 units):</b> Sở Dầu, Hạ Lý. Reports are due before 19 May 2022, "
        "3 hours left. You can invite a lead, or report for them."
    ),
}


@pytest.mark.parametrize(("language", "kind", "when"), SAID)
def test_nudge_says_what_is_missing_and_how_long_is_left(
    language: str, kind: str, when: str
) -> None:
    units = [None] if kind == MEMBER else ["ha-ly", "so-dau"]
    words = nudge_words(
        texts_for(language),
        PLAN,
        [(kind, unit, DUE) for unit in units],
        BEFORE if when == "before" else AFTER,
    )

    assert words == SAID[language, kind, when]


def test_units_with_different_deadlines_are_told_apart_and_matters_stand_one_by_one() -> None:
    words = nudge_words(
        VI,
        PLAN,
        [
            (REPORT, "so-dau", DUE),
            (REPORT, "ha-ly", at("20/5")),
            (REVIEW, "so-dau", DUE),
        ],
        BEFORE,
    )

    assert [line.split("</b>")[0] for line in words.split("\n\n")] == [
        "<b>Sở Dầu chưa gửi tổng hợp câu hỏi.",
        "<b>Hạ Lý chưa gửi tổng hợp câu hỏi.",
        "<b>Sở Dầu có câu hỏi mới, mời đồng chí xem.",
    ]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("12/5 00:00", "còn 7 ngày"),
        ("12/5 00:04", "còn 7 ngày"),
        ("12/5 00:06", "còn 6 ngày"),
        ("18/5 00:00", "còn 1 ngày"),
        ("18/5 12:01", "còn 12 giờ"),
        ("18/5 21:00", "còn 3 giờ"),
        ("18/5 22:30", "còn 1 giờ"),
        ("18/5 23:10", "còn 50 phút"),
        ("18/5 23:59", "còn 1 phút"),
        ("19/5 00:00", "đã qua"),
    ],
)
def test_time_left_is_said_in_whole_days_hours_or_minutes(now: str, words: str) -> None:
    assert left_words(VI, DUE, at(now)) == words


def test_units_are_named_in_the_plans_order_and_commas_in_names_do_not_confuse() -> None:
    assert unit_names(PLAN, ["ha-ly", "quan-toan"]) == "Quán Toan, Hạ Lý"
    assert unit_names(PLAN, ["co-quan-doanh-nghiep", "ha-ly"]) == "Hạ Lý; Cơ quan, doanh nghiệp"


@pytest.mark.parametrize(
    ("page", "shown", "labels"),
    [
        (0, [0, 1], ["Trang sau ›"]),
        (1, [2, 3], ["‹ Trang trước", "Trang sau ›"]),
        (2, [4], ["‹ Trang trước"]),
        (99, [4], ["‹ Trang trước"]),
        (-1, [0, 1], ["Trang sau ›"]),
    ],
)
def test_page_is_the_nearest_there_is(page: int, shown: list[int], labels: list[str]) -> None:
    entries, turns = page_of(VI, range(5), page, 2, lambda to: TurnTeamPageCallback(page=to))

    assert (list(entries), [turn.text for turn in turns]) == (shown, labels)


async def test_lead_reports_from_under_the_nudge_and_then_there_is_silence(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("15/5 19:00")
    await hear()
    nudge = lead.screen.message_id
    await lead.press("Mở tổng hợp Sở Dầu")
    opened = lead.screen.message_id
    await lead.press("Đơn vị không có câu hỏi")
    shown = len(lead.shown)
    for moment in ("17/5 19:00", "18/5 12:00", "18/5 21:00", "19/5 08:00", "20/5 08:00"):
        app.clock.moment = at(moment)
        await hear()

    assert opened == nudge
    assert len(lead.shown) == shown


async def test_button_under_an_old_nudge_says_that_it_is_done(
    app: App, organiser: Chat, hear: Hear
) -> None:
    first = await lead_of(app, organiser, "Sở Dầu")
    second = await lead_of(app, organiser, "Sở Dầu", LEADS + 1)
    app.clock.moment = at("15/5 19:00")
    await hear()
    await first.press("Mở tổng hợp Sở Dầu")
    await first.press("Đơn vị không có câu hỏi")
    await second.press("Mở tổng hợp Sở Dầu")

    assert second.said == VI(
        "report-finished",
        unit="Đoàn phường Sở Dầu",
        number=1,
        moment="19:00 ngày 15/5/2022",
    )
    assert second.labels == ["Mở danh mục"]


async def test_button_under_an_old_nudge_for_a_unit_led_no_more(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    payload = await link_to(organiser, Role.unit_lead, "Hạ Lý")
    await lead.send(f"/start {payload}")
    await lead.press("Nhận vai trò")
    app.clock.moment = at("15/5 19:00")
    await hear()
    labels = lead.labels
    await organiser.send("/nhansu")
    await organiser.press("Thu vai trò số 2")
    await organiser.press("Thu vai trò")
    await lead.press("Mở tổng hợp Sở Dầu")

    assert labels == ["Mở tổng hợp Sở Dầu", "Mở tổng hợp Hạ Lý", "Để sáng mai"]
    assert lead.said.splitlines()[0] == "<b>Đoàn phường Hạ Lý</b>"


async def test_organisers_hear_of_units_without_lead_and_of_late_ones(
    app: App, organiser: Chat, hear: Hear
) -> None:
    for number, unit in enumerate(app.plan.units[:-1]):
        await lead_of(app, organiser, unit.short_name, LEADS + number)
    app.clock.moment = at("18/5 12:00")
    await hear()
    empty, invite = organiser.said, organiser.labels
    await organiser.press("Mời thêm người")
    invited = organiser.said
    for unit in app.plan.units[1:-1]:
        lead = chat_with(app, LEADS + app.plan.units.index(unit))
        await lead.send("/baocao")
        await lead.press("Đơn vị không có câu hỏi")
    app.clock.moment = at("20/5 06:30")
    await hear()

    assert empty == VI(
        "nudge-organisers-with-units-without-lead",
        units="Cơ quan, doanh nghiệp",
        count=1,
        deadline="trước ngày 19/5/2022",
        left="còn 12 giờ",
    )
    assert invite == ["Mời thêm người", "Để sáng mai"]
    assert invited == VI("team-invite-role")
    assert organiser.said == VI(
        "nudge-organisers-with-late-units",
        units="Quán Toan; Cơ quan, doanh nghiệp",
        count=2,
        deadline="trước ngày 19/5/2022",
    )
    assert organiser.labels == ["Xem tiến độ", "Để sáng mai"]


async def test_nudge_is_in_the_language_of_its_reader(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/ngonngu")
    await lead.press("English")
    app.clock.moment = at("18/5 21:00")
    await hear()

    assert lead.said == SAID["en", REPORT, "before"].replace("Sở Dầu, Hạ Lý", "Sở Dầu")
    assert lead.labels == ["Open the report of Sở Dầu", "Tomorrow morning"]
