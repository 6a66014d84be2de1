"""Whose words a message brings: only a person's own are taken for a question."""

from aiogram.types import Message, MessageOriginUser


def is_anothers(message: Message) -> bool:
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


def has_own_words(message: Message) -> bool:
    """Text, or what stands under a picture or file, in the person's own words."""
    return bool(message.text or message.caption) and not is_anothers(message)
