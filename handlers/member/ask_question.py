"""Asking: what each button and each word does to the question being written.

Every input leads to `go_on`, which asks for the first thing still missing. So free text is
welcome at any step, and nothing is ever typed twice.
"""

import re

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from conference.asking import OPEN_PHASES, Receipt, shows_danger, submit_question, text_fault
from conference.deadlines import Phase, phase
from conference.joining import give_consent, set_age_band
from conference.privacy import forget_stranger
from conference.roles import Permission
from conference.vietnamese import clean, filter_choices, fold, has_words
from config.texts import Safe, texts_for
from handlers.callbacks import (
    ChooseAgeCallback,
    ChooseConsentCallback,
    ChooseTopicCallback,
    ChooseUnitCallback,
    DropNewTextCallback,
    GoToStepCallback,
    KeepNewTextCallback,
    OpenCallback,
    ResumeDraftCallback,
    SendQuestionCallback,
    TurnPageCallback,
    ViewQuestionCallback,
)
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button
from handlers.filters import has_own_words
from handlers.member.drafts import Draft, load_draft, remember_sent, save_draft
from handlers.member.question_steps import (
    PAGE,
    age_labels,
    begin,
    go_on,
    show_step,
)
from handlers.moments import day_words, deadline_words, moment_words
from handlers.quoting import quoted
from handlers.states import AskQuestionForm, is_asking
from storage.tables import AgeBand

_FILTER_LENGTH = 30
_AGE = re.compile(r"(?:\D* )?([1-9]\d?)(?: \D*)?")
_STEPS_TO_SHOW = {
    "age": AskQuestionForm.age_band,
    "unit": AskQuestionForm.unit,
    "topic": AskQuestionForm.topic,
}


async def cmd_ask(message: Message, command: CommandObject, conversation: Conversation) -> None:
    """`/hoi`: ask a question; words behind the command are its beginning."""
    if command.args and has_words(command.args):
        await take_words(conversation, message.message_id, command.args)
        return
    await begin(conversation)


async def on_consent(
    callback: CallbackQuery, callback_data: ChooseConsentCallback, conversation: Conversation
) -> None:
    """Yes or no to the consent text."""
    del callback
    await _consent(conversation, yes=callback_data.yes)


async def _consent(conversation: Conversation, *, yes: bool) -> None:
    """A yes is kept with the text's version; a no leaves nothing at all."""
    is_closed = phase(conversation.plan, conversation.now) is Phase.closed
    if conversation.actor.has_consented or (yes and is_closed):
        await go_on(conversation)
        return
    if not yes:
        await forget_stranger(conversation.session, conversation.actor)
        conversation.turn.forgotten = conversation.actor.person is None
        await conversation.show(Screen(conversation.texts("consent-refused")))
        await conversation.state.clear()
        return
    conversation.actor = await give_consent(
        conversation.session,
        conversation.actor,
        language=conversation.texts.language,
        now=conversation.now,
    )
    await go_on(conversation)


async def on_age_band(
    callback: CallbackQuery, callback_data: ChooseAgeCallback, conversation: Conversation
) -> None:
    """An age band was chosen."""
    del callback
    band = next((one for one in AgeBand if one.value == callback_data.band), None)
    if band is None or not conversation.actor.has_consented:
        await go_on(conversation)
        return
    await _choose_age(conversation, band)


async def _choose_age(conversation: Conversation, band: AgeBand) -> None:
    """The age band decides how the person is spoken to from here on."""
    await set_age_band(conversation.session, conversation.actor, age_band=band)
    is_child = band is AgeBand.under_16
    conversation.texts = texts_for(conversation.texts.language, "child" if is_child else "youth")
    draft = await load_draft(conversation.state)
    # Whoever has just written of being hurt at home is not sent to ask at home first.
    is_warned = draft is not None and draft.warned
    note = conversation.texts("ask-child-note") if is_child and not is_warned else ""
    await go_on(conversation, note=note)


async def _open_draft(conversation: Conversation) -> Draft | None:
    """The draft a button speaks of, or a kind word that there is none any more."""
    draft = await load_draft(conversation.state)
    if draft is None:
        await show_nothing_open(conversation)
    return draft


