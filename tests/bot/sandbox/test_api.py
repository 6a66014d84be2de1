import aiohttp
import pytest

from tests.bot.sandbox.conftest import MEMBER, ORGANISER, TOKEN

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are"
    " exactly the same as a current content and reply markup of the message"
)


def button(**kind):
    return {"inline_keyboard": [[{"text": "A", **kind}]]}


async def test_identity_comes_from_the_number_of_the_token(bot):
    me = await bot.ok("getMe")
    assert (me["id"], me["is_bot"], me["username"]) == (8123456789, True, "doithoai_sandbox_bot")


@pytest.mark.parametrize("token", ["8123456789:short", "word:" + "A" * 35, "81234567" + "A" * 35])
async def test_token_of_another_shape_is_unauthorised(bot, token):
    async with bot.session.post(f"{bot.base}/bot{token}/getMe") as response:
        assert response.status == 401
        assert await response.json() == {
            "ok": False,
            "error_code": 401,
            "description": "Unauthorized",
        }


async def test_only_the_given_token_is_accepted(start):
    client = await start(token="1:" + "B" * 35)
    assert await client.refused("getMe") == "Unauthorized"
    async with client.session.get(f"{client.base}/bot1:{'B' * 35}/getMe") as response:
        assert (await response.json())["result"]["id"] == 1


async def test_parameters_are_read_from_everywhere_and_method_names_in_any_case(bot):
    url = f"{bot.base}/bot{TOKEN}/SENDmessage"
    given = {"chat_id": str(MEMBER), "text": "một"}
    multipart = aiohttp.FormData(given | {"text": "ba"}, default_to_multipart=True)
    async with (
        bot.session.get(url, params=given) as query,
        bot.session.post(url, data=given | {"text": "hai"}) as form,
        bot.session.post(url, data=multipart) as parts,
        bot.session.post(url, json={"chat_id": MEMBER, "text": "bốn"}) as body,
    ):
        answers = [(await each.json())["result"]["text"] for each in (query, form, parts, body)]
    assert answers == ["một", "hai", "ba", "bốn"]


async def test_unknown_method_is_not_found(bot):
    assert await bot.call("sendDreams") == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }


async def test_foreign_pages_and_names_are_kept_out(bot):
    url = f"{bot.base}/sandbox/people"
    foreign = {"Origin": "https://example.org"}
    async with (
        bot.session.post(url, json={"name": "x"}, headers=foreign) as written,
        bot.session.get(url, headers={"Host": "example.org"}) as rebound,
        bot.session.post(url, json={"name": "x"}, headers={"Origin": bot.base}) as own,
    ):
        assert [written.status, rebound.status, own.status] == [403, 403, 201]


async def test_html_becomes_text_and_entities_in_utf16_units(bot):
    sent = await bot.ok(
        "sendMessage",
        chat_id=MEMBER,
        parse_mode="HTML",
        text='👋 <b>chào <i>bạn</i></b> &lt;3 <a href="https://a.vn/?x=1&amp;y=2">đây</a> /hoi',
    )
    assert sent["text"] == "👋 chào bạn <3 đây /hoi"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 8},
        {"type": "italic", "offset": 8, "length": 3},
        {"type": "text_link", "offset": 15, "length": 3, "url": "https://a.vn/?x=1&y=2"},
        {"type": "bot_command", "offset": 19, "length": 4},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused(bot, text, words):
    refusal = await bot.refused("sendMessage", chat_id=MEMBER, text=text, parse_mode="HTML")
    assert refusal == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "ă" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "parse_mode": "Markdown"}, "unsupported parse_mode"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": "@somebody"}, "chat not found"),
        ({"text": "x", "chat_id": ORGANISER}, "chat not found"),
        ({"text": "x", "reply_markup": button(callback_data="ă" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": button(callback_data="")}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": button()},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": button(url="ở đây")},
            "inline keyboard button URL 'ở đây' is invalid: Wrong HTTP URL",
        ),
        (
            {
                "text": "x",
                "reply_markup": {
                    "inline_keyboard": [[{"text": "A", "callback_data": "a"}]] * 101,
                },
            },
            "reply markup is too long",
        ),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_parameters": {"message_id": 1}}, "message to be replied not found"),
    ],
)
async def test_message_that_telegram_refuses_is_refused(bot, given, words):
    refusal = await bot.refused("sendMessage", **{"chat_id": MEMBER, **given})
    assert refusal == f"Bad Request: {words}"


