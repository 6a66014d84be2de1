import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiogram.types import BufferedInputFile, Message
from sqlalchemy import event, func, select, text

from bot.app import App, opened
from bot.inbox import store_updates
from bot.turn import TurnError
from config.texts import texts_for
from storage.tables import AuditEntry, InboxState, OutboxState, Person, Question
from tests.bot.conftest import Meddling, inbox_rows, reply_rows
from tests.chat import Chat, FrozenClock, RecordingPlatform, chat_with, make_app

FAULT = texts_for("vi").plain("fault-ours")
GROUP = -100_123


class Crash(BaseException):
    """The end of the process, as far as the code in it can tell."""


async def count(app: App, table) -> int:
    async with app.database.snapshot() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def stored(app: App, *updates) -> None:
    async with app.database.transaction() as session:
        await store_updates(session, str(app.bot.id), updates, app.clock())


async def test_a_redelivered_update_changes_nothing(chat: Chat):
    [update] = await chat.deliver(chat.text_update("/hoi"))
    said = list(chat.platform.calls)
    assert len(said) == 1
    await chat.deliver(update)
    await chat.deliver(update, update)
    assert chat.platform.calls == said


async def test_a_question_sent_twice_by_the_platform_is_asked_once(chat: Chat):
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.press("Nội dung khác")
    await chat.send("Bao giờ thì sửa xong cầu vượt trước cổng trường?")
    shown = chat.screen
    [send] = [data for label, data in shown.buttons if label.startswith("Gửi")]
    press = {"update_id": 9000, "callback_query": chat.callback(send, shown.message_id)}
    await chat.deliver(press, press)
    await chat.deliver(press)
    assert await count(chat.app, Question) == 1


async def test_updates_of_a_chat_are_handled_in_the_order_of_their_ids(
    chat: Chat, meddling: Meddling
):
    updates = [chat.text_update(f"câu {n}") for n in range(6)]
    await chat.deliver(*updates[4:], *reversed(updates[:4]))
    assert [said for _, said in meddling.handled] == [f"câu {n}" for n in range(6)]


async def test_a_message_and_a_press_of_one_chat_are_handled_in_order(
    chat: Chat, meddling: Meddling
):
    await chat.send("/hoi")
    shown = chat.screen
    [yes] = [data for label, data in shown.buttons if label == "Đồng ý"]
    press = {"update_id": 9001, "callback_query": chat.callback(yes, shown.message_id)}
    early = {**chat.text_update("trước"), "update_id": 9000}
    late = {**chat.text_update("sau"), "update_id": 9002}
    meddling.handled.clear()
    await chat.deliver(late, press, early)
    assert [said for _, said in meddling.handled] == ["trước", yes, "sau"]


@pytest.mark.postgresql
@pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
async def test_two_processes_keep_each_chats_order_and_handle_everything_once(
    app: App, database_address: str, tmp_path: Path
):
    platform = app.platform
    assert isinstance(platform, RecordingPlatform)
    other = make_app(database_address, tmp_path, platform=platform)
    people = [chat_with(app, 7_000_000_200 + n) for n in range(5)]
    handled: list[tuple[int, str]] = []
    by_other = 0
    for one in (app, other):
        Meddling(one).handled = handled
    updates = [person.text_update(f"{n:02}") for n in range(12) for person in people]
    async with opened(other):
        await stored(app, *updates)

        async def run_all(one: App) -> int:
            ran = 0
            while any(row.state is InboxState.waiting for row in await inbox_rows(app)):
                ran += await one.turns.run_waiting()
            return ran

        ours, by_other = await asyncio.gather(run_all(app), run_all(other))
    assert ours + by_other == len(updates)
    assert min(ours, by_other) > 0
    for person in people:
        said = [text_ for who, text_ in handled if who == person.user_id]
        assert said == [f"{n:02}" for n in range(12)]


