"""`/poster`: a unit's poster and its picture for sharing, with the QR code of its deep link."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.posters import poster_units
from conference.roles import Permission
from handlers.callbacks import MakePosterCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid

UNIT_PAYLOAD = "u-"
"""How the payload of a unit's deep link begins: it stands on walls, so it never changes."""


async def cmd_poster(message: Message, conversation: Conversation) -> None:
    """`/apphich`: choose the unit."""
    del message
    await show_poster(conversation)


async def show_poster(conversation: Conversation) -> None:
    """The units that this person may make a poster for."""
    texts = conversation.texts
    units = poster_units(conversation.actor, conversation.plan)
    buttons = [button(unit.short_name, MakePosterCallback(unit=unit.code)) for unit in units]
    await conversation.show(
        Screen(texts("poster-which-unit" if units else "poster-no-unit"), grid(buttons))
    )


async def on_make(
    callback: CallbackQuery,
    callback_data: MakePosterCallback,
    conversation: Conversation,
    bot_name: str,
) -> None:
    """Make a unit's poster: a job, since that takes longer than a blink."""
    del callback
    units = {unit.code for unit in poster_units(conversation.actor, conversation.plan)}
    if callback_data.unit not in units:
        await show_poster(conversation)
        return
    await conversation.start_job(
        "poster",
        form="pdf",
        unit=callback_data.unit,
        link=f"https://t.me/{bot_name}?start={UNIT_PAYLOAD}{callback_data.unit}",
    )


def build_router() -> Router:
    """Posters."""
    router = Router(name="unit_lead.poster")
    on_command(router, "poster", cmd_poster)
    on_button(router, on_make, MakePosterCallback, Permission.poster_make)
    return router
