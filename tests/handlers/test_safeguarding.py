"""Personal data that people write, and signs of danger: answered at once, held for a person."""

from datetime import timedelta

import pytest

from bot.app import App
from config.texts import Safe, texts_for
from storage.tables import (
    AuditEntry,
    Lane,
    OutboxMessage,
    Person,
    Question,
    QuestionState,
    Role,
    RoleGrant,
)
from tests.chat import Chat, chat_with, pass_time, store, stored

VI = texts_for("vi")
CHILD = texts_for("vi", "child")
DANGER = "Em bị bố đánh suốt ngày, em không biết nói với ai"
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
HELP = VI("danger-help", hotline="111")


async def notices(app: App) -> list[OutboxMessage]:
    """The messages that the conference itself starts."""
    return [row for row in await stored(app, OutboxMessage) if row.lane is Lane.paced]


async def make_duty_officer(app: App, chat: Chat) -> None:
    person = Person(channel="telegram", external_id=str(chat.user_id), created_at=app.clock())
    await store(app, person)
    assert person.id is not None
    await store(
        app, RoleGrant(person_id=person.id, role=Role.duty_officer, granted_at=app.clock())
    )


@pytest.mark.parametrize(
    ("piece", "mark"),
    [
        ("0912 345 678", "☎●●●●●●"),
        ("031099001234", "№●●●●●●"),
        ("123456789", "№●●●●●●"),
        ("lan.nguyen@gmail.com", "✉●●●●●●"),
    ],
)
async def test_personal_data_is_pointed_out_and_masked_for_all_but_the_author(
    chat: Chat, organiser: Chat, piece: str, mark: str
) -> None:
    words = f"Ai trả lời em qua {piece} với ạ, em chờ mãi"
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send(words)
    assert chat.said.endswith(VI("ask-personal-found"))
    assert piece in chat.said

    await chat.press("Gửi")
    await chat.press("Xem")
    assert piece in chat.said
    await organiser.send("/xuat csv")

    [(_, _, content)] = chat.platform.documents
    assert piece not in content.decode("utf-8-sig")
    assert mark in content.decode("utf-8-sig")
    [question] = await stored(chat.app, Question)
    assert question.text == words


async def test_a_hotline_and_an_amount_are_not_pointed_out(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")

    await chat.send("Học phí 1.500.000 đồng, gọi 111 hay 1800 1567 thì ai nghe ạ?")

    assert VI("ask-personal-found") not in chat.said


async def test_a_sign_of_danger_is_answered_at_once_even_before_consent(chat: Chat) -> None:
    await chat.send(DANGER)

    assert chat.shown[0].text == HELP
    assert chat.labels == ["Đồng ý", "Không đồng ý"]
    assert await notices(chat.app) == []


@pytest.mark.parametrize("words", ["muốn chết", "em bi danh"])
async def test_a_few_words_of_danger_are_answered_at_any_step(chat: Chat, words: str) -> None:
    await chat.send(words)
    assert chat.shown[0].text == HELP
    await chat.press("Không đồng ý")
    await chat.join("Dưới 16")

    await chat.send(words)

    assert [shown.text for shown in chat.shown[-2:-1]] == [CHILD("danger-help", hotline="111")]
    assert "không tìm thấy" not in chat.said


async def test_help_is_given_once_for_a_draft(chat: Chat) -> None:
    await chat.join()
    await chat.send(DANGER)
    await chat.send("Em muốn chết lắm rồi")

    assert [shown.text for shown in chat.shown].count(HELP) == 1


async def test_danger_that_only_two_messages_together_show_is_answered(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send("Chuyện ở nhà em là em muốn")
    assert HELP not in [shown.text for shown in chat.shown]

    await chat.send("chết")

    assert HELP in [shown.text for shown in chat.shown]


async def test_danger_in_an_edited_draft_is_answered(chat: Chat) -> None:
    await chat.join()
    number = await chat.send(WORDS)

    await chat.edit(number, DANGER)

    assert HELP in [shown.text for shown in chat.shown]


async def test_a_question_with_a_sign_of_danger_is_held_and_its_receipt_is_the_usual_one(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask(DANGER)

    assert chat.said == "\n\n".join(
        [
            VI("ask-sent", code=Safe("<code>HB22-0001</code>")),
            VI("ask-sent-next", deadline="trước ngày 17/5/2022", day="26/5/2022"),
            VI("ask-left-today", left=9),
        ]
    )
    [question] = await stored(chat.app, Question)
    assert question.state is QuestionState.held
    await chat.press("Xem")
    assert chat.said.startswith(
        VI(
            "question-view", code=Safe("<code>HB22-0001</code>"), state="đã tiếp nhận",
            unit="Đoàn phường Sở Dầu", topic="Nội dung khác", text=DANGER,
        )
    )  # fmt: skip
    await organiser.send("/xuat csv")
    assert DANGER not in chat.platform.documents[0][2].decode("utf-8-sig")


async def test_the_organisers_are_called_once_when_nobody_is_on_duty(chat: Chat) -> None:
    await chat.join()
    await chat.ask(DANGER)
    await chat.ask(DANGER)

    [notice] = await notices(chat.app)
    assert (notice.kind, notice.chat_id, notice.content) == (
        "held-question",
        "900",
        {"code": "HB22-0001"},
    )


async def test_the_duty_officer_is_called_and_the_organisers_are_not(app: App) -> None:
    officer, chat = chat_with(app, 50), chat_with(app)
    await make_duty_officer(app, officer)
    await chat.join()
    await chat.ask(DANGER)

    assert [notice.chat_id for notice in await notices(app)] == ["50"]


async def test_the_duty_officer_reads_it_masked_and_lets_it_go_on_with_one_tap(app: App) -> None:
    officer, chat = chat_with(app, 50), chat_with(app)
    await make_duty_officer(app, officer)
    await chat.join()
    await chat.ask(f"{DANGER}, gọi em 0912345678")
    receipt = chat.said

    await officer.send("/cangiup")
    assert officer.said == "\n\n".join(
        [
            VI("held-title", count=1, hotline="111"),
            VI("held-question", code="HB22-0001", text=f"{DANGER}, gọi em ☎●●●●●●"),
        ]
    )
    assert officer.labels == ["Chuyển HB22-0001 về đơn vị"]
    release = officer.screen.buttons[0][1]
    pass_time(app, timedelta(minutes=5))
    await officer.press("Chuyển")

    assert officer.said == VI("released", code="HB22-0001")
    [question] = await stored(app, Question)
    assert question.state is QuestionState.submitted
    entries = [one for one in await stored(app, AuditEntry) if one.subject_kind == "question"]
    assert [one.action for one in entries] == [
        "question.submitted",
        "question.held",
        "question.released",
    ]
    assert chat.said == receipt

    await officer.press_data(release)
    assert officer.said == VI("released-before", code="HB22-0001")
    await officer.press("Câu hỏi cần người xem")
    assert officer.said == VI("held-none")


async def test_a_released_question_is_exported_and_keeps_its_code(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask(DANGER)
    await organiser.send("/cangiup")
    await organiser.press("Chuyển")

    await organiser.send("/xuat csv")

    content = chat.platform.documents[0][2].decode("utf-8-sig")
    assert "HB22-0001" in content
    assert DANGER in content
    await chat.send("/tracuu HB22-0001")
    assert "đã tiếp nhận" in chat.said


async def test_a_member_may_neither_see_nor_release_held_questions(app: App) -> None:
    chat, other = chat_with(app), chat_with(app, 8)
    await chat.join()
    await chat.ask(DANGER)
    await other.send("/cangiup")
    assert other.said == VI("refused-not-allowed")

    await other.press_data("d.pass:HB22-0001")

    assert other.said == VI("refused-not-allowed")
    [question] = await stored(app, Question)
    assert question.state is QuestionState.held


async def test_a_question_becomes_held_when_it_is_changed_into_one_of_danger(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Sửa")

    await chat.send(DANGER)

    assert chat.shown[-2].text == HELP
    [question] = await stored(chat.app, Question)
    assert (question.state, question.text) == (QuestionState.held, DANGER)
    assert len(await notices(chat.app)) == 1


async def test_danger_in_new_words_that_cannot_be_taken_is_answered_all_the_same(
    chat: Chat,
) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Sửa")

    await chat.send("muốn chết")

    assert chat.shown[-2].text == HELP
    assert chat.said == VI("refused-text-too-short", minimum=15, length=9, maximum=2000)
    [question] = await stored(chat.app, Question)
    assert question.text == WORDS


async def test_a_held_question_can_be_withdrawn_and_is_then_nobodys_case(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask(DANGER)
    await chat.press("Xem")
    await chat.press("Rút lại")
    await chat.press("Rút câu hỏi")

    await organiser.send("/cangiup")
    assert organiser.said == VI("held-none")
    await organiser.press_data("d.pass:HB22-0001")

    assert organiser.said == VI("released-before", code="HB22-0001")
    [question] = await stored(chat.app, Question)
    assert question.state is QuestionState.withdrawn
