"""`/extend`: moving a milestone for all or for one unit; and answering a unit's request."""

import re
from datetime import date, datetime, time, timedelta

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.calendar import calendar_of
from conference.extending import (
    EXTENDABLE,
    MomentUnfitError,
    decide_request,
    extend,
    require_fit,
)
from conference.roles import Permission, require
from conference.vietnamese import clean
from config.plan import MilestoneName
from handlers.callbacks import DecideRequestCallback, ExtendCallback, OpenCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid
from handlers.filters import has_own_words, is_no_command, is_text
from handlers.moments import said_words
from handlers.more_time import DAYS, REASON_LIMIT, days_later, is_reason
from handlers.states import ExtendForm

_ALL = "-"
_DAY = re.compile(
    r"^\D*(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}))?(?:\s+(\d{1,2})[:h](\d{2})?)?\s*$"
)


async def cmd_extend(message: Message, conversation: Conversation) -> None:
    """`/giahan`: move a milestone."""
    del message
    await show_extend(conversation)


async def show_extend(conversation: Conversation) -> None:
    """Which milestone; each with the moment in force for all."""
    require(conversation.actor, Permission.milestone_extend)
    texts = conversation.texts
    calendar = await calendar_of(conversation.session, conversation.loaded_plan)
    rows = [
        [
            button(
                texts.plain(
                    f"extend-{name.replace('_', '-')}",
                    deadline=said_words(texts, conversation.plan, calendar.moment(name)),
                ),
                ExtendCallback(milestone=name, unit="", days=0),
            )
        ]
        for name in EXTENDABLE
    ]
    await conversation.show(Screen(texts("extend-which"), rows))