async def test_one_failing_handler_leaves_the_others_of_its_batch_alone(
    app: App, meddling: Meddling, caplog
):
    chats = [chat_with(app, 7_000_000_300 + n) for n in range(3)]

    async def fail_after_work(handle, _event, _data):
        await handle()
        raise ValueError("CANARY-WORDS of the person")

    meddling.acts["hỏng"] = fail_after_work
    updates = [
        chats[0].text_update("/hoi"),
        chats[1].text_update("hỏng"),
        chats[2].text_update("/hoi"),
    ]
    await chats[0].deliver(*updates)
    assert [len(chat.shown) for chat in chats] == [1, 0, 1]
    rows = {row.update_id: row for row in await inbox_rows(app)}
    good, bad = rows[updates[0]["update_id"]], rows[updates[1]["update_id"]]
    assert (good.state, good.body, good.attempts) == (InboxState.done, None, 0)
    assert (bad.state, bad.attempts, bad.error) == (InboxState.waiting, 1, "ValueError")
    assert bad.next_try_at == app.clock() + timedelta(seconds=0.5)
    [line] = [record.getMessage() for record in caplog.records if record.name == "bot.turns"]
    place = line.partition(" < ")[0]
    assert place.startswith(
        f"update {updates[1]['update_id']} failed (attempt 1 of 3): "
        "ValueError at tests/bot/test_turns.py:"
    )


async def test_a_failing_update_is_tried_again_before_the_next_of_its_chat(
    chat: Chat, meddling: Meddling
):
    clock = chat.app.clock
    assert isinstance(clock, FrozenClock)

    async def fail_twice(handle, event, _data):
        if sum(said == "khó" for _, said in meddling.handled) < 3:
            raise LookupError
        return await handle()

    meddling.acts["khó"] = fail_twice
    await chat.deliver(chat.text_update("khó"), chat.text_update("/trogiup"))
    pauses = []
    while not chat.shown:
        [first, _] = await inbox_rows(chat.app)
        assert first.next_try_at is not None
        pauses.append((first.next_try_at - clock.moment).total_seconds())
        clock.moment = first.next_try_at
        await chat.app.settle()
    assert pauses == [0.5, 1.0]
    assert [said for _, said in meddling.handled] == ["khó", "khó", "khó", "/trogiup"]
    assert [row.state for row in await inbox_rows(chat.app)] == [InboxState.done] * 2


async def test_after_three_failures_the_person_hears_once_that_the_fault_is_ours(
    chat: Chat, meddling: Meddling
):
    clock = chat.app.clock
    assert isinstance(clock, FrozenClock)

    async def fail(_handle, _event, _data):
        raise ValueError

    meddling.acts["hỏng"] = fail
    await chat.deliver(chat.text_update("hỏng"), chat.text_update("/trogiup"))
    for _ in range(4):
        clock.moment += timedelta(seconds=5)
        await chat.app.settle()
    assert [said for _, said in meddling.handled] == ["hỏng"] * 3 + ["/trogiup"]
    assert [shown.text for shown in chat.shown[:-1]] == [FAULT]
    [bad, good] = await inbox_rows(chat.app)
    assert (bad.state, bad.attempts, bad.error) == (InboxState.set_aside, 3, "ValueError")
    assert good.state is InboxState.done


async def test_turn_whose_traces_cannot_be_written_is_set_aside_like_any_that_fails(
    chat: Chat, meddling: Meddling
):
    clock = chat.app.clock
    assert isinstance(clock, FrozenClock)

    async def leave_half_a_row(_handle, _event, data):
        data["session"].add(AuditEntry(at=clock(), action="x", subject_kind=None))

    meddling.acts["hỏng"] = leave_half_a_row
    await chat.deliver(chat.text_update("hỏng"), chat.text_update("/trogiup"))
    for _ in range(4):
        clock.moment += timedelta(seconds=5)
        await chat.app.settle()
    assert [shown.text for shown in chat.shown[:-1]] == [FAULT]
    [bad, good] = await inbox_rows(chat.app)
    assert (bad.state, bad.attempts, bad.error) == (InboxState.set_aside, 3, "IntegrityError")
    assert good.state is InboxState.done


