"""A unit's questions, as whoever hands them up reads them: masked, and without their authors."""

from aiogram import Router
from aiogram.types import CallbackQuery

from conference.masking import mask
from conference.reporting import questions_to_read
from conference.roles import Permission
from handlers.callbacks import OpenReportCallback, ReadUnitCallback
from handlers.commands import on_button
from handlers.conversation import Conversation, Screen, button
from handlers.listing import page_of
from handlers.quoting import one_line

_PAGE = 5
_LENGTH = 500
"""UTF-16 units of one question: five fit a message, and the file has the whole."""


async def on_read(
    callback: CallbackQuery, callback_data: ReadUnitCallback, conversation: Conversation
) -> None:
    """One page, oldest first, each with its topic and state."""
    del callback
    texts, plan, unit_code = conversation.texts, conversation.plan, callback_data.unit
    questions = await questions_to_read(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        unit_code=unit_code,
    )
    shown, turns = page_of(
        texts,
        questions,
        callback_data.page,
        _PAGE,
        lambda page: ReadUnitCallback(unit=unit_code, page=page),
    )
    topics = {topic.code: topic.label for topic in plan.topics}
    lines = [texts("read-title", unit=plan.unit(unit_code).name, count=len(questions))]
    lines += [
        texts(
            "read-line",
            code=question.code,
            topic=topics.get(question.topic_code, question.topic_code),
            state=texts.plain(f"state-{question.state.value}"),
            text=one_line(mask(question.text), _LENGTH),
        )
        for question in shown
    ]
    back = button(texts.plain("button-back"), OpenReportCallback(unit=unit_code))
    await conversation.show(Screen("\n\n".join(lines), [turns, [back]]))


def build_router() -> Router:
    """Reading before handing up."""
    router = Router(name="unit_lead.read_questions")
    on_button(router, on_read, ReadUnitCallback, Permission.report_send)
    return router
