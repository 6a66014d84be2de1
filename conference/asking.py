"""A member asks: send, change and withdraw a question, and see what became of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from conference.auditing import record
from conference.calendar import calendar_of
from conference.deadlines import Phase, phase
from conference.errors import (
    AskingClosedError,
    ChoiceGoneError,
    DailyLimitError,
    QuestionFixedError,
    QuestionUnknownError,
    TextUnfitError,
)
from conference.notifying import notify_duty, notify_leads_of_late_question
from conference.roles import Actor, Permission, require, require_consent
from conference.safeguarding import danger_signs
from conference.vietnamese import clean, fold, has_words
from conference.workflow import can_become, next_state
from config.plan import ConferencePlan
from storage.questions import (
    before_sending,
    count_since,
    history_of,
    next_number,
    question_by_code,
    question_by_fingerprint,
    questions_of,
)
from storage.tables import AuditEntry, Question, QuestionState, Unit

OPEN_PHASES = (Phase.asking, Phase.addendum)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person is told of a question that was taken."""

    question: Question
    unit: str
    """The name of the unit it was sent to."""
    is_repeat: bool
    """The same words were there before: the same receipt is given."""
    left_today: int


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """One's own question, with what has happened to it and whether it can still be changed."""

    question: Question
    history: Sequence[AuditEntry]
    can_edit: bool


def text_fault(text: str, plan: ConferencePlan) -> str | None:
    """Why these words cannot be a question: `no-words`, `too-short`, `too-long`, or None."""
    length = len(clean(text))
    if not has_words(text):
        return "no-words"
    if length < plan.collection.min_characters:
        return "too-short"
    if length > plan.collection.max_characters:
        return "too-long"
    return None


def shows_danger(text: str) -> bool:
    """Whether the words show a sign of danger to a person, a phrase over two lines included."""
    in_one_line = " ".join(text.split())
    return bool(danger_signs(text) or (in_one_line != text and danger_signs(in_one_line)))


async def submit_question(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    unit_code: str,
    topic_code: str,
    text: str,
    now: datetime,
) -> Receipt:
    """Take a question. A sign of danger to a person holds it and calls the duty officer.

    Such a question counts for the day's limit, but is never refused by it.

    `plan` is the plan as loaded: the milestones that count are those of the chosen unit.

    Raises:
        ConsentMissingError, AskingClosedError, ChoiceGoneError, TextUnfitError, DailyLimitError
    """
    require(actor, Permission.question_ask)
    person = require_consent(actor)
    assert person.id is not None  # noqa: S101  a stored row has its id
    when = phase((await calendar_of(session, plan)).plan_for(unit_code), now)
    if when not in OPEN_PHASES:
        raise AskingClosedError(phase=when.value)
    words = _fit(text, plan)
    mark = fingerprint(words)
    before = await before_sending(
        session,
        author_id=person.id,
        fingerprint=mark,
        day_began_at=_midnight(plan, now),
        unit_code=unit_code,
        topic_code=topic_code,
    )
    if before.unit is None:
        raise ChoiceGoneError
    left = max(0, plan.collection.questions_per_person_per_day - before.sent_today)
    if before.same_id is not None:
        same = await session.get_one(Question, before.same_id)
        sent_to = await session.get_one(Unit, same.unit_code)
        return Receipt(same, sent_to.name, is_repeat=True, left_today=left)
    is_held = shows_danger(words)
    if left <= 0 and not is_held:
        raise DailyLimitError(limit=plan.collection.questions_per_person_per_day)
    prefix, number = await next_number(session)
    question = Question(
        code=f"{prefix}-{number:04d}",
        author_id=person.id,
        unit_code=unit_code,
        topic_code=topic_code,
        text=words,
        fingerprint=mark,
        state=QuestionState.held if is_held else QuestionState.submitted,
        is_addendum=when is Phase.addendum,
        submitted_at=now,
    )
    session.add(question)
    person.unit_code = unit_code
    session.add(person)
    await session.flush()
    record(session, actor, "question.submitted", ("question", question.id), now=now)
    if is_held:
        record(session, None, "question.held", ("question", question.id), now=now)
        await notify_duty(session, question, now=now)
    else:
        await notify_leads_of_late_question(session, unit_code, now=now)
    return Receipt(question, before.unit, is_repeat=False, left_today=max(0, left - 1))