async def on_extend(
    callback: CallbackQuery, callback_data: ExtendCallback, conversation: Conversation
) -> None:
    """One choice after another: milestone, whom, how long."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    name = next((one for one in EXTENDABLE if one == callback_data.milestone), None)
    units = {unit.code for unit in plan.units}
    if name is None:
        await show_extend(conversation)
        return
    if callback_data.unit not in {_ALL, *units}:
        buttons = [
            button(unit.short_name, ExtendCallback(milestone=name, unit=unit.code, days=0))
            for unit in plan.units
        ]
        await conversation.show(
            Screen(
                texts("extend-whom"),
                [
                    [
                        button(
                            texts.plain("button-all-units"),
                            ExtendCallback(milestone=name, unit=_ALL, days=0),
                        )
                    ],
                    *grid(buttons),
                ],
            )
        )
        return
    if callback_data.days not in DAYS:
        await _ask_day(conversation, name, callback_data.unit)
        return
    here = await _deadline(conversation, name, callback_data.unit)
    moment = days_later(here, callback_data.days, conversation.now)
    await _ask_reason(conversation, name, callback_data.unit, moment)


async def _deadline(conversation: Conversation, name: MilestoneName, unit: str) -> datetime:
    calendar = await calendar_of(conversation.session, conversation.loaded_plan)
    return calendar.moment(name, None if unit == _ALL else unit)


async def _ask_day(conversation: Conversation, name: MilestoneName, unit: str) -> None:
    """Days more as buttons; another day can be typed."""
    texts, plan = conversation.texts, conversation.plan
    here = await _deadline(conversation, name, unit)
    await conversation.state.set_state(ExtendForm.day)
    await conversation.state.update_data(extending={"milestone": name, "unit": unit})
    rows = [
        [
            button(
                texts.plain(
                    "button-more-days", days=days, deadline=said_words(texts, plan, moment)
                ),
                ExtendCallback(milestone=name, unit=unit, days=days),
            )
        ]
        for days in DAYS
        if (moment := days_later(here, days, conversation.now)) < plan.moment("conference_opens")
    ]
    rows.append([button(texts.plain("button-back"), OpenCallback(command="extend"))])
    await conversation.show(
        Screen(
            texts(
                "extend-until",
                deadline=said_words(texts, plan, here),
                example=_example(conversation),
            ),
            rows,
        )
    )


async def _ask_reason(
    conversation: Conversation, name: MilestoneName, unit: str, moment: datetime
) -> None:
    calendar = await calendar_of(conversation.session, conversation.loaded_plan)
    unit_code = None if unit == _ALL else unit
    require_fit(calendar, name, unit_code, moment, conversation.now)
    await conversation.state.set_state(ExtendForm.reason)
    await conversation.state.update_data(
        extending={"milestone": name, "unit": unit, "moment": moment.isoformat()}
    )
    await _show_reason(conversation, moment)


async def _show_reason(conversation: Conversation, moment: datetime) -> None:
    texts = conversation.texts
    await conversation.show(
        Screen(
            texts("extend-why", deadline=said_words(texts, conversation.plan, moment)),
            [[button(texts.plain("button-back"), OpenCallback(command="extend"))]],
        )
    )


async def show_again(conversation: Conversation) -> None:
    """Ask once more for what is asked: the day, or the reason for it."""
    chosen = (await conversation.state.get_data()).get("extending") or {}
    name = next((one for one in EXTENDABLE if one == chosen.get("milestone")), None)
    if name is None:
        await show_extend(conversation)
    elif await conversation.state.get_state() == ExtendForm.reason.state:
        await _show_reason(conversation, datetime.fromisoformat(chosen["moment"]))
    else:
        await _ask_day(conversation, name, chosen["unit"])


async def got_day(message: Message, conversation: Conversation) -> None:
    """A typed day such as 21/5 or 21/5 17:00; a day alone means before that day."""
    chosen = (await conversation.state.get_data()).get("extending") or {}
    name = next((one for one in EXTENDABLE if one == chosen.get("milestone")), None)
    if name is None:
        await show_extend(conversation)
        return
    moment = _moment(message.text or "", conversation)
    if moment is None:
        await conversation.say(
            conversation.texts("extend-day-unclear", example=_example(conversation))
        )
        return
    try:
        await _ask_reason(conversation, name, chosen["unit"], moment)
    except MomentUnfitError:
        # The form goes on waiting: another day can be typed at once.
        await conversation.say(conversation.texts("refused-moment-unfit"))


def _example(conversation: Conversation) -> str:
    """A day as it can be typed: the one before the conference."""
    day = conversation.plan.local("conference_opens").date() - timedelta(days=1)
    return f"{day.day}/{day.month}"


def _moment(words: str, conversation: Conversation) -> datetime | None:
    found = _DAY.match(words)
    if found is None:
        return None
    zone = conversation.plan.zone
    year = int(found[3]) if found[3] else conversation.plan.local("conference_opens").year
    try:
        day = date(year, int(found[2]), int(found[1]))
        hour = time(int(found[4]), int(found[5] or 0)) if found[4] else time()
    except ValueError:
        return None
    return datetime.combine(day, hour, zone)


async def got_extend_reason(message: Message, conversation: Conversation) -> None:
    """The reason; with it the milestone moves."""
    texts, plan = conversation.texts, conversation.plan
    reason = clean(message.text or "")
    if not is_reason(reason):
        await conversation.say(texts("reason-unfit", limit=REASON_LIMIT))
        return
    chosen = (await conversation.state.get_data()).get("extending") or {}
    await conversation.state.set_state(None)
    await conversation.state.update_data(extending=None)
    name = next((one for one in EXTENDABLE if one == chosen.get("milestone")), None)
    if name is None or "moment" not in chosen:
        await show_extend(conversation)
        return
    unit_code = None if chosen["unit"] == _ALL else chosen["unit"]
    granted, people = await extend(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        milestone=name,
        unit_code=unit_code,
        moment=datetime.fromisoformat(chosen["moment"]),
        reason=reason,
        now=conversation.now,
    )
    await conversation.show(
        Screen(
            texts(
                "extend-done",
                deadline=said_words(texts, plan, granted.moment),
                unit=plan.unit(unit_code).name if unit_code else "all",
                people=people,
            ),
            [[button(texts.plain("button-progress"), OpenCallback(command="progress"))]],
        )
    )


async def on_decide(
    callback: CallbackQuery, callback_data: DecideRequestCallback, conversation: Conversation
) -> None:
    """Grant or refuse a unit's request, in one tap."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    request = await decide_request(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        request_id=callback_data.request,
        is_granted=callback_data.yes,
        now=conversation.now,
    )
    await conversation.show(
        Screen(
            texts(
                "request-granted" if callback_data.yes else "request-refused",
                unit=plan.unit(request.unit_code).name,
                deadline=said_words(texts, plan, request.wanted),
            ),
            [[button(texts.plain("button-progress"), OpenCallback(command="progress"))]],
        )
    )


def build_router() -> Router:
    """Extensions."""
    router = Router(name="organiser.extend_deadline")
    may = Permission.milestone_extend
    words = (is_text, is_no_command, has_own_words)
    on_command(router, "extend", cmd_extend)
    on_button(router, on_extend, ExtendCallback, may)
    on_button(router, on_decide, DecideRequestCallback, may)
    router.message.register(got_day, ExtendForm.day, *words, flags={"permission": may})
    router.message.register(
        got_extend_reason, ExtendForm.reason, *words, flags={"permission": may}
    )
    return router
