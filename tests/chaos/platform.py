"""Telegram's side of a chaos run: the local Bot API, every call of the run, and people."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from bot.sandbox import chats, people
from bot.sandbox.api import make_app
from bot.sandbox.control import SANDBOX
from bot.sandbox.faults import Calls
from bot.sandbox.store import Store

TOKEN = "1000000001:chaos_chaos_chaos_chaos_chaos_chaos_1"
_STANDS_ALREADY = "not modified"


class _AllCalls(Calls):
    """Every call of the run, not only the last ones; polling only asks."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[dict[str, Any]] = []

    def add(self, method: str, params: dict[str, Any], chat_id: int | None) -> dict[str, Any]:
        call = {"method": method, "chat_id": chat_id, "params": params, "status": None}
        if method.lower() != "getupdates":
            self.all.append(call)
        return call


@dataclass
class Phone:
    """One person in the local Bot API, and what the bot's messages there look like by now."""

    platform: "Platform"
    number: int
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The bot's messages by id, in the order in which they came."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, text: str) -> tuple[int, int]:
        """Write a message; (its id, the id of its update)."""
        store = self.platform.store
        with store.transaction():
            sent = people.write(store, self.number, {"text": text})
        return sent["message_id"], self.platform.last_update()

    def press(self, message_id: int, data: str) -> int:
        """Press a button; the id of the update."""
        store = self.platform.store
        with store.transaction():
            people.press(store, self.number, message_id, data)
        return self.platform.last_update()

    def button(self, labels: Collection[str], after: int) -> tuple[str, int, str] | None:
        """The newest button with one of these labels on a message after this id.

        Returns (label, message id, data).
        """
        for number, message in reversed(self.shown.items()):
            if number <= after:
                return None
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            for one in (one for row in rows for one in row):
                if one["text"] in labels:
                    return one["text"], number, one["callback_data"]
        return None

    def only_has(self, labels: Collection[str], after: int) -> bool:
        """Whether a message after this id has buttons, and no others than these."""
        return any(
            number > after and len(found := _labels(message)) > 0 and found <= set(labels)
            for number, message in self.shown.items()
        )

    async def until(self, condition: Callable[[], Any], patience: float) -> Any:
        """What the condition gives once it is true; None after so many seconds without news."""
        while not (found := condition()):
            self.news.clear()
            try:
                async with asyncio.timeout(patience):
                    await self.news.wait()
            except TimeoutError:
                return condition() or None
        return found


@dataclass
class Platform:
    """The local Bot API with its record of calls."""

    server: TestServer
    calls: _AllCalls
    phones: dict[int, Phone] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def store(self) -> Store:
        return self.server.app[SANDBOX].store

    def newcomer(self) -> Phone:
        """Somebody who has opened the chat with the bot."""
        with self.store.transaction():
            number = chats.add_person(self.store, "CANARY-NAME", "vi", None)
            self.store.run("UPDATE person SET started = 1 WHERE id = ?", number)
        phone = self.phones[number] = Phone(self, number)
        return phone

    def crowd(self, count: int) -> list[int]:
        """So many people who have opened the chat, of whom nobody looks at a phone."""
        with self.store.transaction():
            return [
                self.store.run(
                    "INSERT INTO person (first_name, language_code, started) VALUES ('', 'vi', 1)"
                )
                for _ in range(count)
            ]

    def last_update(self) -> int:
        """The id of the update queued last."""
        return int(self.store.value("SELECT max(update_id) FROM pending"))

    def is_confirmed(self, update_id: int) -> bool:
        """Whether the platform will never give this update out again."""
        open_still = "SELECT 1 FROM pending WHERE update_id = ? AND NOT confirmed"
        return self.store.value(open_still, update_id) is None

    def waiting(self) -> int:
        """How many updates the bot has not confirmed."""
        return int(self.store.value("SELECT count(*) FROM pending WHERE NOT confirmed"))

    def handed_out(self) -> int:
        """How many of these it has been given."""
        given = "SELECT count(*) FROM pending WHERE NOT confirmed AND delivered"
        return int(self.store.value(given))

    def will(self, **rule: Any) -> None:
        """Order a failure for the next calls that match."""
        self.server.app[SANDBOX].faults.add([rule])

    def faults_left(self) -> int:
        """How many ordered failures have not happened yet."""
        return len(self.server.app[SANDBOX].faults.rules)

    def calm(self) -> None:
        """Take back every failure that was ordered."""
        self.server.app[SANDBOX].faults.rules.clear()

    def arrivals(self) -> dict[str, list[int]]:
        """The statuses of each marked call that was answered, by its mark, in order."""
        found: dict[str, list[int]] = {}
        for call in self.calls.all:
            mark, status = call["params"].get("mark"), call["status"]
            if mark is not None and status in {200, 400}:
                found.setdefault(mark, []).append(status)
        return found

    async def follow(self) -> None:
        """Keep every phone up to date, for ever."""
        after = self.store.cursor()
        while True:
            changed = self.store.change()
            found = self.store.events(after)
            for event in found:
                after = event["number"]
                phone = self.phones.get(event["chat_id"])
                if phone is not None:
                    _show(phone, event)
            if not found:
                await changed
            else:
                changed.cancel()
                await asyncio.sleep(0)


def _labels(message: dict[str, Any]) -> set[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {one["text"] for row in rows for one in row}


def _show(phone: Phone, event: dict[str, Any]) -> None:
    message = event.get("message")
    if event["kind"] == "delete":
        phone.shown.pop(event["message_id"], None)
    elif event["kind"] in {"message", "edit"} and message["from"]["is_bot"]:
        phone.shown[message["message_id"]] = message
        for old in list(phone.shown)[:-12]:
            del phone.shown[old]
    phone.news.set()


@contextlib.asynccontextmanager
async def platform_in(folder: Path, name: str = "bot-api") -> AsyncIterator[Platform]:
    """A Bot API on a free port of this machine, with phones that are kept up to date."""
    app = make_app(folder / f"{name}.db")
    calls = _AllCalls()
    app[SANDBOX] = replace(app[SANDBOX], calls=calls)
    server = TestServer(app)
    await server.start_server()
    platform = Platform(server, calls)
    try:
        async with asyncio.TaskGroup() as group:
            following = group.create_task(platform.follow())
            try:
                yield platform
            finally:
                following.cancel()
    finally:
        await server.close()
