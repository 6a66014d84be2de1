"""The duty officer's desk: held questions, and letting one go on to its unit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from conference.auditing import record
from conference.errors import ConferenceError
from conference.notifying import notify_leads_of_late_question
from conference.roles import Actor, Permission, require
from conference.workflow import next_state
from storage.questions import held_questions, question_by_code
from storage.tables import Question, QuestionState


class HeldQuestionGoneError(ConferenceError):
    """Whoever wrote it has taken it away, words and all."""

    code = "held-gone"


async def questions_held(session: AsyncSession, actor: Actor) -> Sequence[Question]:
    """The questions that wait for a person's eyes, the oldest first."""
    require(actor, Permission.question_release)
    return await held_questions(session)


async def held_question(session: AsyncSession, actor: Actor, *, code: str) -> Question:
    """One of them, whatever became of it since.

    Raises:
        HeldQuestionGoneError: there is none: its author has asked to be forgotten.
    """
    require(actor, Permission.question_release)
    question = await question_by_code(session, code)
    if question is None:
        raise HeldQuestionGoneError(code=code)
    return question


async def release_question(
    session: AsyncSession, actor: Actor, *, code: str, now: datetime
) -> tuple[Question, bool]:
    """Let a held question go on to its unit. False: somebody already had.

    The asker keeps the receipt and is not told.
    """
    question = await held_question(session, actor, code=code)
    if question.state is not QuestionState.held:
        return question, False
    question.state = next_state(question.state, QuestionState.submitted)
    session.add(question)
    record(session, actor, "question.released", ("question", question.id), now=now)
    await session.flush()
    await notify_leads_of_late_question(session, question.unit_code, now=now)
    return question, True
