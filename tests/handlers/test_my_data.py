"""What is kept about me: in words, as a file, and erased at once."""

from datetime import timedelta

import pytest

from bot.app import App
from conference.roles import CONSENT_VERSION
from config.texts import texts_for
from storage.tables import (
    AuditEntry,
    ChatState,
    InboxUpdate,
    Job,
    OutboxMessage,
    Person,
    Question,
    QuestionState,
    Report,
)
from tests.chat import Chat, chat_with, pass_time, store, stored, traces_of

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
REPORTED = "Ai trả lời em qua số 0912345678 với ạ?"
DANGER = "Em bị bố đánh suốt ngày, em không biết nói với ai"


async def test_a_stranger_is_told_that_nothing_is_kept(chat: Chat) -> None:
    await chat.send("/dulieu")

    assert chat.said == VI("privacy-nothing")
    assert chat.labels == []


async def test_a_stranger_with_a_draft_is_told_of_it_and_may_erase_it(chat: Chat) -> None:
    await chat.send(WORDS)
    await chat.send("/dulieu")
    assert chat.said == VI("privacy-draft-only")

    await chat.press("Xóa dữ liệu của tôi")
    await chat.press("Xóa")

    assert chat.said == VI("erase-nothing")
    assert await traces_of(chat.app, str(chat.user_id), WORDS) == set()


