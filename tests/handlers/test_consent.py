"""Consent before anything is kept, the age band, and how a child is spoken to."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App, opened
from conference.roles import CONSENT_VERSION
from config.texts import texts_for
from storage.tables import AgeBand, ChatState, InboxUpdate, OutboxMessage, Person, Question
from tests.chat import Chat, chat_with, make_app, pass_time, store, stored, traces_of

VI = texts_for("vi")
CHILD = texts_for("vi", "child")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"


async def person_of(chat: Chat) -> Person | None:
    people = await stored(chat.app, Person)
    return next((one for one in people if one.external_id == str(chat.user_id)), None)


def consent_words(chat: Chat) -> str:
    plan = chat.app.plan
    return VI(
        "consent-text",
        title=plan.conference.short_title,
        board=plan.organiser.standing_board,
        organiser=plan.organiser.name,
        day="26/5/2022",
        days=180,
    )


async def test_consent_says_what_is_kept_by_whom_how_long_and_the_rights(chat: Chat) -> None:
    await chat.send("/start")

    assert chat.said == consent_words(chat)
    assert chat.labels == ["Đồng ý", "Không đồng ý"]
    for told in (
        "Ban Thường vụ Quận Đoàn",
        "hội nghị ngày 26/5/2022",
        "đơn vị, nhóm tuổi",
        "Không lưu tên",
        "sau 180 ngày",
        "xem, sửa, xóa, rút lại đồng ý",
        "/dulieu",
        "/xoa",
    ):
        assert told in chat.said


async def test_yes_is_kept_with_the_version_of_the_text_and_the_moment(chat: Chat) -> None:
    await chat.send("/start")
    assert await person_of(chat) is None

    await chat.press("Đồng ý")

    person = await person_of(chat)
    assert person is not None
    assert (person.consent_version, person.consented_at) == (CONSENT_VERSION, chat.app.clock())
    assert (person.age_band, person.unit_code, person.language) == (None, None, "vi")
    assert chat.said == VI("ask-age-band")
    assert await traces_of(chat.app, "CANARY", "canary_username") == set()


@pytest.mark.parametrize("before", ["/start", "/hoi", WORDS, "/start u-so-dau"])
async def test_no_leaves_no_row_at_all(chat: Chat, before: str) -> None:
    await chat.send(before)
    assert await traces_of(chat.app, str(chat.user_id)) != set()

    await chat.press("Không đồng ý")

    assert chat.said == VI("consent-refused")
    assert chat.labels == []
    assert await traces_of(chat.app, str(chat.user_id), WORDS) == set()
    assert await stored(chat.app, ChatState) == []


async def test_after_a_no_the_person_is_a_stranger_and_may_come_back(chat: Chat) -> None:
    await chat.send(WORDS)
    await chat.press("Không đồng ý")

    await chat.send("/hoi")

    assert chat.said == consent_words(chat)
    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    assert chat.said.endswith(VI("ask-text"))


async def test_no_pressed_again_says_the_same_and_keeps_nothing(chat: Chat) -> None:
    await chat.send("/start")
    no = next(data for label, data in chat.screen.buttons if label == "Không đồng ý")
    await chat.press("Không đồng ý")

    await chat.press_data(no)

    assert chat.said == VI("consent-refused")
    assert await traces_of(chat.app, str(chat.user_id)) == set()


async def test_yes_pressed_twice_and_no_pressed_too_late_change_nothing(chat: Chat) -> None:
    await chat.send("/start")
    buttons = dict(chat.screen.buttons)
    await chat.press("Đồng ý")
    pass_time(chat.app, timedelta(minutes=1))

    await chat.press_data(buttons["Đồng ý"])
    await chat.press_data(buttons["Không đồng ý"])

    person = await person_of(chat)
    assert person is not None
    assert person.consented_at == chat.app.clock() - timedelta(minutes=1)
    assert chat.said == VI("ask-age-band")


async def test_a_yes_to_an_older_text_is_asked_for_again(chat: Chat) -> None:
    await chat.join()
    person = await person_of(chat)
    assert person is not None
    person.consent_version = "2020-01"
    await store(chat.app, person)

    await chat.send(WORDS)

    assert chat.said == f"{VI('ask-draft-kept')}\n\n{consent_words(chat)}"
    await chat.press("Đồng ý")
    person = await person_of(chat)
    assert person is not None
    assert person.consent_version == CONSENT_VERSION
    assert await stored(chat.app, Question) == []


async def test_words_before_consent_live_for_a_day_at_most(chat: Chat) -> None:
    await chat.send(WORDS)
    pass_time(chat.app, timedelta(hours=24))
    await chat.app.sweep()
    assert await traces_of(chat.app, WORDS) == {"chat_state"}

    pass_time(chat.app, timedelta(seconds=1))
    await chat.app.sweep()

    assert await traces_of(chat.app, WORDS) == set()
    assert await stored(chat.app, ChatState) == []
    await chat.send("/hoi")
    assert chat.said == consent_words(chat)


async def test_a_day_is_counted_from_the_first_words_not_the_last(chat: Chat) -> None:
    await chat.send(WORDS)
    pass_time(chat.app, timedelta(hours=23))
    await chat.send("và cả nhà vệ sinh công cộng nữa ạ")
    pass_time(chat.app, timedelta(hours=1, seconds=1))

    await chat.app.sweep()

    assert await traces_of(chat.app, WORDS, "nhà vệ sinh") == set()


async def test_an_update_that_no_turn_could_handle_dies_within_the_day_too(chat: Chat) -> None:
    await chat.deliver({"message": {"chat": {"id": chat.user_id}, "text": WORDS}})
    assert await traces_of(chat.app, WORDS) == {"inbox"}

    pass_time(chat.app, timedelta(hours=24, seconds=1))
    await chat.app.sweep()

    assert await traces_of(chat.app, WORDS) == set()


async def test_a_draft_of_someone_who_said_yes_is_not_swept_away(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)
    pass_time(chat.app, timedelta(days=3))

    await chat.app.sweep()
    await chat.send("/hoi")

    assert chat.said == VI("ask-draft-offered", text=WORDS)


async def test_words_first_then_consent_and_nothing_is_typed_twice(chat: Chat) -> None:
    await chat.send(WORDS)
    assert chat.said == f"{VI('ask-draft-kept')}\n\n{consent_words(chat)}"

    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    assert WORDS in chat.said
    await chat.press("Gửi")

    [question] = await stored(chat.app, Question)
    assert (question.code, question.text) == ("HB22-0001", WORDS)


@pytest.mark.parametrize(
    ("typed", "answer"), [("đồng ý", "yes"), ("DONG Y", "yes"), ("không đồng ý", "no"), ("ok", "")]
)
async def test_an_answer_typed_instead_of_pressed(chat: Chat, typed: str, answer: str) -> None:
    await chat.send("/start")

    await chat.send(typed)

    said = {
        "yes": VI("ask-age-band"),
        "no": VI("consent-refused"),
        "": f"{VI('ask-press-button')}\n\n{consent_words(chat)}",
    }
    assert chat.said == said[answer]
    assert (await person_of(chat) is not None) == (answer == "yes")


@pytest.mark.parametrize(
    ("label", "band"),
    [
        ("Dưới 16", AgeBand.under_16),
        ("16–17", AgeBand.from_16_to_17),
        ("18–30", AgeBand.from_18_to_30),
        ("Trên 30", AgeBand.over_30),
    ],
)
async def test_age_is_asked_as_a_band(chat: Chat, label: str, band: AgeBand) -> None:
    await chat.send("/start")
    await chat.press("Đồng ý")
    assert chat.labels == ["Dưới 16", "16–17", "18–30", "Trên 30", "Hủy"]

    await chat.press(label)

    person = await person_of(chat)
    assert person is not None
    assert person.age_band is band


@pytest.mark.parametrize(
    ("typed", "band"),
    [
        ("15", AgeBand.under_16),
        ("em 16 tuổi ạ", AgeBand.from_16_to_17),
        ("18-30", AgeBand.from_18_to_30),
        ("30", AgeBand.from_18_to_30),
        ("31 tuổi", AgeBand.over_30),
        ("tren 30", AgeBand.over_30),
        ("từ 18 đến 20", None),
        ("lớp 10A2", None),
        ("2007", None),
    ],
)
async def test_age_typed_instead_of_pressed(chat: Chat, typed: str, band: AgeBand | None) -> None:
    await chat.send("/start")
    await chat.press("Đồng ý")

    await chat.send(typed)

    person = await person_of(chat)
    assert person is not None
    assert person.age_band is band
    if band is None:
        assert chat.said == f"{VI('ask-press-button')}\n\n{VI('ask-age-band')}"


async def test_a_question_typed_where_the_age_is_asked_is_kept(chat: Chat) -> None:
    await chat.send("/start")
    await chat.press("Đồng ý")

    await chat.send(WORDS)
    assert chat.said == f"{VI('ask-draft-kept')}\n\n{VI('ask-age-band')}"
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")

    assert WORDS in chat.said
    assert chat.labels[0] == "Gửi"


async def test_a_band_chosen_by_mistake_can_be_chosen_again(chat: Chat) -> None:
    await chat.join("Dưới 16")
    assert chat.said.startswith(CHILD("ask-child-note"))

    await chat.press("‹ Quay lại")
    assert chat.said == CHILD("ask-age-band")
    await chat.press("16–17")

    person = await person_of(chat)
    assert person is not None
    assert person.age_band is AgeBand.from_16_to_17
    assert chat.said.endswith(VI("ask-unit", many="no"))


async def test_a_child_is_em_everywhere_also_after_a_restart(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        child = chat_with(app)
        await child.join("Dưới 16")
        after_the_band = len(child.shown) - 1
        await _walk_everywhere(child)
        said = [shown.text for shown in child.shown[after_the_band:]]
        toasts = [answer.get("text", "") for answer in child.platform.answers]
    again = make_app(database_address, tmp_path, clock=app.clock)
    async with opened(again):
        child = chat_with(again)
        await _walk_everywhere(child)
        said += [shown.text for shown in child.shown]
        said += [parameters.get("text", "") for _, parameters in child.platform.calls]
        toasts += [answer.get("text", "") for answer in child.platform.answers]
        said += [content.decode("utf-8-sig") for _, _, content in child.platform.documents]

    assert len(said) > 60
    assert [one for one in [*said, *toasts] if re.search(r"\bbạn\b", one, re.IGNORECASE)] == []


async def _walk_everywhere(chat: Chat) -> None:
    await chat.send("/start")
    await chat.send("/hoi")
    for words in ("zzz", "😀", "/huhu", "alo"):
        await chat.send(words)
    await chat.message(sticker={"file_id": "1", "file_unique_id": "1", "type": "regular",
                                "width": 1, "height": 1, "is_animated": False, "is_video": False})  # fmt: skip
    await chat.press("‹ Quay lại") if "‹ Quay lại" in chat.labels else None
    await chat.send("/huy")
    await chat.send("/huy")
    await chat.send(f"{WORDS} {chat.app.clock().isoformat()}")
    for label in ("Sở Dầu", "Nội dung khác"):
        if label in chat.labels:
            await chat.press(label)
    await chat.press("Sửa nội dung")
    await chat.send("ngắn")
    await chat.send("Số của em là 0912345678, sao chưa ai trả lời em?")
    await chat.press("Gửi")
    await chat.press_data("a.send")
    await chat.send("Em bị bố đánh suốt, em sợ lắm, em muốn chết")
    await chat.send("/hoi")
    await chat.press("Bỏ, viết câu mới")
    await chat.send("/cuatoi")
    await chat.press("Xem HB22-0001")
    if "Sửa" in chat.labels:
        await chat.press("Sửa")
        await chat.send("Câu này em đã viết lại cho rõ hơn ạ")
        await chat.press("Rút lại")
        await chat.press("Rút câu hỏi")
    for command in (
        "/tracuu",
        "/tracuu HB22-9999",
        "/han",
        "/dulieu",
        "/xoa",
        "/xuat",
        "/trogiup",
    ):
        await chat.send(command)
    await chat.send("/dulieu")
    await chat.press("Tải về thành tệp")
    await chat.send("/ngonngu")
    await chat.press("Tiếng Việt")
    await chat.send("/start u-khong-co")


async def test_nothing_said_before_consent_goes_out_twice_or_is_kept_after_it(chat: Chat) -> None:
    await chat.send(WORDS)
    await chat.press("Không đồng ý")

    assert [row.body for row in await stored(chat.app, InboxUpdate)] == [None, None]
    assert await stored(chat.app, OutboxMessage) == []


async def test_someone_with_a_role_keeps_it_after_a_no(organiser: Chat) -> None:
    await organiser.send("/hoi")
    await organiser.press("Không đồng ý")

    assert organiser.said == VI("consent-refused")
    await organiser.send("/xuat")
    assert organiser.said == VI("export-ask", count=0)


async def test_sweeping_leaves_the_app_usable(app: App) -> None:
    chat = chat_with(app)
    await chat.send("/start")
    pass_time(app, timedelta(days=2))
    await app.sweep()

    await chat.press("Đồng ý")

    assert chat.said == VI("ask-age-band")
