"""A whole local Bot API for tests of the paced lane, and people who can be reached through it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from bot.app import App
from bot.sandbox import chats
from bot.sandbox.api import make_app
from bot.sandbox.control import SANDBOX
from bot.sandbox.store import Store
from conference.roles import CONSENT_VERSION
from storage.tables import AgeBand, Person, Role, RoleGrant

YOUNG = AgeBand.from_18_to_30


@dataclass
class BotApi:
    """Telegram's side as the courier finds it."""

    server: TestServer

    @property
    def base(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def store(self) -> Store:
        return self.server.app[SANDBOX].store

    def will(self, **rule: Any) -> None:
        """Order a failure for the next message that matches."""
        self.server.app[SANDBOX].faults.add([{"method": "sendMessage", **rule}])

    def newcomer(self) -> int:
        """Somebody who has opened the chat with the bot."""
        with self.store.transaction():
            person = chats.add_person(self.store, "CANARY-NAME", "vi", None)
            self.store.run("UPDATE person SET started = 1 WHERE id = ?", person)
        return person

    def arrived(self) -> list[tuple[int, str]]:
        """(chat, text) of every message in somebody's chat, in the order of arrival."""
        found = [
            (message["message_id"], one["id"], message["text"])
            for one in chats.people(self.store)
            for message in chats.history(self.store, one["id"], 100)
        ]
        return [(chat, text) for _, chat, text in sorted(found)]


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[BotApi]:
    """The Bot API on a free port of this machine."""
    server = TestServer(make_app(folder / "bot-api.db"))
    await server.start_server()
    try:
        yield BotApi(server)
    finally:
        await server.close()


async def add_person(
    app: App,
    external_id: int,
    *,
    unit: str | None = None,
    age: AgeBand | None = YOUNG,
    role: Role | None = None,
    led: str | None = None,
) -> None:
    """A person who has said yes (unless without an age), with a role if one is given."""
    now = app.clock()
    async with app.database.transaction() as session:
        person = Person(
            channel="telegram",
            external_id=str(external_id),
            age_band=age,
            consent_version=CONSENT_VERSION if age else None,
            consented_at=now if age else None,
            unit_code=unit,
            created_at=now,
        )
        session.add(person)
        await session.flush()
        if role is not None:
            session.add(RoleGrant(person_id=person.id, role=role, unit_code=led, granted_at=now))


async def send_all(app: App) -> None:
    """Let the courier send until nothing is due."""
    while await app.courier.send_next() is not None:
        pass