async def test_message_at_every_limit_is_sent(bot):
    row = [{"text": "A", "callback_data": "ă" * 32}] * 5
    rows = [
        row,
        [{"text": "B", "url": "https://a.vn"}],
        [],
        *[[{"text": "C", "callback_data": "c"}]] * 94,
    ]
    sent = await bot.ok(
        "sendMessage",
        chat_id=MEMBER,
        text=f"<b>{'ă' * 4096}</b>",
        parse_mode="HTML",
        reply_markup={"inline_keyboard": rows},
    )
    assert len(sent["text"]) == 4096
    assert sum(len(row) for row in sent["reply_markup"]["inline_keyboard"]) == 100


async def test_edit_changes_the_message_and_drops_a_keyboard_not_given_again(bot):
    sent = await bot.asks()
    bot.clock.now += 60
    here = {"chat_id": MEMBER, "message_id": sent["message_id"]}
    edited = await bot.ok("editMessageText", **here, text="Xong")
    assert (edited["text"], edited["edit_date"] - edited["date"]) == ("Xong", 60)
    assert "reply_markup" not in edited
    again = await bot.ok("editMessageReplyMarkup", **here, reply_markup=button(callback_data="b"))
    assert (await bot.read(f"chats/{MEMBER}/messages"))["messages"][-1] == again


async def test_edit_that_changes_nothing_is_refused(bot):
    sent = await bot.asks("Chọn đi")
    here = {"chat_id": MEMBER, "message_id": sent["message_id"]}
    same = sent["reply_markup"]
    assert await bot.refused("editMessageReplyMarkup", **here, reply_markup=same) == NOT_MODIFIED
    refusal = await bot.refused(
        "editMessageText", **here, text="<i></i>Chọn đi ", parse_mode="HTML", reply_markup=same
    )
    assert refusal == NOT_MODIFIED


async def test_edit_of_what_is_not_the_bots_text_is_refused(bot):
    written = await bot.writes("của tôi")
    picture = await bot.uploads("sendDocument", "document", "a.txt", b"abc")
    cases = {
        written["message_id"]: "message can't be edited",
        picture["message_id"]: "there is no text in the message to edit",
        1: "message to edit not found",
        0: "message identifier is not specified",
    }
    for number, words in cases.items():
        refusal = await bot.refused("editMessageText", chat_id=MEMBER, message_id=number, text="x")
        assert refusal == f"Bad Request: {words}"
    refusal = await bot.refused(
        "editMessageText", chat_id=MEMBER, message_id=written["message_id"], text="x" * 4097
    )
    assert refusal == "Bad Request: message can't be edited"


async def test_delete_works_once_and_within_48_hours(bot):
    first, second = await bot.asks(), await bot.asks()
    here = {"chat_id": MEMBER, "message_id": first["message_id"]}
    assert await bot.ok("deleteMessage", **here) is True
    assert await bot.refused("deleteMessage", **here) == "Bad Request: message to delete not found"
    bot.clock.now += 48 * 3600
    refusal = await bot.refused("deleteMessage", chat_id=MEMBER, message_id=second["message_id"])
    assert refusal == "Bad Request: message can't be deleted for everyone"


async def test_reply_keyboard_lies_open_until_it_is_removed(bot):
    keyboard = {
        "keyboard": [["Có"], [{"text": "Số của tôi", "request_contact": True}]],
        "resize_keyboard": True,
    }
    sent = await bot.ok("sendMessage", chat_id=MEMBER, text="?", reply_markup=keyboard)
    assert "reply_markup" not in sent
    shown = (await bot.read(f"chats/{MEMBER}/messages"))["keyboard"]
    assert shown["keyboard"] == [
        [{"text": "Có"}],
        [{"text": "Số của tôi", "request_contact": True}],
    ]
    await bot.asks()
    assert (await bot.read(f"chats/{MEMBER}/messages"))["keyboard"] == shown
    gone = {"remove_keyboard": True}
    await bot.ok("sendMessage", chat_id=MEMBER, text="!", reply_markup=gone)
    assert (await bot.read(f"chats/{MEMBER}/messages"))["keyboard"] is None


