"""My questions: history, changing, withdrawing, looking one up; edits after sending."""

from datetime import timedelta

import pytest

from bot.app import App
from config.texts import Safe, texts_for
from storage.tables import Question, QuestionState, Report
from tests.chat import Chat, chat_with, pass_time, store, stored

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
NEW = "Khu phố em bao giờ có bể bơi ạ?"
MORE = "Em còn muốn hỏi về thư viện nữa."
UNKNOWN = VI("refused-question-unknown")


async def report(app: App, unit_code: str = "so-dau") -> None:
    """The unit hands its questions up, as its lead will do."""
    questions = [one for one in await stored(app, Question) if one.unit_code == unit_code]
    for question in questions:
        if question.state is QuestionState.submitted:
            question.state = QuestionState.reported
    await store(
        app,
        *questions,
        Report(unit_code=unit_code, handed_up_at=app.clock(), question_count=len(questions)),
    )


def view(code: str, text: str, state: str = "đã tiếp nhận") -> str:
    return VI(
        "question-view",
        code=Safe(f"<code>{code}</code>"),
        state=state,
        unit="Đoàn phường Sở Dầu",
        topic="Nội dung khác",
        text=text,
    )


async def test_my_is_empty_for_whoever_has_not_asked(chat: Chat) -> None:
    await chat.send("/cuatoi")

    assert chat.said == VI("my-none")
    assert chat.labels == ["Gửi câu hỏi"]


async def test_my_lists_the_newest_first_with_their_states(chat: Chat) -> None:
    await chat.join()
    await chat.ask("Một câu hỏi rất dài về sân bóng rổ, " * 3)
    await chat.ask("Câu có <b> & dấu ngoặc nữa ạ")
    await chat.send("/cuatoi")

    assert chat.said == "\n\n".join(
        [
            VI("my-title", count=2),
            VI(
                "my-line", code="HB22-0002", state="đã tiếp nhận",
                title="Câu có <b> & dấu ngoặc nữa ạ",
            ),
            VI(
                "my-line", code="HB22-0001", state="đã tiếp nhận",
                title="Một câu hỏi rất dài về sân bóng rổ, Một câu hỏi rất dài về…",
            ),
        ]
    )  # fmt: skip
    assert chat.labels == ["Xem HB22-0002", "Xem HB22-0001", "Gửi câu hỏi"]


