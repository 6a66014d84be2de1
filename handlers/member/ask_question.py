"""Asking: consent, age band, unit, topic, words, a last look, sent.

Every input leads to `go_on`, which asks for the first thing still missing. So free text is
welcome at any step, and nothing is ever typed twice.
"""

from aiogram import F, Router
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.asking import OPEN_PHASES, submit_question, text_fault
from conference.deadlines import Phase, phase
from conference.joining import give_consent, set_age_band
from conference.masking import find_personal
from conference.roles import Permission
from conference.safeguarding import danger_signs
from conference.vietnamese import clean, filter_choices, has_words
from config.texts import Safe, texts_for
from handlers.callbacks import (
    CancelCallback,
    ChooseAgeCallback,
    ChooseConsentCallback,
    ChooseTopicCallback,
    ChooseUnitCallback,
    GoToStepCallback,
    KeepNewTextCallback,
    OpenCallback,
    ResumeDraftCallback,
    SendQuestionCallback,
    TurnPageCallback,
    ViewQuestionCallback,
)
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Rows, Screen, button, grid
from handlers.member.drafts import Draft, load_draft, save_draft
from handlers.moments import day_words, deadline_words, moment_words
from handlers.states import AskQuestionForm
from storage.tables import AgeBand

STEPS = (
    AskQuestionForm.unit,
    AskQuestionForm.topic,
    AskQuestionForm.text,
    AskQuestionForm.confirmation,
)
PAGE = 16
_FILTER_LENGTH = 30
_SENT_KEPT = 20


async def begin(conversation: Conversation, *, unit: str | None = None, note: str = "") -> None:
    """Start asking, or offer the question begun earlier."""
    draft = await load_draft(conversation.state)
    if draft is not None and draft.text and unit in {None, draft.unit}:
        await offer_draft(conversation, draft)
        return
    draft = draft or Draft()
    if unit is not None:
        draft.unit = unit
    await save_draft(conversation.state, draft)
    await go_on(conversation, note=note)


async def go_on(conversation: Conversation, *, note: str = "") -> None:
    """Ask for the first thing that is still missing."""
    draft = await load_draft(conversation.state) or Draft()
    actor, plan = conversation.actor, conversation.plan
    when = phase(plan, conversation.now)
    if when is Phase.closed:
        await _show_closed(conversation, draft)
        return
    if not actor.has_consented:
        step: State = AskQuestionForm.consent
    elif actor.person is not None and actor.person.age_band is None:
        step = AskQuestionForm.age_band
    else:
        if draft.unit is None and actor.person is not None:
            draft.unit = actor.person.unit_code
        units = {unit.code for unit in plan.units}
        topics = {topic.code for topic in plan.topics}
        if draft.unit not in units:
            draft.unit = None
        if draft.topic not in topics:
            draft.topic = None
        if draft.unit is None:
            step = AskQuestionForm.unit
        elif draft.topic is None:
            step = AskQuestionForm.topic
        elif text_fault(draft.text, plan) is not None or draft.replaces:
            step = AskQuestionForm.text
        else:
            step = AskQuestionForm.confirmation
    await save_draft(conversation.state, draft)
    await show_step(conversation, step, draft, note=note)


async def show_step(
    conversation: Conversation,
    step: State,
    draft: Draft,
    *,
    note: str = "",
    page: int = 0,
    found: list[str] | None = None,
    refresh: bool = False,
) -> None:
    """Show one step; `found` narrows the choices to those that were searched for."""
    await conversation.state.set_state(step)
    if step == AskQuestionForm.consent:
        screen = _consent_screen(conversation, draft)
    elif step == AskQuestionForm.age_band:
        screen = _age_screen(conversation)
    elif step == AskQuestionForm.unit:
        screen = _unit_screen(conversation, page, found)
    elif step == AskQuestionForm.topic:
        screen = _topic_screen(conversation, draft, page, found)
    elif step == AskQuestionForm.text:
        screen = _text_screen(conversation, draft)
    else:
        screen = await _confirmation_screen(conversation, draft)
    if note:
        screen = Screen(f"{note}\n\n{screen.text}", screen.rows)
    await (conversation.refresh(screen) if refresh else conversation.show(screen))


