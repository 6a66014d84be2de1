"""The local Bot API, with people in its own process, so that watching costs the bot nothing.

It is the sandbox's server whole; only the events that its page would read are handed to the people
here instead of being stored.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox import people
from bot.sandbox.api import make_app
from bot.sandbox.control import SANDBOX
from bot.sandbox.store import Store

PATIENCE = 60.0
"""So many seconds a person waits for an answer before the run is given up."""


@dataclass(frozen=True, slots=True)
class Say:
    """A message."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """A button of the bot's last message."""

    data: str


Step = Say | Press
ASKING: Sequence[Step] = (
    Say("/hoi"),
    Press("a.consent:1"),
    Press("a.age:18_30"),
    Press("a.unit:so-dau"),
    Press("a.topic:other"),
    Say("Bao giờ khu phố mình có sân chơi cho thiếu nhi vậy ạ?"),
    Press("a.send"),
)
"""The whole conversation of somebody who has never written before, from asking to the receipt."""


@dataclass(slots=True)
class Phone:
    """One person's chat: what the bot has said last, and who waits for what it says next."""

    person: int
    message_id: int = 0
    text: str = ""
    news: asyncio.Future[None] | None = None

    def hear(self, message: dict[str, Any]) -> None:
        """A message of the bot is new, or was changed. Taking buttons off is no answer."""
        if (message["message_id"], message.get("text")) == (self.message_id, self.text):
            return
        self.message_id, self.text = message["message_id"], message.get("text", "")
        if self.news is not None and not self.news.done():
            self.news.set_result(None)


@dataclass
class LocalApi:
    """The Bot API of this machine."""

    base: str
    store: Store
    arrived: list[tuple[float, int]]
    """(monotonic second, chat) of every message sent to somebody, in the order of arrival."""
    polled: asyncio.Event
    """Set when the bot asks for updates."""
    phones: dict[int, Phone] = field(default_factory=dict)

    def welcome(self, chats: Iterable[int]) -> None:
        """All of these have opened the chat with the bot."""
        with self.store.transaction():
            for chat in chats:
                self.store.run(
                    "INSERT INTO person (id, first_name, language_code, started)"
                    " VALUES (?, 'somebody', 'vi', 1)",
                    chat,
                )

    def newcomers(self, count: int) -> list[Phone]:
        """So many people who have never written to the bot."""
        first = max(self.phones, default=5_000_000_000) + 1
        chats = range(first, first + count)
        self.welcome(chats)
        new = [Phone(chat) for chat in chats]
        self.phones.update(zip(chats, new, strict=True))
        return new

    async def converse(self, phone: Phone, steps: Sequence[Step] = ASKING) -> list[float]:
        """Take each step once the one before is answered; the seconds each answer took."""
        took = []
        for step in steps:
            phone.news = asyncio.get_running_loop().create_future()
            with self.store.transaction():
                if isinstance(step, Say):
                    people.write(self.store, phone.person, {"text": step.text})
                else:
                    people.press(self.store, phone.person, phone.message_id, step.data)
            began = time.perf_counter()
            async with asyncio.timeout(PATIENCE):
                await phone.news
            took.append(time.perf_counter() - began)
        return took

    async def crowd(self, at_once: int, conversations: int) -> list[float]:
        """So many whole conversations of newcomers, so many at once; each answer's seconds."""
        waiting = iter(self.newcomers(conversations))
        took: list[float] = []

        async def seat() -> None:
            for phone in waiting:
                took.extend(await self.converse(phone))

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(seat())
        return took


@contextlib.asynccontextmanager
async def local_api() -> AsyncIterator[LocalApi]:
    """The server on a free port, its chats in memory, its flood control off."""
    arrived: list[tuple[float, int]] = []
    polled = asyncio.Event()

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.endswith("/getUpdates"):
            polled.set()
        response = await handler(request)
        if request.path.endswith("/sendMessage") and response.status == web.HTTPOk.status_code:
            arrived.append((time.monotonic(), int((await _given(request))["chat_id"])))
        return response

    app = make_app(":memory:")
    app.middlewares.append(note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        api = LocalApi(f"http://127.0.0.1:{port}", app[SANDBOX].store, arrived, polled)

        def tell(chat: int, _kind: str, **body: Any) -> int:
            message = body.get("message")
            if message is not None and message["from"]["is_bot"] and (one := api.phones.get(chat)):
                one.hear(message)
            return 0

        api.store.emit = tell  # type: ignore[method-assign]
        yield api
    finally:
        await runner.cleanup()


async def _given(request: web.Request) -> Any:
    is_json = request.content_type == "application/json"
    return await (request.json() if is_json else request.post())
