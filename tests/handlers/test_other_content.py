"""What is no question: other content, odd buttons, groups, blocking. No draft is ever lost."""

from datetime import timedelta
from typing import Any

import pytest

from bot.app import App
from config.texts import texts_for
from handlers.commands import COMMANDS
from storage.tables import InboxState, InboxUpdate, Person, Question
from tests.chat import Chat, chat_with, pass_time, stored

VI = texts_for("vi")
WORDS = "Khu phố em bao giờ có sân bóng rổ ạ?"
FILE = {"file_id": "1", "file_unique_id": "1"}
SIZE = {"width": 1, "height": 1}
CHANNEL = {"id": -100123, "type": "channel", "title": "CANARY-CHANNEL"}

OTHER_CONTENT: dict[str, tuple[dict[str, Any], str]] = {
    "sticker": (
        {"sticker": {**FILE, **SIZE, "type": "regular", "is_animated": False, "is_video": False}},
        "sticker",
    ),
    "animation": ({"animation": {**FILE, **SIZE, "duration": 1}, "document": FILE}, "sticker"),
    "dice": ({"dice": {"emoji": "🎲", "value": 3}}, "sticker"),
    "voice": ({"voice": {**FILE, "duration": 3}}, "voice"),
    "audio": ({"audio": {**FILE, "duration": 3}}, "voice"),
    "photo": ({"photo": [{**FILE, **SIZE}]}, "picture"),
    "video": ({"video": {**FILE, **SIZE, "duration": 3}}, "picture"),
    "video note": ({"video_note": {**FILE, "length": 1, "duration": 3}}, "picture"),
    "document": ({"document": FILE}, "document"),
    "contact": (
        {"contact": {"phone_number": "+84912345678", "first_name": "CANARY-CONTACT"}},
        "contact",
    ),
    "location": ({"location": {"latitude": 20.86, "longitude": 106.68}}, "location"),
    "venue": (
        {
            "location": {"latitude": 20.86, "longitude": 106.68},
            "venue": {
                "location": {"latitude": 20.86, "longitude": 106.68},
                "title": "CANARY-VENUE",
                "address": "CANARY-ADDRESS",
            },
        },
        "location",
    ),
    "poll": (
        {
            "poll": {
                "id": "1",
                "question": "?",
                "options": [],
                "total_voter_count": 0,
                "is_closed": False,
                "is_anonymous": True,
                "type": "regular",
                "allows_multiple_answers": False,
                "allows_revoting": False,
                "members_only": False,
            }
        },
        "other",
    ),
    "forwarded post": (
        {
            "text": "Tin nóng: mai cả trường được nghỉ học",
            "forward_origin": {"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 5},
        },
        "forwarded",
    ),
    "forwarded picture": (
        {
            "photo": [{**FILE, **SIZE}],
            "caption": "Tin nóng: mai cả trường được nghỉ học",
            "forward_origin": {
                "type": "hidden_user",
                "date": 1,
                "sender_user_name": "CANARY-SENDER",
            },
        },
        "forwarded",
    ),
}


async def to_confirmation(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send(WORDS)


async def troubles(app: App) -> list[str | None]:
    """Updates that no turn could handle."""
    return [row.error for row in await stored(app, InboxUpdate) if row.state != InboxState.done]


@pytest.mark.parametrize(("content", "kind"), OTHER_CONTENT.values(), ids=list(OTHER_CONTENT))
async def test_other_content_gets_a_kind_sentence_and_the_draft_stays(
    chat: Chat, content: dict[str, Any], kind: str
) -> None:
    await chat.message(**content)
    assert chat.said == VI(f"content-{kind}")
    await to_confirmation(chat)
    step = chat.said

    await chat.message(**content)

    assert chat.said == f"{VI(f'content-{kind}')}\n\n{step}"
    assert chat.labels[0] == "Gửi"
    await chat.press("Gửi")
    [question] = await stored(chat.app, Question)
    assert question.text == WORDS
    assert await troubles(chat.app) == []


async def test_ones_own_words_forwarded_from_ones_notes_are_taken(chat: Chat) -> None:
    await chat.join()
    own = {"type": "user", "date": 1, "sender_user": {"id": chat.user_id, "is_bot": False, "first_name": "x"}}  # fmt: skip

    await chat.message(text=WORDS, forward_origin=own)
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")

    assert WORDS in chat.said


@pytest.mark.parametrize(
    "content",
    [
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"write_access_allowed": {}},
    ],
)
async def test_what_the_platform_says_is_not_answered(chat: Chat, content: dict[str, Any]) -> None:
    await chat.message(**content)

    assert chat.shown == []
    assert await troubles(chat.app) == []


@pytest.mark.parametrize(
    ("typed", "named", "meant"),
    [
        ("/hio", "hio", "hoi"),
        ("/cautoi", "cautoi", "cuatoi"),
        ("/statsu", "statsu", "tracuu"),
        ("/XYZXYZ", "xyzxyz", "none"),
        ("/", "", "none"),
        ("/<b>", "<b>", "none"),
        ("/exprot", "exprot", "none"),
    ],
)
async def test_a_mistyped_command_names_the_nearest_that_one_may_use(
    chat: Chat, typed: str, named: str, meant: str
) -> None:
    await to_confirmation(chat)
    step = chat.said

    await chat.send(typed)

    assert chat.said == f"{VI('unknown-command', typed=named, meant=meant)}\n\n{step}"


@pytest.mark.parametrize("typed", ["alo", "chào bạn", "ok", "🙂"])
async def test_a_few_letters_out_of_the_blue_are_told_how_to_ask(chat: Chat, typed: str) -> None:
    await chat.send(typed)

    if typed == "🙂":
        assert chat.said == VI("content-no-words")
    else:
        assert chat.said == VI("hint-how-to-ask", minimum=15)
        assert chat.labels == ["Gửi câu hỏi", "Trợ giúp"]


async def test_send_pressed_twice_sends_once_and_the_receipt_stays(chat: Chat) -> None:
    await to_confirmation(chat)
    await chat.press("Gửi")
    receipt = (chat.said, chat.labels)

    await chat.press_data("a.send")

    assert (chat.said, chat.labels) == receipt
    assert chat.platform.answers[-1]["text"] == VI.plain("ask-already-sent", code="HB22-0001")
    assert len(await stored(chat.app, Question)) == 1


async def test_two_presses_stored_together_send_once(chat: Chat) -> None:
    await to_confirmation(chat)
    number = chat.screen.message_id

    await chat.deliver(
        {"callback_query": chat.callback("a.send", number)},
        {"callback_query": chat.callback("a.send", number)},
    )

    assert "HB22-0001" in chat.said
    assert chat.said.startswith(VI("ask-sent", code="HB22-0001").split("<b>")[0])
    assert len(await stored(chat.app, Question)) == 1


@pytest.mark.parametrize("label", ["Sở Dầu", "Nội dung khác", "Sửa nội dung", "Đổi đơn vị"])
async def test_any_other_button_pressed_twice_shows_the_same(chat: Chat, label: str) -> None:
    await chat.join()
    for tap in ("Sở Dầu", "Nội dung khác"):
        data = dict(chat.screen.buttons)[tap]
        await chat.press(tap)
        if tap == label:
            break
    else:
        await chat.send(WORDS)
        data = dict(chat.screen.buttons)[label]
        await chat.press(label)
    screen = (chat.said, chat.labels)

    await chat.press_data(data)

    assert (chat.said, chat.labels) == screen


async def test_a_button_from_last_week_after_everything_is_over(chat: Chat) -> None:
    await to_confirmation(chat)
    old = chat.screen
    data = dict(old.buttons)["Sửa nội dung"]
    await chat.press("Gửi")
    await chat.send("/han")
    pass_time(chat.app, timedelta(days=7))

    await chat.press_data(data, old.message_id)

    assert old.text == VI("ask-nothing-open", code="HB22-0001")
    assert [label for label, _ in old.buttons] == ["Gửi câu hỏi", "Xem HB22-0001"]
    assert chat.platform.answers[-1]["text"] == VI.plain("ask-button-old")


async def test_buttons_after_cancel_lead_on(chat: Chat) -> None:
    await chat.join()
    await chat.press("Sở Dầu")
    topic = dict(chat.screen.buttons)["Nội dung khác"]
    await chat.press("Hủy")
    number = chat.screen.message_id
    await chat.send("/trogiup")

    await chat.press_data(topic, number)

    assert chat.shown[0].text == VI("ask-nothing-open", code="none")
    await chat.press("Gửi câu hỏi")
    assert chat.shown[0].text.endswith(VI("ask-unit", many="no"))


@pytest.mark.parametrize(
    "data",
    [
        "garbage",
        "a.unit",
        "a.unit:khong-co",
        "a.topic:khong-co",
        "a.topic:a:b:c",
        "a.page:unit:99",
        "a.page:unit:x",
        "a.page:nowhere:0",
        "a.step:nowhere",
        "a.age:99",
        "a.consent:perhaps",
        "a.resume:1",
        "a.new",
        "a.undo",
        "q.view:HB22-9999",
        "q.edit:'; DROP TABLE question",
        "q.drop:HB22-9999:1",
        "q.update:HB22-9999:1",
        "i.take:made-up",
        "d.pass:HB22-0001",
        "e.make:pdf",
        "e.filter:unit:x",
        "m.open:../..",
        "o.forget:1",
        "p.erase:perhaps",
        "x" * 64,
        "ă" * 32,
    ],
)
async def test_no_button_data_of_whatever_kind_breaks_anything(chat: Chat, data: str) -> None:
    await chat.send("/trogiup")
    await chat.press_data(data)
    await to_confirmation(chat)

    await chat.press_data(data)
    await chat.send("/hoi")

    assert await troubles(chat.app) == []
    assert chat.platform.answers
    if "Viết tiếp câu này" in chat.labels:
        await chat.press("Viết tiếp câu này")
        assert WORDS in chat.said
    assert await stored(chat.app, Question) == []
    assert len([one for one in await stored(chat.app, Person) if one.age_band]) == 1


def in_group(chat: Chat, **content: Any) -> dict[str, Any]:
    return {
        "message": {
            "message_id": 1,
            "date": 0,
            "chat": {"id": -100999, "type": "supergroup", "title": "CANARY-GROUP"},
            "from": chat._user(),
            **content,
        }
    }


def membership(chat: Chat, chat_id: int, kind: str, status: str) -> dict[str, Any]:
    bot = {"id": chat.app.bot.id, "is_bot": True, "first_name": "bot"}
    rights = {"user": bot, "until_date": 0} if status == "kicked" else {"user": bot}
    return {
        "my_chat_member": {
            "chat": {"id": chat_id, "type": kind, "title": "CANARY-GROUP"},
            "from": chat._user(),
            "date": 0,
            "old_chat_member": {"status": "left", "user": bot},
            "new_chat_member": {"status": status, **rights},
        }
    }


async def test_a_group_gets_one_sentence_to_a_command_and_silence_otherwise(chat: Chat) -> None:
    await chat.deliver(membership(chat, -100999, "supergroup", "member"))
    screen = chat.platform.screens["-100999"]
    assert [shown.text for shown in screen.values()] == [VI("group-hello")]

    await chat.deliver(
        in_group(chat, text=WORDS),
        in_group(chat, photo=[{**FILE, **SIZE}], caption=WORDS),
        in_group(chat, new_chat_title="CANARY-GROUP"),
    )
    assert len(screen) == 1
    command = {"entities": [{"type": "bot_command", "offset": 0, "length": 12}]}
    await chat.deliver(in_group(chat, text="/hoi@my_bot1", **command))

    assert [shown.text for shown in screen.values()] == [VI("group-hello")] * 2
    assert chat.shown == []
    assert await troubles(chat.app) == []
    assert WORDS not in str([row.body for row in await stored(chat.app, InboxUpdate)])


async def test_a_child_is_not_known_by_how_a_group_is_spoken_to(chat: Chat) -> None:
    await chat.join("Dưới 16")

    await chat.deliver(in_group(chat, text="/hoi", entities=[{"type": "bot_command", "offset": 0, "length": 4}]))  # fmt: skip

    [hello] = chat.platform.screens["-100999"].values()
    assert hello.text == VI("group-hello")


async def test_leaving_a_group_is_not_spoken_of(chat: Chat) -> None:
    await chat.deliver(membership(chat, -100999, "group", "left"))

    assert chat.platform.calls == []
    assert await troubles(chat.app) == []


async def test_a_person_who_blocks_the_bot_and_comes_back_is_reachable_again(chat: Chat) -> None:
    await to_confirmation(chat)
    await chat.deliver(membership(chat, chat.user_id, "private", "kicked"))
    [person] = [one for one in await stored(chat.app, Person) if one.age_band]
    assert person.unreachable_at == chat.app.clock()

    await chat.deliver(membership(chat, chat.user_id, "private", "member"))
    await chat.send("/hoi")

    [person] = [one for one in await stored(chat.app, Person) if one.age_band]
    assert person.unreachable_at is None
    assert chat.said == VI("ask-draft-offered", text=WORDS)


async def test_a_stranger_who_blocks_the_bot_leaves_no_trace(chat: Chat) -> None:
    await chat.deliver(membership(chat, chat.user_id, "private", "kicked"))

    assert [one.external_id for one in await stored(chat.app, Person)] == ["900"]
    assert await troubles(chat.app) == []


async def test_every_command_of_a_member_works_in_the_middle_of_asking(app: App) -> None:
    chat = chat_with(app)
    await to_confirmation(chat)
    for command in COMMANDS:
        if command.name in {"cancel", "erase"}:
            continue
        await chat.send(f"/{command.vietnamese}")

    await chat.send("/hoi")

    assert chat.said == VI("ask-draft-offered", text=WORDS)
    assert await troubles(app) == []
