"""All that no other handler takes: a kind sentence that says what to do, and nothing lost."""

import difflib

from aiogram import Router
from aiogram.enums import ChatMemberStatus, ContentType
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from conference.asking import text_fault
from conference.privacy import set_unreachable
from conference.roles import Permission
from handlers.commands import BY_NAME, COMMANDS, command_filter, shown_name
from handlers.conversation import Conversation
from handlers.filters import is_anothers, is_command, is_in_group
from handlers.member.ask_question import show_nothing_open, take_words
from handlers.member.question_steps import go_on
from handlers.states import is_asking

_PUBLIC = {"permission": Permission.public}
_KINDS = {
    ContentType.STICKER: "sticker",
    ContentType.ANIMATION: "sticker",
    ContentType.DICE: "sticker",
    ContentType.VOICE: "voice",
    ContentType.AUDIO: "voice",
    ContentType.VIDEO: "picture",
    ContentType.VIDEO_NOTE: "picture",
    ContentType.PHOTO: "picture",
    ContentType.STORY: "picture",
    ContentType.DOCUMENT: "document",
    ContentType.CONTACT: "contact",
    ContentType.LOCATION: "location",
    ContentType.VENUE: "location",
}
_SERVICE = {
    ContentType.PINNED_MESSAGE,
    ContentType.MESSAGE_AUTO_DELETE_TIMER_CHANGED,
    ContentType.CHAT_BACKGROUND_SET,
    ContentType.WRITE_ACCESS_ALLOWED,
}
"""What the platform says of a chat: nobody has written it, so nobody is answered."""


async def got_unknown_command(message: Message, conversation: Conversation) -> None:
    """A mistyped command: name the nearest one; a question written behind it is kept."""
    texts = conversation.texts
    first, _, rest = (message.text or "").partition(" ")
    typed = first.lstrip("/").partition("@")[0].casefold()
    allowed = [
        name
        for command in COMMANDS
        if conversation.actor.may(command.permission)
        for name in (command.name, command.vietnamese)
    ]
    near = difflib.get_close_matches(typed, allowed, n=1, cutoff=0.5)
    meant = shown_name(BY_NAME[near[0]], texts.language) if near else "none"
    note = texts("unknown-command", typed=typed[:32], meant=meant)
    if text_fault(rest, conversation.plan) is None:
        await take_words(conversation, message.message_id, rest, note=note)
    else:
        await _answer(conversation, note)


async def got_forwarded(message: Message, conversation: Conversation) -> None:
    """Somebody else's words are not taken for a question."""
    del message
    await _answer(conversation, conversation.texts("content-forwarded"))


async def got_other(message: Message, conversation: Conversation) -> None:
    """A sticker, a voice, a picture … : say what to do instead."""
    content = ContentType(message.content_type)
    if content in _SERVICE:
        return
    kind = _KINDS.get(content, "other")
    await _answer(conversation, conversation.texts(f"content-{kind}"))


async def _answer(conversation: Conversation, note: str) -> None:
    """Say it, and show the step again to someone who is in the middle of asking."""
    if is_asking(await conversation.state.get_state()):
        await go_on(conversation, note=note)
    else:
        await conversation.say(note)


async def on_unknown_button(callback: CallbackQuery, conversation: Conversation) -> None:
    """A button of an earlier version: say so, and go on where the person is."""
    del callback
    if is_asking(await conversation.state.get_state()):
        await conversation.toast(conversation.texts.plain("ask-button-old"))
        await go_on(conversation)
        return
    await show_nothing_open(conversation)


async def on_membership(update: ChatMemberUpdated, conversation: Conversation) -> None:
    """The person blocked the bot, or came back."""
    is_blocked = update.new_chat_member.status == ChatMemberStatus.KICKED
    await set_unreachable(
        conversation.session, conversation.actor, is_blocked=is_blocked, now=conversation.now
    )


async def on_added_to_group(update: ChatMemberUpdated, conversation: Conversation) -> None:
    """A group is no place to ask: everyone there would read it."""
    if update.new_chat_member.status in {ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR}:
        await conversation.bot.send_message(update.chat.id, conversation.texts("group-hello"))


async def got_group_command(message: Message, conversation: Conversation) -> None:
    """A command in a group: the way to the private chat. Everything else there is not read."""
    await conversation.bot.send_message(message.chat.id, conversation.texts("group-hello"))


async def ignore(_message: Message) -> None:
    """Talk in a group is not meant for the bot."""


def build_group_router() -> Router:
    """Groups: one sentence to a command, silence to everything else."""
    router = Router(name="shared.groups")
    router.message.register(
        got_group_command, is_in_group, command_filter(*BY_NAME), flags=_PUBLIC
    )
    router.message.register(ignore, is_in_group, flags=_PUBLIC)
    router.edited_message.register(ignore, is_in_group, flags=_PUBLIC)
    router.my_chat_member.register(on_added_to_group, is_in_group, flags=_PUBLIC)
    router.my_chat_member.register(on_membership, flags=_PUBLIC)
    return router


def build_content_router() -> Router:
    """What comes before free text: mistyped commands and forwarded posts."""
    router = Router(name="shared.content")
    router.message.register(got_forwarded, is_anothers, flags=_PUBLIC)
    router.message.register(got_unknown_command, is_command, flags=_PUBLIC)
    return router


def build_router() -> Router:
    """The last word: every other content, and every button that nothing else answers."""
    router = Router(name="shared.fallback")
    router.message.register(got_other, flags=_PUBLIC)
    router.callback_query.register(on_unknown_button, flags=_PUBLIC)
    return router
