"""`/start` in all its forms, the menu, the commands by both names, help, dates, language."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import opened
from config.plan import parse_plan
from config.texts import texts_for
from storage.tables import ChatState, Person, Question, Role, RoleGrant
from tests.chat import PLAN_FILE, Chat, chat_with, make_app, set_clock, store, stored

VI = texts_for("vi")
EN = texts_for("en")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"


async def test_a_known_person_who_follows_a_units_link_only_chooses_the_topic(chat: Chat) -> None:
    await chat.join()
    await chat.press("Hạ Lý")
    await chat.send("/huy")

    await chat.send("/start u-so-dau")

    assert "Đoàn phường Sở Dầu" in chat.said
    assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))
    await chat.press("Thanh niên nhận việc")
    await chat.send(WORDS)
    await chat.press("Gửi")
    [question] = await stored(chat.app, Question)
    assert (question.unit_code, question.topic_code) == ("so-dau", "youth-tasks")


async def test_a_new_person_who_follows_a_units_link_consents_first_and_keeps_the_unit(
    chat: Chat,
) -> None:
    await chat.send("/start u-so-dau")
    assert chat.labels == ["Đồng ý", "Không đồng ý"]
    assert [one.external_id for one in await stored(chat.app, Person)] == ["900"]

    await chat.press("Đồng ý")
    await chat.press("18–30")

    assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))


@pytest.mark.parametrize("link", ["u-khong-co", "u-", "u-SO-DAU"])
async def test_a_link_to_an_unknown_unit_says_so_and_asks_for_the_unit(
    chat: Chat, link: str
) -> None:
    note = VI("start-unit-unknown")
    await chat.send(f"/start {link}")
    assert chat.said.startswith(f"{note}\n\n")
    assert chat.labels == ["Đồng ý", "Không đồng ý"]

    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("‹ Quay lại")
    await chat.send(f"/start {link}")

    assert chat.said.startswith(f"{note}\n\n")
    assert chat.said.endswith(VI("ask-unit", many="no"))


async def test_a_link_to_a_unit_that_has_been_closed_is_an_unknown_one(
    database_address: str, tmp_path: Path
) -> None:
    before = make_app(database_address, tmp_path)
    async with opened(before):
        pass
    text = PLAN_FILE.read_text(encoding="utf-8")
    without = re.sub(r'\[\[units\]\]\ncode = "so-dau".*?(?=\[\[)', "", text, flags=re.DOTALL)
    app = make_app(database_address, tmp_path, plan=parse_plan(without.encode()))
    async with opened(app):
        chat = chat_with(app)
        await chat.send("/start u-so-dau")

        assert chat.said.startswith(VI("start-unit-unknown"))


async def test_a_link_keeps_a_draft_and_moves_it_to_the_units_link(chat: Chat) -> None:
    await chat.join()
    await chat.press("Hạ Lý")
    await chat.send(WORDS)

    await chat.send("/start u-so-dau")
    await chat.press("Nội dung khác")

    assert chat.said.endswith(
        VI("ask-confirmation", unit="Đoàn phường Sở Dầu", topic="Nội dung khác", text=WORDS)
    )


async def test_a_known_person_gets_a_menu_whose_buttons_all_lead_on(chat: Chat) -> None:
    await chat.join()
    await chat.send("/huy")
    await chat.send("/start")
    assert chat.said == VI(
        "menu",
        title="Hội nghị đối thoại 2022",
        organiser="Quận Đoàn Hồng Bàng",
        deadline="trước ngày 17/5/2022",
        roles="none",
    )
    labels = list(chat.labels)
    assert labels == ["Gửi câu hỏi", "Câu hỏi của tôi", "Các mốc thời gian", "Trợ giúp"]

    for label in labels:
        await chat.send("/start")
        await chat.press(label)
        assert chat.labels != []


async def test_the_menu_reminds_of_a_draft(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)

    await chat.send("/batdau")

    assert chat.said.endswith(VI("menu-draft"))
    await chat.press("Gửi câu hỏi")
    assert chat.said == VI("ask-draft-offered", text=WORDS)


@pytest.mark.parametrize(
    ("vietnamese", "english"),
    [
        ("/hoi", "/ask"),
        ("/cuatoi", "/my"),
        ("/tracuu", "/status"),
        ("/tracuu HB22-0001", "/status HB22-0001"),
        ("/han", "/deadline"),
        ("/dulieu", "/privacy"),
        ("/xoa", "/erase"),
        ("/trogiup", "/help"),
        ("/ngonngu", "/language"),
        ("/huy", "/cancel"),
        ("/batdau", "/start"),
        ("/HOI", "/Ask"),
        ("/hoi@mot_bot_nao_do", "/ask@some_bot"),
    ],
)
async def test_both_names_of_a_command_work_in_both_languages(
    chat: Chat, vietnamese: str, english: str
) -> None:
    await chat.join()
    await chat.ask(WORDS)
    for language in ("Tiếng Việt", "English"):
        await chat.send("/language")
        await chat.press(language)

        await chat.send(vietnamese)
        said = (chat.said, chat.labels)
        await chat.send(english)

        assert (chat.said, chat.labels) == said


async def test_the_published_menus_have_the_names_of_their_language(chat: Chat) -> None:
    await chat.app.publish_menus()

    published = {
        parameters.get("language_code"): [entry["command"] for entry in parameters["commands"]]
        for method, parameters in chat.platform.calls
        if method == "setMyCommands"
    }
    vietnamese = ["hoi", "cuatoi", "tracuu", "han", "dulieu", "xoa", "trogiup"]
    english = ["ask", "my", "status", "deadline", "privacy", "erase", "help"]
    assert published[None] == published["vi"] == vietnamese
    assert published["en"] == english


async def test_help_says_what_a_member_can_do(chat: Chat) -> None:
    await chat.join()
    await chat.send("/trogiup")

    assert re.findall(r"^/\w+", chat.said, re.MULTILINE) == [
        "/hoi", "/cuatoi", "/tracuu", "/han", "/dulieu", "/xoa", "/ngonngu", "/huy", "/trogiup"
    ]  # fmt: skip
    assert chat.labels == ["Gửi câu hỏi"]


async def test_help_says_more_to_a_duty_officer_and_an_organiser(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    person = next(one for one in await stored(chat.app, Person) if one.age_band)
    assert person.id is not None
    await store(
        chat.app,
        RoleGrant(person_id=person.id, role=Role.duty_officer, granted_at=chat.app.clock()),
    )

    await chat.send("/help")
    await organiser.send("/help")

    assert "/cangiup" in chat.said
    assert "/xuat" not in chat.said
    assert "/cangiup" in organiser.said
    assert "/xuat" in organiser.said


async def test_dates_are_said_as_the_plan_says_them_with_the_days_left(chat: Chat) -> None:
    await chat.send("/han")

    assert chat.said.split("\n")[1:] == [
        "• Hạn gửi câu hỏi: <b>trước ngày 17/5/2022</b> (còn 6 ngày)",
        "• Các đơn vị gửi tổng hợp: trước ngày 19/5/2022 (còn 8 ngày)",
        "• Tổng hợp chung: trước ngày 24/5/2022 (còn 13 ngày)",
        f"• Hội nghị: <b>08:00 ngày 26/5/2022</b> (còn 16 ngày), tại {chat.app.plan.conference.venue}",
        "• Công bố kết luận: trước ngày 7/6/2022 (còn 27 ngày)",
    ]


@pytest.mark.parametrize(
    ("moment", "line"),
    [
        (datetime(2022, 5, 15, 17, tzinfo=UTC), "còn 1 ngày"),
        (datetime(2022, 5, 15, 17, 6, tzinfo=UTC), "còn 23 giờ"),
        (datetime(2022, 5, 16, 16, 59, tzinfo=UTC), "còn 1 phút"),
        (datetime(2022, 5, 16, 17, tzinfo=UTC), "đã qua"),
    ],
)
async def test_time_left_shrinks_to_hours_and_is_over(
    chat: Chat, moment: datetime, line: str
) -> None:
    set_clock(chat.app, moment)

    await chat.send("/han")

    assert chat.said.split("\n")[1].endswith(f"({line})")


async def test_before_opening_the_dates_begin_with_the_opening(chat: Chat) -> None:
    set_clock(chat.app, datetime(2022, 5, 1, tzinfo=UTC))

    await chat.send("/han")

    assert chat.said.split("\n")[1] == "• Bắt đầu nhận câu hỏi: 08:00 ngày 5/5/2022"


async def test_language_changes_in_both_directions(chat: Chat) -> None:
    await chat.join()
    await chat.send("/ngonngu")
    assert chat.labels == ["Tiếng Việt", "English"]

    await chat.press("English")
    assert chat.said == EN("language-set")
    await chat.send("/cancel")
    await chat.send("/cancel")
    assert chat.said == EN("nothing-to-cancel")
    [person] = [one for one in await stored(chat.app, Person) if one.age_band]
    assert person.language == "en"

    await chat.send("/language")
    await chat.press("Tiếng Việt")
    assert chat.said == VI("language-set")
    await chat.send("/huy")
    assert chat.said == VI("nothing-to-cancel")


async def test_language_chosen_before_consent_is_spoken_from_then_on(chat: Chat) -> None:
    await chat.send("/ngonngu")
    await chat.press("English")
    await chat.send("/huy")
    assert chat.said == EN("nothing-to-cancel")
    await chat.press("Ask a question")
    assert chat.labels == ["I agree", "I do not agree"]

    await chat.press("I agree")
    await chat.press("18–30")

    assert chat.said.endswith(EN("ask-unit", many="no"))
    [person] = [one for one in await stored(chat.app, Person) if one.age_band]
    assert person.language == "en"


async def test_language_changed_while_asking_keeps_the_words(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)
    await chat.send("/language")
    await chat.press("English")

    await chat.press("Ask a question")

    assert chat.said == EN("ask-draft-offered", text=WORDS)


async def test_a_language_button_of_another_version_does_no_harm(chat: Chat) -> None:
    await chat.send("/language")

    await chat.press_data("l.set:xx")

    assert chat.said == VI("language-set")


async def test_cancel_gives_the_words_back_and_a_second_press_leaves_them(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)
    cancel = next(data for label, data in chat.screen.buttons if label == "Hủy")

    await chat.press("Hủy")
    said = chat.said
    await chat.press_data(cancel)

    assert said == VI("cancelled-draft", text=WORDS)
    assert chat.said == said
    await chat.press("Gửi câu hỏi")
    assert WORDS not in chat.said


async def test_cancel_without_words_and_without_anything(chat: Chat) -> None:
    await chat.join()
    await chat.send("/huy")
    assert chat.said == VI("cancelled")
    assert chat.labels == ["Gửi câu hỏi"]

    await chat.send("/huy")

    assert chat.said == VI("nothing-to-cancel")


async def test_cancel_typed_as_a_word_is_cancel(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)

    await chat.send("huỷ")

    assert chat.said == VI("cancelled-draft", text=WORDS)


async def test_cancelling_a_look_up_leaves_the_draft_alone(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)
    await chat.send("/tracuu")

    await chat.send("/huy")
    assert chat.said == VI("cancelled")
    await chat.send("/hoi")

    assert chat.said == VI("ask-draft-offered", text=WORDS)


async def test_a_stranger_who_cancels_leaves_no_words_behind(chat: Chat) -> None:
    await chat.send(WORDS)
    await chat.send("/huy")

    [state] = await stored(chat.app, ChatState)
    assert (state.state, list(state.content)) == (None, ["screen"])


async def test_a_menu_button_for_another_role_leads_back_to_the_menu(chat: Chat) -> None:
    await chat.join()
    await chat.send("/start")

    for place in ("export", "held", "nowhere"):
        await chat.press_data(f"m.open:{place}")
        assert chat.said.startswith("<b>Hội nghị đối thoại 2022</b>")


async def test_dates_of_a_plan_in_another_time_zone(database_address: str, tmp_path: Path) -> None:
    file = PLAN_FILE.with_name("vi-du-2027.toml")
    app = make_app(database_address, tmp_path, plan_file=file)
    set_clock(app, datetime(2027, 3, 19, 22, 59, tzinfo=UTC))
    async with opened(app):
        chat = chat_with(app)
        await chat.send("/han")

    # 23:59 in Berlin; the clock there changes before the conference, which is told right.
    assert chat.said.split("\n")[1:5] == [
        "• Hạn gửi câu hỏi: <b>trước ngày 20/3/2027</b> (còn 1 phút)",
        "• Các đơn vị gửi tổng hợp: trước 12:00 ngày 22/3/2027 (còn 2 ngày)",
        "• Tổng hợp chung: trước ngày 25/3/2027 (còn 5 ngày)",
        f"• Hội nghị: <b>14:00 ngày 30/3/2027</b> (còn 10 ngày), tại {app.plan.conference.venue}",
    ]
    assert app.clock() + timedelta(minutes=1) == app.plan.moment("asking_closes")