async def edit_question(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: ConferencePlan,
    code: str,
    text: str,
    now: datetime,
) -> Question:
    """Replace the words of one's own question, until its unit has reported.

    Raises:
        QuestionUnknownError, QuestionFixedError, TextUnfitError
    """
    own = await own_question(session, actor, code=code, to_change=True)
    if not own.can_edit:
        raise QuestionFixedError(code=own.question.code)
    words = _fit(text, plan)
    question = own.question
    mark = fingerprint(words)
    same = await question_by_fingerprint(session, question.author_id or 0, mark)
    if same is not None and same.id != question.id:
        return same
    if words == question.text:
        return question
    question.text = words
    question.fingerprint = mark
    question.edited_at = now
    record(session, actor, "question.edited", ("question", question.id), now=now)
    if shows_danger(words) and question.state is not QuestionState.held:
        question.state = next_state(question.state, QuestionState.held)
        record(session, None, "question.held", ("question", question.id), now=now)
        await notify_duty(session, question, now=now)
    session.add(question)
    await session.flush()
    return question


async def withdraw_question(
    session: AsyncSession, actor: Actor, *, code: str, now: datetime
) -> Question:
    """Take one's own question back, until its unit has reported; doing it twice changes nothing.

    Raises:
        QuestionUnknownError, QuestionFixedError
    """
    own = await own_question(session, actor, code=code, to_change=True)
    question = own.question
    if question.state is QuestionState.withdrawn:
        return question
    if not own.can_edit:
        raise QuestionFixedError(code=question.code)
    question.state = next_state(question.state, QuestionState.withdrawn)
    question.fingerprint = None
    session.add(question)
    record(session, actor, "question.withdrawn", ("question", question.id), now=now)
    await session.flush()
    return question


async def own_question(
    session: AsyncSession, actor: Actor, *, code: str, to_change: bool = False
) -> OwnQuestion:
    """One's own question by its code; `to_change`: nobody hands it up meanwhile.

    Raises:
        QuestionUnknownError: there is none, or it is another's: the two are not told apart.
    """
    require(actor, Permission.question_view_own)
    question = await question_by_code(session, code.strip().upper(), to_change=to_change)
    if question is None or actor.person_id is None or question.author_id != actor.person_id:
        raise QuestionUnknownError
    assert question.id is not None  # noqa: S101  a stored row has its id
    return OwnQuestion(
        question,
        await history_of(session, question.id),
        can_edit=can_become(question.state, QuestionState.withdrawn),
    )


async def own_questions(session: AsyncSession, actor: Actor) -> Sequence[Question]:
    """All one's own questions, the newest first; none for someone unknown."""
    require(actor, Permission.question_view_own)
    if actor.person_id is None:
        return []
    return await questions_of(session, actor.person_id)


async def left_today(
    session: AsyncSession, actor: Actor, plan: ConferencePlan, now: datetime
) -> int:
    """How many questions the person may still send on this local day."""
    limit = plan.collection.questions_per_person_per_day
    if actor.person_id is None:
        return limit
    return max(0, limit - await count_since(session, actor.person_id, _midnight(plan, now)))


def _midnight(plan: ConferencePlan, now: datetime) -> datetime:
    """When this local day began."""
    return datetime.combine(now.astimezone(plan.zone).date(), time.min, plan.zone)


def fingerprint(text: str) -> str:
    """The same words, however accented, spaced or punctuated, have the same fingerprint."""
    return hashlib.sha256(fold(text).encode()).hexdigest()


def _fit(text: str, plan: ConferencePlan) -> str:
    fault = text_fault(text, plan)
    words = clean(text)
    if fault is not None:
        raise TextUnfitError(
            fault=fault,
            length=len(words),
            minimum=plan.collection.min_characters,
            maximum=plan.collection.max_characters,
        )
    return words