async def test_document_can_be_sent_again_by_id_and_fetched_by_everyone(bot):
    sent = await bot.uploads(
        "sendDocument",
        "document",
        "Danh sách.csv",
        b"a,b",
        caption="<b>x</b>",
        parse_mode="HTML",
    )
    document = sent["document"]
    assert (document["file_name"], document["mime_type"], document["file_size"]) == (
        "Danh sách.csv",
        "text/csv",
        3,
    )
    assert (sent["caption"], sent["caption_entities"][0]["type"]) == ("x", "bold")
    again = await bot.ok("sendDocument", chat_id=MEMBER, document=document["file_id"])
    assert again["document"] == document
    file = await bot.ok("getFile", file_id=document["file_id"])
    async with (
        bot.session.get(f"{bot.base}/file/bot{TOKEN}/{file['file_path']}") as fetched,
        bot.session.get(f"{bot.base}/sandbox/files/{document['file_id']}") as downloaded,
    ):
        assert [await fetched.read(), await downloaded.read()] == [b"a,b", b"a,b"]
        assert downloaded.headers["Content-Disposition"] == (
            "attachment; filename*=UTF-8''Danh%20s%C3%A1ch.csv"
        )


async def test_photo_has_the_size_of_the_picture(bot):
    taken = await bot.control(f"people/{MEMBER}/messages", {"kind": "photo"})
    sent = await bot.ok("sendPhoto", chat_id=MEMBER, photo=taken["photo"][0]["file_id"])
    assert [(size["width"], size["height"]) for size in sent["photo"]] == [(1, 1)]


@pytest.mark.parametrize(
    ("method", "field", "content", "params", "words"),
    [
        ("sendDocument", "document", b"", {}, "file must be non-empty"),
        ("sendDocument", "document", b"x", {"caption": "x" * 1025}, "message caption is too long"),
        ("sendPhoto", "photo", b"no picture", {}, "IMAGE_PROCESS_FAILED"),
        (
            "sendDocument",
            "document",
            b"x",
            {"document": "AgAC"},
            "wrong file identifier/HTTP URL specified",
        ),
    ],
)
async def test_file_that_telegram_refuses_is_refused(bot, method, field, content, params, words):
    refusal = await bot.uploads(method, field, "a.bin", content, **params)
    assert refusal == f"Bad Request: {words}"


async def test_person_sees_the_narrowest_command_list_in_the_own_language(bot):
    async def publish(name, **where):
        commands = [{"command": name, "description": "x"}]
        await bot.ok("setMyCommands", commands=commands, **where)
        return [entry["command"] for entry in await bot.read(f"people/{MEMBER}/commands")]

    private = {"type": "all_private_chats"}
    chat = {"type": "chat", "chat_id": MEMBER}
    assert await publish("a") == ["a"]
    assert await publish("b", language_code="vi") == ["b"]
    assert await publish("c", language_code="en") == ["b"]
    assert await publish("d", scope=private) == ["d"]
    assert await publish("e", scope=chat) == ["e"]
    await bot.ok("deleteMyCommands", scope=chat)
    assert await bot.ok("getMyCommands", scope=private) == [
        {"command": "d", "description": "x"},
    ]
    assert [each["command"] for each in await bot.read(f"people/{MEMBER}/commands")] == ["d"]


@pytest.mark.parametrize(
    ("command", "description", "words"),
    [
        ("Hoi", "x", "BOT_COMMAND_INVALID"),
        ("hỏi", "x", "BOT_COMMAND_INVALID"),
        ("a" * 33, "x", "BOT_COMMAND_INVALID"),
        ("", "x", "command must be non-empty"),
        ("hoi", "", "command description must be non-empty"),
        ("hoi", "x" * 257, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_command_that_telegram_refuses_is_refused(bot, command, description, words):
    commands = [{"command": command, "description": description}]
    assert await bot.refused("setMyCommands", commands=commands) == f"Bad Request: {words}"
