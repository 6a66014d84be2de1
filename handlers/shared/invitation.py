"""Accepting a role: what a one-time link gives is shown first, then taken with one tap."""

from aiogram import Router
from aiogram.types import CallbackQuery

from conference.joining import accept_invite, holds, invitation
from conference.roles import Permission
from config.plan import ConferencePlan
from config.texts import Texts
from handlers.callbacks import CancelCallback, OpenCallback, TakeInviteCallback
from handlers.commands import on_button, publish_menu
from handlers.conversation import Conversation, Screen, button
from handlers.moments import deadline_words
from storage.tables import Invite, Role


def role_words(
    texts: Texts, plan: ConferencePlan, role: Role, unit_code: str | None = None
) -> str:
    """A role as it is called, with its unit."""
    words = texts.plain(f"role-{role.value.replace('_', '-')}")
    if unit_code is None:
        return words
    names = {unit.code: unit.name for unit in plan.units}
    return texts.plain("role-of-unit", role=words, unit=names.get(unit_code, unit_code))


def _offered(conversation: Conversation, invite: Invite) -> str:
    return role_words(conversation.texts, conversation.plan, invite.role, invite.unit_code)


async def show_invite(conversation: Conversation, token: str) -> None:
    """Whoever opens a link sees which role and unit they are about to accept."""
    texts, actor = conversation.texts, conversation.actor
    invite = await invitation(conversation.session, actor, token=token, now=conversation.now)
    if holds(actor, invite):
        open_still = "no" if invite.used_at is not None else "yes"
        await conversation.show(
            Screen(
                texts("invite-held", role=_offered(conversation, invite), open=open_still),
                [[button(texts.plain("button-menu"), OpenCallback(command="start"))]],
            )
        )
        return
    is_own = actor.person_id is not None and invite.created_by == actor.person_id
    await conversation.show(
        Screen(
            texts(
                "invite-offer",
                role=_offered(conversation, invite),
                title=conversation.plan.conference.short_title,
                own="yes" if is_own else "no",
            ),
            [
                [button(texts.plain("button-take-role"), TakeInviteCallback(token=token))],
                [button(texts.plain("button-cancel"), CancelCallback())],
            ],
        )
    )


async def on_take_invite(
    callback: CallbackQuery, callback_data: TakeInviteCallback, conversation: Conversation
) -> None:
    """Take the role; the link is used up by this, and the menu shows the new commands."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    conversation.actor, invite = await accept_invite(
        conversation.session,
        conversation.actor,
        token=callback_data.token,
        language=texts.language,
        now=conversation.now,
    )
    rows = [[button(texts.plain("button-menu"), OpenCallback(command="start"))]]
    if invite.role is Role.unit_lead:
        rows.insert(0, [button(texts.plain("button-report"), OpenCallback(command="report"))])
    await conversation.show(
        Screen(
            texts(
                "invite-taken",
                role=_offered(conversation, invite),
                kind=invite.role.value.replace("_", "-"),
                deadline=deadline_words(texts, plan, "unit_reports_due"),
            ),
            rows,
        )
    )
    await publish_menu(conversation.bot, conversation.actor, texts.language)


def build_router() -> Router:
    """Taking a role."""
    router = Router(name="shared.invitation")
    on_button(router, on_take_invite, TakeInviteCallback, Permission.public)
    return router
