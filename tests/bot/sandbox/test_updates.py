import asyncio

import pytest
from aiogram import types

from tests.bot.sandbox.conftest import LEAD, MEMBER, ORGANISER

CONFLICT = (
    "Conflict: terminated by other getUpdates request;"
    " make sure that only one bot instance is running"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
BLOCKED = "Forbidden: bot was blocked by the user"


def texts(updates):
    return [update["message"]["text"] for update in updates]


async def test_update_comes_again_until_a_higher_offset_confirms_it(bot):
    await bot.writes("một")
    await bot.writes("hai")
    first = await bot.updates(limit=1)
    assert texts(await bot.updates()) == ["một", "hai"]
    rest = await bot.updates(offset=first[0]["update_id"] + 1)
    assert texts(rest) == ["hai"]
    assert texts(await bot.updates()) == ["hai"]
    assert await bot.updates(offset=rest[0]["update_id"] + 1) == []
    assert (await bot.ok("getWebhookInfo"))["pending_update_count"] == 0


async def test_negative_offset_keeps_the_last_updates_only(bot):
    for text in ("một", "hai", "ba"):
        await bot.writes(text)
    assert texts(await bot.updates(offset=-2)) == ["hai", "ba"]
    assert texts(await bot.updates()) == ["hai", "ba"]


async def test_older_poll_ends_with_a_conflict_and_the_newer_gets_the_update(bot):
    older = asyncio.ensure_future(bot.call("getUpdates", timeout=30))
    while (await bot.read("calls?method=getUpdates"))[-1]["status"] is not None:
        pass
    newer = asyncio.ensure_future(bot.call("getUpdates", timeout=30))
    assert await older == {"ok": False, "error_code": 409, "description": CONFLICT}
    await bot.writes("xin chào")
    assert texts((await newer)["result"]) == ["xin chào"]


async def test_kinds_not_asked_for_are_not_queued(bot):
    await bot.updates(allowed_updates=["callback_query"])
    sent = await bot.asks()
    await bot.writes("không ai nghe")
    await bot.presses(sent, "a")
    (update,) = await bot.updates()
    assert update["callback_query"]["data"] == "a"
    await bot.updates(offset=update["update_id"] + 1, allowed_updates=[])
    await bot.writes("nghe rồi")
    assert texts(await bot.updates()) == ["nghe rồi"]


async def test_press_is_forgotten_after_150_seconds_and_a_message_after_a_day(bot):
    sent = await bot.asks()
    await bot.writes("còn đây")
    await bot.presses(sent, "a")
    bot.clock.now += 149
    assert len(await bot.updates()) == 2
    bot.clock.now += 1
    assert texts(await bot.updates()) == ["còn đây"]
    bot.clock.now += 24 * 3600 - 151
    assert texts(await bot.updates()) == ["còn đây"]
    bot.clock.now += 1
    assert await bot.updates() == []


async def test_press_can_be_answered_for_150_seconds(bot):
    query = await bot.presses(await bot.asks(), "a")
    cursor = (await bot.read(f"events?chat_id={MEMBER}"))["cursor"]
    bot.clock.now += 149
    assert await bot.ok("answerCallbackQuery", callback_query_id=query, text="Đã ghi") is True
    (event,) = (await bot.read(f"events?chat_id={MEMBER}&after={cursor}"))["events"]
    assert (event["kind"], event["query_id"], event["text"], event["show_alert"]) == (
        "callback_answer",
        query,
        "Đã ghi",
        False,
    )
    bot.clock.now += 1
    assert await bot.refused("answerCallbackQuery", callback_query_id=query) == TOO_OLD
    assert await bot.refused("answerCallbackQuery", callback_query_id="nonsense") == TOO_OLD


async def test_answer_to_a_press_has_at_most_200_characters(bot):
    query = await bot.presses(await bot.asks(), "a")
    refusal = await bot.refused("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert refusal == "Bad Request: MESSAGE_TOO_LONG"


async def test_button_of_a_deleted_message_still_sends_its_press(bot):
    sent = await bot.asks()
    await bot.ok("deleteMessage", chat_id=MEMBER, message_id=sent["message_id"])
    await bot.presses(sent, "a")
    (update,) = await bot.updates()
    assert update["callback_query"]["message"] == {
        "chat": sent["chat"],
        "message_id": sent["message_id"],
        "date": 0,
    }


async def test_what_waits_goes_with_a_webhook_where_that_is_wanted(bot):
    await bot.writes("một")
    assert await bot.ok("deleteWebhook", drop_pending_updates=True) is True
    assert await bot.updates() == []


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"text": "/start u-x"}, {"text", "entities"}),
        ({"kind": "sticker"}, {"sticker"}),
        ({"kind": "voice"}, {"voice"}),
        ({"kind": "photo", "text": "x"}, {"photo", "caption"}),
        ({"kind": "contact"}, {"contact"}),
        ({"kind": "location", "latitude": 1, "longitude": 2}, {"location"}),
        ({"kind": "forward", "text": "x"}, {"text", "forward_origin"}),
        ({"kind": "other", "content": {"dice": {"emoji": "🎲", "value": 6}}}, {"dice"}),
    ],
)
async def test_person_sends_every_kind_of_message(bot, given, fields):
    sent = await bot.control(f"people/{MEMBER}/messages", given)
    (update,) = await bot.updates()
    assert update["message"] == sent
    assert sent.keys() - {"message_id", "from", "chat", "date"} == fields
    assert types.Update.model_validate(update).message.message_id == sent["message_id"]


