"""Paced messages in words: each kind is rendered when it is sent, and checked to be still true."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from sqlalchemy.ext.asyncio import AsyncSession

from conference.alerting import ALERT, LOW_SPACE, SET_ASIDE, UNCERTAIN, count_of
from conference.extending import extension_still_true
from conference.nudge_times import NudgeKind, next_allowed
from conference.nudging import parts_still_true
from config.plan import ConferencePlan
from config.texts import Texts, texts_for
from handlers.callbacks import (
    DecideRequestCallback,
    EraseIdentitiesCallback,
    OpenCallback,
    OpenReportCallback,
    QuietenCallback,
)
from handlers.conversation import Screen, button
from handlers.duty_officer.held_questions import held_words, release_button
from handlers.listing import unit_names
from handlers.moments import left_words, said_words
from handlers.organiser.broadcast import announcement_words
from storage.nudging import question_counts
from storage.people import grants_of
from storage.questions import question_by_code
from storage.tables import AgeBand, Broadcast, ExtensionRequest, Person, QuestionState, Role


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: it is quiet, or the person has asked for peace until then (aware UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What rendering one paced message needs. `plan` is the plan as loaded."""

    session: AsyncSession
    parameters: Mapping[str, Any]
    person: Person
    texts: Texts
    plan: ConferencePlan
    now: datetime


Rendered = Screen | Postponed | None

_URGENT = frozenset({"held-question"})
"""A person in danger does not wait for the morning."""


async def render_notice(
    session: AsyncSession,
    kind: str,
    parameters: Mapping[str, Any],
    *,
    person: Person,
    plan: ConferencePlan,
    now: datetime,
) -> Rendered:
    """The message; `Postponed` in quiet hours; None when there is nothing to say any more."""
    if kind not in _URGENT:
        allowed = next_allowed(now, plan.quiet_hours, plan.zone)
        if kind == "nudge" and person.snoozed_until is not None:
            allowed = max(allowed, person.snoozed_until)
        if allowed > now:
            return Postponed(allowed)
    reader = "child" if person.age_band is AgeBand.under_16 else "youth"
    texts = texts_for(person.language, reader)
    return await _KINDS[kind](Notice(session, parameters, person, texts, plan, now))


async def _held_question(notice: Notice) -> Rendered:
    texts = notice.texts
    question = await question_by_code(notice.session, notice.parameters["code"])
    if question is None or question.state is not QuestionState.held:
        return None
    return Screen(
        texts("notice-held", hotline=notice.plan.safeguarding.hotline)
        + "\n\n"
        + held_words(texts, question),
        [[release_button(texts, question.code)]],
    )


async def _retention_over(notice: Notice) -> Rendered:
    texts = notice.texts
    return Screen(
        texts("notice-retention", days=notice.plan.collection.retention_days),
        [[button(texts.plain("button-retention"), EraseIdentitiesCallback(sure=False))]],
    )


async def _nudge(notice: Notice) -> Rendered:
    """What is missing, how long is left, and the button that does it."""
    texts, plan = notice.texts, notice.plan
    calendar, parts = await parts_still_true(
        notice.session, plan, notice.person, notice.parameters["parts"]
    )
    if not parts:
        return None
    matters = [
        (part.kind, part.unit_code, calendar.moment(part.milestone, part.unit_code))
        for part in parts
    ]
    owing = {part.unit_code for part in parts if part.kind.startswith("unit_leads")}
    rows: list[list[InlineKeyboardButton]] = [
        [
            button(
                texts.plain("button-nudge-report", unit=unit.short_name),
                OpenReportCallback(unit=unit.code),
            )
        ]
        for unit in plan.units
        if unit.code in owing
    ]
    kinds = {part.kind for part in parts}
    if "organisers_with_units_without_lead" in kinds:
        rows.append([button(texts.plain("button-invite"), OpenCallback(command="invite"))])
    if "organisers_with_late_units" in kinds:
        rows.append([button(texts.plain("button-progress"), OpenCallback(command="progress"))])
    if kinds == {"members_without_question"}:
        rows.append([button(texts.plain("button-ask"), OpenCallback(command="ask"))])
        rows.append([button(texts.plain("button-stop-reminders"), QuietenCallback(for_good=True))])
    else:
        rows.append([button(texts.plain("button-snooze"), QuietenCallback(for_good=False))])
    return Screen(nudge_words(texts, plan, matters, notice.now), rows)


def nudge_words(
    texts: Texts,
    plan: ConferencePlan,
    matters: Sequence[tuple[NudgeKind, str | None, datetime]],
    now: datetime,
) -> str:
    """(kind, unit, deadline) in words: one sentence a kind and deadline, its units joined."""
    together: dict[tuple[NudgeKind, datetime], list[str]] = {}
    for kind, unit_code, moment in matters:
        together.setdefault((kind, moment), []).append(unit_code or "")
    said = [
        texts(
            f"nudge-{kind.replace('_', '-')}",
            units=unit_names(plan, codes),
            count=len(codes),
            title=plan.conference.short_title,
            deadline=said_words(texts, plan, moment),
            left=left_words(texts, moment, now),
            is_over="yes" if moment <= now else "no",
        )
        for (kind, moment), codes in together.items()
    ]
    return "\n\n".join(said)


