"""The disk full, the database away, the clock set back: nothing is lost, and work goes on."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, update

from bot.app import App, opened
from config.texts import texts_for
from storage.database import Database
from storage.tables import ChatState, InboxState, InboxUpdate, OutboxMessage, Question
from tests.bot.conftest import until
from tests.chat import ORGANISER, Chat, RecordingPlatform, chat_with, make_app, stored

LONG = "Khi nào cầu vượt ở ngã tư được sửa? " * 90
HOUR = timedelta(hours=1)


class Feeding(RecordingPlatform):
    """A platform that hands out what waits from the offset on, and counts nothing as read before."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[dict[str, Any]] = []

    async def call(self, method: str, parameters: Any, **more: Any) -> Any:
        if method != "getUpdates":
            return await super().call(method, parameters, **more)
        offset = int(parameters.get("offset", 0))
        self.waiting = [one for one in self.waiting if one["update_id"] >= offset]
        if not self.waiting:
            await asyncio.sleep(0.02)
        return list(self.waiting)


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    task = asyncio.ensure_future(app.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def execute(database: Database, *statements: str) -> None:
    async with database._writer.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


_FULL_ON_POSTGRESQL = (
    (
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    ),
    *(
        f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room()"
        for table in ("chat_state", "outbox", "question")
    ),
)


@asynccontextmanager
async def no_room(database: Database) -> AsyncIterator[None]:
    """Nothing more can be written; SQLite really finds no page, PostgreSQL says so."""
    if not database.is_sqlite:
        await execute(database, *_FULL_ON_POSTGRESQL)
        try:
            yield
        finally:
            await execute(database, "DROP FUNCTION no_room CASCADE")
        return
    async with database._write_lock, database._writer.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        raw.execute("CREATE TABLE filling (content BLOB)")
        raw.execute("PRAGMA max_page_count = 1")  # as few as there are
        with contextlib.suppress(Exception):
            while True:
                raw.execute("INSERT INTO filling VALUES (zeroblob(3000))")
    yield
    async with database._write_lock, database._writer.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        raw.execute("PRAGMA max_page_count = 1000000")
        raw.execute("DROP TABLE filling")


async def keep(app: App, update: dict[str, Any]) -> None:
    async with app.database.transaction() as session:
        session.add(
            InboxUpdate(
                bot_id=str(app.bot.id), update_id=update["update_id"], body=update,
                chat_key=f"{app.bot.id}:{update['message']['from']['id']}",
                received_at=app.clock(),
            )
        )  # fmt: skip


async def test_a_turn_that_finds_no_room_is_no_failed_attempt(app: App, chat: Chat) -> None:
    await chat.join()
    said = len(chat.shown)
    await keep(app, chat.text_update(LONG))
    async with no_room(app.database):
        for _ in range(5):
            with pytest.raises(Exception, match=r"full|extend"):
                await app.turns.run_waiting()
    [waiting] = [one for one in await stored(app, InboxUpdate) if one.state is not InboxState.done]
    assert (waiting.state, waiting.attempts) == (InboxState.waiting, 0)
    assert len(chat.shown) == said

    await app.settle()

    [state] = await stored(app, ChatState)
    assert state.content["draft"]["parts"][0][1] == LONG.strip()
    assert len(chat.shown) == said + 1


async def test_a_full_disk_is_lived_through_by_the_running_program(
    database_address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    platform = Feeding()
    app = make_app(database_address, tmp_path, platform=platform)
    async with opened(app):
        chat = chat_with(app)
        await chat.join()
        said = len(chat.shown)
        async with running(app):
            async with no_room(app.database):
                platform.waiting.append(chat.text_update(LONG))
                await until(lambda: _said(caplog, "the disk is full"))
                await app.alarm.look()
            await until(lambda: len(chat.shown) > said)
        [state] = await stored(app, ChatState)
        parts = state.content["draft"]["parts"]
        assert [words for _, words in parts] == [LONG.strip()]
        full = texts_for("vi")("alert-disk-full")
        assert [one.text for one in platform.screens[str(ORGANISER)].values()] == [full]
        assert {one.state for one in await stored(app, InboxUpdate)} == {InboxState.done}


def _said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return any(words in record.getMessage() for record in caplog.records)


class Wire:
    """A server's address that can be cut off: every connection breaks, and no new one is taken."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._there)
        self._open |= {writer, far_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._open -= {writer, far_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
        writer.close()


@pytest.mark.parametrize(
    "database_address", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
async def test_a_database_that_is_away_is_waited_for(
    database_address: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = make_url(database_address)
    wire = Wire(there.host or "127.0.0.1", there.port or 5432)
    await wire.mend()
    address = there.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
    platform = Feeding()
    app = make_app(address, tmp_path, platform=platform)
    async with opened(app):
        chat = chat_with(app, 7_000_000_321)
        await chat.join()
        said = len(chat.shown)
        async with running(app):
            await until(lambda: app.is_leader)
            wire.cut()
            platform.waiting.append(chat.text_update(LONG))
            await until(lambda: _said(caplog, "the database cannot be reached"))
            await wire.mend()
            await until(lambda: len(chat.shown) > said)
        [state] = await stored(app, ChatState)
        assert [words for _, words in state.content["draft"]["parts"]] == [LONG.strip()]
    wire.cut()
    for record in caplog.records:
        assert "CANARY" not in record.getMessage()


async def test_a_clock_set_back_holds_up_neither_turns_nor_replies(
    app: App, chat: Chat, database_address: str, tmp_path: Path
) -> None:
    await chat.join()
    said = len(chat.shown)
    update_of_then = chat.text_update("Sở Dầu")
    await keep(app, update_of_then)
    async with app.database.transaction() as session:
        await session.execute(
            update(InboxUpdate)
            .where(InboxUpdate.state == InboxState.waiting)
            .values(attempts=1, next_try_at=app.clock() + timedelta(seconds=0.5))
        )
    app.clock.moment -= HOUR

    assert await app.turns.run_waiting() == 1

    # The reply is written; a new process over the same database owes it all the same.
    app.clock.moment -= HOUR
    second = make_app(database_address, tmp_path, clock=app.clock, platform=chat.platform)
    async with opened(second):
        await second.settle()
        assert len(chat.shown) == said + 1
        await chat_with(second).press("Nội dung khác")
        await chat_with(second).send("Cầu vượt ở ngã tư bao giờ được sửa xong vậy ạ?")
        await chat_with(second).press("Gửi")
    assert len(await stored(app, Question)) == 1
    assert {one.state.value for one in await stored(app, OutboxMessage)} == {"sent"}


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield
