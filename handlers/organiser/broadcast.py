"""`/broadcast`: the organiser's announcement, from its text to the last message sent."""

from typing import Any

from aiogram import F, Router
from aiogram.filters import CommandObject, StateFilter
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.broadcasting import (
    AUDIENCE_ROLES,
    EVERYONE,
    MOST_CHARACTERS,
    BroadcastTextError,
    audience_size,
    begin_broadcast,
    broadcast_progress,
    fit_text,
    latest_broadcast,
    stop_broadcast,
)
from conference.roles import Permission, require
from config.plan import ConferencePlan
from config.texts import Texts
from handlers.callbacks import (
    CancelCallback,
    ChooseAudienceCallback,
    OpenCallback,
    SendBroadcastCallback,
    StopBroadcastCallback,
    ViewBroadcastCallback,
)
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid
from handlers.filters import is_text, where
from handlers.moments import moment_words, quiet_until
from handlers.shared.invitation import role_words
from handlers.states import BroadcastForm
from storage.tables import Role

_DRAFT = "broadcast"
_BEGUN = "broadcast_begun"
_QUOTED = 300
_BACK = "back"


def announcement_words(texts: Texts, plan: ConferencePlan, text: str) -> str:
    """An announcement as everyone gets it."""
    return texts("notice-broadcast", organiser=plan.organiser.name, text=text)


async def cmd_broadcast(
    message: Message, command: CommandObject, conversation: Conversation
) -> None:
    """`/thongbao`, alone or with the text right after it."""
    if command.args:
        await _take_text(conversation, message.message_id, command.args)
    else:
        await show_broadcast(conversation)


async def show_broadcast(conversation: Conversation) -> None:
    """Ask for the text."""
    await _ask_text(conversation)


async def _ask_text(conversation: Conversation, note: str = "") -> None:
    require(conversation.actor, Permission.broadcast_send)
    texts = conversation.texts
    await conversation.state.set_state(BroadcastForm.text)
    rows: list[list[InlineKeyboardButton]] = []
    latest = await latest_broadcast(conversation.session)
    if latest is not None:
        look = ViewBroadcastCallback(number=latest.id or 0)
        rows.append([button(texts.plain("button-broadcast-latest"), look)])
    rows.append([button(texts.plain("button-cancel"), CancelCallback())])
    ask = texts("broadcast-ask-text", maximum=MOST_CHARACTERS)
    await conversation.show(Screen(f"{note}\n\n{ask}".strip(), rows))


async def got_text(message: Message, conversation: Conversation) -> None:
    """The announcement's words, or other words instead of those before."""
    await _take_text(conversation, message.message_id, message.text or "")


async def got_no_text(message: Message, conversation: Conversation) -> None:
    """A picture, a sticker, a forwarded post …: an announcement is made of words."""
    del message
    await conversation.say(conversation.texts("broadcast-text-only"))


async def got_edited_text(message: Message, conversation: Conversation) -> None:
    """The message that gave the announcement its words was edited."""
    await _take_text(conversation, message.message_id, message.text or "")


async def _is_draft(message: Message, conversation: Conversation) -> bool:
    return await _draft(conversation, message.message_id) is not None


async def _take_text(conversation: Conversation, message_id: int, raw: str) -> None:
    texts, state = conversation.texts, conversation.state
    try:
        text = fit_text(raw)
    except BroadcastTextError as error:
        await _ask_text(conversation, texts("refused-broadcast-text", **error.details))
        return
    audience: str | None = None
    if await state.get_state() == BroadcastForm.confirmation.state:
        audience = (await state.get_data())[_DRAFT]["audience"]
    draft = {"number": message_id, "text": text}
    await state.update_data({_DRAFT: draft})
    if audience is None:
        await _ask_audience(conversation, message_id)
    else:
        await _show_last_look(conversation, draft, audience)


async def _draft(conversation: Conversation, number: int) -> dict[str, Any] | None:
    """The announcement with this number, if it is the one being written."""
    if await conversation.state.get_state() not in BroadcastForm:
        return None
    held: dict[str, Any] | None = (await conversation.state.get_data()).get(_DRAFT)
    return held if held is not None and held["number"] == number else None