async def test_a_group_hears_nothing_of_our_faults(app: App, meddling: Meddling):
    chat = chat_with(app)
    clock = app.clock
    assert isinstance(clock, FrozenClock)

    async def fail(_handle, _event, _data):
        raise ValueError

    meddling.acts["/hoi"] = fail
    update = chat.text_update("/hoi")
    update["message"]["chat"] = {"id": GROUP, "type": "supergroup", "title": "CANARY-TITLE"}
    await chat.deliver(update)
    for _ in range(3):
        clock.moment += timedelta(seconds=5)
        await app.settle()
    [row] = await inbox_rows(app)
    assert (row.state, row.attempts) == (InboxState.set_aside, 3)
    assert chat.platform.calls == []


STRANGE = {
    "message without a date": ({"message": {"message_id": 1, "chat": {"id": 7_000_000_123}}}, 1),
    "message that is no object": ({"message": "xin chào"}, 0),
    "kind that is not known": ({"purchased_wish": {"from": {"id": 7_000_000_123}}}, 1),
    "nothing": ({}, 0),
}


@pytest.mark.parametrize("kind", STRANGE)
async def test_an_update_of_unknown_shape_is_set_aside_at_once(chat: Chat, kind: str):
    body, apologies = STRANGE[kind]
    await chat.deliver({"update_id": 9000, **body}, chat_with(chat.app, 8).text_update("/hoi"))
    [bad, good] = sorted(await inbox_rows(chat.app), key=lambda row: -row.update_id)
    assert (bad.state, bad.attempts, bad.error) == (InboxState.set_aside, 1, "UnknownShapeError")
    assert good.state is InboxState.done
    assert [shown.text for shown in chat.shown] == [FAULT] * apologies


async def test_an_update_without_a_body_is_set_aside(chat: Chat):
    await stored(chat.app, chat.text_update("/hoi"))
    async with chat.app.database.transaction() as session:
        await session.execute(text("UPDATE inbox SET body = NULL"))
    await chat.app.settle()
    assert [row.state for row in await inbox_rows(chat.app)] == [InboxState.set_aside]
    assert chat.said == FAULT


async def test_the_log_of_a_failed_turn_has_no_words(chat: Chat, meddling: Meddling, caplog):
    words = "CANARY-QUESTION"

    async def break_the_database(_handle, event: Message, data):
        await data["session"].execute(text("INSERT INTO nowhere VALUES (:x)"), {"x": event.text})

    meddling.acts[words] = break_the_database
    caplog.set_level("DEBUG")
    await chat.send(words)
    [row] = await inbox_rows(chat.app)
    assert row.attempts == 1
    assert row.error in {"OperationalError", "ProgrammingError"}
    ours = [one.name for one in caplog.records if one.name.partition(".")[0] == "bot"]
    assert ours == ["bot.turns", "bot.observing"]
    assert [mark for mark in ("CANARY", "canary", "test_token") if mark in caplog.text] == []


async def test_a_crash_before_the_commit_leaves_nothing_and_is_done_again(
    chat: Chat, meddling: Meddling, database_address: str, tmp_path: Path
):
    async def crash_after_work(handle, _event, _data):
        await handle()
        raise Crash

    meddling.acts["/hoi"] = crash_after_work
    await stored(chat.app, chat.text_update("/hoi"))
    with pytest.raises(Crash):
        await chat.app.turns.run_waiting()
    [row] = await inbox_rows(chat.app)
    assert (row.state, row.attempts) == (InboxState.waiting, 0)
    assert await reply_rows(chat.app) == []
    await chat.app.close()
    async with opened(make_app(database_address, tmp_path, platform=chat.platform)) as again:
        await again.settle()
    assert [method for method, _ in chat.platform.calls] == ["sendMessage"]