def _progress(conversation: Conversation, step: State) -> str:
    return conversation.texts("ask-progress", step=STEPS.index(step) + 1, steps=len(STEPS))


def _addendum_note(conversation: Conversation) -> str:
    if phase(conversation.plan, conversation.now) is not Phase.addendum:
        return ""
    return conversation.texts("ask-addendum-note") + "\n\n"


def _consent_screen(conversation: Conversation, draft: Draft) -> Screen:
    texts, plan = conversation.texts, conversation.plan
    kept = texts("ask-draft-kept") + "\n\n" if draft.text else ""
    return Screen(
        kept
        + texts(
            "consent-text",
            title=plan.conference.short_title,
            board=plan.organiser.standing_board,
            organiser=plan.organiser.name,
            day=day_words(texts, plan.local("conference_opens").date()),
            days=plan.collection.retention_days,
        ),
        [
            [button(texts.plain("button-agree"), ChooseConsentCallback(yes=True))],
            [button(texts.plain("button-disagree"), ChooseConsentCallback(yes=False))],
        ],
    )


def _age_screen(conversation: Conversation) -> Screen:
    texts = conversation.texts
    bands = [
        button(
            texts.plain(f"age-{band.value.replace('_', '-')}"), ChooseAgeCallback(band=band.value)
        )
        for band in AgeBand
    ]
    return Screen(texts("ask-age-band"), [*grid(bands), [_cancel(conversation)]])


def _unit_screen(conversation: Conversation, page: int, found: list[str] | None) -> Screen:
    units = conversation.plan.units
    chosen = units if found is None else [conversation.plan.unit(code) for code in found]
    rows = _choices(
        conversation,
        [button(unit.short_name, ChooseUnitCallback(code=unit.code)) for unit in chosen],
        "unit",
        page,
        narrowed=found is not None,
    )
    text = conversation.texts("ask-unit", many="yes" if len(units) > PAGE else "no")
    return Screen(
        f"{_progress(conversation, AskQuestionForm.unit)}\n{_addendum_note(conversation)}{text}",
        [*rows, [_cancel(conversation)]],
    )


def _topic_screen(
    conversation: Conversation, draft: Draft, page: int, found: list[str] | None
) -> Screen:
    topics = conversation.plan.topics
    chosen = topics if found is None else [conversation.plan.topic(code) for code in found]
    rows = _choices(
        conversation,
        [button(topic.label, ChooseTopicCallback(code=topic.code)) for topic in chosen],
        "topic",
        page,
        narrowed=found is not None,
    )
    unit = conversation.plan.unit(draft.unit).name if draft.unit else ""
    return Screen(
        f"{_progress(conversation, AskQuestionForm.topic)}\n"
        + _addendum_note(conversation)
        + conversation.texts("ask-topic", unit=unit),
        [*rows, [_back(conversation, "unit"), _cancel(conversation)]],
    )


