"""Every command by every role, made from the permission table: said or refused, never stored."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import App
from conference.roles import ROLE_PERMISSIONS, Permission
from config.texts import texts_for
from handlers.commands import COMMANDS
from storage.tables import Role, RoleGrant
from tests.architecture.people import STRANGER, kept, phone_of, troubles

WHO = [STRANGER, *Role]
RESTRICTED = {
    "stats": {Role.organiser},
    "poster": {Role.unit_lead, Role.organiser},
    "broadcast": {Role.organiser},
    "outbox": {Role.organiser},
    "export": {Role.organiser},
    "held": {Role.duty_officer, Role.organiser},
    "report": {Role.unit_lead, Role.organiser},
    "progress": {Role.organiser},
    "remind": {Role.organiser},
    "extend": {Role.organiser},
    "invite": {Role.organiser},
    "team": {Role.organiser},
}
"""Written down a second time on purpose: opening a command to a role takes two changes."""


def is_allowed(who: str, permission: Permission) -> bool:
    roles = {Role.member} if who == STRANGER else {Role.member, Role(who)}
    return any(permission in ROLE_PERMISSIONS[role] for role in roles)


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