async def show_nothing_open(conversation: Conversation) -> None:
    """An old button: what it belonged to is over; say so and offer what is possible.

    On the screen that is shown now it can only be a second press, which must not wipe the first
    one's answer away.
    """
    texts = conversation.texts
    last = (await conversation.state.get_data()).get("last_code")
    if await conversation.is_on_present_screen():
        words = (
            texts.plain("ask-already-sent", code=last) if last else texts.plain("ask-button-old")
        )
        await conversation.toast(words)
        return
    await conversation.toast(texts.plain("ask-button-old"))
    rows = [[button(texts.plain("button-ask"), OpenCallback(command="ask"))]]
    if last:
        rows.append(
            [button(texts.plain("button-view", code=last), ViewQuestionCallback(code=last))]
        )
    await conversation.show(Screen(texts("ask-nothing-open", code=last or "none"), rows))


async def on_unit(
    callback: CallbackQuery, callback_data: ChooseUnitCallback, conversation: Conversation
) -> None:
    """A unit was chosen."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    if callback_data.code in {unit.code for unit in conversation.plan.units}:
        draft.unit = callback_data.code
        await save_draft(conversation.state, draft)
    else:
        await conversation.toast(conversation.texts.plain("ask-choice-gone"))
    await go_on(conversation)


async def on_topic(
    callback: CallbackQuery, callback_data: ChooseTopicCallback, conversation: Conversation
) -> None:
    """A topic was chosen."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    if callback_data.code in {topic.code for topic in conversation.plan.topics}:
        draft.topic = callback_data.code
        await save_draft(conversation.state, draft)
    else:
        await conversation.toast(conversation.texts.plain("ask-choice-gone"))
    await go_on(conversation)


async def on_page(
    callback: CallbackQuery, callback_data: TurnPageCallback, conversation: Conversation
) -> None:
    """Another page of choices."""
    del callback
    await _show_again(conversation, callback_data.step, page=callback_data.page)


async def on_step(
    callback: CallbackQuery, callback_data: GoToStepCallback, conversation: Conversation
) -> None:
    """Back to a step, or from the last look to the one to change."""
    del callback
    await _show_again(conversation, callback_data.step)


async def show_again(conversation: Conversation, *, note: str = "") -> None:
    """The present step anew, below all that was said meanwhile.

    Args:
        conversation: the update's conversation.
        note: a sentence that stands before the step.
    """
    state, draft = await conversation.state.get_state(), await load_draft(conversation.state)
    step = next((one for one in _STEPS_TO_SHOW.values() if one.state == state), None)
    if step is not None and draft is not None and _is_past_joining(conversation):
        await show_step(conversation, step, draft, note=note)
    else:
        await go_on(conversation, note=note)


def _is_past_joining(conversation: Conversation) -> bool:
    """Whether any step may be shown: before consent and age there is no other."""
    actor = conversation.actor
    is_known = actor.has_consented and actor.person is not None and actor.person.age_band
    return bool(is_known) and phase(conversation.plan, conversation.now) is not Phase.closed


async def _show_again(conversation: Conversation, name: str, *, page: int = 0) -> None:
    """Show a step whatever is known already; before consent and age there is no other step."""
    draft = await _open_draft(conversation)
    if draft is None:
        return
    step = _STEPS_TO_SHOW.get(name)
    if step is not None and _is_past_joining(conversation):
        await show_step(conversation, step, draft, page=page)
        return
    if name == "text":
        draft.replaces = bool(draft.text)
    elif name == "confirmation":
        draft.replaces = False
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def on_keep_new(callback: CallbackQuery, conversation: Conversation) -> None:
    """Of several messages only the last one is the question."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    draft.parts = draft.parts[-1:]
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def on_drop_new(callback: CallbackQuery, conversation: Conversation) -> None:
    """Of several messages all but the last one are the question."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    draft.parts = draft.parts[:-1] or draft.parts
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def on_resume(
    callback: CallbackQuery, callback_data: ResumeDraftCallback, conversation: Conversation
) -> None:
    """Go on with the draft, or put it away for a new question."""
    del callback
    if not callback_data.keep:
        draft = await load_draft(conversation.state)
        await save_draft(conversation.state, Draft(unit=draft.unit if draft else None))
    elif await _open_draft(conversation) is None:
        return
    await go_on(conversation)


