"""`/invite` and `/team`: one-time links to roles, who has one, and taking a role back."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.inviting import INVITABLE, Membership, invite_to, revoke_invite, revoke_role, team
from conference.joining import actor_of
from conference.roles import Permission
from config.texts import Safe
from handlers.callbacks import (
    InviteCallback,
    OpenCallback,
    RevokeInviteCallback,
    RevokeRoleCallback,
    TurnTeamPageCallback,
)
from handlers.commands import on_button, on_command, publish_menu
from handlers.conversation import Conversation, Screen, button, grid
from handlers.listing import page_of, unit_names
from handlers.moments import moment_words
from handlers.shared.invitation import role_words
from storage.tables import Invite, Role

_PAGE = 20
"""Memberships and links on one page; with their buttons they fit a message."""


async def cmd_invite(message: Message, conversation: Conversation) -> None:
    """`/moi`: make a one-time link."""
    del message
    await show_invite_roles(conversation)


async def show_invite_roles(conversation: Conversation) -> None:
    """Which role the link is to give."""
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("team-invite-role"),
            [
                [
                    button(
                        _capitalised(role_words(texts, conversation.plan, role)),
                        InviteCallback(role=role.value, unit=""),
                    )
                ]
                for role in INVITABLE
            ],
        )
    )


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


async def on_invite(
    callback: CallbackQuery,
    callback_data: InviteCallback,
    conversation: Conversation,
    bot_name: str,
) -> None:
    """For a unit lead ask the unit; then give the link, ready to be passed on."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    role = next((one for one in INVITABLE if one.value == callback_data.role), None)
    if role is None:
        await show_invite_roles(conversation)
        return
    if role is Role.unit_lead and not callback_data.unit:
        found = await team(
            conversation.session, conversation.actor, plan=plan, now=conversation.now
        )
        buttons = [
            button(
                texts.plain(
                    "team-unit-button",
                    unit=unit.short_name,
                    free="yes" if unit.code in found.units_without_lead else "no",
                ),
                InviteCallback(role=role.value, unit=unit.code),
            )
            for unit in plan.units
        ]
        await conversation.show(Screen(texts("team-invite-unit"), grid(buttons)))
        return
    unit_code = callback_data.unit or None
    token = await invite_to(
        conversation.session,
        conversation.actor,
        plan=plan,
        role=role,
        unit_code=unit_code,
        now=conversation.now,
    )
    link = f"https://t.me/{bot_name}?start=i-{token}"
    await conversation.show(
        Screen(
            texts(
                "team-link",
                role=role_words(texts, plan, role, unit_code),
                link=Safe(f"<code>{link}</code>"),
            ),
            [
                [button(texts.plain("button-invite-another"), OpenCallback(command="invite"))],
                [button(texts.plain("button-team"), OpenCallback(command="team"))],
            ],
        )
    )


async def cmd_team(message: Message, conversation: Conversation) -> None:
    """`/nhansu`: who has which role."""
    del message
    await show_team(conversation)


async def show_team(conversation: Conversation, *, note: str = "", page: int = 0) -> None:
    """Roles held, open links, units with nobody yet; each role and link can be taken back."""
    texts, plan = conversation.texts, conversation.plan
    found = await team(conversation.session, conversation.actor, plan=plan, now=conversation.now)
    lines = [note] if note else []
    lines.append(texts("team-title"))
    rows: list[list[InlineKeyboardButton]] = []
    entries: list[tuple[int, Membership | Invite]] = [
        *enumerate(found.memberships, start=1),
        *enumerate(found.invites),
    ]
    shown, turns = page_of(texts, entries, page, _PAGE, lambda to: TurnTeamPageCallback(page=to))
    for number, one in shown:
        if isinstance(one, Membership):
            line, revoke = _membership(conversation, number, one)
        else:
            line, revoke = _open_link(conversation, one)
        lines.append(line)
        if revoke is not None:
            rows.append([revoke])
    if found.units_without_lead:
        names = unit_names(plan, found.units_without_lead)
        lines.append(texts("team-units-without-lead", units=names))
    rows = [
        *rows,
        turns,
        [button(texts.plain("button-invite"), OpenCallback(command="invite"))],
    ]
    await conversation.show(Screen("\n".join(lines), rows))


