from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from config.texts import texts_for
from handlers.callbacks import DecideRequestCallback, ExtendCallback
from storage.tables import AuditEntry, Extension, ExtensionRequest, Question, Role
from tests.cast import at, said
from tests.chat import Chat, chat_with
from tests.officials import LEADS, lead_of, official

VI = texts_for("vi")
WORDS = "Bao giờ sân chơi của khu tập thể số {} có đèn chiếu sáng?"
Hear = Callable[[], Awaitable[None]]


async def extensions(app: App) -> list[tuple[str, str | None, str, str]]:
    async with app.database.snapshot() as session:
        found = await session.scalars(select(Extension).order_by(col(Extension.id)))
        return [(one.milestone, one.unit_code, said(one.moment), one.reason) for one in found]


async def extend(organiser: Chat, *labels: str, reason: str = "Phường mất điện.") -> None:
    """Through the buttons of `/giahan`, and the reason."""
    await organiser.send("/giahan")
    for label in labels:
        await organiser.press(label)
    await organiser.send(reason)


async def test_report_deadline_of_all_units_moves_by_buttons(
    app: App, organiser: Chat, hear: Hear
) -> None:
    leads = [
        await lead_of(app, organiser, unit, LEADS + number)
        for number, unit in enumerate(["Sở Dầu", "Hạ Lý"])
    ]
    reported = await lead_of(app, organiser, "Minh Khai", LEADS + 9)
    await reported.send("/baocao")
    await reported.press("Đơn vị không có câu hỏi")
    member = chat_with(app)
    await member.join()
    shown = {chat.user_id: len(chat.shown) for chat in (*leads, reported, member)}

    await organiser.send("/giahan")
    steps = [(organiser.said, organiser.labels)]
    for label in ("Đơn vị gửi tổng hợp", "Tất cả đơn vị", "Thêm 2 ngày"):
        await organiser.press(label)
        steps.append((organiser.said, organiser.labels))
    before = await extensions(app)
    await organiser.send("Lễ hội của quận trùng ngày.")
    await hear()
    await hear()

    assert steps == [
        (
            VI("extend-which"),
            [
                "Nhận câu hỏi (trước ngày 17/5/2022)",
                "Đơn vị gửi tổng hợp (trước ngày 19/5/2022)",
            ],
        ),
        (VI("extend-whom"), ["Tất cả đơn vị", *(u.short_name for u in app.plan.units)]),
        (
            VI("extend-until", deadline="trước ngày 19/5/2022", example="25/5"),
            [
                "Thêm 1 ngày (trước ngày 20/5/2022)",
                "Thêm 2 ngày (trước ngày 21/5/2022)",
                "Thêm 3 ngày (trước ngày 22/5/2022)",
                "‹ Quay lại",
            ],
        ),
        (VI("extend-why", deadline="trước ngày 21/5/2022"), ["‹ Quay lại"]),
    ]
    assert before == []
    assert organiser.said == VI(
        "extend-done", deadline="trước ngày 21/5/2022", unit="all", people=2
    )
    assert await extensions(app) == [
        ("unit_reports_due", None, "21/5 00:00", "Lễ hội của quận trùng ngày.")
    ]
    for lead in leads:
        assert lead.said == VI(
            "notice-extended-unit-reports-due",
            deadline="trước ngày 21/5/2022",
            reason="Lễ hội của quận trùng ngày.",
            unit="all",
        )
        assert lead.labels == ["Gửi tổng hợp"]
    news = {
        chat.user_id: len(chat.shown) - shown[chat.user_id] for chat in (*leads, reported, member)
    }
    assert list(news.values()) == [1, 1, 0, 0]
    async with app.database.snapshot() as session:
        [entry] = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "milestone.extended")
        )
        assert (entry.actor_id, entry.detail) == (
            1,
            {"milestone": "unit_reports_due", "unit": None},
        )