async def on_send(callback: CallbackQuery, conversation: Conversation) -> None:
    """The button that sends."""
    del callback
    await _send(conversation)


async def _send(conversation: Conversation) -> None:
    """Send the question. A second press finds it sent and leaves its receipt alone."""
    draft = await _open_draft(conversation)
    if draft is None:
        return
    plan, texts = conversation.plan, conversation.texts
    is_ready = (
        conversation.actor.has_consented
        and phase(plan, conversation.now) in OPEN_PHASES
        and draft.unit is not None
        and draft.topic is not None
        and text_fault(draft.text, plan) is None
    )
    if not is_ready:
        if phase(plan, conversation.now) is Phase.not_open:
            opens = moment_words(texts, plan, plan.moment("asking_opens"))
            await conversation.toast(texts.plain("ask-not-open", moment=opens), alert=True)
        await go_on(conversation)
        return
    receipt = await submit_question(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        unit_code=draft.unit or "",
        topic_code=draft.topic or "",
        text=draft.text,
        now=conversation.now,
    )
    code = receipt.question.code
    await conversation.heed_unit(receipt.question.unit_code)
    await save_draft(conversation.state, None)
    await conversation.state.set_state(None)
    await remember_sent(conversation.state, code, draft.parts)
    await conversation.show(
        Screen(
            _receipt_words(conversation, receipt),
            [
                [button(texts.plain("button-ask-another"), OpenCallback(command="ask"))],
                [button(texts.plain("button-view", code=code), ViewQuestionCallback(code=code))],
            ],
        )
    )


def _receipt_words(conversation: Conversation, receipt: Receipt) -> str:
    """The code, what happens next, and how many questions are left today."""
    texts, plan, question = conversation.texts, conversation.plan, receipt.question
    return "\n\n".join(
        [
            texts(
                "ask-repeated" if receipt.is_repeat else "ask-sent",
                code=Safe(f"<code>{question.code}</code>"),
                unit=receipt.unit,
            ),
            texts(
                "ask-sent-next-addendum" if question.is_addendum else "ask-sent-next",
                deadline=deadline_words(texts, plan, "asking_closes"),
                day=day_words(texts, plan.local("conference_opens").date()),
            ),
            texts("ask-left-today", left=receipt.left_today),
        ]
    )


async def cancel(conversation: Conversation) -> None:
    """Give up what is being done; the words of a draft stay with their author."""
    texts = conversation.texts
    state, draft = await conversation.state.get_state(), await load_draft(conversation.state)
    if state is not None and not is_asking(state):
        # Only the looking up or the changing is given up: a draft has nothing to do with it.
        await conversation.state.set_state(None)
        text = texts("cancelled")
    elif draft is not None or state is not None:
        await save_draft(conversation.state, None)
        await conversation.state.set_state(None)
        has_text = draft is not None and draft.text
        text = (
            texts("cancelled-draft", text=quoted(draft.text))
            if draft is not None and has_text
            else texts("cancelled")
        )
    elif await conversation.is_on_present_screen():
        await conversation.toast(texts.plain("ask-button-old"))
        return
    else:
        text = texts("nothing-to-cancel")
    await conversation.show(
        Screen(text, [[button(texts.plain("button-ask"), OpenCallback(command="ask"))]])
    )


async def got_text(message: Message, conversation: Conversation) -> None:
    """Words at any step, or out of the blue: a choice searched for, or the question itself."""
    raw = message.text or message.caption or ""
    note = conversation.texts("content-caption-taken") if message.caption is not None else ""
    await take_words(conversation, message.message_id, raw, note=note)


