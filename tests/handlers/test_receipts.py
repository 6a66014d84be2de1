"""Receipts: codes never reused, the same words twice, the limit of a day, the phases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App, opened
from config.plan import parse_plan
from config.texts import Safe, texts_for
from storage.tables import AuditEntry, Person, Question
from tests.chat import PLAN_FILE, Chat, chat_with, make_app, pass_time, set_clock, stored

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
WARD_PLAN = PLAN_FILE.with_name("vi-du-2027.toml")


def sent(code: str, left: int, *, addendum: bool = False) -> str:
    following = "ask-sent-next-addendum" if addendum else "ask-sent-next"
    return "\n\n".join(
        [
            VI("ask-sent", code=Safe(f"<code>{code}</code>")),
            VI(following, deadline="trước ngày 17/5/2022", day="26/5/2022"),
            VI("ask-left-today", left=left),
        ]
    )


async def test_the_receipt_has_the_code_the_deadline_what_comes_next_and_what_is_left(
    chat: Chat,
) -> None:
    await chat.join()
    await chat.ask(WORDS)

    assert chat.said == sent("HB22-0001", 9)
    [entry] = [one for one in await stored(chat.app, AuditEntry) if one.subject_kind == "question"]
    assert (entry.action, entry.detail) == ("question.submitted", {})


async def test_codes_are_numbered_through_and_belong_to_nobody(app: App) -> None:
    codes = []
    for number in (71, 72, 73):
        chat = chat_with(app, number)
        await chat.join()
        codes.append(await chat.ask(f"{WORDS} {number}"))

    assert codes == ["HB22-0001", "HB22-0002", "HB22-0003"]


async def test_a_code_is_never_given_again(app: App) -> None:
    one, other = chat_with(app, 71), chat_with(app, 72)
    await one.join()
    await one.ask(WORDS)
    await one.press("Xem")
    await one.press("Rút lại")
    await one.press("Rút câu hỏi")
    assert await one.ask(WORDS) == "HB22-0002"

    await one.send("/xoa")
    await one.press("Xóa")
    assert await stored(app, Question) == []
    await other.join()

    assert await other.ask(WORDS) == "HB22-0003"


async def test_a_refused_question_uses_no_number_up(database_address: str, tmp_path: Path) -> None:
    text = PLAN_FILE.read_text(encoding="utf-8").replace(
        "questions_per_person_per_day = 10", "questions_per_person_per_day = 1"
    )
    app = make_app(database_address, tmp_path, plan=parse_plan(text.encode()))
    async with opened(app):
        one, other = chat_with(app, 71), chat_with(app, 72)
        await one.join()
        await one.ask(WORDS)
        await one.ask("Câu thứ hai trong cùng một ngày ạ")
        await other.join()

        assert await other.ask(WORDS) == "HB22-0002"


@pytest.mark.parametrize(
    "again",
    [
        WORDS,
        "khu pho em bao gio co san bong ro a",
        f"  {WORDS.upper()} !!",
        "Khu phố em\nbao giờ có sân bóng rổ ạ",
    ],
)
async def test_the_same_words_twice_give_the_same_receipt(chat: Chat, again: str) -> None:
    await chat.join()
    await chat.ask(WORDS)

    await chat.ask(again, topic="Thanh niên nhận việc")

    assert chat.said.split("\n\n")[0] == VI(
        "ask-repeated", code=Safe("<code>HB22-0001</code>"), unit="Đoàn phường Sở Dầu"
    )
    assert chat.said.endswith(VI("ask-left-today", left=9))
    [question] = await stored(chat.app, Question)
    assert question.topic_code == "other"


async def test_the_same_words_from_two_people_are_two_questions(app: App) -> None:
    for number in (71, 72):
        chat = chat_with(app, number)
        await chat.join()
        await chat.ask(WORDS)

    assert [one.code for one in await stored(app, Question)] == ["HB22-0001", "HB22-0002"]


async def test_the_same_words_after_their_unit_was_closed_still_have_their_receipt(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path)
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        await chat.ask(WORDS)
    text = PLAN_FILE.read_text(encoding="utf-8").replace('"so-dau"', '"so-dau-moi"')
    plan = parse_plan(text.encode())
    changed = make_app(database_address, tmp_path, plan=plan, clock=app.clock)
    async with opened(changed):
        chat = chat_with(changed)
        await chat.ask(WORDS)

        assert "HB22-0001" in chat.said
        assert chat.said.split("\n\n")[0].endswith(
            VI("ask-repeated", code="", unit="Đoàn phường Sở Dầu").split("<b></b>")[1]
        )


async def test_the_limit_of_a_day_keeps_the_words_and_ends_at_the_conferences_midnight(
    database_address: str, tmp_path: Path
) -> None:
    app = make_app(database_address, tmp_path, plan_file=WARD_PLAN)
    # 23:30 in Berlin, in winter time.
    set_clock(app, datetime(2027, 3, 10, 22, 30, tzinfo=UTC))
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        left = []
        for number in range(5):
            await chat.ask(f"Câu hỏi số {number} về khu phố", unit="Khu phố 1")
            left.append(chat.said.split("\n\n")[-1])
        assert left == [VI("ask-left-today", left=number) for number in (4, 3, 2, 1, 0)]

        await chat.ask("Câu hỏi thứ sáu về khu phố")
        assert chat.said.startswith(VI("refused-daily-limit", limit=5) + "\n\n")
        assert "Câu hỏi thứ sáu về khu phố" in chat.said
        assert chat.labels[0] == "Gửi"
        pass_time(app, timedelta(minutes=29))
        await chat.press("Gửi")
        assert len(await stored(app, Question)) == 5

        pass_time(app, timedelta(minutes=1))
        await chat.press("Gửi")

        assert "VD27-0006" in chat.said
        assert chat.said.endswith(VI("ask-left-today", left=4))


async def test_withdrawing_gives_no_question_of_the_day_back(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.press("Xem")
    await chat.press("Rút lại")
    await chat.press("Rút câu hỏi")

    await chat.ask("Một câu hỏi khác hẳn câu trước ạ")

    assert chat.said.endswith(VI("ask-left-today", left=8))


async def test_before_opening_the_question_is_written_and_kept(chat: Chat) -> None:
    set_clock(chat.app, datetime(2022, 5, 4, 12, tzinfo=UTC))
    await chat.join()
    await chat.ask(WORDS)

    note = VI("ask-not-open", moment="08:00 ngày 5/5/2022")
    assert chat.said.endswith(note)
    assert chat.labels[0] == "Gửi"
    assert chat.platform.answers[-1] == {
        "callback_query_id": chat.platform.answers[-1]["callback_query_id"],
        "text": VI.plain("ask-not-open", moment="08:00 ngày 5/5/2022"),
        "show_alert": "true",
    }
    assert await stored(chat.app, Question) == []

    set_clock(chat.app, datetime(2022, 5, 5, 1, tzinfo=UTC))
    await chat.press("Gửi")

    assert chat.said == sent("HB22-0001", 9)


async def test_after_the_deadline_questions_go_to_the_addendum(chat: Chat) -> None:
    set_clock(chat.app, datetime(2022, 5, 16, 17, tzinfo=UTC))
    await chat.join()
    assert VI("ask-addendum-note") in chat.said

    await chat.ask(WORDS)

    assert chat.said == sent("HB22-0001", 9, addendum=True)
    [question] = await stored(chat.app, Question)
    assert question.is_addendum is True


async def test_a_question_sent_in_the_last_second_is_in_time(chat: Chat) -> None:
    set_clock(chat.app, datetime(2022, 5, 16, 16, 59, 59, tzinfo=UTC))
    await chat.join()
    await chat.ask(WORDS)

    [question] = await stored(chat.app, Question)
    assert question.is_addendum is False


async def test_after_the_opening_there_is_no_dead_end(chat: Chat) -> None:
    await chat.join()
    await chat.ask(WORDS)
    await chat.send("/hoi")
    await chat.press("Nội dung khác")
    await chat.send("Một câu hỏi khác hẳn câu trước ạ")
    set_clock(chat.app, datetime(2022, 5, 26, 1, tzinfo=UTC))

    await chat.press("Gửi")

    closed = VI(
        "ask-closed", title="Hội nghị đối thoại 2022", organiser="Quận Đoàn Hồng Bàng",
        contact="blank",
    )  # fmt: skip
    draft = VI("ask-closed-draft", text="Một câu hỏi khác hẳn câu trước ạ")
    assert chat.said == f"{closed}\n\n{draft}"
    assert chat.labels == ["Câu hỏi của tôi", "Các mốc thời gian"]
    for way in ("/hoi", "Thêm một câu hỏi nữa được không ạ", "/start u-ha-ly", "/start u-x"):
        await chat.send(way)
        if "Viết tiếp câu này" in chat.labels:
            await chat.press("Viết tiếp câu này")
        assert chat.said.startswith(closed)
        assert chat.labels == ["Câu hỏi của tôi", "Các mốc thời gian"]
    await chat.press("Câu hỏi của tôi")
    assert "HB22-0001" in chat.said
    assert len(await stored(chat.app, Question)) == 1


async def test_after_the_opening_nobody_new_is_taken_in(chat: Chat) -> None:
    await chat.send("/start")
    yes = chat.screen.buttons[0][1]
    set_clock(chat.app, datetime(2022, 5, 26, 1, tzinfo=UTC))

    await chat.press_data(yes)

    assert chat.labels == ["Câu hỏi của tôi", "Các mốc thời gian"]
    assert [one.external_id for one in await stored(chat.app, Person)] == ["900"]


async def test_after_the_opening_the_organisers_contact_is_given(
    database_address: str, tmp_path: Path
) -> None:
    text = PLAN_FILE.read_text(encoding="utf-8").replace(
        'contact = ""', 'contact = "số 0225 3 745 123"'
    )
    app = make_app(database_address, tmp_path, plan=parse_plan(text.encode()))
    set_clock(app, datetime(2022, 5, 27, tzinfo=UTC))
    async with opened(app):
        chat = chat_with(app)
        await chat.send("/hoi")

        assert chat.said.endswith("bạn liên hệ Quận Đoàn Hồng Bàng: số 0225 3 745 123.")