async def test_a_turn_that_is_cancelled_in_the_middle_is_done_again(
    chat: Chat, meddling: Meddling
):
    is_inside, never = asyncio.Event(), asyncio.Event()

    async def hang_after_work(handle, _event, _data):
        await handle()
        is_inside.set()
        await never.wait()

    meddling.acts["/hoi"] = hang_after_work
    await stored(chat.app, chat.text_update("/hoi"))
    turns = asyncio.ensure_future(chat.app.turns.run())
    await is_inside.wait()
    turns.cancel()
    await asyncio.wait({turns})
    assert [row.state for row in await inbox_rows(chat.app)] == [InboxState.waiting]
    assert await reply_rows(chat.app) == []
    meddling.acts.clear()
    await chat.app.settle()
    assert [method for method, _ in chat.platform.calls] == ["sendMessage"]


async def test_what_was_committed_but_not_sent_is_said_after_the_restart(
    chat: Chat, database_address: str, tmp_path: Path
):
    await stored(chat.app, chat.text_update("/hoi"))
    assert await chat.app.turns.run_waiting() == 1
    assert chat.platform.calls == []
    [row] = await reply_rows(chat.app)
    assert row.state is OutboxState.due
    await chat.app.close()
    async with opened(make_app(database_address, tmp_path, platform=chat.platform)) as again:
        await again.settle()
        assert chat.platform.calls == [("sendMessage", row.content)]
        [row] = await reply_rows(again)
        assert (row.state, row.content) == (OutboxState.sent, {})
        await again.sender.resume()
        await again.settle()
    assert len(chat.platform.calls) == 1


async def test_a_crash_between_sending_and_marking_says_it_twice_at_most(
    database_address: str, tmp_path: Path
):
    class Dying(RecordingPlatform):
        async def call(self, method, parameters, **more):
            await super().call(method, parameters, **more)
            raise Crash

    platform, dying = RecordingPlatform(), Dying()
    async with opened(make_app(database_address, tmp_path, platform=dying)) as app:
        await stored(app, chat_with(app).text_update("/hoi"))
        with pytest.raises(BaseExceptionGroup):
            await app.settle()
    for _ in range(2):
        async with opened(make_app(database_address, tmp_path, platform=platform)) as again:
            await again.settle()
    assert platform.calls == dying.calls
    assert len(platform.calls) == 1


async def test_a_draft_is_there_after_a_restart(chat: Chat, database_address: str, tmp_path: Path):
    await chat.join()
    await chat.press("Sở Dầu")
    await chat.app.close()
    async with opened(make_app(database_address, tmp_path, platform=chat.platform)) as again:
        later = Chat(again, chat.platform)
        await later.press("Nội dung khác")
        await later.send("Bao giờ thì sửa xong cầu vượt trước cổng trường?")
        await later.press("Gửi")
        async with again.database.snapshot() as session:
            [question] = (await session.scalars(select(Question))).all()
    assert question.unit_code == "so-dau"


async def test_a_turn_neither_asks_the_network_nor_carries_bytes(chat: Chat, meddling: Meddling):
    caught: list[str] = []

    async def reach_out(_handle, event: Message, data):
        bot = data["bot"]
        for forbidden in (
            lambda: bot.get_file("abc"),
            lambda: bot.download_file("x"),
            lambda: bot.get_chat(event.chat.id),
            lambda: bot.send_document(event.chat.id, BufferedInputFile(b"x", "x.txt")),
            lambda: bot.send_document(event.chat.id, "a file id"),
        ):
            with pytest.raises(TurnError) as error:
                await forbidden()
            caught.append(str(error.value))

    meddling.acts["tệp"] = reach_out
    await chat.send("tệp")
    assert [words.split()[0] for words in caught] == [
        "GetFile",
        "downloads",
        "GetChat",
        "SendDocument",
        "SendDocument",
    ]
    assert chat.platform.calls == []