async def test_asking_of_one_unit_moves_and_only_its_people_hear(
    app: App, organiser: Chat, hear: Hear
) -> None:
    ours, theirs, child, silent = (chat_with(app, 7_100 + n) for n in range(4))
    for chat, unit, age in (
        (ours, "Sở Dầu", "18–30"),
        (theirs, "Hạ Lý", "18–30"),
        (child, "Sở Dầu", "Dưới 16"),
        (silent, "Sở Dầu", "18–30"),
    ):
        await chat.join(age)
        await chat.ask(WORDS.format(1), unit=unit)
    await silent.press_data("n.quiet:1")
    lead = await lead_of(app, organiser, "Sở Dầu")
    everyone = (ours, theirs, child, silent, lead)
    shown = [len(chat.shown) for chat in everyone]
    await extend(organiser, "Nhận câu hỏi", "Sở Dầu", "Thêm 1 ngày", reason="Trường <thi> học kỳ.")
    await hear()

    done = VI("extend-done", deadline="trước ngày 18/5/2022", unit="Đoàn phường Sở Dầu", people=2)
    assert organiser.said == done
    assert [len(c.shown) - n for c, n in zip(everyone, shown, strict=True)] == [1, 0, 0, 0, 1]
    notice = VI(
        "notice-extended-asking-closes",
        deadline="trước ngày 18/5/2022",
        reason="Trường <thi> học kỳ.",
        title=app.plan.conference.short_title,
        unit="Đoàn phường Sở Dầu",
    )
    assert "&lt;thi&gt;" in notice
    assert (ours.said, ours.labels) == (notice, ["Gửi câu hỏi"])
    assert (lead.said, lead.labels) == (notice, ["Mở danh mục"])


async def test_deadlines_are_told_as_they_are_for_the_persons_unit(
    app: App, organiser: Chat
) -> None:
    ours, theirs = chat_with(app, 7_100), chat_with(app, 7_101)
    for chat, unit in ((ours, "Sở Dầu"), (theirs, "Hạ Lý")):
        await chat.join()
        await chat.ask(WORDS.format(1), unit=unit)
    lead = await lead_of(app, organiser, "Sở Dầu")
    await extend(organiser, "Nhận câu hỏi", "Sở Dầu", "Thêm 1 ngày")
    await extend(organiser, "Đơn vị gửi tổng hợp", "Sở Dầu", "Thêm 2 ngày")

    told = []
    for chat in (ours, theirs, lead):
        await chat.send("/han")
        told.append(chat.said.splitlines()[1:3])
    assert told[0] == told[2]
    assert told[0] == [
        VI("deadline-asking-closes", when="trước ngày 18/5/2022", left="còn 7 ngày"),
        VI("deadline-unit-reports-due", when="trước ngày 21/5/2022", left="còn 10 ngày"),
    ]
    assert told[1] == [
        VI("deadline-asking-closes", when="trước ngày 17/5/2022", left="còn 6 ngày"),
        VI("deadline-unit-reports-due", when="trước ngày 19/5/2022", left="còn 8 ngày"),
    ]


async def test_question_is_late_or_not_by_the_unit_it_is_sent_from(
    app: App, organiser: Chat
) -> None:
    ours, theirs = chat_with(app, 7_100), chat_with(app, 7_101)
    for chat, unit in ((ours, "Sở Dầu"), (theirs, "Hạ Lý")):
        await chat.join()
        await chat.ask(WORDS.format(1), unit=unit)
    await extend(organiser, "Nhận câu hỏi", "Sở Dầu", "Thêm 1 ngày")
    app.clock.moment = at("17/5 12:00")
    said_to = {}
    for chat, unit in ((ours, "Hạ Lý"), (theirs, "Sở Dầu")):
        # Each asks from the other's unit this time.
        await chat.send("/hoi")
        at_home = VI("ask-addendum-note") in chat.said
        await chat.press("‹ Quay lại")
        await chat.press(unit)
        said_to[unit] = (at_home, VI("ask-addendum-note") in chat.said)
        await chat.press("Nội dung khác")
        await chat.send(WORDS.format(2))
        await chat.press("Gửi")
    deadline = "trước ngày 18/5/2022"

    assert said_to == {"Hạ Lý": (False, True), "Sở Dầu": (True, False)}
    async with app.database.snapshot() as session:
        found = await session.scalars(select(Question).order_by(col(Question.id)))
        assert [(one.unit_code, one.is_addendum) for one in found] == [
            ("so-dau", False),
            ("ha-ly", False),
            ("ha-ly", True),
            ("so-dau", False),
        ]
    assert VI("ask-sent-next", deadline=deadline, day="26/5/2022") in theirs.said
    assert VI("ask-sent-next-addendum", deadline=deadline, day="26/5/2022") in ours.said


