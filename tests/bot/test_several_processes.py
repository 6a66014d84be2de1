"""Several programs over one PostgreSQL database, here within one process: who does what."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from bot.app import App, opened
from bot.inbox import store_updates
from bot.turn import Call, write_calls
from storage.tables import ChatState, InboxState, Job, JobState, OutboxState
from tests.bot.conftest import Meddling, inbox_rows, reply_rows, until
from tests.chat import ORGANISER, Chat, RecordingPlatform, chat_with, make_app

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_address", ["postgresql"], indirect=True),
]
FILE = "danh-sach-cau-hoi-HB22-2022-05-10.csv"


class Slow(RecordingPlatform):
    """Telegram's side, where messages stand still until they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.polls = 0
        """How many long polls are open."""

    async def call(self, method, parameters, **more):
        if method == "getUpdates":
            self.polls += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.polls -= 1
        result = await super().call(method, parameters, **more)
        await self.gate.wait()
        return result

    @property
    def said(self) -> list[str]:
        return [given["text"] for method, given in self.calls if method == "sendMessage"]


@pytest.fixture
def platform() -> Slow:
    return Slow()


@pytest.fixture
async def apps(
    database_address: str, tmp_path: Path, platform: Slow
) -> AsyncIterator[tuple[App, App]]:
    one, other = (
        make_app(database_address, tmp_path / name, platform=platform) for name in ("1", "2")
    )
    async with opened(one), opened(other):
        Meddling(one).is_echo = Meddling(other).is_echo = True
        yield one, other


@contextlib.asynccontextmanager
async def sending(*apps: App) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(app.sender.run()) for app in apps]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def hear(app: App, chat: Chat, *texts: str) -> None:
    """Let this program do the turns of what somebody writes, and not send yet."""
    async with app.database.transaction() as session:
        updates = [chat.text_update(text) for text in texts]
        await store_updates(session, str(app.bot.id), updates, app.clock())
    for _ in texts:
        assert await app.turns.run_waiting() == 1


