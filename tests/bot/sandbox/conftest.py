from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.sandbox.api import make_app

TOKEN = "8123456789:" + "A" * 35
MEMBER = 7_000_000_001
ORGANISER = 7_000_000_002
LEAD = 7_000_000_003


class Clock:
    def __init__(self) -> None:
        self.now = 1_664_000_000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """The bot's side and the people's side of one running sandbox."""

    def __init__(self, base: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.base = base
        self.session = session
        self.clock = clock

    async def call(self, method, **params):
        """The whole answer of a method; its HTTP status always equals its error_code."""
        async with self.session.post(f"{self.base}/bot{TOKEN}/{method}", json=params) as response:
            answer = await response.json()
            assert response.status == answer.get("error_code", 200)
            return answer

    async def ok(self, method, **params):
        answer = await self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method, **params):
        answer = await self.call(method, **params)
        assert not answer["ok"]
        return answer["description"]

    async def control(self, path, body=None, verb="POST", status=None):
        url = f"{self.base}/sandbox/{path}"
        async with self.session.request(verb, url, json=body) as response:
            assert response.status == (status or response.status)
            assert status or response.status < 300, await response.text()
            return await response.json()

    async def read(self, path):
        return await self.control(path, verb="GET")

    async def writes(self, text, person=MEMBER, **more):
        return await self.control(f"people/{person}/messages", {"text": text, **more})

    async def presses(self, message, data, person=MEMBER):
        pressed = await self.control(
            f"people/{person}/presses", {"message_id": message["message_id"], "data": data}
        )
        return pressed["query_id"]

    async def updates(self, **params):
        return await self.ok("getUpdates", **params)

    async def uploads(self, method, field, name, content, **params):
        """The result, or the description of the refusal."""
        form = aiohttp.FormData(quote_fields=False)
        for key, value in {"chat_id": MEMBER, field: "attach://part", **params}.items():
            form.add_field(key, str(value))
        form.add_field("part", content, filename=name)
        url = f"{self.base}/bot{TOKEN}/{method}"
        async with self.session.post(url, data=form) as response:
            answer = await response.json()
            return answer.get("result") or answer["description"]

    async def asks(self, text="Chọn đi", data="a"):
        """The bot sends a message with one button."""
        markup = {"inline_keyboard": [[{"text": "A", "callback_data": data}]]}
        return await self.ok("sendMessage", chat_id=MEMBER, text=text, reply_markup=markup)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
async def start(clock, store_path):
    """Starts a server on the one store; the one before it has to be stopped first."""
    servers: list[TestServer] = []
    async with aiohttp.ClientSession() as session:

        async def begin(**settings) -> Client:
            server = TestServer(make_app(store_path, clock=clock, **settings))
            await server.start_server()
            servers.append(server)
            return Client(str(server.make_url("")).rstrip("/"), session, clock)

        async def stop() -> None:
            await servers.pop().close()

        begin.stop = stop
        yield begin
        for server in servers:
            await server.close()


@pytest.fixture
async def bot(start) -> AsyncIterator[Client]:
    """A sandbox whose member has pressed the start button; that update is confirmed."""
    client = await start()
    await client.control(f"people/{MEMBER}/start")
    (update,) = await client.updates()
    await client.updates(offset=update["update_id"] + 1)
    return client
