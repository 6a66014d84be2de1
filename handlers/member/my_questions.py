"""My questions: what became of them, and changing or taking one back while that is possible."""

import re

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.asking import (
    OwnQuestion,
    edit_question,
    own_question,
    own_questions,
    shows_danger,
    text_fault,
    withdraw_question,
)
from conference.errors import QuestionUnknownError
from conference.masking import find_personal
from conference.roles import Permission
from conference.vietnamese import clean, fold
from config.plan import ConferencePlan
from config.texts import Safe
from handlers.callbacks import (
    EditQuestionCallback,
    OpenCallback,
    UpdateQuestionCallback,
    ViewQuestionCallback,
    WithdrawQuestionCallback,
)
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button
from handlers.filters import has_own_words, is_no_command
from handlers.member.ask_question import got_edited_text, take_words, waits_for_words
from handlers.member.drafts import SentMessage, joined, parts_with, remember_sent, sent_as
from handlers.moments import moment_words
from handlers.quoting import one_line, quoted
from handlers.states import EditQuestionForm, LookUpQuestionForm, leave_form
from storage.tables import QuestionState
from storage.units import unit_and_topic_names

_SHOWN = 20
_TITLE = 60
_HISTORY = 8
"""So many events are shown of a question that was changed again and again: the first, the last."""
_NUMBER = re.compile(r"(?:\D* )?0*(\d{1,9})")


async def cmd_my(message: Message, conversation: Conversation) -> None:
    """`/cuatoi`: my questions with their state."""
    del message
    await show_my(conversation)


async def show_my(conversation: Conversation) -> None:
    """The newest questions of the person, each a button."""
    texts = conversation.texts
    questions = await own_questions(conversation.session, conversation.actor)
    ask = [button(texts.plain("button-ask"), OpenCallback(command="ask"))]
    if not questions:
        await conversation.show(Screen(texts("my-none"), [ask]))
        return
    lines = [texts("my-title", count=len(questions))]
    rows: list[list[InlineKeyboardButton]] = []
    for question in questions[:_SHOWN]:
        lines.append(
            texts(
                "my-line",
                code=question.code,
                state=_state_words(conversation, question.state),
                title=one_line(question.text, _TITLE),
            )
        )
        rows.append(
            [
                button(
                    texts.plain("button-view", code=question.code),
                    ViewQuestionCallback(code=question.code),
                )
            ]
        )
    if len(questions) > _SHOWN:
        lines.append(texts("my-older", count=len(questions) - _SHOWN))
    await conversation.show(Screen("\n\n".join(lines), [*rows, ask]))


def _state_words(conversation: Conversation, state: QuestionState) -> str:
    """Held is told as received: whoever wrote it is not to be frightened."""
    return conversation.texts.plain(f"state-{state.value}")


async def show_question(conversation: Conversation, code: str, *, note: str = "") -> None:
    """One of the person's own questions with its history."""
    texts, plan = conversation.texts, conversation.plan
    own = await own_question(conversation.session, conversation.actor, code=code)
    question = own.question
    history = [
        texts(
            f"history-{entry.action.replace('.', '-')}",
            moment=moment_words(texts, plan, entry.at),
        )
        for entry in own.history
        if entry.action
        in {"question.submitted", "question.edited", "question.withdrawn", "question.reported"}
    ]
    if len(history) > _HISTORY:
        history[1 : len(history) - _HISTORY + 2] = ["…"]
    unit, topic = await unit_and_topic_names(
        conversation.session, question.unit_code, question.topic_code
    )
    lines = [
        texts(
            "question-view",
            code=Safe(f"<code>{question.code}</code>"),
            state=_state_words(conversation, question.state),
            unit=unit,
            topic=topic,
            text=quoted(question.text),
        ),
        "\n".join(history),
    ]
    rows: list[list[InlineKeyboardButton]] = []
    if own.can_edit:
        rows.append(
            [
                button(texts.plain("button-edit"), EditQuestionCallback(code=question.code)),
                button(
                    texts.plain("button-withdraw"),
                    WithdrawQuestionCallback(code=question.code, sure=False),
                ),
            ]
        )
    elif question.state is not QuestionState.withdrawn:
        lines.append(texts("question-fixed-note"))
    rows.append([button(texts.plain("button-my"), OpenCallback(command="my"))])
    if note:
        lines.insert(0, note)
    await conversation.show(Screen("\n\n".join(lines), rows))


async def on_view(
    callback: CallbackQuery, callback_data: ViewQuestionCallback, conversation: Conversation
) -> None:
    """Open one question."""
    del callback
    await show_question(conversation, callback_data.code)