async def test_a_turn_that_is_over_cannot_speak(chat: Chat, meddling: Meddling):
    tasks: list[asyncio.Task] = []
    is_over = asyncio.Event()

    async def speak_later(handle, event: Message, _data):
        async def speak():
            await is_over.wait()
            await event.answer("muộn")

        tasks.append(asyncio.ensure_future(speak()))
        return await handle()

    meddling.acts["/hoi"] = speak_later
    await chat.send("/hoi")
    is_over.set()
    with pytest.raises(TurnError, match="SendMessage outside a turn"):
        await tasks[0]
    with pytest.raises(TurnError, match="SendMessage outside a turn"):
        await chat.app.bot.send_message(chat.user_id, "ngoài")
    assert len(chat.platform.calls) == 1


async def test_a_returned_method_is_called(chat: Chat, meddling: Meddling):
    async def answer(_handle, event: Message, _data):
        return event.answer("trả lời")

    meddling.acts["chào"] = answer
    await chat.send("chào")
    assert chat.said == "trả lời"


async def test_an_edit_of_a_message_not_yet_sent_finds_it(chat: Chat, meddling: Meddling):
    async def send_and_edit(_handle, event: Message, _data):
        sent = await event.answer("một")
        await sent.edit_text("hai")
        await sent.edit_text("ba")

    meddling.acts["chào"] = send_and_edit
    await chat.send("chào")
    assert [shown.text for shown in chat.shown] == ["ba"]
    assert [method for method, _ in chat.platform.calls] == [
        "sendMessage",
        "editMessageText",
        "editMessageText",
    ]


async def test_a_command_that_names_a_bot_asks_no_network(chat: Chat):
    update = chat.text_update("/hoi@doithoai_bot")
    update["message"]["chat"] = {"id": GROUP, "type": "supergroup", "title": "x"}
    await chat.deliver(update)
    assert [row.state for row in await inbox_rows(chat.app)] == [InboxState.done]
    assert [parameters["chat_id"] for _, parameters in chat.platform.calls] == [str(GROUP)]


async def test_bodies_are_empty_when_done_and_never_hold_names(chat: Chat):
    updates = [chat.text_update("/hoi")]
    updates += [
        {"update_id": 9000 + n, "message": chat._message(900 + n, **content)}
        for n, content in enumerate(
            (
                {"contact": {"phone_number": "0912CANARY", "first_name": "CANARY"}},
                {"location": {"latitude": 20.86, "longitude": 106.68}},
                {"sticker": None},
            )
        )
    ]
    await stored(chat.app, *updates)
    waiting = json.dumps([row.body for row in await inbox_rows(chat.app)])
    assert [mark for mark in ("CANARY", "canary", "20.86", "106.68") if mark in waiting] == []
    await chat.app.settle()
    assert [(row.state, row.body) for row in await inbox_rows(chat.app)] == [
        (InboxState.done, None)
    ] * 4
    assert await count(chat.app, Person) == 1


async def test_what_comes_is_answered_in_the_commit_that_keeps_it(app: App):
    if not app.database.is_sqlite:
        return
    phones = [chat_with(app, 7_000_000_001), chat_with(app, 7_000_000_002)]
    updates = [phone.text_update("/hoi") for phone in phones]
    commits = 0

    def committed(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(app.database._writer.sync_engine, "commit", committed)
    taken = await app.turns.take(
        lambda session: store_updates(session, str(app.bot.id), updates, app.clock())
    )
    assert (taken, commits) == (2, 1)
    assert [row.state for row in await inbox_rows(app)] == [InboxState.done] * 2
    assert len(await reply_rows(app)) == 2


async def test_what_comes_stays_kept_when_it_cannot_be_answered(chat: Chat, meddling: Meddling):
    async def break_down(_handle, _event, _data):
        raise RuntimeError("CANARY")

    meddling.acts["/hoi"] = break_down
    app, update = chat.app, chat.text_update("/hoi")
    assert (
        await app.turns.take(
            lambda session: store_updates(session, str(app.bot.id), [update], app.clock())
        )
        == 1
    )
    [row] = await inbox_rows(app)
    assert (row.update_id, row.state) == (update["update_id"], InboxState.waiting)
