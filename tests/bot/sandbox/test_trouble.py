import asyncio
import json
import sqlite3

import aiohttp
import pytest

from bot.sandbox.api import make_app
from bot.sandbox.store import NotASandboxFileError
from tests.bot.sandbox.conftest import LEAD, MEMBER, ORGANISER, TOKEN


def texts(updates):
    return [update["message"]["text"] for update in updates]


async def test_fault_strikes_the_ordered_calls_only(bot):
    rule = {
        "method": "sendMessage",
        "chat_id": MEMBER,
        "status": 429,
        "retry_after": 7,
        "times": 2,
    }
    await bot.control("faults", [rule])
    await bot.ok("getMe")
    expected = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }
    assert await bot.call("sendMessage", chat_id=MEMBER, text="x") == expected
    assert await bot.call("sendmessage", chat_id=MEMBER, text="x") == expected
    await bot.ok("sendMessage", chat_id=MEMBER, text="tới")
    shown = [m["text"] for m in (await bot.read(f"chats/{MEMBER}/messages"))["messages"]]
    assert shown == ["/start", "tới"]
    assert await bot.read("faults") == []


async def test_fault_after_delivery_delivers_and_then_fails(bot):
    await bot.control("faults", {"method": "sendMessage", "status": 502, "after_delivery": True})
    assert await bot.refused("sendMessage", chat_id=MEMBER, text="x") == "Bad Gateway"
    await bot.control("faults", {"method": "sendMessage", "drop": True, "after_delivery": True})
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.call("sendMessage", chat_id=MEMBER, text="y")
    shown = [m["text"] for m in (await bot.read(f"chats/{MEMBER}/messages"))["messages"]]
    assert shown == ["/start", "x", "y"]


async def test_dropped_call_delivers_nothing(bot):
    await bot.control("faults", {"method": "sendMessage", "drop": True})
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.call("sendMessage", chat_id=MEMBER, text="x")
    assert len((await bot.read(f"chats/{MEMBER}/messages"))["messages"]) == 1


