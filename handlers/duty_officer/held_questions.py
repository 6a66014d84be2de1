"""Held questions: what the duty officer reads, and the one tap that lets one go on."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.masking import mask
from conference.roles import Permission
from conference.safeguarding_desk import questions_held, release_question
from config.texts import Texts
from handlers.callbacks import OpenCallback, ReleaseQuestionCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button
from handlers.quoting import quoted
from storage.tables import Question

_SHOWN = 5
_LENGTH = 600


async def cmd_held(message: Message, conversation: Conversation) -> None:
    """`/cangiup`: questions that show a sign of danger."""
    del message
    await show_held(conversation)


async def show_held(conversation: Conversation) -> None:
    """The oldest held questions, each with its button."""
    texts = conversation.texts
    held = await questions_held(conversation.session, conversation.actor)
    if not held:
        await conversation.show(Screen(texts("held-none")))
        return
    lines = [texts("held-title", count=len(held), hotline=conversation.plan.safeguarding.hotline)]
    rows: list[list[InlineKeyboardButton]] = []
    for question in held[:_SHOWN]:
        lines.append(held_words(texts, question))
        rows.append([release_button(texts, question.code)])
    await conversation.show(Screen("\n\n".join(lines), rows))


def held_words(texts: Texts, question: Question) -> str:
    """A held question as the duty officer reads it: masked, and without its author."""
    return texts("held-question", code=question.code, text=quoted(mask(question.text), _LENGTH))


def release_button(texts: Texts, code: str) -> InlineKeyboardButton:
    """The one tap."""
    return button(texts.plain("button-release", code=code), ReleaseQuestionCallback(code=code))


async def on_release(
    callback: CallbackQuery, callback_data: ReleaseQuestionCallback, conversation: Conversation
) -> None:
    """Let the question go on to its unit; its author keeps the receipt and hears nothing."""
    del callback
    texts = conversation.texts
    question, is_new = await release_question(
        conversation.session, conversation.actor, code=callback_data.code, now=conversation.now
    )
    await conversation.show(
        Screen(
            texts("released" if is_new else "released-before", code=question.code),
            [[button(texts.plain("button-held"), OpenCallback(command="held"))]],
        )
    )


def build_router() -> Router:
    """The duty officer's desk."""
    router = Router(name="duty_officer.held_questions")
    on_command(router, "held", cmd_held)
    on_button(router, on_release, ReleaseQuestionCallback, Permission.question_release)
    return router