async def cmd_status(message: Message, command: CommandObject, conversation: Conversation) -> None:
    """`/tracuu MÃ`: one question by its code; without a code, ask for it."""
    del message
    if command.args:
        await look_up(conversation, command.args)
        return
    await ask_for_code(conversation)


async def ask_for_code(conversation: Conversation) -> None:
    """Ask for a tracking code, with one's own as buttons."""
    texts = conversation.texts
    await conversation.state.set_state(LookUpQuestionForm.code)
    questions = await own_questions(conversation.session, conversation.actor)
    rows = [
        [button(question.code, ViewQuestionCallback(code=question.code))]
        for question in questions[:5]
    ]
    example = f"{conversation.plan.conference.code}-0147"
    await conversation.show(Screen(texts("status-ask", example=example), rows))


async def got_code(message: Message, conversation: Conversation) -> None:
    """Words where a code is asked for, or a whole code out of the blue."""
    await leave_form(conversation.state)
    await look_up(conversation, message.text or "")


async def is_code(message: Message, plan: ConferencePlan) -> bool:
    """A tracking code and nothing else: nobody means it as a question."""
    return fold(message.text or "").startswith(fold(plan.conference.code)) and (
        code_in(message.text or "", plan) is not None
    )


async def is_short(message: Message, plan: ConferencePlan) -> bool:
    """Too few letters for a question, so it answers what was asked for."""
    return 0 < len(clean(message.text or "")) < plan.collection.min_characters


def code_in(typed: str, plan: ConferencePlan) -> str | None:
    """The tracking code that is meant, in whatever spelling: `HB22-0147`, `hb22 147`, `147`."""
    prefix = fold(plan.conference.code)
    words = fold(typed).replace(prefix, " ", 1).strip()
    match = _NUMBER.fullmatch(words)
    return f"{plan.conference.code}-{int(match[1]):04d}" if match is not None else None


async def look_up(conversation: Conversation, typed: str) -> None:
    """Answer only the author, and the same for "unknown" and "not yours"."""
    code = code_in(typed, conversation.plan)
    if code is None:
        raise QuestionUnknownError
    await show_question(conversation, code)


async def on_edit(
    callback: CallbackQuery, callback_data: EditQuestionCallback, conversation: Conversation
) -> None:
    """Ask for new words."""
    del callback
    await _ask_for_words(conversation, callback_data.code)


async def _ask_for_words(conversation: Conversation, code: str) -> None:
    texts = conversation.texts
    own = await own_question(conversation.session, conversation.actor, code=code)
    if not own.can_edit:
        await show_question(conversation, code)
        return
    await conversation.state.set_state(EditQuestionForm.text)
    await conversation.state.update_data(editing=code)
    await conversation.show(
        Screen(
            texts("edit-ask", code=code, text=quoted(own.question.text)),
            [[button(texts.plain("button-leave-as-is"), ViewQuestionCallback(code=code))]],
        )
    )


async def show_again(conversation: Conversation) -> None:
    """Ask for the new words once more."""
    code = (await conversation.state.get_data()).get("editing", "")
    await _ask_for_words(conversation, code)


async def got_new_words(message: Message, conversation: Conversation) -> None:
    """New words for a question already sent."""
    code = (await conversation.state.get_data()).get("editing", "")
    words = clean(message.text or message.caption or "")
    await _warn_of_danger(conversation, words)
    if await _said_why_not(conversation, code, words):
        return
    await conversation.state.set_state(None)
    await conversation.state.update_data(editing=None)
    await _take_new_words(conversation, code, [(message.message_id, words)])


async def _take_new_words(
    conversation: Conversation, code: str, parts: list[tuple[int, str]]
) -> None:
    """Change the question and show it as it is now."""
    texts = conversation.texts
    question = await edit_question(
        conversation.session,
        conversation.actor,
        plan=conversation.plan,
        code=code,
        text=joined(text for _, text in parts),
        now=conversation.now,
    )
    if question.code != code:
        note = texts("edit-repeats", code=question.code)
    else:
        await remember_sent(conversation.state, code, parts)
        note = texts("edit-done", code=code)
        if find_personal(question.text):
            note += "\n\n" + texts("ask-personal-found")
    await show_question(conversation, code, note=note)


async def _said_why_not(conversation: Conversation, code: str, words: str) -> bool:
    """Whether the question cannot become these words; says so, and takes nothing back.

    A refusal would take back all that was said in this turn, the help line included.
    """
    own = await own_question(conversation.session, conversation.actor, code=code)
    texts, limits = conversation.texts, conversation.plan.collection
    if not own.can_edit:
        await conversation.say(texts(_fixed_note(own), code=code))
        return True
    fault = text_fault(words, conversation.plan)
    if fault is not None:
        await conversation.say(
            texts(
                f"refused-text-{fault}",
                length=len(words),
                minimum=limits.min_characters,
                maximum=limits.max_characters,
            )
        )
    return fault is not None


