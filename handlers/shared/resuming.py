"""Back after an absence: the step a person was in the middle of, shown again with fresh buttons.

A press that the platform kept too short a time is lost without a word, and the old screen would
look as if it still waited for one.
"""

from aiogram import Router
from aiogram.types import Message, Update

from conference.roles import Permission
from handlers.conversation import Conversation
from handlers.member import ask_question, my_questions
from handlers.organiser import broadcast, extend_deadline
from handlers.states import (
    AskForTimeForm,
    BroadcastForm,
    EditQuestionForm,
    ExtendForm,
    LookUpQuestionForm,
    is_asking,
)
from handlers.unit_lead import send_report

_PERMISSIONS = (
    (EditQuestionForm, Permission.question_view_own),
    (LookUpQuestionForm, Permission.question_view_own),
    (AskForTimeForm, Permission.report_send),
    (ExtendForm, Permission.milestone_extend),
    (BroadcastForm, Permission.broadcast_send),
)
"""Whoever has lost the role is not reminded of what they may no longer do."""


def is_own(_message: Message, event_update: Update) -> bool:
    """Whether the update is one of the bot's own: no platform gives a negative number."""
    return event_update.update_id < 0


async def resume_step(message: Message, conversation: Conversation) -> None:
    """Say that the bot was away, and show the step again."""
    del message
    state = await conversation.state.get_state()
    note = conversation.texts("back-again")
    if is_asking(state):
        await ask_question.show_again(conversation, note=note)
        return
    for form, permission in _PERMISSIONS:
        if state in form and conversation.actor.may(permission):
            await conversation.say(note)
            await _show(conversation, state or "")


async def _show(conversation: Conversation, state: str) -> None:
    if state in BroadcastForm:
        await broadcast.show_again(conversation, state)
    elif state in ExtendForm:
        await extend_deadline.show_again(conversation)
    elif state in AskForTimeForm:
        await send_report.show_again(conversation)
    elif state in EditQuestionForm:
        await my_questions.show_again(conversation)
    else:
        await my_questions.ask_for_code(conversation)


def build_router() -> Router:
    """The bot's own updates, before everything else."""
    router = Router(name="shared.resuming")
    router.message.register(resume_step, is_own, flags={"permission": Permission.public})
    return router
