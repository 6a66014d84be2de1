"""Webhook mode over real HTTP: what is stored before 200, and what is never let in."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.app import App, opened
from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError, Platform
from bot.inbox import ALLOWED_UPDATES
from bot.web import CannotListenError
from bot.webhook import LARGEST_BODY, SECRET_HEADER, Place, Webhook
from storage.tables import InboxState
from tests.bot.conftest import inbox_rows, until
from tests.chat import Chat, RecordingPlatform, make_app

SECRET = "a-secret_of_letters-1"
PATH = "/calls/9d2c"
ADDRESS = f"https://bot.example{PATH}"


class Caller:
    """Telegram's side, or somebody who says so."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session, self.base = session, f"http://127.0.0.1:{port}"

    async def calls(self, update: Any, **headers: str | bytes) -> tuple[int, dict[str, str]]:
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        return await self.asks("POST", PATH, body, {SECRET_HEADER: SECRET, **headers})

    async def asks(
        self, method: str, path: str, body: Any = None, headers: Any = None
    ) -> tuple[int, dict[str, str]]:
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.session.request(
            method, self.base + path, data=data, headers=headers
        ) as response:
            assert await response.read() == b""
            return response.status, dict(response.headers)

    async def status(self, update: Any, **headers: str | bytes) -> int:
        return (await self.calls(update, **headers))[0]


class Places:
    """Telegram's own knowledge of the webhook."""

    def __init__(self, app: App) -> None:
        self.url = ""
        self.error: dict[str, Any] = {}
        self.looks = 0
        self.platform = app.platform
        assert isinstance(self.platform, RecordingPlatform)

    async def call(self, method: str, parameters: Any, **more: Any) -> Any:
        answer = await self.platform.call(method, parameters, **more)
        if method == "getWebhookInfo":
            self.looks += 1
            return {"url": self.url, "pending_update_count": 3, **self.error}
        if method == "setWebhook":
            self.url = parameters["url"]
        return answer

    async def close(self) -> None:
        pass

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        assert isinstance(self.platform, RecordingPlatform)
        return self.platform.calls