async def test_everything_kept_is_told_in_plain_words(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.send("Một câu nữa em đang viết dở ạ")
    await chat.send("/dulieu")

    kept = VI(
        "privacy-kept",
        account=str(chat.user_id),
        language="Tiếng Việt",
        age="18–30",
        unit="Đoàn phường Sở Dầu",
        consent="08:00 ngày 10/5/2022",
        version=CONSENT_VERSION,
        roles="đoàn viên, thanh thiếu nhi",
        questions=1,
        days=180,
    )
    assert chat.said == f"{kept}\n\n{VI('privacy-draft')}"
    assert chat.labels == ["Câu hỏi của tôi", "Tải về thành tệp", "Xóa dữ liệu của tôi"]


async def test_the_file_holds_ones_own_words_unmasked_and_goes_to_oneself_only(app: App) -> None:
    one, other = chat_with(app), chat_with(app, 8)
    await other.join()
    await other.ask("Câu hỏi của một người khác hẳn ạ")
    await one.join()
    await one.ask(REPORTED)
    await one.send("/dulieu")

    await one.press("Tải về thành tệp")

    [(chat_id, name, content)] = one.platform.documents
    text = content.decode("utf-8-sig")
    assert (chat_id, name) == (str(one.user_id), "du-lieu-cua-toi-HB22-2022-05-10.txt")
    assert REPORTED in text
    assert "HB22-0002" in text
    assert CONSENT_VERSION in text
    assert "một người khác" not in text
    assert "CANARY" not in text
    assert one.shown[-2].text == VI("job-finished")
    [job] = await stored(app, Job)
    assert (job.kind, job.chat_id, job.state.value) == ("my_data", str(one.user_id), "finished")


async def test_a_stranger_gets_no_file(chat: Chat) -> None:
    await chat.send("/start")

    await chat.press_data("p.file")

    assert chat.said == VI("privacy-nothing")
    assert await stored(chat.app, Job) == []


async def test_erasing_says_what_goes_and_what_stays_and_can_be_left(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)

    await chat.send("/xoa")
    assert chat.said == VI("erase-ask")
    assert chat.labels == ["Xóa", "Giữ lại"]
    await chat.press("Giữ lại")

    assert "Số câu hỏi đã gửi: 1" in chat.said
    assert len(await stored(chat.app, Question)) == 1


async def test_erased_at_once_but_for_what_was_handed_up(app: App, organiser: Chat) -> None:
    chat, other = chat_with(app), chat_with(app, 8)
    await other.join()
    await other.ask("Câu hỏi của một người khác hẳn ạ", unit="Hạ Lý")
    await chat.join()
    await chat.ask(REPORTED)
    reported = next(one for one in await stored(app, Question) if one.text == REPORTED)
    reported.state = QuestionState.reported
    await store(
        app, reported, Report(unit_code="so-dau", handed_up_at=app.clock(), question_count=1)
    )
    await chat.ask(DANGER, unit="Sở Dầu")
    await chat.send("Một câu nữa em đang viết dở ạ")
    await chat.send("/dulieu")
    await chat.press("Tải về thành tệp")
    await chat.deliver({"message": {"chat": {"id": chat.user_id}, "text": "CANARY-POISON"}})

    await chat.send("/xoa")
    sure = chat.screen.buttons[0][1]
    await chat.press("Xóa")

    assert chat.said == VI("erase-done", deleted=1, kept=1)
    assert chat.labels == []
    gone = [str(chat.user_id), REPORTED, DANGER, "0912345678", "viết dở", "CANARY"]
    assert await traces_of(app, *gone) == set()
    questions = await stored(app, Question)
    assert [(one.text, one.author_id is None, one.fingerprint is None) for one in questions] == [
        ("Câu hỏi của một người khác hẳn ạ", False, False),
        ("Ai trả lời em qua số ☎●●●●●● với ạ?", True, True),
    ]
    assert {one.external_id for one in await stored(app, Person)} == {"8", "900"}
    assert {one.chat_id for one in await stored(app, ChatState)} == {"8"}
    assert {one.chat_id for one in await stored(app, OutboxMessage)} <= {"8", "900"}
    assert await stored(app, Job) == []
    assert {one.body for one in await stored(app, InboxUpdate)} == {None}

    await chat.press_data(sure)
    assert chat.said == VI("erase-nothing")
    await organiser.send("/xuat csv")
    content = chat.platform.documents[-1][2].decode("utf-8-sig")
    assert "Ai trả lời em qua số ☎●●●●●● với ạ?" in content


async def test_after_erasing_the_person_is_a_stranger(chat: Chat) -> None:
    await chat.join("Dưới 16")
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    number = await chat.send(WORDS)
    await chat.press("Gửi")
    view = dict(chat.screen.buttons)["Xem HB22-0001"]
    await chat.send("/xoa")
    await chat.press("Xóa")

    await chat.send("/tracuu HB22-0001")
    assert chat.said == VI("refused-question-unknown")
    await chat.press_data(view)
    assert chat.said == VI("refused-question-unknown")
    shown = len(chat.shown)
    await chat.edit(number, "Sửa lại tin đã xóa từ trước ạ")
    assert len(chat.shown) == shown
    await chat.send("/start")
    assert chat.labels == ["Đồng ý", "Không đồng ý"]
    await chat.press("Đồng ý")
    assert chat.said == VI("ask-age-band")


async def test_a_paced_message_that_waits_goes_with_its_question(
    chat: Chat, organiser: Chat
) -> None:
    await chat.join()
    await chat.ask(DANGER)
    await chat.send("/xoa")
    await chat.press("Xóa")

    await organiser.send("/cangiup")

    assert organiser.said == VI("held-none")


async def test_the_record_of_what_happened_names_nobody(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.send("/xoa")
    await chat.press("Xóa")

    entries = await stored(chat.app, AuditEntry)
    assert entries[-1].action == "person.erased"
    assert {one.actor_id for one in entries} == {None}


@pytest.mark.parametrize("command", ["/dulieu", "/privacy"])
async def test_a_person_known_only_for_a_role_sees_that_role(
    organiser: Chat, command: str
) -> None:
    await organiser.send(command)

    assert "Vai trò: Ban Tổ chức" in organiser.said
    assert "Nhóm tuổi: chưa chọn" in organiser.said


async def test_an_organiser_by_setting_who_erases_is_one_again_after_a_restart(
    organiser: Chat,
) -> None:
    await organiser.send("/xoa")
    await organiser.press("Xóa")
    await organiser.send("/xuat")
    assert organiser.said == VI("refused-not-allowed")
    pass_time(organiser.app, timedelta(minutes=1))

    await organiser.app.prepare()
    await organiser.send("/xuat")

    assert organiser.said == VI("export-ask", count=0)
