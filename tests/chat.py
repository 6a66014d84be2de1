"""A conversation for tests: updates in, through the real app and a real database; words out.

`Chat` is one person's phone. `RecordingPlatform` stands at the HTTP boundary only: it records
the calls that would go to Telegram, applies edits to what the phone shows, and refuses when told.
"""

import itertools
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import SQLModel

from bot.app import App, build_app
from bot.bot_api import ApiError
from bot.clock import Clock
from bot.courier import Courier, build_sender
from bot.inbox import store_updates
from bot.observing import Observer
from config.plan import ConferencePlan, load_plan
from storage.database import Database
from storage.tables import DatabaseKind

TOKEN = "42:test_token_test_token_test_token_test"
PLAN_FILE = Path(__file__).parent.parent / "config" / "plans" / "hong-bang-2022.toml"
ORGANISER = 900
T = TypeVar("T")
IN_THE_ASKING_WINDOW = datetime(2022, 5, 10, 1, 0, tzinfo=UTC)


class FrozenClock(Clock):
    """A clock that stands still until it is told otherwise."""

    def __init__(self, moment: datetime = IN_THE_ASKING_WINDOW) -> None:
        super().__init__()
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Shown:
    """One message as a phone shows it."""

    message_id: int
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """(label, callback data)"""


class RecordingPlatform:
    """Telegram's side: every call is kept, and what it does to the chats is done."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.screens: dict[str, dict[int, Shown]] = {}
        self.documents: list[tuple[str, str, bytes]] = []
        """(chat id, file name, content)"""
        self.answers: list[dict[str, Any]] = []
        self.failures: deque[tuple[str | None, ApiError]] = deque()
        """The next calls of this method (None: of any) fail with this, first in, first out."""
        self._ids = itertools.count(1000)

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, Path] | None = None,
        timeout: float = 30,
    ) -> Any:
        self.calls.append((method, dict(parameters)))
        for failure in self.failures:
            if failure[0] in {None, method}:
                self.failures.remove(failure)
                raise failure[1]
        chat = str(parameters.get("chat_id", ""))
        messages = self.screens.setdefault(chat, {})
        if method == "sendMessage":
            number = next(self._ids)
            messages[number] = Shown(number, parameters["text"], _buttons(parameters))
            return {"message_id": number}
        if method == "editMessageText":
            shown = messages[int(parameters["message_id"])]
            shown.text, shown.buttons = parameters["text"], _buttons(parameters)
            return {"message_id": shown.message_id}
        if method == "editMessageReplyMarkup":
            messages[int(parameters["message_id"])].buttons = _buttons(parameters)
            return {"message_id": int(parameters["message_id"])}
        if method in {"sendDocument", "sendPhoto"}:
            number = next(self._ids)
            path = (files or {})[method.removeprefix("send").lower()]
            self.documents.append((chat, path.name, path.read_bytes()))
            messages[number] = Shown(number, f"[{path.name}]")
            return {"message_id": number}
        if method == "answerCallbackQuery":
            self.answers.append(dict(parameters))
        return True

    async def close(self) -> None:
        pass


def _buttons(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    markup = parameters.get("reply_markup")
    if not markup:
        return []
    rows = json.loads(markup)["inline_keyboard"]
    return [(one["text"], one["callback_data"]) for row in rows for one in row]


@dataclass
class Chat:
    """One person's phone, in a private chat with the bot."""

    app: App
    platform: RecordingPlatform
    user_id: int = 7_000_000_123

    _update_ids = itertools.count(5000)
    _message_ids = itertools.count(1)

    @property
    def screen(self) -> Shown:
        """The last message the bot has sent here, as it stands now."""
        return list(self.platform.screens[str(self.user_id)].values())[-1]

    @property
    def shown(self) -> list[Shown]:
        """All that the bot has sent here, as it stands now."""
        return list(self.platform.screens.get(str(self.user_id), {}).values())

    @property
    def said(self) -> str:
        """The text of the last message."""
        return self.screen.text

    @property
    def labels(self) -> list[str]:
        """The labels of the last message's buttons."""
        return [label for label, _ in self.screen.buttons]

    async def send(self, text: str) -> int:
        """Write a message; returns its id."""
        return await self.message(text=text)

    async def message(self, **content: Any) -> int:
        """Send a message of any content; returns its id."""
        number = next(self._message_ids)
        await self.deliver({"message": self._message(number, **content)})
        return number

    async def edit(self, message_id: int, text: str) -> None:
        """Edit an earlier message."""
        await self.deliver({"edited_message": self._message(message_id, text=text, edit_date=1)})

    async def press(self, label: str) -> None:
        """Press the newest button that bears this label (or begins with it)."""
        for shown in reversed(self.shown):
            for text, data in shown.buttons:
                if text == label or text.startswith(label):
                    await self.press_data(data, shown.message_id)
                    return
        raise AssertionError(f"no button {label!r}: {[s.buttons for s in self.shown]}")

    async def press_data(self, data: str, message_id: int | None = None) -> None:
        """Press a button with this data, on a message (the last one by default)."""
        number = message_id if message_id is not None else self.screen.message_id
        await self.deliver({"callback_query": self.callback(data, number)})

    def callback(self, data: str, message_id: int) -> dict[str, Any]:
        """A callback query's body."""
        return {
            "id": str(next(self._update_ids)),
            "from": self._user(),
            "chat_instance": "1",
            "data": data,
            "message": self._message(message_id, text="…", of_bot=True),
        }

    async def deliver(self, *updates: dict[str, Any]) -> list[dict[str, Any]]:
        """Store updates as the intake does, and let everything happen that follows."""
        numbered = [
            one if "update_id" in one else {"update_id": next(self._update_ids), **one}
            for one in updates
        ]
        async with self.app.database.transaction() as session:
            await store_updates(session, str(self.app.bot.id), numbered, self.app.clock())
        await self.app.settle()
        return numbered

    def text_update(self, text: str) -> dict[str, Any]:
        """A message update that is not delivered yet."""
        number = next(self._message_ids)
        return {
            "update_id": next(self._update_ids),
            "message": self._message(number, text=text),
        }

    async def join(self, age: str = "18–30") -> None:
        """Say yes to the consent text and choose an age band."""
        await self.send("/hoi")
        await self.press("Đồng ý")
        await self.press(age)

    async def ask(self, text: str, *, unit: str = "Sở Dầu", topic: str = "Nội dung khác") -> str:
        """Ask a whole question as a known person; returns its tracking code."""
        await self.send("/hoi")
        if unit in self.labels:
            await self.press(unit)
        await self.press(topic)
        await self.send(text)
        await self.press("Gửi")
        return self.said.partition("<code>")[2].partition("</code>")[0]

    def _user(self) -> dict[str, Any]:
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": "CANARY-FIRST-NAME",
            "last_name": "CANARY-LAST-NAME",
            "username": "canary_username",
            "language_code": "vi",
        }

    def _message(self, number: int, *, of_bot: bool = False, **content: Any) -> dict[str, Any]:
        sender = (
            {"id": self.app.bot.id, "is_bot": True, "first_name": "bot"}
            if of_bot
            else self._user()
        )
        text = content.get("text")
        if isinstance(text, str) and text.startswith("/") and "entities" not in content:
            length = len(text.split()[0].encode("utf-16-le")) // 2
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return {
            "message_id": number,
            "date": int(self.app.clock().timestamp()),
            "chat": {"id": self.user_id, "type": "private", "first_name": "CANARY-FIRST-NAME"},
            "from": sender,
            **content,
        }


