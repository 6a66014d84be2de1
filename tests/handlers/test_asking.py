"""The asking flow: its steps, choosing, free text at any step, what a draft survives."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App, opened
from config.plan import parse_plan
from config.texts import texts_for
from storage.tables import Person, Question
from tests.chat import PLAN_FILE, Chat, chat_with, make_app, pass_time, set_clock, stored

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
MORE = "Em còn muốn hỏi về thư viện nữa."
WARD_PLAN = PLAN_FILE.with_name("vi-du-2027.toml")
WARD_ASKS = datetime(2027, 3, 10, 12, tzinfo=UTC)


def confirmation(text: str, unit: str = "Đoàn phường Sở Dầu", topic: str = "Nội dung khác") -> str:
    return (
        f"{VI('ask-progress', step=4, steps=4)}\n"
        f"{VI('ask-confirmation', unit=unit, topic=topic, text=text)}"
    )


async def to_text(chat: Chat) -> None:
    """To the step that asks for the words."""
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")


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
    [question] = await stored(chat.app, Question)
    [person] = [one for one in await stored(chat.app, Person) if one.age_band]
    assert (question.text, question.unit_code, question.topic_code, question.state.value) == (
        "Đồ ăn bán trước cổng trường do ai kiểm tra?",
        "so-dau",
        "school-gate-food",
        "submitted",
    )
    assert question.author_id == person.id
    assert person.unit_code == "so-dau"


async def test_every_tap_changes_the_one_message_in_place(chat: Chat) -> None:
    await chat.send("/start")
    for label in ("Đồng ý", "18–30", "Sở Dầu", "‹ Quay lại", "Hạ Lý", "Thanh niên nhận việc"):
        await chat.press(label)
    assert len(chat.shown) == 1
    assert len(chat.platform.calls) == 1 + 6 * 2  # each tap: its answer and one edit

    await chat.send(WORDS)
    await chat.press("Đổi lĩnh vực")
    await chat.press("Nội dung khác")
    await chat.press("Gửi")

    assert len(chat.shown) == 2
    assert chat.shown[0].buttons == []


async def test_progress_and_the_way_back_are_on_each_step(chat: Chat) -> None:
    steps = []
    await chat.join()
    steps.append((chat.said.split("\n")[0], chat.labels[-2:]))
    await chat.press("Sở Dầu")
    steps.append((chat.said.split("\n")[0], chat.labels[-2:]))
    await chat.press("Nội dung khác")
    steps.append((chat.said.split("\n")[0], chat.labels[-2:]))
    await chat.send(WORDS)
    steps.append((chat.said.split("\n")[0], chat.labels[-2:]))

    way_back = ["‹ Quay lại", "Hủy"]
    assert steps == [
        (VI("ask-progress", step=1, steps=4), way_back),
        (VI("ask-progress", step=2, steps=4), way_back),
        (VI("ask-progress", step=3, steps=4), way_back),
        (VI("ask-progress", step=4, steps=4), ["Đổi đơn vị", "Hủy"]),
    ]


async def test_back_from_each_step_keeps_what_is_known(chat: Chat) -> None:
    await to_text(chat)

    await chat.press("‹ Quay lại")
    assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))
    await chat.press("‹ Quay lại")
    assert chat.said.endswith(VI("ask-unit", many="no"))
    await chat.press("Hạ Lý")

    # The topic was chosen already: only the words are asked for.
    assert chat.said.endswith(VI("ask-text"))
    await chat.send(WORDS)
    assert chat.said == confirmation(WORDS, unit="Đoàn phường Hạ Lý")


@pytest.mark.parametrize(
    ("button", "choice", "unit", "topic"),
    [
        ("Đổi đơn vị", "Hạ Lý", "Đoàn phường Hạ Lý", "Nội dung khác"),
        ("Đổi lĩnh vực", "Thanh niên nhận việc", "Đoàn phường Sở Dầu", "Thanh niên nhận việc"),
    ],
)
async def test_the_last_look_can_change_one_thing(
    chat: Chat, button: str, choice: str, unit: str, topic: str
) -> None:
    await to_text(chat)
    await chat.send(WORDS)

    await chat.press(button)
    await chat.press(choice)

    assert chat.said == confirmation(WORDS, unit=unit, topic=topic)


async def test_cancel_is_at_each_step(chat: Chat) -> None:
    await chat.send("/start")
    await chat.press("Đồng ý")
    for taps in ([], ["18–30"], ["Sở Dầu"], ["Sở Dầu", "Nội dung khác"]):
        for label in taps:
            await chat.press(label)
        await chat.press("Hủy")
        assert chat.said == VI("cancelled")
        assert chat.labels == ["Gửi câu hỏi"]
        await chat.press("Gửi câu hỏi")


async def test_the_second_question_of_a_known_person_asks_for_the_topic_at_once(
    chat: Chat,
) -> None:
    await to_text(chat)
    await chat.send(WORDS)
    await chat.press("Gửi")

    await chat.press("Gửi câu khác")

    assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("dau", ["Sở Dầu"]),
        ("so d", ["Sở Dầu"]),
        ("SODAU", ["Sở Dầu"]),
        ("hv", ["Hùng Vương", "Hoàng Văn Thụ"]),
        ("h", ["Hùng Vương", "Hạ Lý", "Hoàng Văn Thụ", "Trường học"]),
        ("3", ["Sở Dầu"]),
        ("phường sở dầu", ["Sở Dầu"]),
    ],
)
async def test_letters_narrow_the_units_and_the_only_one_left_is_chosen(
    chat: Chat, typed: str, labels: list[str]
) -> None:
    await chat.join()

    await chat.send(typed)

    if len(labels) == 1:
        assert chat.said.endswith(VI("ask-topic", unit=f"Đoàn phường {labels[0]}"))
    else:
        assert sorted(chat.labels) == sorted([*labels, "Hiện tất cả", "‹ Quay lại", "Hủy"])
        await chat.press("Hiện tất cả")
        assert len(chat.labels) == 11 + 2


@pytest.mark.parametrize(("typed", "topic"), [("8", "Thực phẩm cổng trường"), ("vay von", None)])
async def test_letters_narrow_the_topics_too(chat: Chat, typed: str, topic: str | None) -> None:
    await chat.join()
    await chat.press("Sở Dầu")

    await chat.send(typed)

    if topic is None:
        assert chat.said.startswith(VI("ask-choice-not-found", words=typed))
        assert len(chat.labels) == 10 + 2
    else:
        assert VI("ask-chosen", unit="Đoàn phường Sở Dầu", topic=topic) in chat.said


@pytest.mark.parametrize("typed", ["zzz", "99", "<z>&"])
async def test_letters_that_fit_no_unit_are_told_and_all_units_stay(
    chat: Chat, typed: str
) -> None:
    await chat.join()

    await chat.send(typed)

    assert chat.said.startswith(VI("ask-choice-not-found", words=typed) + "\n\n")
    assert len(chat.labels) == 11 + 2


@pytest.mark.parametrize("typed", ["😀", "???", "…"])
async def test_what_has_no_letters_is_no_search(chat: Chat, typed: str) -> None:
    await chat.join()

    await chat.send(typed)

    assert chat.said.startswith(VI("content-no-words") + "\n\n")


async def test_more_than_sixteen_units_are_paged(database_address: str, tmp_path: Path) -> None:
    app = make_app(database_address, tmp_path, plan_file=WARD_PLAN)
    set_clock(app, WARD_ASKS)
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        first = list(chat.labels)
        await chat.press("Trang sau ›")
        second = list(chat.labels)
        await chat.press("‹ Trang trước")

        units = [unit.short_name for unit in app.plan.units]
        assert first == [*units[:16], "Trang sau ›", "‹ Quay lại", "Hủy"]
        assert second == [*units[16:], "‹ Trang trước", "‹ Quay lại", "Hủy"]
        assert chat.labels == first
        assert len(chat.shown) == 1
        assert chat.said.endswith(VI("ask-unit", many="yes"))


async def test_a_search_with_too_many_results_asks_for_more_letters(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path, plan_file=WARD_PLAN)
    set_clock(app, WARD_ASKS)
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        await chat.send("chi doan")
        assert chat.said.startswith(VI("ask-choice-many", shown=16))
        assert len(chat.labels) == 16 + 3

        await chat.send("điện tử")
        assert chat.said.endswith(VI("ask-topic", unit="Chi đoàn Công ty Điện tử Ví Dụ"))


@pytest.mark.parametrize("step", ["out of the blue", "unit", "topic", "text", "confirmation"])
async def test_a_question_typed_at_any_step_is_kept(chat: Chat, step: str) -> None:
    await chat.join()
    taps = {"unit": [], "topic": ["Sở Dầu"], "text": ["Sở Dầu", "Nội dung khác"]}
    if step == "out of the blue":
        await chat.send("/huy")
    for label in taps.get(step, []):
        await chat.press(label)
    if step == "confirmation":
        await to_confirmation(chat, WORDS)
        await chat.send(MORE)
        both = confirmation(f"{WORDS}\n{MORE}")
        assert chat.said == f"{VI('ask-text-joined')}\n\n{both}"
        return

    await chat.send(WORDS)

    if step != "text":
        assert chat.said.startswith(VI("ask-draft-kept") + "\n\n")
    for label in ("Sở Dầu", "Nội dung khác"):
        if label in chat.labels:
            await chat.press(label)
    assert chat.said == confirmation(WORDS)


async def to_confirmation(chat: Chat, words: str) -> None:
    for label in ("Sở Dầu", "Nội dung khác"):
        if label in chat.labels:
            await chat.press(label)
    await chat.send(words)


async def test_words_before_any_start_are_the_draft(chat: Chat) -> None:
    await chat.send(WORDS)
    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")

    assert chat.said == confirmation(WORDS)


async def test_words_behind_the_command_are_the_draft(chat: Chat) -> None:
    await chat.join()
    await chat.send("/huy")

    await chat.send(f"/hoi {WORDS}")

    assert chat.said.startswith(VI("ask-draft-kept"))
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    assert chat.said == confirmation(WORDS)


async def test_words_behind_a_mistyped_command_are_kept_too(chat: Chat) -> None:
    await to_text(chat)

    await chat.send(f"/hio {WORDS}")

    note = VI("unknown-command", typed="hio", meant="hoi")
    assert chat.said == f"{note}\n\n{confirmation(WORDS)}"


async def test_words_under_a_picture_are_taken(chat: Chat) -> None:
    await to_text(chat)
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]

    await chat.message(photo=photo, caption=WORDS)

    assert chat.said == f"{VI('content-caption-taken')}\n\n{confirmation(WORDS)}"


@pytest.mark.parametrize(
    ("words", "fault"),
    [("Sao thế ạ?", "too-short"), ("a" * 14, "too-short"), ("đ " * 1100 + "ai", "too-long")],
)
async def test_words_that_do_not_fit_are_told_kindly(chat: Chat, words: str, fault: str) -> None:
    await to_text(chat)

    await chat.send(words)

    assert chat.said.endswith(VI(f"ask-text-{fault}", minimum=15, maximum=2000, length=len(words)))
    assert await stored(chat.app, Question) == []


@pytest.mark.parametrize("length", [15, 2000])
async def test_words_of_the_plans_own_limits_fit(chat: Chat, length: int) -> None:
    await to_text(chat)

    await chat.send("ă" * length)
    await chat.press("Gửi")

    [question] = await stored(chat.app, Question)
    assert question.text == "ă" * length


async def test_too_short_a_beginning_is_joined_by_what_follows(chat: Chat) -> None:
    await to_text(chat)

    await chat.send("Sân bóng rổ")
    await chat.send("bao giờ xây?")

    assert chat.said == confirmation("Sân bóng rổ\nbao giờ xây?")


async def test_a_shorter_one_takes_the_place_of_one_too_long(chat: Chat) -> None:
    await to_text(chat)
    await chat.send("dài " * 700)

    await chat.send(WORDS)

    assert chat.said == confirmation(WORDS)


@pytest.mark.parametrize("typed", ["😀😀😀", "12345678901234567", "...", "👍🏽❤️"])
async def test_what_has_no_words_is_no_question(chat: Chat, typed: str) -> None:
    await to_text(chat)
    await chat.send(typed)
    assert chat.said.startswith(VI("content-no-words") + "\n\n")

    await chat.send(WORDS)
    await chat.send(typed)

    assert chat.said == f"{VI('content-no-words')}\n\n{confirmation(WORDS)}"


async def test_of_two_messages_the_new_one_can_be_dropped_or_kept_alone(chat: Chat) -> None:
    await to_text(chat)
    await chat.send(WORDS)
    assert "Bỏ đoạn mới" not in chat.labels
    await chat.send("à thôi không có gì")
    assert chat.said.startswith(VI("ask-text-joined"))

    await chat.press("Bỏ đoạn mới")
    assert chat.said == confirmation(WORDS)
    await chat.send(MORE)
    await chat.press("Chỉ giữ đoạn mới")
    assert chat.said == confirmation(MORE)


async def test_changing_the_words_replaces_them_only_by_words_that_fit(chat: Chat) -> None:
    await to_text(chat)
    await chat.send(WORDS)
    await chat.press("Sửa nội dung")
    assert chat.said.endswith(VI("ask-text-now", text=WORDS))

    await chat.send("thôi khỏi")
    note = VI("refused-text-too-short", minimum=15, length=9, maximum=2000)
    assert chat.said.startswith(note + "\n\n")
    assert chat.said.endswith(VI("ask-text-now", text=WORDS))
    await chat.press("Giữ câu hiện tại")
    assert chat.said == confirmation(WORDS)

    await chat.press("Sửa nội dung")
    await chat.send(MORE)
    assert chat.said == confirmation(MORE)


async def test_send_typed_as_a_word_sends(chat: Chat) -> None:
    await to_text(chat)
    await chat.send(WORDS)

    await chat.send("gửi")

    [question] = await stored(chat.app, Question)
    assert question.text == WORDS


async def test_words_with_markup_are_shown_as_they_were_written(chat: Chat) -> None:
    words = 'Sao <b>chợ</b> & "cổng trường" vẫn bẩn <i'
    await to_text(chat)

    await chat.send(words)
    assert '<blockquote>Sao &lt;b&gt;chợ&lt;/b&gt; &amp; "cổng trường" vẫn bẩn &lt;i<' in chat.said
    await chat.press("Gửi")
    await chat.press("Xem")

    [question] = await stored(chat.app, Question)
    assert question.text == words
    assert 'Sao &lt;b&gt;chợ&lt;/b&gt; &amp; "cổng trường" vẫn bẩn &lt;i' in chat.said


async def test_odd_characters_are_taken_out_and_the_words_stay(chat: Chat) -> None:
    await to_text(chat)

    await chat.send("Vi\u0323ệt\u200b Nam \u202eđẹp\u202c\x00 thế\r\nsao   ạ?  ")
    await chat.press("Gửi")

    [question] = await stored(chat.app, Question)
    assert question.text == "Vịệt Nam đẹp thế\nsao   ạ?"


async def test_editing_the_message_before_sending_edits_the_draft_in_place(chat: Chat) -> None:
    await to_text(chat)
    number = await chat.send(WORDS)
    shown = len(chat.shown)

    await chat.edit(number, MORE)

    assert chat.said == f"{VI('ask-draft-edited')}\n\n{confirmation(MORE)}"
    assert len(chat.shown) == shown
    await chat.press("Gửi")
    [question] = await stored(chat.app, Question)
    assert question.text == MORE


async def test_editing_one_of_two_messages_edits_that_part(chat: Chat) -> None:
    await to_text(chat)
    first = await chat.send(WORDS)
    await chat.send(MORE)

    await chat.edit(first, "Khu phố em bao giờ có bể bơi ạ?")

    assert chat.said.endswith(confirmation(f"Khu phố em bao giờ có bể bơi ạ?\n{MORE}"))


async def test_editing_before_consent_edits_what_is_kept(chat: Chat) -> None:
    number = await chat.send(WORDS)
    await chat.edit(number, MORE)
    await chat.press("Đồng ý")
    await chat.press("18–30")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")

    assert chat.said == confirmation(MORE)


async def test_an_edit_that_empties_the_draft_asks_for_words_again(chat: Chat) -> None:
    await to_text(chat)
    number = await chat.send(WORDS)

    await chat.edit(number, "😀")

    assert chat.said.endswith(VI("ask-text-no-words"))


async def test_a_mistyped_search_may_be_edited(chat: Chat) -> None:
    await chat.join()
    number = await chat.send("so dua")
    assert chat.said.startswith(VI("ask-choice-not-found", words="so dua"))

    await chat.edit(number, "so dau")

    assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))


async def test_an_edit_of_an_unknown_message_is_left_alone(chat: Chat) -> None:
    await to_text(chat)
    shown = len(chat.shown)

    await chat.edit(4_000_000, WORDS)

    assert len(chat.shown) == shown
    assert chat.said.endswith(VI("ask-text"))


async def test_a_draft_survives_a_restart_and_is_offered_again(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        chat = chat_with(app)
        await to_text(chat)
        await chat.send(WORDS)
    again = make_app(database_address, tmp_path, clock=app.clock)
    async with opened(again):
        chat = chat_with(again)
        pass_time(again, timedelta(days=2))
        await chat.send("/hoi")
        assert chat.said == VI("ask-draft-offered", text=WORDS)
        assert chat.labels == ["Viết tiếp câu này", "Bỏ, viết câu mới"]

        await chat.press("Viết tiếp câu này")
        assert chat.said == confirmation(WORDS)
        await chat.send("/hoi")
        await chat.press("Bỏ, viết câu mới")
        assert chat.said.endswith(VI("ask-topic", unit="Đoàn phường Sở Dầu"))


async def test_a_dialogue_goes_on_after_a_restart_where_it_stood(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        await to_text(chat_with(app))
    again = make_app(database_address, tmp_path, clock=app.clock)
    async with opened(again):
        chat = chat_with(again)
        await chat.send(WORDS)

        assert chat.said == confirmation(WORDS)


async def test_a_draft_whose_unit_was_closed_meanwhile_asks_for_the_unit_again(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        chat = chat_with(app)
        await to_text(chat)
        await chat.send(WORDS)
        send = chat.screen.buttons[0][1]
    text = PLAN_FILE.read_text(encoding="utf-8").replace('"so-dau"', '"so-dau-moi"')
    changed = make_app(database_address, tmp_path, plan=parse_plan(text.encode()), clock=app.clock)
    async with opened(changed):
        chat = chat_with(changed)
        await chat.send("/hoi")
        await chat.press("Viết tiếp câu này")
        assert chat.said.startswith(VI("ask-choice-gone") + "\n\n")
        await chat.press_data("a.unit:so-dau")
        assert chat.platform.answers[-1]["text"] == VI.plain("ask-choice-gone")
        await chat.press_data(send)
        assert await stored(changed, Question) == []
        await chat.press("Hạ Lý")
        await chat.press("Gửi")

        [question] = await stored(changed, Question)
        assert (question.unit_code, question.text) == ("ha-ly", WORDS)


async def test_two_people_do_not_see_each_others_drafts(app: App) -> None:
    one, other = chat_with(app), chat_with(app, 8)
    await to_text(one)
    await one.send(WORDS)
    await other.join()

    await other.send("/hoi")

    assert WORDS not in other.said