async def _ask_audience(conversation: Conversation, number: int) -> None:
    texts = conversation.texts
    await conversation.state.set_state(BroadcastForm.audience)
    rows = [
        [
            button(
                texts.plain(f"button-audience-{kind}"),
                ChooseAudienceCallback(draft=number, kind=kind, code=""),
            )
        ]
        for kind in (EVERYONE, "unit", "role")
    ]
    rows.append([button(texts.plain("button-cancel"), CancelCallback())])
    await conversation.show(Screen(texts("broadcast-ask-audience"), rows))


async def show_again(conversation: Conversation, state: str) -> None:
    """Ask once more for what the form waits for."""
    draft = (await conversation.state.get_data()).get(_DRAFT)
    if draft is None or state == BroadcastForm.text.state:
        await _ask_text(conversation)
    elif state == BroadcastForm.confirmation.state:
        await _show_last_look(conversation, draft, draft["audience"])
    else:
        await _ask_audience(conversation, draft["number"])


async def on_audience(
    callback: CallbackQuery, callback_data: ChooseAudienceCallback, conversation: Conversation
) -> None:
    """Everyone, or which unit, or which role."""
    del callback
    number, kind, code = callback_data.draft, callback_data.kind, callback_data.code
    draft = await _draft(conversation, number)
    if draft is None:
        await _show_nothing_open(conversation, number)
    elif kind == EVERYONE or (kind in {"unit", "role"} and code):
        await _show_last_look(conversation, draft, _audience(kind, code))
    elif kind in {"unit", "role"}:
        await _ask_which(conversation, number, kind)
    else:
        await _ask_audience(conversation, number)


async def _ask_which(conversation: Conversation, number: int, kind: str) -> None:
    texts, plan = conversation.texts, conversation.plan
    if kind == "unit":
        choices = [(unit.short_name, unit.code) for unit in plan.units]
    else:
        choices = [(role_words(texts, plan, role), role.value) for role in AUDIENCE_ROLES]
    rows = grid(
        [
            button(label, ChooseAudienceCallback(draft=number, kind=kind, code=code))
            for label, code in choices[:90]
        ]
    )
    back = ChooseAudienceCallback(draft=number, kind=_BACK, code="")
    rows.append([button(texts.plain("button-back"), back)])
    await conversation.show(Screen(texts(f"broadcast-ask-{kind}"), rows))


async def _show_last_look(
    conversation: Conversation, draft: dict[str, Any], audience: str
) -> None:
    """The announcement exactly as it will look, to how many, and when."""
    texts, plan, now = conversation.texts, conversation.plan, conversation.now
    count = await audience_size(conversation.session, audience)
    await conversation.state.set_state(BroadcastForm.confirmation)
    await conversation.state.update_data({_DRAFT: {**draft, "audience": audience}})
    kind, _, code = audience.partition(":")
    number = draft["number"]
    words = [
        announcement_words(texts, plan, draft["text"]),
        texts("broadcast-last-look", count=count, audience=_audience_words(texts, plan, audience)),
    ]
    begins = quiet_until(texts, plan, now)
    if begins != "none" and count:
        words.append(texts("broadcast-quiet", moment=begins))
    send = SendBroadcastCallback(draft=number, kind=kind, code=code)
    rows = [[button(texts.plain("button-broadcast-send", count=count), send)]] if count else []
    other = ChooseAudienceCallback(draft=number, kind=_BACK, code="")
    rows.append([button(texts.plain("button-audience-other"), other)])
    rows.append([button(texts.plain("button-cancel"), CancelCallback())])
    await conversation.show(Screen("\n\n".join(words), rows))


async def on_send(
    callback: CallbackQuery, callback_data: SendBroadcastCallback, conversation: Conversation
) -> None:
    """Begin. A second press finds it begun and shows how far it is."""
    del callback
    draft = await _draft(conversation, callback_data.draft)
    if draft is None:
        await _show_nothing_open(conversation, callback_data.draft)
        return
    broadcast = await begin_broadcast(
        conversation.session,
        conversation.actor,
        text=draft["text"],
        audience=_audience(callback_data.kind, callback_data.code),
        now=conversation.now,
    )
    held = await conversation.state.get_data()
    held.pop(_DRAFT)
    held[_BEGUN] = {"draft": callback_data.draft, "broadcast": broadcast.id}
    await conversation.state.set_data(held)
    await conversation.state.set_state(None)
    await _show_progress(conversation, broadcast.id or 0)