def make_app(
    address: str,
    folder: Path,
    *,
    plan: ConferencePlan | None = None,
    plan_file: Path = PLAN_FILE,
    platform: RecordingPlatform | None = None,
    clock: Clock | None = None,
    organisers: frozenset[str] = frozenset({str(ORGANISER)}),
    courier_base: str = "http://127.0.0.1:9",
    observer: Observer | None = None,
) -> App:
    """The whole program over a database, with the recording platform at its edge."""
    plan = plan or load_plan(plan_file)
    database = Database(address)
    clock = clock or FrozenClock()
    return build_app(
        database=database,
        database_address=address,
        plan=plan,
        plan_file=plan_file,
        platform=platform or RecordingPlatform(),
        courier=Courier(database, plan, build_sender(TOKEN, courier_base, None), clock),
        token=TOKEN,
        clock=clock,
        organiser_ids=organisers,
        kind=DatabaseKind.live,
        files=folder / "files",
        observer=observer,
    )


def chat_with(app: App, user_id: int = 7_000_000_123) -> Chat:
    """A person's phone at this app."""
    assert isinstance(app.platform, RecordingPlatform)
    return Chat(app, app.platform, user_id)


def set_clock(app: App, moment: datetime) -> None:
    """Let it be this moment (aware) for the whole program."""
    assert isinstance(app.clock, FrozenClock)
    app.clock.moment = moment


def pass_time(app: App, time: timedelta) -> None:
    """Let so much time pass."""
    set_clock(app, app.clock() + time)


async def stored(app: App, table: type[T]) -> list[T]:
    """All rows of a table, in the order of their keys."""
    async with app.database.snapshot() as session:
        keys = table.__table__.primary_key.columns  # type: ignore[attr-defined]
        return list((await session.scalars(select(table).order_by(*keys))).all())


async def store(app: App, *rows: object) -> None:
    """Put rows into the database, as another part of the program would have done."""
    async with app.database.transaction() as session:
        session.add_all(rows)


async def traces_of(app: App, *words: str) -> set[str]:
    """The tables in which any of these words stands, in whatever column."""
    found = set()
    async with app.database.snapshot() as session:
        for table in SQLModel.metadata.sorted_tables:
            rows = (await session.execute(select(table))).all()
            content = json.dumps([[str(value) for value in row] for row in rows])
            if any(json.dumps(word)[1:-1] in content for word in words):
                found.add(table.name)
    return found