_LABELS = {"report": "button-report", "ask": "button-ask", "start": "button-menu"}


async def _extended(notice: Notice) -> Rendered:
    """A milestone has moved: said once to exactly those whom it still affects."""
    texts, plan = notice.texts, notice.plan
    extension = await extension_still_true(
        notice.session, plan, notice.person, notice.parameters["extension"]
    )
    if extension is None:
        return None
    if extension.milestone == "unit_reports_due":
        place = "report"
    else:
        place = "start" if await grants_of(notice.session, notice.person.id or 0) else "ask"
    return Screen(
        texts(
            f"notice-extended-{extension.milestone.replace('_', '-')}",
            deadline=said_words(texts, plan, extension.moment),
            reason=extension.reason,
            title=plan.conference.short_title,
            unit=plan.unit(extension.unit_code).name if extension.unit_code else "all",
        ),
        [[button(texts.plain(_LABELS[place]), OpenCallback(command=place))]],
    )


async def _extension_request(notice: Notice) -> Rendered:
    """A unit asks for more time: one tap decides."""
    texts, plan = notice.texts, notice.plan
    request = await notice.session.get(ExtensionRequest, notice.parameters["request"])
    if request is None or request.decided_at is not None:
        return None
    return Screen(
        texts(
            "notice-extension-request",
            unit=plan.unit(request.unit_code).name,
            deadline=said_words(texts, plan, request.wanted),
            reason=request.reason,
        ),
        [
            [
                button(
                    texts.plain("button-grant"),
                    DecideRequestCallback(request=request.id or 0, yes=True),
                ),
                button(
                    texts.plain("button-refuse"),
                    DecideRequestCallback(request=request.id or 0, yes=False),
                ),
            ]
        ],
    )


async def _extension_refused(notice: Notice) -> Rendered:
    texts, plan = notice.texts, notice.plan
    unit_code = notice.parameters["unit"]
    return Screen(
        texts("notice-extension-refused", unit=plan.unit(unit_code).name),
        [
            [
                button(
                    texts.plain("button-nudge-report", unit=plan.unit(unit_code).short_name),
                    OpenReportCallback(unit=unit_code),
                )
            ]
        ],
    )


async def _broadcast(notice: Notice) -> Rendered:
    """An organiser's announcement, unless it was stopped."""
    broadcast = await notice.session.get(Broadcast, notice.parameters["broadcast"])
    if broadcast is None or broadcast.stopped_at is not None:
        return None
    return Screen(announcement_words(notice.texts, notice.plan, broadcast.text))


async def _late_question(notice: Notice) -> Rendered:
    """After its report a unit has questions again, and is still theirs to hand up."""
    texts, plan, unit_code = notice.texts, notice.plan, notice.parameters["unit"]
    units = {unit.code: unit for unit in plan.units}
    grants = await grants_of(notice.session, notice.person.id or 0)
    counts = await question_counts(notice.session, QuestionState.submitted)
    waiting = counts.get(unit_code, 0)
    is_lead = any(grant.unit_code == unit_code for grant in grants)
    if not waiting or not is_lead or unit_code not in units:
        return None
    name = units[unit_code].short_name
    return Screen(
        texts("notice-late-question", unit=name, count=waiting),
        [
            [
                button(
                    texts.plain("button-nudge-report", unit=name),
                    OpenReportCallback(unit=unit_code),
                )
            ]
        ],
    )


async def _alert(notice: Notice, kind: str) -> Rendered:
    """Something needs a person: how much of it there is by now, and what to do."""
    since = notice.parameters["since"]
    moment = datetime.fromisoformat(since) if since else None
    count = await count_of(notice.session, kind, moment)
    if not count or not await _is_organiser(notice):
        return None
    what = kind.removeprefix(ALERT)
    return Screen(notice.texts(f"notice-alert-{what}", count=count), [[_outbox_button(notice)]])


async def _low_space(notice: Notice) -> Rendered:
    if not await _is_organiser(notice):
        return None
    return Screen(notice.texts("notice-alert-low-space", free=notice.parameters["free"]))


async def _is_organiser(notice: Notice) -> bool:
    grants = await grants_of(notice.session, notice.person.id or 0)
    return any(grant.role is Role.organiser for grant in grants)


def _outbox_button(notice: Notice) -> InlineKeyboardButton:
    return button(notice.texts.plain("button-outbox"), OpenCallback(command="outbox"))


_KINDS: dict[str, Callable[[Notice], Awaitable[Rendered]]] = {
    "held-question": _held_question,
    "retention-over": _retention_over,
    "late-question": _late_question,
    "nudge": _nudge,
    "extended": _extended,
    "extension-request": _extension_request,
    "extension-refused": _extension_refused,
    "broadcast": _broadcast,
    SET_ASIDE: partial(_alert, kind=SET_ASIDE),
    UNCERTAIN: partial(_alert, kind=UNCERTAIN),
    LOW_SPACE: _low_space,
}


def keyboard_of(screen: Screen) -> InlineKeyboardMarkup | None:
    """The screen's buttons as the platform takes them."""
    rows = [list(row) for row in screen.rows if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
