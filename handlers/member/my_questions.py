"""My questions: what became of them, and changing or taking one back while that is possible."""

import re

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.asking import edit_question, own_question, own_questions, withdraw_question
from conference.errors import QuestionUnknownError
from conference.roles import Permission
from conference.safeguarding import danger_signs
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
from handlers.member.ask_question import got_edited_text
from handlers.moments import moment_words
from handlers.states import EditQuestionForm, LookUpQuestionForm
from storage.tables import QuestionState
from storage.units import unit_and_topic_names

_SHOWN = 20
_TITLE = 60
_CODE = re.compile(r"^(?:(?P<prefix>[a-z0-9]{2,8})[\s_–-]+)?0*(?P<number>\d{1,9})$", re.IGNORECASE)


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
        title = " ".join(question.text.split())
        if len(title) > _TITLE:
            title = title[:_TITLE].rstrip() + "…"
        lines.append(
            texts(
                "my-line",
                code=question.code,
                state=_state_words(conversation, question.state),
                title=title,
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
            text=question.text,
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
    """A typed code; anything that is none goes on to free text."""
    await conversation.state.set_state(None)
    await look_up(conversation, message.text or "")


async def look_up(conversation: Conversation, typed: str) -> None:
    """Answer only the author, and the same for "unknown" and "not yours"."""
    match = _CODE.match(typed.strip())
    if match is None:
        raise QuestionUnknownError
    prefix = match["prefix"] or conversation.plan.conference.code
    await show_question(conversation, f"{prefix.upper()}-{int(match['number']):04d}")


async def on_edit(
    callback: CallbackQuery, callback_data: EditQuestionCallback, conversation: Conversation
) -> None:
    """Ask for new words."""
    del callback
    texts = conversation.texts
    own = await own_question(conversation.session, conversation.actor, code=callback_data.code)
    if not own.can_edit:
        await show_question(conversation, callback_data.code)
        return
    await conversation.state.set_state(EditQuestionForm.text)
    await conversation.state.update_data(editing=callback_data.code)
    await conversation.show(
        Screen(
            texts("edit-ask", code=callback_data.code, text=own.question.text),
            [
                [
                    button(
                        texts.plain("button-leave-as-is"),
                        ViewQuestionCallback(code=callback_data.code),
                    )
                ]
            ],
        )
    )


async def got_new_words(message: Message, conversation: Conversation) -> None:
    """New words for a question already sent."""
    held = await conversation.state.get_data()
    code = held.get("editing", "")
    words = message.text or message.caption or ""
    await _warn_of_danger(conversation, words)
    question = await edit_question(
        conversation.session,
        conversation.actor,
        plan=conversation.plan,
        code=code,
        text=words,
        now=conversation.now,
    )
    await conversation.state.set_state(None)
    sent = [*held.get("sent", []), [message.message_id, question.code]][-_SHOWN:]
    await conversation.state.update_data(sent=sent, editing=None)
    await show_question(
        conversation, question.code, note=conversation.texts("edit-done", code=question.code)
    )


async def _warn_of_danger(conversation: Conversation, words: str) -> None:
    if danger_signs(words):
        await conversation.say(
            conversation.texts("danger-help", hotline=conversation.plan.safeguarding.hotline)
        )


async def got_edit(message: Message, conversation: Conversation) -> None:
    """An edited message: a part of the draft, or of a question already sent."""
    if await got_edited_text(message, conversation):
        return
    held = await conversation.state.get_data()
    codes = dict(held.get("sent", []))
    code = codes.get(message.message_id)
    words = message.text or message.caption
    if code is None or not words:
        return
    texts = conversation.texts
    await _warn_of_danger(conversation, words)
    await conversation.state.update_data(pending={"code": code, "text": words})
    await conversation.show(
        Screen(
            texts("update-offer", code=code, text=words),
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
    """Take the edited words over, or leave the question as it is."""
    del callback
    texts = conversation.texts
    pending = (await conversation.state.get_data()).get("pending") or {}
    note = texts("update-left", code=callback_data.code)
    if callback_data.yes and pending.get("code") == callback_data.code:
        await edit_question(
            conversation.session,
            conversation.actor,
            plan=conversation.plan,
            code=callback_data.code,
            text=pending["text"],
            now=conversation.now,
        )
        note = texts("edit-done", code=callback_data.code)
    await conversation.state.update_data(pending=None)
    await show_question(conversation, callback_data.code, note=note)


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
                texts("withdraw-ask", code=code, text=own.question.text),
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
    router.message.register(
        got_code,
        LookUpQuestionForm.code,
        F.text.regexp(_CODE),
        flags={"permission": own},
    )
    router.message.register(
        got_new_words,
        EditQuestionForm.text,
        (F.text | F.caption) & ~F.text.startswith("/") & ~F.forward_origin,
        flags={"permission": own},
    )
    router.edited_message.register(got_edit, flags={"permission": own})
    return router
