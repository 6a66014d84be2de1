"""What surrounds every handler: who is acting, in which words, whether they may, and refusals."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.dispatcher.flags import get_flag
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, TelegramObject

from conference.calendar import calendar_of
from conference.errors import ConferenceError, NotAllowedError
from conference.joining import actor_of
from conference.notifying import reach_again
from conference.roles import Permission, require
from config.plan import ConferencePlan
from config.texts import texts_for
from handlers.conversation import Conversation
from handlers.shared.refusals import show_refusal
from handlers.states import leave_form

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class ConversationMiddleware(BaseMiddleware):
    """Reads the person and their roles afresh on each update and offers the `Conversation`."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Outer middleware: before filters."""
        user = data.get("event_from_user")
        if user is None or not isinstance(event, Message | CallbackQuery | ChatMemberUpdated):
            return await handler(event, data)
        plan: ConferencePlan = data["plan"]
        actor = await actor_of(data["session"], data["channel"], str(user.id))
        language: str = plan.conference.language
        if actor.person is not None:
            language = actor.person.language
            if actor.person.unreachable_at and not isinstance(event, ChatMemberUpdated):
                await reach_again(data["session"], actor.person)
        elif data.get("state") is not None:
            language = (await data["state"].get_data()).get("language", language)
        calendar = await calendar_of(data["session"], plan)
        data["conversation"] = Conversation(
            bot=data["bot"],
            event=event,  # type: ignore[arg-type]
            state=data["state"],
            session=data["session"],
            plan=calendar.plan_for(actor.home_unit),
            loaded_plan=plan,
            actor=actor,
            texts=texts_for(language, "child" if actor.is_under_16 else "youth"),
            now=data["now"],
            turn=data["turn"],
        )
        return await handler(event, data)


class PermissionMiddleware(BaseMiddleware):
    """Asks the handler's `permission` flag, turns a rule's refusal into words, ends the spinner.

    A refused update leaves nothing behind but its refusal: the turn is taken back first.
    """

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Inner middleware: after filters, around the handler."""
        conversation: Conversation | None = data.get("conversation")
        if conversation is None:
            return await handler(event, data)
        try:
            require(conversation.actor, Permission(get_flag(data, "permission")))
            if get_flag(data, "leaves_form"):
                await leave_form(conversation.state)
            result = await handler(event, data)
        except ConferenceError as error:
            await conversation.turn.undo()
            conversation.is_answered = False
            conversation.actor = await actor_of(
                conversation.session,
                conversation.actor.channel,
                conversation.actor.external_id,
            )
            if isinstance(error, NotAllowedError):
                # Or else the form of a role taken back would go on taking what is written.
                await leave_form(conversation.state)
            await show_refusal(conversation, error)
            result = None
        if isinstance(event, CallbackQuery) and not conversation.is_answered:
            await event.answer()
        return result
