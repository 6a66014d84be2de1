"""`/outbox`: what is on its way, what is stranded and why, and sending it again."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.outbox_desk import REPLY, Trouble, outbox_desk, retry_message
from conference.roles import Permission
from handlers.callbacks import OpenCallback, RetryMessageCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid
from handlers.moments import moment_words
from handlers.shared.invitation import role_words
from storage.tables import OutboxState

_NAMED = frozenset(
    {
        REPLY,
        "alert-low-space",
        "alert-set-aside",
        "alert-uncertain",
        "broadcast",
        "extended",
        "extension-refused",
        "extension-request",
        "held-question",
        "late-question",
        "nudge",
        "retention-over",
    }
)
"""The kinds that have a name of their own."""


async def cmd_outbox(message: Message, conversation: Conversation) -> None:
    """`/hangdoi`: what is on its way."""
    del message
    await show_outbox(conversation)


async def show_outbox(conversation: Conversation) -> None:
    """The numbers, and the newest stranded messages, each with its button."""
    texts = conversation.texts
    desk = await outbox_desk(conversation.session, conversation.actor)
    parts = [
        texts(
            "outbox-title",
            moment=moment_words(texts, conversation.plan, conversation.now),
            waiting=desk.waiting,
            sent=desk.sent,
            failed=desk.failed,
            uncertain=desk.uncertain,
            cancelled=desk.cancelled,
            replies=desk.failed_replies,
        )
    ]
    if desk.set_aside:
        parts.append(texts("outbox-set-aside", count=desk.set_aside))
    parts += [
        _trouble_words(conversation, at, trouble)
        for at, trouble in enumerate(desk.troubles, start=1)
    ]
    more = desk.failed + desk.uncertain + desk.failed_replies - len(desk.troubles)
    if more > 0:
        parts.append(texts("outbox-more", count=more))
    if not desk.troubles:
        parts.append(texts("outbox-no-trouble"))
    if any(trouble.kind == REPLY for trouble in desk.troubles):
        parts.append(texts("outbox-replies-note"))
    failed: list[InlineKeyboardButton] = []
    uncertain: list[InlineKeyboardButton] = []
    for at, trouble in enumerate(desk.troubles, start=1):
        if not trouble.can_retry:
            continue
        callback = RetryMessageCallback(number=trouble.number, attempts=trouble.attempts)
        if trouble.state is OutboxState.uncertain:
            uncertain.append(button(texts.plain("button-retry-uncertain", at=at), callback))
        else:
            failed.append(button(texts.plain("button-retry", at=at), callback))
    rows = grid(failed)
    # Each on a line of its own: the warning must be read whole.
    rows += grid(uncertain, columns=1)
    rows.append([button(texts.plain("button-refresh"), OpenCallback(command="outbox"))])
    await conversation.show(Screen("\n\n".join(parts), rows))


def _trouble_words(conversation: Conversation, at: int, trouble: Trouble) -> str:
    texts, plan = conversation.texts, conversation.plan
    kind = trouble.kind if trouble.kind in _NAMED else "other"
    return texts(
        "outbox-trouble",
        at=at,
        kind=texts.plain(f"outbox-kind-{kind}"),
        whom=", ".join(role_words(texts, plan, role, unit) for role, unit in trouble.holders)
        or texts.plain("outbox-whom-unknown"),
        moment=moment_words(texts, plan, trouble.at),
        state=texts.plain(f"outbox-state-{trouble.state}"),
        reason=texts.plain(f"outbox-reason-{trouble.reason}"),
    )


async def on_retry(
    callback: CallbackQuery, callback_data: RetryMessageCallback, conversation: Conversation
) -> None:
    """Send a stranded message again; the list then shows where it is."""
    del callback
    is_due = await retry_message(
        conversation.session,
        conversation.actor,
        callback_data.number,
        attempts=callback_data.attempts,
        now=conversation.now,
    )
    texts = conversation.texts
    await conversation.toast(texts.plain("outbox-retried" if is_due else "outbox-not-retried"))
    await show_outbox(conversation)


def build_router() -> Router:
    """The organiser's view of what goes out."""
    router = Router(name="organiser.outbox")
    on_command(router, "outbox", cmd_outbox)
    on_button(router, on_retry, RetryMessageCallback, Permission.outbox_view)
    return router