async def take_words(
    conversation: Conversation, message_id: int, raw: str, *, note: str = ""
) -> None:
    """Let words be the answer that a step asks for, or else a part of the question.

    A sign of danger is answered first, whatever else the words are.
    """
    texts, plan = conversation.texts, conversation.plan
    words = clean(raw)
    step = await conversation.state.get_state()
    draft = await load_draft(conversation.state)
    is_danger = shows_danger(words)
    if not is_danger and await _took_answer(conversation, step, draft, words):
        return
    if not has_words(words):
        note = texts("content-no-words")
        await (go_on(conversation, note=note) if is_asking(step) else conversation.say(note))
        return
    fault = text_fault(words, plan)
    if draft is None and fault == "too-short" and not is_danger:
        await show_hint(conversation)
        return
    draft = draft or Draft()
    fits_already = text_fault(draft.text, plan) is None
    if draft.replaces and fits_already and fault is not None:
        note = _unfit_words(conversation, words, fault)
    else:
        grew = draft.take(message_id, words, anew=text_fault(draft.text, plan) == "too-long")
        if not note and step == AskQuestionForm.confirmation.state and grew:
            note = texts("ask-text-joined")
        elif not note and step not in {
            AskQuestionForm.text.state,
            AskQuestionForm.confirmation.state,
        }:
            note = texts("ask-draft-kept") if conversation.actor.has_consented else ""
    await warn_of_danger(conversation, draft, words, is_danger=is_danger)
    await save_draft(conversation.state, draft)
    await go_on(conversation, note=note)


async def warn_of_danger(
    conversation: Conversation, draft: Draft, words: str, *, is_danger: bool
) -> None:
    """Give the help line at the first sign of danger in the draft or in words just written."""
    if draft.warned or not (is_danger or (draft.text != words and shows_danger(draft.text))):
        return
    draft.warned = True
    await conversation.say(
        conversation.texts("danger-help", hotline=conversation.plan.safeguarding.hotline)
    )


def _unfit_words(conversation: Conversation, words: str, fault: str) -> str:
    limits = conversation.plan.collection
    return conversation.texts(
        f"refused-text-{fault}",
        length=len(words),
        minimum=limits.min_characters,
        maximum=limits.max_characters,
    )


async def _took_answer(
    conversation: Conversation, step: str | None, draft: Draft | None, words: str
) -> bool:
    """Whether the words are what the present step asks for, or the label of one of its buttons."""
    folded = fold(words)
    if not folded or not is_asking(step):
        return False
    if folded == fold(conversation.texts.plain("button-cancel")):
        await cancel(conversation)
        return True
    if step == AskQuestionForm.consent.state:
        return await _took_consent(conversation, words)
    if step == AskQuestionForm.age_band.state:
        return await _took_age(conversation, words)
    if step == AskQuestionForm.confirmation.state:
        is_send = folded == fold(conversation.texts.plain("button-send"))
        if is_send:
            await _send(conversation)
        return is_send
    return step != AskQuestionForm.text.state and await _took_choice(
        conversation, draft or Draft(), step or "", words
    )


async def _took_consent(conversation: Conversation, words: str) -> bool:
    for yes, label in ((True, "button-agree"), (False, "button-disagree")):
        if fold(words) == fold(conversation.texts.plain(label)):
            await _consent(conversation, yes=yes)
            return True
    return await _asked_for_a_button(conversation, words)


async def _took_age(conversation: Conversation, words: str) -> bool:
    band = _age_in(conversation, fold(words))
    if band is None or not conversation.actor.has_consented:
        return await _asked_for_a_button(conversation, words)
    await _choose_age(conversation, band)
    return True


async def _asked_for_a_button(conversation: Conversation, words: str) -> bool:
    """A few letters where a button is asked for are no part of a question."""
    if len(words) >= conversation.plan.collection.min_characters:
        return False
    await go_on(conversation, note=conversation.texts("ask-press-button"))
    return True


def _age_in(conversation: Conversation, folded: str) -> AgeBand | None:
    """The band that is named by its label, or that a typed age falls into."""
    for band, label in age_labels(conversation).items():
        if folded == fold(label):
            return band
    if (match := _AGE.fullmatch(folded)) is None or len(folded) >= _FILTER_LENGTH:
        return None
    age = int(match[1])
    if age < 16:  # noqa: PLR2004  the bands' own bounds
        return AgeBand.under_16
    if age < 18:  # noqa: PLR2004
        return AgeBand.from_16_to_17
    return AgeBand.from_18_to_30 if age <= 30 else AgeBand.over_30  # noqa: PLR2004