@pytest.mark.parametrize(
    ("typed", "moment", "told"),
    [
        ("21/5", "21/5 00:00", "trước ngày 21/5/2022"),
        ("21/5/2022", "21/5 00:00", "trước ngày 21/5/2022"),
        ("trước ngày 21-5", "21/5 00:00", "trước ngày 21/5/2022"),
        ("20/5 17:00", "20/5 17:00", "trước 17:00 ngày 20/5/2022"),
        ("20.5 7h", "20/5 07:00", "trước 07:00 ngày 20/5/2022"),
        (" 20/5 17h30 ", "20/5 17:30", "trước 17:30 ngày 20/5/2022"),
    ],
)
async def test_day_can_be_typed(
    app: App, organiser: Chat, typed: str, moment: str, told: str
) -> None:
    await organiser.send("/giahan")
    for label in ("Đơn vị gửi tổng hợp", "Sở Dầu"):
        await organiser.press(label)
    await organiser.send(typed)
    asked = organiser.said
    await organiser.send("Phường mất điện.")

    assert asked == VI("extend-why", deadline=told)
    assert await extensions(app) == [("unit_reports_due", "so-dau", moment, "Phường mất điện.")]


async def test_bad_days_and_reasons_are_asked_again(app: App, organiser: Chat) -> None:
    await organiser.send("/giahan")
    for label in ("Đơn vị gửi tổng hợp", "Sở Dầu"):
        await organiser.press(label)
    said = {}
    for typed in (
        *("mai", "32/5", "21/13", "21/5 25:00", "1e9", "21/5 17:00 nhé", "9" * 50),
        *("19/5", "9/5", "26/5 08:00", "1/1/2030", "1/1/0001"),
    ):
        await organiser.send(typed)
        said[typed] = organiser.said
    await organiser.send("20/5")
    for reason in ("👍", "…", "x" * 301):
        await organiser.send(reason)
        said[reason] = organiser.said
    await organiser.send("Vì thi học kỳ.")

    unclear = VI("extend-day-unclear", example="25/5")
    unfit = VI("refused-moment-unfit")
    reason = VI("reason-unfit", limit=300)
    assert said == {
        **dict.fromkeys(("mai", "32/5", "21/13", "21/5 25:00", "1e9"), unclear),
        **dict.fromkeys(("21/5 17:00 nhé", "9" * 50), unclear),
        **dict.fromkeys(("19/5", "9/5", "26/5 08:00", "1/1/2030", "1/1/0001"), unfit),
        **dict.fromkeys(("👍", "…", "x" * 301), reason),
    }
    assert await extensions(app) == [
        ("unit_reports_due", "so-dau", "20/5 00:00", "Vì thi học kỳ.")
    ]


async def test_words_written_after_leaving_the_form_move_nothing(
    app: App, organiser: Chat
) -> None:
    await organiser.send("/giahan")
    for label in ("Đơn vị gửi tổng hợp", "Tất cả đơn vị", "Thêm 1 ngày"):
        await organiser.press(label)
    await organiser.send("/tiendo")
    await organiser.send("Chào cả nhà, mai họp lúc mấy giờ?")

    assert await extensions(app) == []


@pytest.mark.parametrize(
    "data",
    [
        ExtendCallback(milestone="conference_opens", unit="-", days=1),
        ExtendCallback(milestone="nothing", unit="-", days=1),
        ExtendCallback(milestone="unit_reports_due", unit="there-is-none", days=1),
        ExtendCallback(milestone="unit_reports_due", unit="-", days=99),
        ExtendCallback(milestone="unit_reports_due", unit="-", days=-1),
    ],
)
async def test_forged_buttons_move_nothing(
    app: App, organiser: Chat, data: ExtendCallback
) -> None:
    await organiser.send("/trogiup")
    await organiser.press_data(data.pack())
    await organiser.send("Phường mất điện.")

    assert await extensions(app) == []