async def test_one_opens_to_its_history(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    pass_time(chat.app, timedelta(hours=1))
    await chat.press("Xem")
    await chat.press("Sửa")
    assert chat.said == VI("edit-ask", code="HB22-0001", text=WORDS)
    await chat.send(NEW)

    assert chat.said == "\n\n".join(
        [
            VI("edit-done", code="HB22-0001"),
            view("HB22-0001", NEW),
            VI("history-question-submitted", moment="08:00 ngày 10/5/2022")
            + "\n"
            + VI("history-question-edited", moment="09:00 ngày 10/5/2022"),
        ]
    )
    assert chat.labels == ["Sửa", "Rút lại", "Câu hỏi của tôi"]
    [question] = await stored(chat.app, Question)
    assert (question.text, question.edited_at) == (NEW, chat.app.clock())


async def test_leaving_an_edit_as_it_is_frees_the_next_words(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    for way in ("Giữ như cũ", "/cuatoi", "/hoi", "/trogiup", "/huy"):
        await chat.send("/tracuu 1")
        await chat.press("Sửa")
        await (chat.send(way) if way.startswith("/") else chat.press(way))

        await chat.send("Đây là một câu hỏi hoàn toàn khác ạ")

        [question] = await stored(chat.app, Question)
        assert question.text == WORDS
        await chat.send("/huy")


async def test_a_sticker_or_a_mistyped_command_does_not_end_an_edit(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Sửa")
    await chat.message(dice={"emoji": "🎲", "value": 3})
    assert chat.said == VI("content-sticker")
    await chat.send("/hio")
    assert chat.said == VI("unknown-command", typed="hio", meant="hoi")

    await chat.send(NEW)

    [question] = await stored(chat.app, Question)
    assert question.text == NEW


@pytest.mark.parametrize(
    ("words", "fault"), [("ngắn quá", "too-short"), ("dài " * 600, "too-long"), ("😀", "no-words")]
)
async def test_new_words_that_do_not_fit_are_told_and_asked_for_again(
    chat: Chat, words: str, fault: str
) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Sửa")
    number = await chat.send(words)
    length = len(words.strip())
    assert chat.said == VI(f"refused-text-{fault}", minimum=15, maximum=2000, length=length)

    # Real people correct the message they have just written.
    await chat.edit(number, NEW)

    [question] = await stored(chat.app, Question)
    assert question.text == NEW


async def test_an_edit_to_the_words_of_another_question_changes_neither(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.ask(NEW)
    await chat.press("Xem")
    await chat.press("Sửa")

    await chat.send(WORDS)

    assert chat.said.startswith(VI("edit-repeats", code="HB22-0001") + "\n\n")
    assert [one.text for one in await stored(chat.app, Question)] == [WORDS, NEW]


async def test_editing_the_sent_message_offers_to_update_the_question(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    number = await chat.send(WORDS)
    await chat.press("Gửi")

    await chat.edit(number, NEW)
    assert chat.said == VI("update-offer", code="HB22-0001", text=NEW)
    assert chat.labels == ["Cập nhật HB22-0001", "Giữ như cũ"]
    update = chat.screen.buttons[0][1]
    await chat.press("Giữ như cũ")
    assert chat.said.startswith(VI("update-left", code="HB22-0001"))
    [question] = await stored(chat.app, Question)
    assert question.text == WORDS

    await chat.edit(number, NEW)
    await chat.press("Cập nhật")
    assert chat.said.startswith(f"{VI('edit-done', code='HB22-0001')}\n\n{view('HB22-0001', NEW)}")
    await chat.press_data(update)

    assert chat.said.startswith(view("HB22-0001", NEW))
    [question] = await stored(chat.app, Question)
    assert question.text == NEW


async def test_editing_one_of_two_sent_messages_keeps_the_other(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    first = await chat.send(WORDS)
    second = await chat.send(MORE)
    await chat.press("Gửi")

    await chat.edit(first, NEW)
    assert chat.said == VI("update-offer", code="HB22-0001", text=f"{NEW}\n{MORE}")
    await chat.press("Cập nhật")
    await chat.edit(second, "Và về thư viện của khu phố nữa ạ")
    await chat.press("Cập nhật")

    [question] = await stored(chat.app, Question)
    assert question.text == f"{NEW}\nVà về thư viện của khu phố nữa ạ"


@pytest.mark.parametrize(
    ("words", "fault"), [("ngắn", "too-short"), ("😀", "no-words"), ("dài " * 600, "too-long")]
)
async def test_an_edit_after_sending_that_does_not_fit_is_not_offered(
    chat: Chat, words: str, fault: str
) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    number = await chat.send(WORDS)
    await chat.press("Gửi")

    await chat.edit(number, words)

    length = len(words.strip())
    assert chat.said == VI(f"refused-text-{fault}", minimum=15, maximum=2000, length=length)


@pytest.mark.parametrize("how", ["withdrawn", "reported"])
async def test_an_edit_after_it_is_too_late_says_why(chat: Chat, how: str) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    number = await chat.send(WORDS)
    await chat.press("Gửi")
    if how == "withdrawn":
        await chat.press("Xem")
        await chat.press("Rút lại")
        await chat.press("Rút câu hỏi")
    else:
        await report(chat.app)

    await chat.edit(number, NEW)

    note = "edit-withdrawn" if how == "withdrawn" else "refused-question-fixed"
    assert chat.said == VI(note, code="HB22-0001")
    [question] = await stored(chat.app, Question)
    assert question.text == WORDS


async def test_withdrawing_asks_once_and_keeps_the_words_for_their_author(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Rút lại")
    assert chat.said == VI("withdraw-ask", code="HB22-0001", text=WORDS)
    assert chat.labels == ["Rút câu hỏi", "Giữ như cũ"]
    await chat.press("Giữ như cũ")
    await chat.press("Rút lại")
    sure = chat.screen.buttons[0][1]

    await chat.press("Rút câu hỏi")
    said = (chat.said, chat.labels)
    await chat.press_data(sure)

    assert (chat.said, chat.labels) == said
    assert said[0].startswith(VI("withdraw-done", code="HB22-0001"))
    assert view("HB22-0001", WORDS, "đã rút") in said[0]
    assert said[1] == ["Câu hỏi của tôi"]
    await organiser.send("/xuat csv")
    assert "HB22-0001" not in chat.platform.documents[0][2].decode("utf-8-sig")


async def test_after_the_unit_has_reported_nothing_can_be_changed(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    buttons = dict(chat.screen.buttons)
    await chat.press("Sửa")
    await report(chat.app)

    await chat.send(NEW)
    assert chat.said == VI("refused-question-fixed", code="HB22-0001")
    await chat.send("/tracuu HB22-0001")
    assert chat.said.startswith(view("HB22-0001", WORDS, "đã chuyển lên Ban Tổ chức"))
    assert chat.said.endswith(VI("question-fixed-note"))
    assert chat.labels == ["Câu hỏi của tôi"]
    for data in (buttons["Sửa"], buttons["Rút lại"], "q.drop:HB22-0001:1"):
        await chat.press_data(data)
        await chat.send(NEW)
        await chat.send("/huy")

    [question] = await stored(chat.app, Question)
    assert (question.text, question.state) == (WORDS, QuestionState.reported)


@pytest.mark.parametrize(
    "typed",
    [
        "HB22-0001",
        "hb22-0001",
        "HB22-1",
        "HB22 0001",
        "hb22_1",
        "HB22–0001",
        "HB22−0001",
        "HB220001",
        "#HB22-0001.",
        "mã HB22-0001",
        "0001",
        "1",
        "  1  ",
        "ＨＢ２２-０００１",
    ],
)
async def test_a_code_is_found_in_every_spelling(chat: Chat, typed: str) -> None:
    await chat.join()
    await chat.ask(WORDS)

    await chat.send(f"/tracuu {typed}")
    assert chat.said.startswith(view("HB22-0001", WORDS))
    await chat.send("/tracuu")
    assert chat.said == VI("status-ask", example="HB22-0147")
    assert chat.labels == ["HB22-0001"]
    await chat.send(typed)

    assert chat.said.startswith(view("HB22-0001", WORDS))


async def test_unknown_and_not_yours_are_one_and_the_same_answer(app: App) -> None:
    one, other, stranger = chat_with(app), chat_with(app, 8), chat_with(app, 9)
    await one.join()
    await one.ask(WORDS)
    await other.join()
    screens = []
    for chat in (other, stranger):
        for code in ("HB22-0001", "HB22-0002", "XX99-0001", "HB22", "không phải mã"):
            await chat.send(f"/tracuu {code}")
            screens.append((chat.said, chat.labels))
        for data in ("q.view:HB22-0001", "q.edit:HB22-0001", "q.drop:HB22-0001:1"):
            await chat.press_data(data)
            screens.append((chat.said, chat.labels))

    assert set(map(str, screens)) == {str((UNKNOWN, ["Câu hỏi của tôi", "Trợ giúp"]))}
    [question] = await stored(app, Question)
    assert question.state is QuestionState.submitted


async def test_a_whole_code_out_of_the_blue_is_looked_up_and_no_question(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.send("/hoi")

    await chat.send("hb22-0001")

    assert chat.said.startswith(view("HB22-0001", WORDS))


async def test_words_where_a_code_is_asked_for_do_not_fall_into_the_draft(chat: Chat) -> None:
    await chat.join()
    await chat.send(WORDS)
    await chat.send("/tracuu")

    await chat.send("HB22-01x")
    assert chat.said == UNKNOWN
    await chat.send("/hoi")
    assert chat.said == VI("ask-draft-offered", text=WORDS)


async def test_a_question_where_a_code_is_asked_for_is_a_question(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.send("/tracuu")

    await chat.send(WORDS)
    await chat.press("Nội dung khác")

    assert WORDS in chat.said


async def test_many_changes_show_the_first_and_the_last(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    for minute in range(30):
        pass_time(chat.app, timedelta(minutes=1))
        await chat.send("/tracuu 1")
        await chat.press("Sửa")
        await chat.send(f"{WORDS} Lần {minute}.")

    history = chat.said.split("\n\n")[-1].split("\n")
    assert len(history) == 8
    assert history[:2] == [
        VI("history-question-submitted", moment="08:00 ngày 10/5/2022"),
        "…",
    ]
    assert history[-1] == VI("history-question-edited", moment="08:30 ngày 10/5/2022")