async def break_locks(app: App) -> None:
    """Let the server end the connection by which this program holds its locks."""
    assert app.locks is not None
    connection = await asyncpg.connect(
        app.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.fetch(
        "SELECT pg_terminate_backend($1, 10000)", app.locks._connection.get_server_pid()
    )
    await connection.close()


async def test_a_reply_waits_for_what_another_program_owes_the_chat_and_sends_it_too(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    chat = chat_with(one)
    await hear(one, chat, "một", "hai")
    await hear(other, chat, "ba")
    await hear(one, chat, "bốn")
    async with sending(other):
        await other.sender.idle()
    assert platform.said == ["một", "hai", "ba", "bốn"]
    async with sending(one):
        await one.sender.idle()
    assert platform.said == ["một", "hai", "ba", "bốn"]
    assert {row.state for row in await reply_rows(one)} == {OutboxState.sent}


async def test_while_one_program_sends_to_a_chat_no_other_does(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    chat, neighbour = chat_with(one), chat_with(one, 7_000_000_124)
    platform.gate.clear()
    async with sending(one, other):
        await hear(one, chat, "một", "hai")
        await until(lambda: platform.said == ["một"])
        await hear(other, chat, "ba")
        await hear(other, neighbour, "bốn")
        await until(lambda: platform.said == ["một", "bốn"])
        platform.gate.set()
        await one.sender.idle()
        await other.sender.idle()
    assert [text for text in platform.said if text != "bốn"] == ["một", "hai", "ba"]


async def test_what_a_program_that_is_gone_owed_is_sent_by_the_others_next_look(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    chat = chat_with(one)
    await hear(one, chat, "một", "hai")
    await one.close()
    async with sending(other):
        await other.sender.resume()
        await other.sender.idle()
        await other.sender.resume()
        await other.sender.idle()
    assert platform.said == ["một", "hai"]


async def test_who_loses_the_lock_while_sending_sends_nothing_more_without_it(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    chat = chat_with(one)
    platform.gate.clear()
    async with sending(one, other):
        await hear(one, chat, "một", "hai", "ba")
        await until(lambda: platform.said == ["một"])
        await break_locks(one)
        await other.sender.resume()
        await until(lambda: platform.said == ["một", "một"])
        platform.gate.set()
        await one.sender.idle()
        await other.sender.idle()
    assert platform.said == ["một", "một", "hai", "ba"]
    assert [row.state for row in await reply_rows(one)] == [OutboxState.sent] * 3


async def test_one_program_leads_and_another_takes_over_when_it_is_cut_off_or_ends(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    assert (one.is_leader, other.is_leader) == (True, False)
    running = [asyncio.ensure_future(app.run()) for app in apps]
    try:
        await until(lambda: platform.polls == 1)
        await break_locks(one)
        assert one.locks is not None
        # Whoever leads then, it is one of them, and only that one polls.
        await until(lambda: one.is_leader or other.is_leader)
        await until(lambda: platform.polls == 1)
        assert (one.is_leader, other.is_leader) in {(True, False), (False, True)}
        leader, stand_by = apps if one.is_leader else (other, one)
        ended = running[apps.index(leader)]
        ended.cancel()
        await until(lambda: stand_by.is_leader)
        await asyncio.wait({ended}, timeout=20)
        assert ended.cancelled()
        await until(lambda: platform.polls == 1)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    assert (one.is_leader, other.is_leader, platform.polls) == (False, False, 0)


async def test_a_file_is_left_to_whoever_leads_and_made_again_if_that_one_has_it_not(
    apps: tuple[App, App], platform: Slow, tmp_path: Path
):
    one, other = apps
    organiser = chat_with(one, ORGANISER)
    async with one.database.transaction() as session:
        job = Job(
            kind="export",
            parameters={"form": "csv"},
            bot_id=str(one.bot.id),
            chat_id=str(ORGANISER),
            language="vi",
            state=JobState.finished,
            status_slot=-1,
            attempts=1,
            created_at=one.clock(),
            finished_at=one.clock(),
        )
        session.add(job)
        await session.flush()
        path = tmp_path / "another-host" / str(job.id) / FILE
        call = Call(
            "sendDocument", {"chat_id": str(ORGANISER), "file_path": str(path)}, str(ORGANISER)
        )
        await write_calls(session, str(one.bot.id), [call], one.clock())
    async with sending(other):
        await other.sender.resume()
        await other.sender.idle()
    assert [row.state for row in await reply_rows(one)] == [OutboxState.due]

    await one.sender.resume()
    for _ in range(2):  # first the sender finds that there is no file
        await one.settle()
    [first, *_, last] = await reply_rows(one)
    assert (first.state, first.error) == (
        OutboxState.cancelled,
        "the file is gone and is made again",
    )
    assert last.state == OutboxState.sent
    assert [name for _, name, _ in organiser.platform.documents] == [FILE]


async def test_chats_that_another_program_has_in_hand_are_passed_over(
    apps: tuple[App, App], platform: Slow
):
    one, other = apps
    people = [chat_with(one, 7_000_000_200 + number) for number in range(10)]
    async with one.database.transaction() as session:
        updates = [chat.text_update("một") for chat in people]
        await store_updates(session, str(one.bot.id), updates, one.clock())
    async with one.database.transaction() as in_hand:
        for chat in people[:9]:
            key = f"chat:{one.bot.id}:{chat.user_id}"
            await one.database.lock(in_hand, key)
        assert await other.turns.run_waiting() == 1
    assert [row.chat_id for row in await reply_rows(one)] == [str(people[9].user_id)]


async def test_what_another_program_has_handled_since_the_look_is_not_handled_again(
    apps: tuple[App, App], platform: Slow, monkeypatch: pytest.MonkeyPatch
):
    one, other = apps
    chat = chat_with(one, 7_000_000_300)
    async with one.database.transaction() as session:
        await store_updates(
            session,
            str(one.bot.id),
            [chat.text_update("một"), chat.text_update("hai")],
            one.clock(),
        )
    lock_some = other.database.lock_some

    async def handled_meanwhile(session, keys, *, at_most):
        assert await one.turns.run_waiting() == 1
        return await lock_some(session, keys, at_most=at_most)

    monkeypatch.setattr(other.database, "lock_some", handled_meanwhile)
    assert await other.turns.run_waiting() == 1
    assert [row.state for row in await inbox_rows(one)] == [InboxState.done] * 2
    assert len(await reply_rows(one)) == 2


async def test_turn_that_waits_for_a_row_holds_up_no_other(
    apps: tuple[App, App], database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("storage.database._PATIENCE", text("SET LOCAL lock_timeout = '100ms'"))
    other, _ = apps
    async with opened(make_app(database_address, tmp_path / "3")) as app:
        people = [chat_with(app, 7_000_000_400 + number) for number in range(3)]
        for chat in people:
            await chat.join()
            await chat.send("/hoi")
        before = {row.id for row in await reply_rows(app)}

        async def answered() -> set[str]:
            return {row.chat_id for row in await reply_rows(other) if row.id not in before}

        async with app.database.transaction() as session:
            updates = [chat.text_update("/hoi") for chat in people]
            await store_updates(session, str(app.bot.id), updates, app.clock())
        async with other.database.transaction() as held:
            of_first = col(ChatState.chat_id) == str(people[0].user_id)
            await held.execute(select(ChatState).where(of_first).with_for_update())
            running = asyncio.ensure_future(app.turns.run_waiting())
            async with asyncio.timeout(30):
                while len(await answered()) < 2:  # noqa: ASYNC110  another task makes it true
                    await asyncio.sleep(0.02)
            assert await answered() == {str(chat.user_id) for chat in people[1:]}
        await running
        await app.settle()
        assert len(await answered()) == 3
