"""Paced messages in words: each kind is rendered when it is sent, and checked to be still true."""

from collections.abc import Mapping
from typing import Any

from aiogram.types import InlineKeyboardMarkup
from sqlalchemy.ext.asyncio import AsyncSession

from config.plan import ConferencePlan
from config.texts import Texts
from handlers.callbacks import EraseIdentitiesCallback
from handlers.conversation import Screen, button
from handlers.duty_officer.held_questions import held_words, release_button
from storage.questions import question_by_code
from storage.tables import QuestionState


async def render_notice(
    session: AsyncSession,
    kind: str,
    parameters: Mapping[str, Any],
    *,
    texts: Texts,
    plan: ConferencePlan,
) -> Screen | None:
    """The message, or None when there is nothing to say any more."""
    if kind == "held-question":
        question = await question_by_code(session, parameters["code"])
        if question is None or question.state is not QuestionState.held:
            return None
        return Screen(
            texts("notice-held", hotline=plan.safeguarding.hotline)
            + "\n\n"
            + held_words(texts, question),
            [[release_button(texts, question.code)]],
        )
    if kind == "retention-over":
        return Screen(
            texts("notice-retention", days=plan.collection.retention_days),
            [[button(texts.plain("button-retention"), EraseIdentitiesCallback(sure=False))]],
        )
    raise LookupError(f"no notice of kind {kind}")


def keyboard_of(screen: Screen) -> InlineKeyboardMarkup | None:
    """The screen's buttons as the platform takes them."""
    rows = [list(row) for row in screen.rows if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
