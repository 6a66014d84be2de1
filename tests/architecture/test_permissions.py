"""Every command by every role, made from the permission table: said or refused, never stored."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from bot.app import App
from conference.roles import CONSENT_VERSION, ROLE_PERMISSIONS, Permission
from config.texts import texts_for
from handlers.commands import COMMANDS
from storage.database import Database
from storage.tables import AgeBand, InboxState, InboxUpdate, Person, Role, RoleGrant
from tests.chat import Chat, chat_with

STRANGER = "stranger"
WHO = [STRANGER, *Role]
MACHINERY = {"inbox", "outbox", "chat_state"}
"""What comes in, what goes out, and where a dialogue stands; everything else is what is kept."""
RESTRICTED = {
    "export": {Role.organiser},
    "held": {Role.duty_officer, Role.organiser},
}
"""Written down a second time on purpose: opening a command to a role takes two changes."""


def is_allowed(who: str, permission: Permission) -> bool:
    roles = {Role.member} if who == STRANGER else {Role.member, Role(who)}
    return any(permission in ROLE_PERMISSIONS[role] for role in roles)


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


async def troubles(app: App) -> list[str | None]:
    """The errors of updates that did not go through at the first attempt."""
    async with app.database.snapshot() as session:
        rows = await session.scalars(
            select(InboxUpdate).where(
                (col(InboxUpdate.state) != InboxState.done) | (col(InboxUpdate.attempts) > 0)
            )
        )
        return [row.error for row in rows]


@pytest.mark.parametrize("who", WHO)
async def test_every_command_answers_whom_it_is_for_and_refuses_all_others(
    app: App, who: str
) -> None:
    chat = await phone_of(app, who)
    refusal = texts_for("vi")("refused-not-allowed")
    before = await kept(app.database)

    said = {}
    for command in COMMANDS:
        for name in (command.name, command.vietnamese, command.vietnamese.upper()):
            shown = len(chat.shown)
            await chat.send(f"/{name}")
            said[name] = [message.text for message in chat.shown[shown:]]

    allowed = {
        name: is_allowed(who, command.permission)
        for command in COMMANDS
        for name in (command.name, command.vietnamese, command.vietnamese.upper())
    }
    assert {name: len(words) for name, words in said.items()} == dict.fromkeys(allowed, 1)
    assert {name: words != [refusal] for name, words in said.items()} == allowed
    assert await troubles(app) == []
    # No command stores anything by itself: each only shows, asks or refuses.
    assert await kept(app.database) == before


def test_restricted_commands_are_open_to_these_roles_and_no_others() -> None:
    holders = {
        command.name: {role for role in Role if is_allowed(role, command.permission)}
        for command in COMMANDS
    }

    assert {name: who for name, who in holders.items() if who != set(Role)} == RESTRICTED


def test_every_role_has_its_permissions() -> None:
    granted = frozenset().union(*ROLE_PERMISSIONS.values())

    assert ROLE_PERMISSIONS.keys() == set(Role)
    assert granted == set(Permission)


async def test_a_role_taken_back_is_refused_at_once(app: App) -> None:
    chat = await phone_of(app, Role.organiser)
    await chat.send("/export")
    allowed = chat.said
    async with app.database.transaction() as session:
        grants = await session.scalars(
            select(RoleGrant).where(col(RoleGrant.by_settings).is_(False))
        )
        for grant in grants:
            grant.revoked_at = app.clock()

    await chat.send("/export")

    assert allowed == texts_for("vi")("export-ask", count=0)
    assert chat.said == texts_for("vi")("refused-not-allowed")