def _choices(
    conversation: Conversation,
    buttons: list[InlineKeyboardButton],
    step: str,
    page: int,
    *,
    narrowed: bool,
) -> Rows:
    pages = max(1, -(-len(buttons) // PAGE))
    page = min(max(page, 0), pages - 1)
    rows = grid(buttons[page * PAGE : (page + 1) * PAGE])
    turns = []
    if page > 0:
        turns.append(
            button(
                conversation.texts.plain("button-previous-page"),
                TurnPageCallback(step=step, page=page - 1),
            )
        )
    if page < pages - 1:
        turns.append(
            button(
                conversation.texts.plain("button-next-page"),
                TurnPageCallback(step=step, page=page + 1),
            )
        )
    if narrowed:
        turns.append(
            button(
                conversation.texts.plain("button-show-all"), TurnPageCallback(step=step, page=0)
            )
        )
    return [*rows, turns]


def _text_screen(conversation: Conversation, draft: Draft) -> Screen:
    texts, plan = conversation.texts, conversation.plan
    limits = {
        "minimum": plan.collection.min_characters,
        "maximum": plan.collection.max_characters,
        "length": len(draft.text),
    }
    if draft.replaces or not draft.parts:
        asked = texts("ask-text", **limits)
        if draft.text:
            asked += "\n\n" + texts("ask-text-now", text=draft.text)
    else:
        asked = texts(f"ask-text-{text_fault(draft.text, plan) or 'more'}", **limits)
    rows: list[list[InlineKeyboardButton]] = []
    if draft.replaces and text_fault(draft.text, plan) is None:
        rows.append(
            [button(texts.plain("button-keep-text"), GoToStepCallback(step="confirmation"))]
        )
    return Screen(
        f"{_progress(conversation, AskQuestionForm.text)}\n"
        + _addendum_note(conversation)
        + texts(
            "ask-chosen",
            unit=_unit_name(conversation, draft),
            topic=_topic_label(conversation, draft),
        )
        + "\n\n"
        + asked,
        [*rows, [_back(conversation, "topic"), _cancel(conversation)]],
    )


async def _confirmation_screen(conversation: Conversation, draft: Draft) -> Screen:
    texts, plan = conversation.texts, conversation.plan
    lines = [
        _progress(conversation, AskQuestionForm.confirmation),
        _addendum_note(conversation)
        + texts(
            "ask-confirmation",
            unit=_unit_name(conversation, draft),
            topic=_topic_label(conversation, draft),
            text=draft.text,
        ),
    ]
    kinds = {found.kind for found in find_personal(draft.text)}
    if kinds:
        lines.append(texts("ask-personal-found"))
    if phase(plan, conversation.now) is Phase.not_open:
        lines.append(
            texts(
                "ask-not-open",
                moment=moment_words(texts, plan, plan.moment("asking_opens")),
            )
        )
    rows: list[list[InlineKeyboardButton]] = [
        [button(texts.plain("button-send"), SendQuestionCallback())],
        [
            button(texts.plain("button-change-text"), GoToStepCallback(step="text")),
            button(texts.plain("button-change-topic"), GoToStepCallback(step="topic")),
        ],
        [
            button(texts.plain("button-change-unit"), GoToStepCallback(step="unit")),
            _cancel(conversation),
        ],
    ]
    if len(draft.parts) > 1:
        rows.insert(1, [button(texts.plain("button-keep-new-text"), KeepNewTextCallback())])
    return Screen("\n\n".join(lines), rows)


async def offer_draft(conversation: Conversation, draft: Draft) -> None:
    """Show the question begun earlier and let its author go on with it."""
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("ask-draft-offered", text=draft.text),
            [
                [button(texts.plain("button-resume"), ResumeDraftCallback(keep=True))],
                [button(texts.plain("button-begin-anew"), ResumeDraftCallback(keep=False))],
            ],
        )
    )


async def _show_closed(conversation: Conversation, draft: Draft) -> None:
    texts, plan = conversation.texts, conversation.plan
    await conversation.state.set_state(None)
    text = texts(
        "ask-closed",
        title=plan.conference.short_title,
        organiser=plan.organiser.name,
        contact=f": {plan.organiser.contact}" if plan.organiser.contact else "blank",
    )
    if draft.text:
        text += "\n\n" + texts("ask-closed-draft", text=draft.text)
    await conversation.show(
        Screen(
            text,
            grid(
                [
                    button(texts.plain("button-my"), OpenCallback(command="my")),
                    button(texts.plain("button-deadline"), OpenCallback(command="deadline")),
                ]
            ),
        )
    )


