"""The steps of asking as screens, and `go_on`, which shows the first thing still missing."""

from aiogram.fsm.state import State
from aiogram.types import InlineKeyboardButton

from conference.asking import text_fault
from conference.deadlines import Phase, phase
from conference.masking import find_personal
from handlers.callbacks import (
    CancelCallback,
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
)
from handlers.conversation import Conversation, Rows, Screen, button, grid
from handlers.member.drafts import Draft, load_draft, save_draft
from handlers.moments import day_words, moment_words
from handlers.quoting import quoted
from handlers.states import AskQuestionForm
from storage.tables import AgeBand

STEPS = (
    AskQuestionForm.unit,
    AskQuestionForm.topic,
    AskQuestionForm.text,
    AskQuestionForm.confirmation,
)
PAGE = 16


async def begin(conversation: Conversation, *, unit: str | None = None) -> None:
    """Start asking, or offer the question begun earlier."""
    draft = await load_draft(conversation.state)
    if draft is not None and draft.text and unit in {None, draft.unit}:
        await offer_draft(conversation, draft)
        return
    draft = draft or Draft()
    if unit is not None:
        draft.unit = unit
    await save_draft(conversation.state, draft)
    await go_on(conversation)


async def begin_with_unknown_unit(conversation: Conversation) -> None:
    """Start asking after a link that names no unit: the unit is asked for, whatever is known."""
    draft = await load_draft(conversation.state) or Draft()
    draft.unit = None
    await save_draft(conversation.state, draft)
    note = conversation.texts("start-unit-unknown")
    person = conversation.actor.person
    is_known = conversation.actor.has_consented and person is not None and person.age_band
    if is_known and phase(conversation.plan, conversation.now) is not Phase.closed:
        await show_step(conversation, AskQuestionForm.unit, draft, note=note)
    else:
        await go_on(conversation, note=note)


async def go_on(conversation: Conversation, *, note: str = "", refresh: bool = False) -> None:
    """Ask for the first thing that is still missing.

    Args:
        conversation: the update's conversation.
        note: a sentence that stands before the step.
        refresh: change the step where it stands, instead of showing it anew below.
    """
    draft = await load_draft(conversation.state) or Draft()
    actor, plan = conversation.actor, conversation.plan
    if phase(plan, conversation.now) is Phase.closed:
        await _show_closed(conversation, draft)
        return
    if not actor.has_consented:
        step: State = AskQuestionForm.consent
    elif actor.person is not None and actor.person.age_band is None:
        step = AskQuestionForm.age_band
    else:
        if _dropped_what_is_gone(conversation, draft):
            note = "\n".join(filter(None, [note, conversation.texts("ask-choice-gone")]))
        if draft.unit is None:
            step = AskQuestionForm.unit
        elif draft.topic is None:
            step = AskQuestionForm.topic
        elif draft.replaces or text_fault(draft.text, plan) is not None:
            step = AskQuestionForm.text
        else:
            step = AskQuestionForm.confirmation
    await save_draft(conversation.state, draft)
    await show_step(conversation, step, draft, note=note, refresh=refresh)


def _dropped_what_is_gone(conversation: Conversation, draft: Draft) -> bool:
    """Take out of the draft what the plan no longer has; the person's last unit stands in."""
    person = conversation.actor.person
    units = {unit.code for unit in conversation.plan.units}
    topics = {topic.code for topic in conversation.plan.topics}
    had_gone = draft.unit not in {None, *units} or draft.topic not in {None, *topics}
    if draft.unit is None and person is not None:
        draft.unit = person.unit_code
    if draft.unit not in units:
        draft.unit = None
    if draft.topic not in topics:
        draft.topic = None
    return had_gone


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
    if draft.unit is not None:
        await conversation.heed_unit(draft.unit)
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
        screen = _confirmation_screen(conversation, draft)
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


def age_labels(conversation: Conversation) -> dict[AgeBand, str]:
    """Each age band as its button says it."""
    texts = conversation.texts
    return {band: texts.plain(f"age-{band.value.replace('_', '-')}") for band in AgeBand}


def _age_screen(conversation: Conversation) -> Screen:
    bands = [
        button(label, ChooseAgeCallback(band=band.value))
        for band, label in age_labels(conversation).items()
    ]
    return Screen(conversation.texts("ask-age-band"), [*grid(bands), [_cancel(conversation)]])


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
        [*rows, [_back(conversation, "age"), _cancel(conversation)]],
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
    return Screen(
        f"{_progress(conversation, AskQuestionForm.topic)}\n"
        + _addendum_note(conversation)
        + conversation.texts("ask-topic", unit=_unit_name(conversation, draft)),
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
    """One page of choices in two columns; what was searched for has one page only."""
    texts = conversation.texts
    if narrowed:
        show_all = button(texts.plain("button-show-all"), TurnPageCallback(step=step, page=0))
        return [*grid(buttons[:PAGE]), [show_all]]
    pages = max(1, -(-len(buttons) // PAGE))
    page = min(max(page, 0), pages - 1)
    around = (
        (texts.plain("button-previous-page"), page - 1),
        (texts.plain("button-next-page"), page + 1),
    )
    turns = [
        button(label, TurnPageCallback(step=step, page=there))
        for label, there in around
        if 0 <= there < pages
    ]
    return [*grid(buttons[page * PAGE : (page + 1) * PAGE]), turns]


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
            asked += "\n\n" + texts("ask-text-now", text=quoted(draft.text))
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


def _confirmation_screen(conversation: Conversation, draft: Draft) -> Screen:
    texts, plan = conversation.texts, conversation.plan
    lines = [
        f"{_progress(conversation, AskQuestionForm.confirmation)}\n"
        + _addendum_note(conversation)
        + texts(
            "ask-confirmation",
            unit=_unit_name(conversation, draft),
            topic=_topic_label(conversation, draft),
            text=quoted(draft.text),
        ),
    ]
    if find_personal(draft.text):
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
        rows.insert(
            1,
            [
                button(texts.plain("button-drop-new-text"), DropNewTextCallback()),
                button(texts.plain("button-keep-new-text"), KeepNewTextCallback()),
            ],
        )
    return Screen("\n\n".join(lines), rows)


async def offer_draft(conversation: Conversation, draft: Draft) -> None:
    """Show the question begun earlier and let its author go on with it."""
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("ask-draft-offered", text=quoted(draft.text)),
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
        text += "\n\n" + texts("ask-closed-draft", text=quoted(draft.text))
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
