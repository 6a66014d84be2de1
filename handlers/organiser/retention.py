"""After the retention period: the organiser confirms, and the identities go."""

from aiogram import Router
from aiogram.types import CallbackQuery

from conference.privacy import erase_identities
from conference.roles import Permission
from handlers.callbacks import EraseIdentitiesCallback, OpenCallback
from handlers.commands import on_button
from handlers.conversation import Conversation, Screen, button


async def on_erase_identities(
    callback: CallbackQuery, callback_data: EraseIdentitiesCallback, conversation: Conversation
) -> None:
    """Asked once more, then done; a second press finds nobody left to forget."""
    del callback
    texts = conversation.texts
    if not callback_data.sure:
        await conversation.show(
            Screen(
                texts("retention-ask"),
                [
                    [
                        button(
                            texts.plain("button-retention-sure"),
                            EraseIdentitiesCallback(sure=True),
                        )
                    ],
                    [button(texts.plain("button-later"), OpenCallback(command="start"))],
                ],
            )
        )
        return
    gone = await erase_identities(
        conversation.session, conversation.actor, plan=conversation.plan, now=conversation.now
    )
    await conversation.show(Screen(texts("retention-done", count=gone)))


def build_router() -> Router:
    """The one button of the retention notice."""
    router = Router(name="organiser.retention")
    on_button(router, on_erase_identities, EraseIdentitiesCallback, Permission.identities_erase)
    return router