def _membership(
    conversation: Conversation, number: int, one: Membership
) -> tuple[str, InlineKeyboardButton | None]:
    """One role held, and the button that takes it back, if it can be."""
    texts, plan, grant = conversation.texts, conversation.plan, one.grant
    words = role_words(texts, plan, grant.role, grant.unit_code)
    line = texts(
        "team-member",
        number=number,
        role=words,
        moment=moment_words(texts, plan, grant.granted_at),
        who="self" if one.is_self else "reachable" if one.is_reachable else "blocked",
    )
    if grant.by_settings or (one.is_self and grant.role is Role.organiser):
        return line, None
    return line, button(
        texts.plain("button-revoke", number=number, role=words),
        RevokeRoleCallback(grant=grant.id or 0, sure=False),
    )


def _open_link(
    conversation: Conversation, invite: Invite
) -> tuple[str, InlineKeyboardButton | None]:
    """One link that can still be used, and the button that makes it useless."""
    texts, plan = conversation.texts, conversation.plan
    words = role_words(texts, plan, invite.role, invite.unit_code)
    until = moment_words(texts, plan, invite.expires_at)
    return texts("team-open-link", role=words, moment=until), button(
        texts.plain("button-revoke-link", role=words),
        RevokeInviteCallback(invite=invite.id or 0),
    )


async def on_team_page(
    callback: CallbackQuery, callback_data: TurnTeamPageCallback, conversation: Conversation
) -> None:
    """Another page of the team."""
    del callback
    await show_team(conversation, page=callback_data.page)


async def on_revoke_role(
    callback: CallbackQuery, callback_data: RevokeRoleCallback, conversation: Conversation
) -> None:
    """Ask once more, then take the role back; its holder's menu goes with it."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    if not callback_data.sure:
        found = await team(
            conversation.session, conversation.actor, plan=plan, now=conversation.now
        )
        numbered = {one.grant.id: (at, one.grant) for at, one in enumerate(found.memberships, 1)}
        if callback_data.grant not in numbered:
            await show_team(conversation, note=texts("team-gone-already"))
            return
        number, grant = numbered[callback_data.grant]
        role = role_words(texts, plan, grant.role, grant.unit_code)
        await conversation.show(
            Screen(
                texts("team-revoke-ask", number=number, role=role),
                [
                    [
                        button(
                            texts.plain("button-revoke-sure"),
                            RevokeRoleCallback(grant=callback_data.grant, sure=True),
                        )
                    ],
                    [button(texts.plain("button-back"), OpenCallback(command="team"))],
                ],
            )
        )
        return
    revoked = await revoke_role(
        conversation.session,
        conversation.actor,
        grant_id=callback_data.grant,
        now=conversation.now,
    )
    if revoked is not None:
        _, person = revoked
        holder = await actor_of(conversation.session, person.channel, person.external_id)
        await publish_menu(conversation.bot, holder, person.language)
    note = texts("team-revoked" if revoked is not None else "team-gone-already")
    await show_team(conversation, note=note)


async def on_revoke_invite(
    callback: CallbackQuery, callback_data: RevokeInviteCallback, conversation: Conversation
) -> None:
    """Make an open link useless."""
    del callback
    is_new = await revoke_invite(
        conversation.session,
        conversation.actor,
        invite_id=callback_data.invite,
        now=conversation.now,
    )
    note = conversation.texts("team-link-revoked" if is_new else "team-gone-already")
    await show_team(conversation, note=note)


def build_router() -> Router:
    """Inviting, and the team."""
    router = Router(name="organiser.team")
    on_command(router, "invite", cmd_invite)
    on_command(router, "team", cmd_team)
    on_button(router, on_invite, InviteCallback, Permission.people_invite)
    on_button(router, on_team_page, TurnTeamPageCallback, Permission.people_invite)
    on_button(router, on_revoke_role, RevokeRoleCallback, Permission.people_invite)
    on_button(router, on_revoke_invite, RevokeInviteCallback, Permission.people_invite)
    return router
