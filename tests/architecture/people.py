"""People for the tests of this folder, what is kept of them, and what went wrong."""

from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from bot.app import App
from conference.roles import CONSENT_VERSION
from storage.database import Database
from storage.tables import AgeBand, InboxState, InboxUpdate, Person, Role, RoleGrant
from tests.chat import Chat, chat_with

STRANGER = "stranger"
MACHINERY = {"inbox", "outbox", "chat_state"}
"""What comes in, what goes out, and where a dialogue stands; everything else is what is kept."""


async def phone_of(app: App, who: str) -> Chat:
    """The phone of someone with this role: consented, unless a stranger."""
    chat = chat_with(app)
    if who == STRANGER:
        return chat
    now = app.clock()
    async with app.database.transaction() as session:
        person = Person(
            channel="telegram",
            external_id=str(chat.user_id),
            age_band=AgeBand.from_18_to_30,
            consent_version=CONSENT_VERSION,
            consented_at=now,
            created_at=now,
        )
        session.add(person)
        await session.flush()
        if who != Role.member:
            session.add(RoleGrant(person_id=person.id, role=Role(who), granted_at=now))
    return chat


async def kept(database: Database) -> dict[str, list[Any]]:
    """All that the program keeps about people and questions."""
    async with database.snapshot() as session:
        return {
            table.name: [
                tuple(row) for row in await session.execute(select(table).order_by(*table.c))
            ]
            for table in SQLModel.metadata.sorted_tables
            if table.name not in MACHINERY
        }


async def troubles(app: App) -> list[str | None]:
    """The errors of updates that did not go through at the first attempt."""
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(InboxUpdate).where(
                (col(InboxUpdate.state) != InboxState.done) | (col(InboxUpdate.attempts) > 0)
            )
        )
        return [row.error for row in rows]
