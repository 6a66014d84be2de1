"""The buttons under a reminder that quieten it: for good, or until tomorrow morning."""

from aiogram import Router
from aiogram.types import CallbackQuery

from conference.nudging import snooze, stop_reminders
from conference.roles import Permission
from handlers.callbacks import OpenCallback, QuietenCallback
from handlers.commands import on_button
from handlers.conversation import Conversation, Screen, button
from handlers.moments import moment_words


async def on_quieten(
    callback: CallbackQuery, callback_data: QuietenCallback, conversation: Conversation
) -> None:
    """Members may stop reminders for good; officials put them off until tomorrow morning."""
    del callback
    texts = conversation.texts
    if callback_data.for_good and await stop_reminders(
        conversation.session, conversation.actor, now=conversation.now
    ):
        text = texts("reminders-stopped")
    else:
        until = await snooze(
            conversation.session,
            conversation.actor,
            plan=conversation.plan,
            now=conversation.now,
        )
        if until is None:
            text = texts("reminders-stopped")
        else:
            text = texts("reminders-snoozed", moment=moment_words(texts, conversation.plan, until))
    await conversation.show(
        Screen(text, [[button(texts.plain("button-menu"), OpenCallback(command="start"))]])
    )


def build_router() -> Router:
    """Quieter reminders."""
    router = Router(name="shared.reminders")
    on_button(router, on_quieten, QuietenCallback, Permission.public)
    return router