async def test_deadline_gone_by_is_moved_from_today(app: App, organiser: Chat) -> None:
    app.clock.moment = at("21/5 10:00")
    await organiser.send("/giahan")
    await organiser.press("Đơn vị gửi tổng hợp")
    await organiser.press("Tất cả đơn vị")

    assert organiser.labels == [
        "Thêm 1 ngày (trước ngày 22/5/2022)",
        "Thêm 2 ngày (trước ngày 23/5/2022)",
        "Thêm 3 ngày (trước ngày 24/5/2022)",
        "‹ Quay lại",
    ]


async def asked_for_time(app: App, organiser: Chat, *, days: int = 1) -> Chat:
    lead = await lead_of(app, organiser, "Sở Dầu")
    await lead.send("/baocao")
    await lead.press("Xin thêm thời gian")
    await lead.press(f"Thêm {days} ngày")
    await lead.send("Đoàn viên đang thi <học kỳ>.")
    return lead


async def requests(app: App) -> list[tuple[bool | None, int | None]]:
    async with app.database.snapshot() as session:
        found = await session.scalars(select(ExtensionRequest).order_by(col(ExtensionRequest.id)))
        return [(one.is_granted, one.decided_by) for one in found]


async def test_lead_asks_for_time_and_the_organiser_grants_it_in_one_tap(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await asked_for_time(app, organiser)
    asked = lead.said
    await hear()
    notice, labels = organiser.said, organiser.labels
    await organiser.press("Đồng ý")
    decided = organiser.said
    await hear()
    told = lead.said
    await lead.send("/baocao")

    assert asked == VI("time-asked", deadline="trước ngày 20/5/2022", waits_until="none")
    assert notice == VI(
        "notice-extension-request",
        unit="Đoàn phường Sở Dầu",
        deadline="trước ngày 20/5/2022",
        reason="Đoàn viên đang thi <học kỳ>.",
    )
    assert labels == ["Đồng ý", "Không đồng ý"]
    assert decided == VI(
        "request-granted", unit="Đoàn phường Sở Dầu", deadline="trước ngày 20/5/2022"
    )
    assert told == VI(
        "notice-extended-unit-reports-due",
        deadline="trước ngày 20/5/2022",
        reason="Đoàn viên đang thi <học kỳ>.",
        unit="Đoàn phường Sở Dầu",
    )
    assert lead.said.splitlines()[2] == "Hạn gửi: trước ngày 20/5/2022 (còn 9 ngày)"
    assert await requests(app) == [(True, 1)]
    assert await extensions(app) == [
        ("unit_reports_due", "so-dau", "20/5 00:00", "Đoàn viên đang thi <học kỳ>.")
    ]


async def test_organiser_refuses_and_the_lead_hears_of_it(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await asked_for_time(app, organiser)
    await hear()
    await organiser.press("Không đồng ý")
    await hear()

    assert organiser.said == VI(
        "request-refused", unit="Đoàn phường Sở Dầu", deadline="trước ngày 20/5/2022"
    )
    assert lead.said == VI("notice-extension-refused", unit="Đoàn phường Sở Dầu")
    assert lead.labels == ["Mở tổng hợp Sở Dầu"]
    await lead.press("Mở tổng hợp Sở Dầu")
    assert lead.said.splitlines()[0] == "<b>Đoàn phường Sở Dầu</b>"
    assert await requests(app) == [(False, 1)]
    assert await extensions(app) == []


async def test_of_two_organisers_who_press_the_first_decides(
    app: App, organiser: Chat, hear: Hear
) -> None:
    second = await official(app, organiser, LEADS + 1, Role.organiser)
    await asked_for_time(app, organiser)
    await hear()
    presses = [
        {"callback_query": chat.callback(chat.screen.buttons[at_][1], chat.screen.message_id)}
        for at_, chat in enumerate([organiser, second])
    ]
    await organiser.deliver(*presses)
    await hear()

    [(is_granted, _)] = await requests(app)
    unit, deadline = "Đoàn phường Sở Dầu", "trước ngày 20/5/2022"
    first = VI(
        "request-granted" if is_granted else "request-refused", unit=unit, deadline=deadline
    )
    late = VI("refused-request-decided")
    assert [organiser.said, second.said] == ([first, late] if is_granted else [late, first])
    assert len(await extensions(app)) == int(bool(is_granted))


async def test_newer_request_takes_the_place_of_the_older(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await asked_for_time(app, organiser)
    await hear()
    older = organiser.screen.buttons[0][1]
    await lead.send("/baocao")
    for label in ("Xin thêm thời gian", "Thêm 3 ngày"):
        await lead.press(label)
    await lead.send("Cần thêm nữa.")
    await hear()
    newer, number = organiser.said, organiser.screen.message_id
    await organiser.press_data(older, number - 1)
    await organiser.press("Đồng ý")

    assert newer == VI(
        "notice-extension-request",
        unit="Đoàn phường Sở Dầu",
        deadline="trước ngày 22/5/2022",
        reason="Cần thêm nữa.",
    )
    assert await extensions(app) == [("unit_reports_due", "so-dau", "22/5 00:00", "Cần thêm nữa.")]


async def test_asking_for_time_at_night_says_when_the_organiser_hears(
    app: App, organiser: Chat, hear: Hear
) -> None:
    app.clock.moment = at("18/5 21:45")
    shown = len(organiser.shown)
    lead = await asked_for_time(app, organiser)
    before = len(organiser.shown)
    await hear()
    at_night = len(organiser.shown)
    app.clock.moment = at("19/5 06:30")
    await hear()

    assert lead.said == VI(
        "time-asked", deadline="trước ngày 20/5/2022", waits_until="06:30 ngày 19/5/2022"
    )
    assert at_night == before > shown
    assert [s.text for s in organiser.shown[at_night:]] == [
        VI(
            "notice-extension-request",
            unit="Đoàn phường Sở Dầu",
            deadline="trước ngày 20/5/2022",
            reason="Đoàn viên đang thi <học kỳ>.",
        )
    ]


async def test_late_lead_is_offered_days_from_today_and_none_past_the_conference(
    app: App, organiser: Chat
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    app.clock.moment = at("24/5 09:00")
    await lead.send("/baocao")
    await lead.press("Xin thêm thời gian")

    assert lead.labels == [
        "Thêm 1 ngày (trước ngày 25/5/2022)",
        "Thêm 2 ngày (trước ngày 26/5/2022)",
        "‹ Quay lại",
    ]


async def test_only_organisers_decide_and_only_once(app: App, organiser: Chat, hear: Hear) -> None:
    lead = await asked_for_time(app, organiser)
    await lead.press_data(DecideRequestCallback(request=1, yes=True).pack())
    refused = lead.said
    await hear()
    await organiser.press_data(DecideRequestCallback(request=99, yes=True).pack())
    unknown = organiser.said

    assert refused == VI("refused-not-allowed")
    assert unknown == VI("refused-request-decided")
    assert await requests(app) == [(None, None)]
    assert await extensions(app) == []


async def test_extension_overtaken_by_another_is_told_once(
    app: App, organiser: Chat, hear: Hear
) -> None:
    lead = await lead_of(app, organiser, "Sở Dầu")
    shown = len(lead.shown)
    await extend(organiser, "Đơn vị gửi tổng hợp", "Tất cả đơn vị", "Thêm 1 ngày")
    app.clock.moment += timedelta(seconds=5)
    await extend(organiser, "Đơn vị gửi tổng hợp", "Tất cả đơn vị", "Thêm 1 ngày")
    await hear()

    assert [s.text for s in lead.shown[shown:]] == [
        VI(
            "notice-extended-unit-reports-due",
            deadline="trước ngày 21/5/2022",
            reason="Phường mất điện.",
            unit="all",
        )
    ]
