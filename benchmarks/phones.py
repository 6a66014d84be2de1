"""The local Bot API, with people in its own process, so that watching costs the bot nothing.

It is the sandbox's server whole; only the events that its page would read are handed to the people
here instead of being stored.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox import people
from bot.sandbox.api import make_app
from bot.sandbox.control import SANDBOX
from bot.sandbox.store import Store

_NEWCOMERS = itertools.count(5_000_000_001)
"""Nobody is new twice, whatever database a bot still has from an earlier run."""
WARM_UP = 10
"""So many conversations come before what is measured."""
PATIENCE = 120.0
"""So many seconds a person waits for an answer before the run is given up."""

_PAUSE = 0.5
"""Seconds from one step of a conversation to the next under the steady load."""


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
    message: dict[str, Any] = field(default_factory=lambda: {"message_id": 0})
    said: dict[int, str] = field(default_factory=dict)
    """The words of each of the bot's messages."""
    news: asyncio.Future[None] | None = None

    def hear(self, message: dict[str, Any]) -> None:
        """A message of the bot is new, or was changed. Taking buttons off is no answer."""
        number, words = message["message_id"], message.get("text", "")
        if self.said.get(number) == words:
            return
        self.said[number], self.message = words, message
        if self.news is not None and not self.news.done():
            self.news.set_result(None)

    def listen(self) -> asyncio.Future[None]:
        """Done as soon as the bot says something more."""
        self.news = asyncio.get_running_loop().create_future()
        return self.news

    def button(self, beginning: str) -> Press:
        """The button of the last message whose data begins like this."""
        rows = self.message.get("reply_markup", {}).get("inline_keyboard", [])
        held = [one["callback_data"] for row in rows for one in row]
        return Press(next(data for data in held if data.startswith(beginning)))


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

    def phone(self, chat: int) -> Phone:
        """The phone of somebody who has opened the chat with the bot."""
        self.welcome([chat])
        return self.phones.setdefault(chat, Phone(chat))

    def newcomers(self, count: int) -> list[Phone]:
        """So many people who have never written to the bot."""
        chats = list(itertools.islice(_NEWCOMERS, count))
        self.welcome(chats)
        new = [Phone(chat) for chat in chats]
        self.phones.update(zip(chats, new, strict=True))
        return new

    async def take(self, phone: Phone, step: Step) -> float:
        """Take one step and wait for the answer; the seconds it took."""
        answered = phone.listen()
        with self.store.transaction():
            if isinstance(step, Say):
                people.write(self.store, phone.person, {"text": step.text})
            else:
                people.press(self.store, phone.person, phone.message["message_id"], step.data)
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await answered
        return time.perf_counter() - began

    async def see_file(self, phone: Phone) -> None:
        """Wait until a file lies in the chat."""
        async with asyncio.timeout(5 * PATIENCE):
            while "document" not in phone.message:
                await phone.listen()

    async def converse(self, phone: Phone) -> list[float]:
        """The whole conversation, each step once the one before is answered; their seconds."""
        return [await self.take(phone, step) for step in ASKING]

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


@dataclass
class Replies:
    """Answers under a steady load."""

    taken: list[tuple[float, float]] = field(default_factory=list)
    """(monotonic second of the question, seconds to its answer)"""

    def between(self, began: float, ended: float) -> list[float]:
        """The seconds of all answers that were waited for at some moment between the two."""
        return [took for asked, took in self.taken if asked <= ended and asked + took >= began]


@contextlib.asynccontextmanager
async def steady_load(api: LocalApi, per_second: float) -> AsyncIterator[Replies]:
    """Newcomers ask at a fixed pace, whatever else goes on; each step by its own hour.

    A step waits for its hour and for the answer to the one before, as people do.
    """
    replies = Replies()

    async def ask(phone: Phone) -> None:
        due = time.monotonic()
        for step in ASKING:
            await asyncio.sleep(max(0, due - time.monotonic()))
            asked = time.monotonic()
            replies.taken.append((asked, await api.take(phone, step)))
            due += _PAUSE

    async def come() -> None:
        due = time.monotonic()
        async with asyncio.TaskGroup() as talking:
            while not is_over.is_set():
                talking.create_task(ask(*api.newcomers(1)))
                due += len(ASKING) / per_second
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), max(0, due - time.monotonic()))

    is_over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(come())
        try:
            yield replies
        finally:
            is_over.set()


@contextlib.asynccontextmanager
async def local_api() -> AsyncIterator[LocalApi]:
    """The server on a free port, its chats in memory, its flood control off."""
    arrived: list[tuple[float, int]] = []
    polled = asyncio.Event()

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.endswith("/getUpdates"):
            polled.set()
        moment = time.monotonic()
        response = await handler(request)
        if request.path.endswith("/sendMessage") and response.status == web.HTTPOk.status_code:
            arrived.append((moment, int((await _given(request))["chat_id"])))
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
        # A bot with an earlier run's database knows that run's updates and would pass them by.
        api.store.run(
            "UPDATE sqlite_sequence SET seq = ? WHERE name = 'update_number'",
            time.time_ns() // 1000,
        )
        yield api
    finally:
        await runner.cleanup()


async def _given(request: web.Request) -> Any:
    is_json = request.content_type == "application/json"
    return await (request.json() if is_json else request.post())