async def test_person_edits_an_own_message(bot):
    written = await bot.writes("môt")
    bot.clock.now += 5
    path = f"people/{MEMBER}/messages/{written['message_id']}"
    await bot.control(path, {"text": "một"}, verb="PATCH")
    edited = (await bot.updates())[-1]["edited_message"]
    assert (edited["text"], edited["edit_date"] - edited["date"]) == ("một", 5)
    foreign = await bot.asks()
    path = f"people/{MEMBER}/messages/{foreign['message_id']}"
    await bot.control(path, {"text": "x"}, verb="PATCH", status=409)


async def test_person_who_blocks_the_bot_is_out_of_reach_until_unblocking(bot):
    sent = await bot.asks()
    await bot.control(f"people/{MEMBER}/block")
    here = {"chat_id": MEMBER, "message_id": sent["message_id"]}
    assert await bot.refused("sendMessage", chat_id=MEMBER, text="x") == BLOCKED
    assert await bot.refused("editMessageText", **here, text="x") == BLOCKED
    await bot.control(f"people/{MEMBER}/messages", {"text": "x"}, status=409)
    await bot.control(f"people/{MEMBER}/unblock")
    await bot.ok("sendMessage", chat_id=MEMBER, text="x")
    changes = [update["my_chat_member"] for update in await bot.updates()]
    assert [change["new_chat_member"]["status"] for change in changes] == ["kicked", "member"]


async def test_deep_link_carries_its_payload(bot):
    await bot.control(f"people/{ORGANISER}/start", {"payload": "u-so-dau"})
    (update,) = await bot.updates()
    assert update["message"]["text"] == "/start u-so-dau"
    assert update["message"]["chat"]["id"] == ORGANISER
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_people_get_ids_beyond_32_bits_and_the_first_three_are_fixed(bot):
    fourth = await bot.control("people", {"name": "Lan", "language_code": "en"})
    people = await bot.read("people")
    assert [person["id"] for person in people] == [MEMBER, ORGANISER, LEAD, 7_000_000_004]
    assert [person["started"] for person in people] == [True, False, False, False]
    assert fourth == people[-1]


async def test_group_hands_over_commands_and_replies_only(bot):
    group = await bot.control("groups", {"person_id": MEMBER, "title": "Chi đoàn"})
    added, service = await bot.updates()
    assert added["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert service["message"]["new_chat_members"][0]["id"] == 8123456789
    await bot.updates(offset=service["update_id"] + 1)
    sent = await bot.ok("sendMessage", chat_id=group["id"], text="Chào nhóm")
    for text in ("nói chuyện riêng", "/help", "/help@otherbot", "/help@doithoai_sandbox_bot"):
        await bot.writes(text, chat_id=group["id"])
    await bot.writes("trả lời", chat_id=group["id"], reply_to=sent["message_id"])
    heard = texts(await bot.updates())
    assert heard == ["/help", "/help@doithoai_sandbox_bot", "trả lời"]
    await bot.control(
        f"people/{ORGANISER}/messages", {"text": "x", "chat_id": group["id"]}, status=409
    )


async def test_bot_that_left_or_was_removed_cannot_write_in_the_group(bot):
    group = await bot.control("groups", {"person_id": MEMBER, "others": [], "title": "Nhóm"})
    here = {"chat_id": group["id"]}
    assert await bot.ok("leaveChat", **here) is True
    refusal = await bot.refused("sendMessage", **here, text="x")
    assert refusal == "Forbidden: bot is not a member of the supergroup chat"
    status = {"person_id": MEMBER, "status": "kicked"}
    await bot.control(f"groups/{group['id']}/bot", status)
    refusal = await bot.refused("sendMessage", **here, text="x")
    assert refusal == "Forbidden: bot was kicked from the supergroup chat"


async def test_member_of_a_group_who_never_wrote_cannot_be_written_to(bot):
    await bot.control("groups", {"person_id": MEMBER, "members": [ORGANISER], "title": "Nhóm"})
    refusal = await bot.refused("sendMessage", chat_id=ORGANISER, text="x")
    assert refusal == "Forbidden: bot can't initiate conversation with a user"