async def _took_choice(conversation: Conversation, draft: Draft, step: str, words: str) -> bool:
    """Typed letters narrow the choices; one that fits alone, or a number, is chosen."""
    plan, texts = conversation.plan, conversation.texts
    is_unit = step == AskQuestionForm.unit.state
    if len(words) > _FILTER_LENGTH:
        return False
    if is_unit:
        labels = {unit.code: unit.name for unit in plan.units}
        short = {unit.code: unit.short_name for unit in plan.units}
        numbered = {str(at): unit.code for at, unit in enumerate(plan.units, start=1)}
    else:
        labels = {topic.code: topic.label for topic in plan.topics}
        short = labels
        numbered = {str(topic.number): topic.code for topic in plan.topics}
    if words in numbered:
        found = [numbered[words]]
    else:
        found = filter_choices(words, short) or filter_choices(words, labels)
    if len(found) == 1:
        if is_unit:
            draft.unit = found[0]
        else:
            draft.topic = found[0]
        await save_draft(conversation.state, draft)
        await go_on(conversation)
        return True
    if not found and len(words) >= plan.collection.min_characters:
        return False
    note = ""
    if not found:
        note = texts("ask-choice-not-found", words=words)
    elif len(found) > PAGE:
        note = texts("ask-choice-many", shown=PAGE)
    where = AskQuestionForm.unit if is_unit else AskQuestionForm.topic
    await save_draft(conversation.state, draft)
    await show_step(conversation, where, draft, note=note, found=found or None)
    return True


async def show_hint(conversation: Conversation) -> None:
    """A few letters out of the blue: say how to ask."""
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("hint-how-to-ask", minimum=conversation.plan.collection.min_characters),
            [
                [button(texts.plain("button-ask"), OpenCallback(command="ask"))],
                [button(texts.plain("button-help"), OpenCallback(command="help"))],
            ],
        )
    )


async def got_edited_text(message: Message, conversation: Conversation) -> bool:
    """An edited message that is a part of the draft. False: it is none."""
    draft = await load_draft(conversation.state)
    words = clean(message.text or message.caption or "")
    if draft is None or not draft.change(message.message_id, words):
        return False
    await warn_of_danger(conversation, draft, words, is_danger=shows_danger(words))
    await save_draft(conversation.state, draft)
    note = conversation.texts("ask-draft-edited")
    if is_asking(await conversation.state.get_state()):
        await go_on(conversation, note=note, refresh=True)
    else:
        await conversation.say(note)
    return True


async def waits_for_words(conversation: Conversation) -> bool:
    """Whether an edited message can stand for a new one: where words have not been taken yet."""
    step, draft = await conversation.state.get_state(), await load_draft(conversation.state)
    choosing = {AskQuestionForm.unit.state, AskQuestionForm.topic.state}
    return step in choosing or (
        step == AskQuestionForm.text.state and draft is not None and draft.replaces
    )


def build_router() -> Router:
    """The buttons of asking. Free text is registered last, by `handlers.build_router`."""
    router = Router(name="member.ask_question")
    on_command(router, "ask", cmd_ask)
    public, ask = Permission.public, Permission.question_ask
    on_button(router, on_consent, ChooseConsentCallback, public)
    on_button(router, on_age_band, ChooseAgeCallback, public)
    on_button(router, on_unit, ChooseUnitCallback, ask)
    on_button(router, on_topic, ChooseTopicCallback, ask)
    on_button(router, on_page, TurnPageCallback, ask)
    on_button(router, on_step, GoToStepCallback, ask)
    on_button(router, on_keep_new, KeepNewTextCallback, ask)
    on_button(router, on_drop_new, DropNewTextCallback, ask)
    on_button(router, on_resume, ResumeDraftCallback, ask)
    on_button(router, on_send, SendQuestionCallback, ask)
    return router


def build_text_router() -> Router:
    """Free text, in any step or none."""
    router = Router(name="member.free_text")
    router.message.register(
        got_text,
        has_own_words,
        flags={"permission": Permission.question_ask},
    )
    return router
