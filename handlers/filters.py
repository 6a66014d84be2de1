"""Filters that look at once: aiogram gives a plain function, `F` included, a thread to run in."""

from collections.abc import Awaitable, Callable

from aiogram import F
from aiogram.enums import ChatType
from aiogram.types import ChatMemberUpdated, Message, MessageOriginUser
from magic_filter import MagicFilter

Look = Callable[[Message | ChatMemberUpdated], Awaitable[bool]]


def where(look: MagicFilter) -> Look:
    """Whether what `F` describes holds."""

    async def holds(event: Message | ChatMemberUpdated) -> bool:
        return bool(look.resolve(event))

    return holds


async def is_anothers(message: Message) -> bool:
    """A forwarded message, unless the person has forwarded something written by themselves."""
    origin = message.forward_origin
    if origin is None:
        return False
    sender = message.from_user
    return not (
        isinstance(origin, MessageOriginUser)
        and sender is not None
        and origin.sender_user.id == sender.id
    )


async def has_own_words(message: Message) -> bool:
    """Text, or what stands under a picture or file, in the person's own words."""
    return bool(message.text or message.caption) and not await is_anothers(message)


is_text = where(F.text)
is_command = where(F.text.startswith("/"))
is_no_command = where(~F.text.startswith("/"))
is_in_group = where(F.chat.type.in_({ChatType.GROUP, ChatType.SUPERGROUP, ChatType.CHANNEL}))