def _fixed_note(own: OwnQuestion) -> str:
    """Why a question can no longer be changed."""
    is_withdrawn = own.question.state is QuestionState.withdrawn
    return "edit-withdrawn" if is_withdrawn else "refused-question-fixed"


async def _warn_of_danger(conversation: Conversation, words: str) -> None:
    if shows_danger(words):
        await conversation.say(
            conversation.texts("danger-help", hotline=conversation.plan.safeguarding.hotline)
        )


async def got_edit(message: Message, conversation: Conversation) -> None:
    """An edited message: part of the draft, of a question already sent, or words not taken yet."""
    if await got_edited_text(message, conversation):
        return
    raw = message.text or message.caption
    if not raw:
        return
    state = conversation.state
    sent = await sent_as(state, message.message_id)
    if sent is not None:
        await _offer_update(conversation, sent, clean(raw))
    elif await state.get_state() == EditQuestionForm.text.state:
        await got_new_words(message, conversation)
    elif await waits_for_words(conversation):
        await take_words(conversation, message.message_id, raw)


async def _offer_update(conversation: Conversation, sent: SentMessage, words: str) -> None:
    """Ask whether the question is to change with the message that it came from."""
    texts, code = conversation.texts, sent.code
    await _warn_of_danger(conversation, words)
    parts = await parts_with(conversation.state, sent, words)
    text = joined(part for _, part in parts)
    if await _said_why_not(conversation, code, text):
        return
    await conversation.state.update_data(
        pending={"code": code, "parts": [list(part) for part in parts]}
    )
    await conversation.show(
        Screen(
            texts("update-offer", code=code, text=quoted(text)),
            [
                [
                    button(
                        texts.plain("button-update", code=code),
                        UpdateQuestionCallback(code=code, yes=True),
                    )
                ],
                [
                    button(
                        texts.plain("button-leave-as-is"),
                        UpdateQuestionCallback(code=code, yes=False),
                    )
                ],
            ],
        )
    )


async def on_update(
    callback: CallbackQuery, callback_data: UpdateQuestionCallback, conversation: Conversation
) -> None:
    """Take the edited words over, or leave the question as it is; a second press only shows it."""
    del callback
    code = callback_data.code
    pending = (await conversation.state.get_data()).get("pending") or {}
    is_open = pending.get("code") == code
    if is_open:
        await conversation.state.update_data(pending=None)
    if is_open and callback_data.yes:
        parts = [(int(number), str(text)) for number, text in pending["parts"]]
        await _take_new_words(conversation, code, parts)
        return
    note = conversation.texts("update-left", code=code) if is_open else ""
    await show_question(conversation, code, note=note)


async def on_withdraw(
    callback: CallbackQuery, callback_data: WithdrawQuestionCallback, conversation: Conversation
) -> None:
    """Take a question back, after asking once more."""
    del callback
    texts, code = conversation.texts, callback_data.code
    if not callback_data.sure:
        own = await own_question(conversation.session, conversation.actor, code=code)
        if not own.can_edit:
            await show_question(conversation, code)
            return
        await conversation.show(
            Screen(
                texts("withdraw-ask", code=code, text=quoted(own.question.text)),
                [
                    [
                        button(
                            texts.plain("button-withdraw-sure"),
                            WithdrawQuestionCallback(code=code, sure=True),
                        )
                    ],
                    [button(texts.plain("button-leave-as-is"), ViewQuestionCallback(code=code))],
                ],
            )
        )
        return
    await withdraw_question(
        conversation.session, conversation.actor, code=code, now=conversation.now
    )
    await show_question(conversation, code, note=texts("withdraw-done", code=code))


def build_router() -> Router:
    """My questions, looking one up, changing one."""
    router = Router(name="member.my_questions")
    own = Permission.question_view_own
    on_command(router, "my", cmd_my)
    on_command(router, "status", cmd_status)
    on_button(router, on_view, ViewQuestionCallback, own)
    on_button(router, on_edit, EditQuestionCallback, own)
    on_button(router, on_update, UpdateQuestionCallback, own)
    on_button(router, on_withdraw, WithdrawQuestionCallback, own)
    router.message.register(got_code, is_code, flags={"permission": own})
    router.message.register(
        got_code,
        LookUpQuestionForm.code,
        is_short,
        is_no_command,
        flags={"permission": own},
    )
    router.message.register(
        got_new_words,
        EditQuestionForm.text,
        has_own_words,
        is_no_command,
        flags={"permission": own},
    )
    router.edited_message.register(got_edit, flags={"permission": own})
    return router