async def test_spoiled_body_is_no_json(bot):
    await bot.control("faults", [{"body": "garbage"}, {"body": "truncated"}])
    url = f"{bot.base}/bot{TOKEN}/getMe"
    async with bot.session.get(url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    async with bot.session.get(url) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.json()


async def test_delay_holds_a_call_while_others_go_on(bot):
    await bot.control("faults", {"method": "getMe", "delay_ms": 400})
    slow = asyncio.ensure_future(bot.ok("getMe"))
    while not await bot.read("calls?method=getMe"):
        pass
    await bot.asks()
    assert not slow.done()
    assert (await slow)["is_bot"] is True


@pytest.mark.parametrize("rule", [{"statuss": 1}, {"body": "odd"}, {"times": 0}])
async def test_impossible_fault_is_refused(bot, rule):
    answer = await bot.control("faults", rule, status=400)
    assert list(answer) == ["error"]


async def test_flood_control_allows_one_message_a_second_and_chat_when_on(bot):
    await bot.asks()
    await bot.asks()
    await bot.control("flood", {"on": True})
    await bot.asks()
    answer = await bot.call("sendMessage", chat_id=MEMBER, text="x")
    assert answer["parameters"] == {"retry_after": 2}
    bot.clock.now += 1
    await bot.asks()


async def test_flood_control_allows_thirty_messages_a_second_in_all(bot):
    people = [(await bot.control("people", {"name": "x"}))["id"] for _ in range(31)]
    for person in people:
        await bot.control(f"people/{person}/start")
    await bot.control("flood", {"on": True})
    answers = [await bot.call("sendMessage", chat_id=person, text="x") for person in people]
    assert [answer["ok"] for answer in answers] == [True] * 30 + [False]


async def test_calls_are_listed_with_their_parameters_and_outcome(bot):
    before = (await bot.read("calls"))[-1]["number"]
    await bot.call("sendMessage", chat_id=MEMBER, text="")
    await bot.uploads("sendDocument", "document", "a.txt", b"abc")
    first, second = await bot.read(f"calls?after={before}")
    assert (first["method"], first["status"], first["params"]["text"]) == ("sendMessage", 400, "")
    assert second["params"]["part"] == {"name": "a.txt", "size": 3}
    assert first["moment"] <= second["moment"]


async def test_confirmed_updates_can_be_delivered_again_under_their_ids(bot):
    await bot.writes("một")
    await bot.writes("hai")
    seen = await bot.updates()
    offset = seen[-1]["update_id"] + 1
    assert await bot.updates(offset=offset) == []
    await bot.control("updates", {"redeliver": 2})
    assert await bot.updates(offset=offset) == seen
    assert await bot.updates(offset=offset) == []


async def test_waiting_updates_can_be_doubled_and_turned_round(bot):
    for text in ("một", "hai", "ba"):
        await bot.writes(text)
    await bot.control("updates", {"duplicate": 1})
    await bot.control("updates", {"reorder": True})
    seen = []
    offset = 0
    while updates := await bot.updates(offset=offset, limit=1):
        seen += updates
        offset = max(offset, updates[0]["update_id"] + 1)
    assert texts(seen) == ["ba", "ba", "hai", "một"]
    assert seen[0] == seen[1]


async def test_shuffle_with_a_seed_is_repeatable(bot):
    for text in "abcdefgh":
        await bot.writes(text)
    once = (await bot.control("updates", {"reorder": 5}))["update_ids"]
    assert sorted(once) != once
    assert [update["update_id"] for update in await bot.updates()] == once


async def test_update_of_any_shape_can_be_injected(bot):
    raw = {"update_id": 5, "message": {"odd": [1, None]}}
    given = await bot.control("updates", {"updates": [raw, {"new_kind": {}}]})
    first, second = await bot.updates()
    assert first == raw
    assert second == {"update_id": given["update_ids"][1], "new_kind": {}}


async def test_everything_but_faults_survives_a_restart(start, bot):
    sent = await bot.asks()
    query = await bot.presses(sent, "a")
    keyboard = {"keyboard": [["Có"]]}
    await bot.ok("sendMessage", chat_id=MEMBER, text="?", reply_markup=keyboard)
    before = await bot.updates(), await bot.read(f"chats/{MEMBER}/messages")
    await start.stop()
    again = await start()
    assert (await again.updates(), await again.read(f"chats/{MEMBER}/messages")) == before
    assert await again.ok("answerCallbackQuery", callback_query_id=query) is True
    new = await again.asks()
    assert new["message_id"] > sent["message_id"]


async def test_reset_forgets_all_but_gives_no_number_twice(bot):
    fourth = await bot.control("people", {"name": "Lan"})
    sent = await bot.asks()
    await bot.writes("một")
    (update,) = await bot.updates()
    await bot.control("reset")
    assert [person["id"] for person in await bot.read("people")] == [MEMBER, ORGANISER, LEAD]
    assert await bot.updates() == []
    assert (await bot.control("people", {"name": "Mai"}))["id"] == fourth["id"] + 1
    await bot.control(f"people/{MEMBER}/start")
    (fresh,) = await bot.updates()
    assert fresh["update_id"] > update["update_id"]
    assert fresh["message"]["message_id"] > sent["message_id"]


async def test_file_of_something_else_is_not_touched(tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE question (id INTEGER)")
    database.close()
    text = tmp_path / "text.txt"
    text.write_text("not a database, though long enough to look like one " * 20)
    for path in (other, text):
        before = path.read_bytes()
        with pytest.raises(NotASandboxFileError):
            make_app(path)
        assert path.read_bytes() == before


async def test_waiting_for_events_ends_with_the_next_change_of_that_chat(bot):
    await bot.control(f"people/{ORGANISER}/start")
    cursor = (await bot.read("state"))["cursor"]
    waiting = asyncio.ensure_future(bot.read(f"events?after={cursor}&chat_id={ORGANISER}&wait=30"))
    await bot.writes("ở chỗ khác")
    await bot.ok("sendChatAction", chat_id=ORGANISER, action="typing")
    (event,) = (await waiting)["events"]
    assert (event["kind"], event["action"], event["chat_id"]) == ("action", "typing", ORGANISER)


async def test_stream_of_events_goes_on_from_the_last_id(bot):
    events = (await bot.read("events"))["events"]
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(events[-2]["number"])}
    async with bot.session.get(f"{bot.base}/sandbox/events", headers=headers) as stream:
        await stream.content.readuntil(b"\n\n")
        number, line = (await stream.content.readuntil(b"\n\n")).decode().split("\n", 1)
        assert number == f"id: {events[-1]['number']}"
        assert json.loads(line.removeprefix("data: ")) == events[-1]