def _unit_name(conversation: Conversation, draft: Draft) -> str:
    return conversation.plan.unit(draft.unit).name if draft.unit else "…"


def _topic_label(conversation: Conversation, draft: Draft) -> str:
    return conversation.plan.topic(draft.topic).label if draft.topic else "…"


def _back(conversation: Conversation, step: str) -> InlineKeyboardButton:
    return button(conversation.texts.plain("button-back"), GoToStepCallback(step=step))


def _cancel(conversation: Conversation) -> InlineKeyboardButton:
    return button(conversation.texts.plain("button-cancel"), CancelCallback())


async def cmd_ask(message: Message, conversation: Conversation) -> None:
    """`/hoi`: ask a question."""
    del message
    await begin(conversation)


async def on_consent(
    callback: CallbackQuery, callback_data: ChooseConsentCallback, conversation: Conversation
) -> None:
    """A yes is kept with the text's version; a no leaves nothing at all."""
    del callback
    if conversation.actor.has_consented:
        await go_on(conversation)
        return
    if not callback_data.yes:
        await conversation.show(Screen(conversation.texts("consent-refused")))
        await conversation.state.clear()
        return
    language = conversation.texts.language
    conversation.actor = await give_consent(
        conversation.session, conversation.actor, language=language, now=conversation.now
    )
    await go_on(conversation)


async def on_age_band(
    callback: CallbackQuery, callback_data: ChooseAgeCallback, conversation: Conversation
) -> None:
    """The age band decides how the person is spoken to from here on."""
    del callback
    if not conversation.actor.has_consented:
        await go_on(conversation)
        return
    try:
        band = AgeBand(callback_data.band)
    except ValueError:
        await go_on(conversation)
        return
    await set_age_band(conversation.session, conversation.actor, age_band=band)
    note = ""
    if band is AgeBand.under_16:
        conversation.texts = texts_for(conversation.texts.language, "child")
        note = conversation.texts("ask-child-note")
    await go_on(conversation, note=note)


async def _open_draft(conversation: Conversation) -> Draft | None:
    """The draft a button speaks of, or a kind word that there is none any more."""
    draft = await load_draft(conversation.state)
    if draft is None:
        await show_nothing_open(conversation)
    return draft


async def show_nothing_open(conversation: Conversation) -> None:
    """An old button: what it belonged to is over; say so and offer what is possible."""
    texts = conversation.texts
    last = (await conversation.state.get_data()).get("last_code")
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
    draft.unit = callback_data.code
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def on_topic(
    callback: CallbackQuery, callback_data: ChooseTopicCallback, conversation: Conversation
) -> None:
    """A topic was chosen."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    draft.topic = callback_data.code
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def on_page(
    callback: CallbackQuery, callback_data: TurnPageCallback, conversation: Conversation
) -> None:
    """Another page of choices."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None or not conversation.actor.has_consented:
        return
    step = AskQuestionForm.unit if callback_data.step == "unit" else AskQuestionForm.topic
    await show_step(conversation, step, draft, page=callback_data.page)