class Waits:
    """In place of sleeping: each wait is noted and lasts until it is ended."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.over.wait()
        self.over.clear()


def hook_of(
    app: App,
    *,
    platform: Platform | None = None,
    port: int = 0,
    stored: Callable[[], None] | None = None,
    waits: Waits | None = None,
) -> Webhook:
    return Webhook(
        app.database,
        platform or app.platform,
        app.clock,
        str(app.bot.id),
        Place(ADDRESS, SECRET, "127.0.0.1", port),
        stored=stored or app.turns.wake,
        sleep=waits or Waits(),
    )


@asynccontextmanager
async def serving(
    app: App, places: Places, waits: Waits | None = None, *, port: int = 0
) -> AsyncIterator[Webhook]:
    webhook = hook_of(app, platform=places, port=port, waits=waits)
    running = asyncio.ensure_future(webhook.run())
    try:
        await until(lambda: webhook.port is not None or running.done())
        if running.done():
            running.result()
        yield webhook
    finally:
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
def places(app: App) -> Places:
    return Places(app)


@pytest.fixture
async def caller(app: App, places: Places) -> AsyncIterator[Caller]:
    async with serving(app, places) as webhook, aiohttp.ClientSession() as session:
        assert webhook.port is not None
        yield Caller(session, webhook.port)


async def kept(app: App) -> list[int]:
    return [row.update_id for row in await inbox_rows(app)]


async def test_a_call_is_stored_and_answered_once_however_often_it_comes(
    app: App, chat: Chat, caller: Caller
):
    update = chat.text_update("/hoi")
    statuses = [await caller.status(update) for _ in range(3)]
    assert statuses == [200] * 3
    [row] = await inbox_rows(app)
    assert (row.update_id, row.state) == (update["update_id"], InboxState.waiting)
    assert "CANARY-FIRST-NAME" not in json.dumps(row.body)
    await app.settle()
    assert await caller.status(update) == 200
    await app.settle()
    assert [len(chat.shown), [one.state for one in await inbox_rows(app)]] == [
        1,
        [InboxState.done],
    ]


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (None, 401),
        ("", 401),
        (SECRET[:-1], 401),
        (SECRET + "x", 401),
        (SECRET.upper(), 401),
        ("bí-mật", 401),
        ("\udcff\udcfe", 401),
        (SECRET, 200),
    ],
)
async def test_only_who_knows_the_secret_is_let_in(
    app: App, chat: Chat, caller: Caller, shown: str | None, status: int
):
    update = chat.text_update("/hoi")
    headers = {} if shown is None else {SECRET_HEADER: shown}
    body = json.dumps(update).encode()
    forged = {"X-Forwarded-For": "149.154.167.220", "X-Real-IP": "149.154.167.220"}
    answer, _ = await raw(caller, body, {**headers, **forged})
    assert answer == status
    assert await kept(app) == ([update["update_id"]] if status == 200 else [])


async def raw(caller: Caller, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """A call whose header values may be any bytes."""
    port = int(caller.base.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"POST {PATH} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode(errors="surrogateescape") + body)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return int(answer.split()[1]), answer


async def test_a_wrong_secret_is_refused_before_the_body_is_read(app: App, caller: Caller):
    port = int(caller.base.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: x\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 30)
    assert answer == b"HTTP/1.1 401 Unauthorized\r\n"
    writer.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_answered(app: App, caller: Caller, method: str):
    status, headers = await caller.asks(method, PATH, headers={SECRET_HEADER: SECRET})
    assert (status, headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", PATH + "/", PATH + "x", "/calls", PATH.upper(), "/metrics"])
async def test_no_other_path_is_answered(app: App, chat: Chat, caller: Caller, path: str):
    body = json.dumps(chat.text_update("/hoi"))
    status, _ = await caller.asks("POST", path, body, {SECRET_HEADER: SECRET})
    assert (status, await kept(app)) == (404, [])


async def test_a_large_body_is_refused_whether_or_not_it_says_so(app: App, caller: Caller):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (LARGEST_BODY // 16)

    assert await caller.status(b"x" * (LARGEST_BODY + 1)) == 413
    status, _ = await caller.asks("POST", PATH, chunks(), {SECRET_HEADER: SECRET})
    assert (status, await kept(app)) == (413, [])


async def test_the_largest_message_that_a_person_can_write_is_taken(
    app: App, chat: Chat, caller: Caller
):
    update = chat.text_update("👩‍👩‍👧‍👦" * 372)
    update["message"]["reply_to_message"] = dict(update["message"])
    update["message"]["entities"] = [
        {"type": "text_link", "offset": n, "length": 1, "url": "https://example.org/" + "x" * 2000}
        for n in range(100)
    ]
    assert await caller.status(update) == 200
    assert await kept(app) == [update["update_id"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"CANARY not json",
        b"\xff\xfe",
        b"[]",
        b'"CANARY"',
        b"7",
        b"null",
        b"{}",
        b'{"message": {"text": "CANARY"}}',
        b'{"update_id": "7", "message": {"text": "CANARY"}}',
        b'{"update_id": -1}',
        b'{"update_id": true}',
        b'{"update_id": 1e400}',
        b"[" * 200_000,
        b'{"update_id": 7, "x": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"update_id": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_no_update_is_not_brought_for_ever(
    app: App, caller: Caller, caplog: pytest.LogCaptureFixture, body: bytes
):
    caplog.set_level("DEBUG")
    assert await caller.status(body) == 200
    assert await kept(app) == []
    assert f"a call with {len(body)} bytes that are no update is not kept" in caplog.text
    assert "CANARY" not in caplog.text


async def test_who_goes_away_while_calling_is_no_fault(
    app: App, caller: Caller, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    port = int(caller.base.rpartition(":")[2])
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n"
    for body in ("Content-Length: 9000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\nCANARY\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((head + body).encode())
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
    assert await caller.status({"update_id": 7}) == 200
    assert await kept(app) == [7]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


async def test_odd_numbers_and_letters_are_stored_on_either_database(app: App, caller: Caller):
    odd = b'{"update_id": 7, "message": {"text": "a\\u0000\\ud800", "x": 1e999, "y": NaN}}'
    assert await caller.status(odd) == 200
    [row] = await inbox_rows(app)
    assert row.body == {"update_id": 7, "message": {"text": "a", "x": None, "y": None}}


async def rename(app: App, here: str, there: str) -> None:
    async with app.database.transaction() as session:
        await session.execute(text(f"ALTER TABLE {here} RENAME TO {there}"))


async def test_what_cannot_be_stored_is_brought_again_and_stored_once(
    app: App, chat: Chat, caller: Caller, caplog: pytest.LogCaptureFixture
):
    update = chat.text_update("CANARY-QUESTION")
    await rename(app, "inbox", "away")
    try:
        status, headers = await caller.calls(update)
    finally:
        await rename(app, "away", "inbox")
    assert (status, headers["Retry-After"], await kept(app)) == (503, "5", [])
    assert "1 updates could not be stored; they come again" in caplog.text
    assert "CANARY" not in caplog.text
    assert [await caller.status(update) for _ in range(2)] == [200, 200]
    assert await kept(app) == [update["update_id"]]


async def holding(app: App, act: Callable[[], Awaitable[None]]) -> None:
    """While the inbox can be written by nobody else."""
    async with app.database.transaction() as session:
        if not app.database.is_sqlite:
            await session.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
        await act()


async def test_no_call_is_answered_before_its_commit_and_many_share_one(
    app: App, chat: Chat, places: Places
):
    commits = 0
    updates = [chat.text_update(f"câu {number}") for number in range(40)]

    def stored() -> None:
        nonlocal commits
        commits += 1

    webhook = hook_of(app, platform=places, stored=stored)
    running = asyncio.ensure_future(webhook.run())
    await until(lambda: webhook.is_working)
    assert webhook.port is not None
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, webhook.port)
        calls: set[asyncio.Future[int]] = set()

        async def call_all() -> None:
            calls.update(asyncio.ensure_future(caller.status(one)) for one in updates)
            await until(lambda: len(webhook._arrived) == len(updates) - 1)
            assert [one for one in calls if one.done()] == []

        await holding(app, call_all)
        assert await asyncio.gather(*calls) == [200] * 40
    running.cancel()
    await asyncio.wait({running})
    assert sorted(await kept(app)) == sorted(one["update_id"] for one in updates)
    assert commits == 2


async def test_the_webhook_is_set_without_dropping_anything(places: Places, app: App):
    async with serving(app, places) as webhook:
        await until(lambda: webhook.is_working)
    assert places.calls == [
        (
            "setWebhook",
            {
                "url": ADDRESS,
                "secret_token": SECRET,
                "allowed_updates": ALLOWED_UPDATES,
                "max_connections": 40,
            },
        )
    ]
    assert not webhook.is_working


async def test_calls_are_taken_while_the_webhook_cannot_be_set(
    app: App, chat: Chat, places: Places, caplog: pytest.LogCaptureFixture
):
    assert isinstance(places.platform, RecordingPlatform)
    failures: Iterable[ApiError] = (
        ApiUnreachableError("ClientConnectorError", may_have_arrived=False),
        ApiRefusedError(429, "Too Many Requests: retry after 7", 7.0),
        ApiRefusedError(400, "Bad Request: bad webhook: Failed to resolve host: unknown"),
    )
    places.platform.failures.extend((None, failure) for failure in failures)
    waits = Waits()
    async with serving(app, places, waits) as webhook, aiohttp.ClientSession() as session:
        assert webhook.port is not None
        assert await Caller(session, webhook.port).status(chat.text_update("/hoi")) == 200
        for count in range(1, 4):
            await until(lambda n=count: len(waits.seconds) == n)
            assert not webhook.is_working
            waits.over.set()
        await until(lambda: webhook.is_working)
        await until(lambda: len(waits.seconds) == 4)
    assert waits.seconds == [2.0, 7.0, 14.0, 300.0]
    assert len(await kept(app)) == 1
    assert "400 Bad Request: bad webhook: Failed to resolve host: unknown" in caplog.text
    assert SECRET not in caplog.text


async def test_a_webhook_that_another_program_took_away_is_set_again(
    app: App, places: Places, caplog: pytest.LogCaptureFixture
):
    waits = Waits()

    async def look_again() -> None:
        looks = len(waits.seconds)
        waits.over.set()
        await until(lambda: len(waits.seconds) == looks + 1)

    async with serving(app, places, waits) as webhook:
        await until(lambda: len(waits.seconds) == 1)
        await look_again()
        places.url = ""
        places.error = {"last_error_date": 5, "last_error_message": "Wrong response: 401"}
        await look_again()
        await look_again()
        assert webhook.is_working
    assert [method for method, _ in places.calls] == [
        "setWebhook",
        "getWebhookInfo",
        "getWebhookInfo",
        "setWebhook",
        "getWebhookInfo",
    ]
    said = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert said == [
        "the platform could not call the webhook (3 updates wait): Wrong response: 401",
        "the webhook was another program's, and is set again",
    ]


async def test_every_process_takes_calls_whoever_leads(
    app: App, chat: Chat, database_address: str, tmp_path: Path
):
    apps = [app]
    async with AsyncExitStack() as stack:
        if not app.database.is_sqlite:
            apps.append(
                await stack.enter_async_context(opened(make_app(database_address, tmp_path)))
            )
        assert [one.is_leader for one in apps] == [True, False][: len(apps)]
        webhooks = [hook_of(one) for one in apps]
        for one, webhook in zip(apps, webhooks, strict=True):
            one.intake = webhook
        running = [asyncio.ensure_future(one.run()) for one in apps]
        await until(lambda: all(webhook.is_working for webhook in webhooks))
        async with aiohttp.ClientSession() as session:
            callers = [Caller(session, webhook.port or 0) for webhook in webhooks]
            updates = [chat.text_update("/hoi") for _ in callers]
            answers = [
                await caller.status(one) for caller, one in zip(callers, updates, strict=True)
            ]
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        assert [task.cancelled() for task in running] == [True] * len(apps)
    assert answers == [200] * len(apps)
    assert await kept(app) == [one["update_id"] for one in updates]


async def test_a_port_that_is_taken_is_named(app: App, places: Places):
    async with serving(app, places) as first:
        port = first.port
        assert port is not None
        with pytest.raises(CannotListenError) as error:
            async with serving(app, places, port=port):
                pass
    assert str(error.value) == (
        f"cannot listen on 127.0.0.1 port {port} (Address already in use); "
        "set WEBHOOK_PORT to another"
    )


async def test_nothing_of_a_request_reaches_the_log(
    app: App, caller: Caller, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    port = int(caller.base.rpartition(":")[2])
    for garbage in (b"\x16\x03\x01 CANARY\r\n\r\n", b"POST CANARY CANARY\r\nCANARY\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(garbage)
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
    await caller.status(b"CANARY")
    await caller.asks("POST", "/CANARY?CANARY", b"CANARY", {SECRET_HEADER: "CANARY"})
    logged = [one for one in caplog.records if one.name.partition(".")[0] in {"bot", "aiohttp"}]
    assert [one.getMessage() for one in logged if "CANARY" in one.getMessage()] == []
    assert [one.name for one in logged if one.exc_info] == []