async def _show_nothing_open(conversation: Conversation, number: int) -> None:
    """An old button: the announcement it belongs to was begun, given up, or written anew."""
    texts = conversation.texts
    begun = (await conversation.state.get_data()).get(_BEGUN)
    if begun is not None and begun["draft"] == number:
        await _show_progress(conversation, begun["broadcast"])
        return
    again = OpenCallback(command="broadcast")
    await conversation.show(
        Screen(texts("broadcast-nothing-open"), [[button(texts.plain("button-broadcast"), again)]])
    )


async def on_view(
    callback: CallbackQuery, callback_data: ViewBroadcastCallback, conversation: Conversation
) -> None:
    """How far it is now."""
    del callback
    await _show_progress(conversation, callback_data.number)


async def on_stop(
    callback: CallbackQuery, callback_data: StopBroadcastCallback, conversation: Conversation
) -> None:
    """Stop half-way, at the first tap: a wrong text must not reach more people."""
    del callback
    texts = conversation.texts
    kept_back = await stop_broadcast(
        conversation.session, conversation.actor, callback_data.number, now=conversation.now
    )
    if kept_back is None:
        await conversation.toast(texts.plain("broadcast-over-before"))
    else:
        await conversation.toast(texts.plain("broadcast-stopped-now", count=kept_back))
    await _show_progress(conversation, callback_data.number)


async def _show_progress(conversation: Conversation, number: int) -> None:
    texts, plan, now = conversation.texts, conversation.plan, conversation.now
    progress = await broadcast_progress(conversation.session, conversation.actor, number)
    broadcast = progress.broadcast
    is_stopped = broadcast.stopped_at is not None
    quoted = broadcast.text
    if len(quoted) > _QUOTED:
        quoted = quoted[:_QUOTED].rstrip() + "…"
    words = [
        texts(
            "broadcast-progress",
            outcome="stopped" if is_stopped else "going" if progress.waiting else "over",
            audience=_audience_words(texts, plan, broadcast.audience),
            people=broadcast.people,
            sent=progress.sent,
            waiting=progress.waiting,
            failed=progress.failed,
            uncertain=progress.uncertain,
            cancelled=progress.cancelled,
            forgotten=progress.forgotten,
            moment=moment_words(texts, plan, now),
        ),
        texts("broadcast-quoted", text=quoted),
    ]
    begins = quiet_until(texts, plan, now)
    is_going = bool(progress.waiting) and not is_stopped
    if is_going and begins != "none":
        words.append(texts("broadcast-quiet", moment=begins))
    rows: list[list[InlineKeyboardButton]] = []
    if progress.waiting:
        refresh = ViewBroadcastCallback(number=number)
        rows.append([button(texts.plain("button-refresh"), refresh)])
    if is_going:
        stop = StopBroadcastCallback(number=number)
        rows.append([button(texts.plain("button-broadcast-stop"), stop)])
    if progress.failed or progress.uncertain:
        rows.append([button(texts.plain("button-outbox"), OpenCallback(command="outbox"))])
    await conversation.show(Screen("\n\n".join(words), rows))


def _audience(kind: str, code: str) -> str:
    return f"{kind}:{code}" if code else kind


def _audience_words(texts: Texts, plan: ConferencePlan, audience: str) -> str:
    kind, _, code = audience.partition(":")
    if kind == "unit":
        # A unit that the plan has dropped since is called by its code.
        return {unit.code: unit.name for unit in plan.units}.get(code, code)
    if kind == "role":
        return role_words(texts, plan, Role(code))
    return texts.plain("audience-all")


def build_router() -> Router:
    """The organiser's announcements; asked before free text, which would be a question."""
    router = Router(name="organiser.broadcast")
    permission = Permission.broadcast_send
    on_command(router, "broadcast", cmd_broadcast)
    on_button(router, on_audience, ChooseAudienceCallback, permission, leaves_form=False)
    on_button(router, on_send, SendBroadcastCallback, permission, leaves_form=False)
    on_button(router, on_view, ViewBroadcastCallback, permission)
    on_button(router, on_stop, StopBroadcastCallback, permission)
    in_dialogue = StateFilter(BroadcastForm)
    flags = {"permission": permission}
    no_command = where(F.forward_origin | ~F.text.startswith("/"))
    router.message.register(
        got_text, in_dialogue, no_command, is_text, where(~F.forward_origin), flags=flags
    )
    router.message.register(got_no_text, in_dialogue, no_command, flags=flags)
    router.edited_message.register(got_edited_text, in_dialogue, is_text, _is_draft, flags=flags)
    return router