async def on_step(
    callback: CallbackQuery, callback_data: GoToStepCallback, conversation: Conversation
) -> None:
    """Back to a step, or from the last look to the one to change."""
    del callback
    draft = await _open_draft(conversation)
    if draft is None:
        return
    if not conversation.actor.has_consented:
        await go_on(conversation)
        return
    if callback_data.step == "text":
        draft.replaces = True
    elif callback_data.step == "confirmation":
        draft.replaces = False
    else:
        step = AskQuestionForm.unit if callback_data.step == "unit" else AskQuestionForm.topic
        await save_draft(conversation.state, draft)
        await show_step(conversation, step, draft)
        return
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
    """Send the question. A second press finds it sent and shows the way to it."""
    del callback
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
        plan=plan,
        unit_code=draft.unit or "",
        topic_code=draft.topic or "",
        text=draft.text,
        now=conversation.now,
    )
    code = receipt.question.code
    held = await conversation.state.get_data()
    sent = [*held.get("sent", []), *([number, code] for number, _ in draft.parts)][-_SENT_KEPT:]
    await conversation.state.set_state(None)
    await conversation.state.set_data(
        {"sent": sent, "last_code": code, "screen": held.get("screen")}
    )
    key = "ask-repeated" if receipt.is_repeat else "ask-sent"
    lines = [
        texts(
            key,
            code=Safe(f"<code>{code}</code>"),
            unit=plan.unit(receipt.question.unit_code).name,
        ),
        texts(
            "ask-sent-next-addendum" if receipt.question.is_addendum else "ask-sent-next",
            deadline=deadline_words(texts, plan, "asking_closes"),
            day=day_words(texts, plan.local("conference_opens").date()),
        ),
        texts("ask-left-today", left=receipt.left_today),
    ]
    await conversation.show(
        Screen(
            "\n\n".join(lines),
            [
                [button(texts.plain("button-ask-another"), OpenCallback(command="ask"))],
                [button(texts.plain("button-view", code=code), ViewQuestionCallback(code=code))],
            ],
        )
    )


async def got_text(message: Message, conversation: Conversation) -> None:
    """Words at any step, or out of the blue: a choice searched for, or the question itself."""
    raw = message.text or message.caption or ""
    note = conversation.texts("content-caption-taken") if message.caption is not None else ""
    await take_words(conversation, message.message_id, raw, note=note)


async def take_words(
    conversation: Conversation, message_id: int, raw: str, *, note: str = ""
) -> None:
    """Let words be a searched choice where one is asked for, or else a part of the question."""
    texts, plan = conversation.texts, conversation.plan
    words = clean(raw)
    step = await conversation.state.get_state()
    draft = await load_draft(conversation.state)
    if danger_signs(words) and not (draft and draft.warned):
        draft = draft or Draft()
        draft.warned = True
        await conversation.say(texts("danger-help", hotline=plan.safeguarding.hotline))
    if step in {AskQuestionForm.unit.state, AskQuestionForm.topic.state}:
        draft = draft or Draft()
        if await _took_choice(conversation, draft, step or "", words):
            return
    if not has_words(words):
        note = texts("content-no-words")
    elif draft is None and len(words) < plan.collection.min_characters:
        await show_hint(conversation)
        return
    else:
        draft = draft or Draft()
        grew = bool(draft.parts) and not draft.replaces
        if not draft.add(message_id, words):
            note = texts("ask-draft-full")
        elif not note and grew and step == AskQuestionForm.confirmation.state:
            note = texts("ask-text-joined")
        elif not note and step not in {
            AskQuestionForm.text.state,
            AskQuestionForm.confirmation.state,
        }:
            note = texts("ask-draft-kept") if conversation.actor.has_consented else ""
    if draft is None:
        await conversation.say(note)
        return
    await save_draft(conversation.state, draft)
    await go_on(conversation, note=note)


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
    note = "" if found else texts("ask-choice-not-found", words=words)
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
    if danger_signs(words) and not draft.warned:
        draft.warned = True
        await conversation.say(
            conversation.texts("danger-help", hotline=conversation.plan.safeguarding.hotline)
        )
    await save_draft(conversation.state, draft)
    if await conversation.state.get_state() is not None:
        await go_on(conversation, note=conversation.texts("ask-draft-edited"))
    return True


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
    on_button(router, on_resume, ResumeDraftCallback, ask)
    on_button(router, on_send, SendQuestionCallback, ask)
    return router


def build_text_router() -> Router:
    """Free text, in any step or none."""
    router = Router(name="member.free_text")
    router.message.register(
        got_text,
        (F.text | F.caption) & ~F.forward_origin,
        flags={"permission": Permission.question_ask},
    )
    return router
