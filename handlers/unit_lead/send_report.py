"""`/report`: one tap hands the unit's questions up; and asking for more time."""

from datetime import datetime

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.calendar import calendar_of
from conference.extending import MomentUnfitError, ask_for_time
from conference.reporting import UnitProgress, hand_up, unit_progress, units_to_report
from conference.roles import Permission
from conference.vietnamese import clean
from handlers.callbacks import (
    AskForTimeCallback,
    OpenCallback,
    OpenReportCallback,
    ReadUnitCallback,
    SendReportCallback,
)
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid
from handlers.filters import has_own_words, is_no_command, is_text
from handlers.moments import left_words, moment_words, quiet_until, said_words
from handlers.more_time import DAYS, REASON_LIMIT, days_later, is_reason
from handlers.states import AskForTimeForm


async def cmd_report(message: Message, conversation: Conversation) -> None:
    """`/baocao`: hand up the unit's questions."""
    del message
    await show_report(conversation)


async def show_report(conversation: Conversation) -> None:
    """The one unit's report, or a choice of units."""
    texts, plan = conversation.texts, conversation.plan
    codes = await units_to_report(
        conversation.session, conversation.actor, conversation.loaded_plan
    )
    if len(codes) == 1 and codes[0] in conversation.actor.led_units:
        await show_unit_report(conversation, codes[0])
        return
    if not codes:
        await conversation.show(
            Screen(
                texts("report-no-unit"),
                [[button(texts.plain("button-progress"), OpenCallback(command="progress"))]],
            )
        )
        return
    await conversation.show(
        Screen(
            texts("report-which-unit"),
            grid(
                [
                    button(plan.unit(code).short_name, OpenReportCallback(unit=code))
                    for code in codes
                ]
            ),
        )
    )


async def show_unit_report(conversation: Conversation, unit_code: str) -> None:
    """How many questions wait, by when, and the one tap."""
    texts, plan = conversation.texts, conversation.plan
    row = await _progress_of(conversation, unit_code)
    if row is None:
        await show_report(conversation)
        return
    read = [
        [
            button(
                texts.plain("button-read", count=row.asked),
                ReadUnitCallback(unit=unit_code, page=0),
            )
        ]
    ]
    if row.asked == 0:
        read = []
    if row.report is not None and row.waiting == 0:
        await conversation.show(
            Screen(
                texts(
                    "report-finished",
                    unit=plan.unit(unit_code).name,
                    number=row.report.number,
                    moment=moment_words(texts, plan, row.report.handed_up_at),
                ),
                [*read, [button(texts.plain("button-menu"), OpenCallback(command="start"))]],
            )
        )
        return
    key = "button-report-none" if row.waiting == 0 else "button-report-send"
    rows = [
        [button(texts.plain(key, count=row.waiting), SendReportCallback(unit=unit_code))],
        *read,
    ]
    if row.report is None and unit_code in conversation.actor.led_units:
        rows.append(
            [
                button(
                    texts.plain("button-ask-for-time"), AskForTimeCallback(unit=unit_code, days=0)
                )
            ]
        )
    text = texts(
        "report-unit",
        unit=plan.unit(unit_code).name,
        waiting=row.waiting,
        held=row.held,
        deadline=said_words(texts, plan, row.due_at),
        left=left_words(texts, row.due_at, conversation.now),
        for_other="no" if unit_code in conversation.actor.led_units else "yes",
        asking=await _still_asked(conversation, unit_code),
    )
    if row.report is not None:
        text += "\n\n" + texts(
            "report-sent-before",
            number=row.report.number,
            moment=moment_words(texts, plan, row.report.handed_up_at),
            waiting=row.waiting,
        )
    await conversation.show(Screen(text, rows))


async def _still_asked(conversation: Conversation, unit_code: str) -> str:
    """Until when the unit's young people can still ask; `none` once that is over."""
    calendar = await calendar_of(conversation.session, conversation.loaded_plan)
    closes = calendar.moment("asking_closes", unit_code)
    if closes <= conversation.now:
        return "none"
    return said_words(conversation.texts, conversation.plan, closes)


async def _progress_of(conversation: Conversation, unit_code: str) -> UnitProgress | None:
    rows = await unit_progress(
        conversation.session, conversation.loaded_plan, now=conversation.now
    )
    return next((row for row in rows if row.unit_code == unit_code), None)


async def on_open_report(
    callback: CallbackQuery, callback_data: OpenReportCallback, conversation: Conversation
) -> None:
    """A unit was chosen, here or in a reminder."""
    del callback
    codes = await units_to_report(
        conversation.session, conversation.actor, conversation.loaded_plan
    )
    if callback_data.unit in codes:
        await show_unit_report(conversation, callback_data.unit)
    else:
        await show_report(conversation)


async def on_send_report(
    callback: CallbackQuery, callback_data: SendReportCallback, conversation: Conversation
) -> None:
    """Hand up. A second press finds it done."""
    del callback
    texts, plan = conversation.texts, conversation.plan
    row = await _progress_of(conversation, callback_data.unit)
    is_lead = callback_data.unit in conversation.actor.led_units
    if is_lead and row is not None and row.report is not None and row.waiting == 0:
        await show_unit_report(conversation, callback_data.unit)
        return
    report = await hand_up(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        unit_code=callback_data.unit,
        now=conversation.now,
    )
    await conversation.show(
        Screen(
            texts(
                "report-done",
                unit=plan.unit(report.unit_code).name,
                count=report.question_count,
                number=report.number,
                late="yes" if report.is_late else "no",
                moment=moment_words(texts, plan, report.handed_up_at),
            ),
            [[button(texts.plain("button-menu"), OpenCallback(command="start"))]],
        )
    )


async def on_ask_for_time(
    callback: CallbackQuery, callback_data: AskForTimeCallback, conversation: Conversation
) -> None:
    """Choose how many days more, then write why."""
    del callback
    texts = conversation.texts
    unit_code = callback_data.unit
    row = await _progress_of(conversation, unit_code)
    if row is None or unit_code not in conversation.actor.led_units or row.report is not None:
        await show_report(conversation)
        return
    plan = conversation.plan
    if callback_data.days not in DAYS:
        rows = [
            [
                button(
                    texts.plain(
                        "button-more-days", days=days, deadline=said_words(texts, plan, wanted)
                    ),
                    AskForTimeCallback(unit=unit_code, days=days),
                )
            ]
            for days in DAYS
            if (wanted := days_later(row.due_at, days, conversation.now))
            < plan.moment("conference_opens")
        ]
        rows.append([button(texts.plain("button-back"), OpenReportCallback(unit=unit_code))])
        await conversation.show(Screen(texts("time-how-long"), rows))
        return
    wanted = days_later(row.due_at, callback_data.days, conversation.now)
    if wanted >= plan.moment("conference_opens"):
        raise MomentUnfitError
    await conversation.state.set_state(AskForTimeForm.reason)
    await conversation.state.update_data(
        asking_time={"unit": unit_code, "wanted": wanted.isoformat()}
    )
    await show_again(conversation)


async def show_again(conversation: Conversation) -> None:
    """Ask why more time is needed."""
    asked = (await conversation.state.get_data()).get("asking_time") or {}
    if "wanted" not in asked:
        await show_report(conversation)
        return
    texts, wanted = conversation.texts, datetime.fromisoformat(asked["wanted"])
    await conversation.show(
        Screen(
            texts("time-why", deadline=said_words(texts, conversation.plan, wanted)),
            [[button(texts.plain("button-back"), OpenReportCallback(unit=asked["unit"]))]],
        )
    )


async def got_reason(message: Message, conversation: Conversation) -> None:
    """Why more time is needed; the organisers are told at once, in the morning if it is night."""
    texts = conversation.texts
    reason = clean(message.text or "")
    if not is_reason(reason):
        await conversation.say(texts("reason-unfit", limit=REASON_LIMIT))
        return
    asked = (await conversation.state.get_data()).get("asking_time") or {}
    row = await _progress_of(conversation, asked.get("unit", ""))
    await conversation.state.set_state(None)
    await conversation.state.update_data(asking_time=None)
    if row is None:
        await show_report(conversation)
        return
    request = await ask_for_time(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        unit_code=row.unit_code,
        wanted=datetime.fromisoformat(asked["wanted"]),
        reason=reason,
        now=conversation.now,
    )
    await conversation.show(
        Screen(
            texts(
                "time-asked",
                deadline=said_words(texts, conversation.plan, request.wanted),
                waits_until=quiet_until(texts, conversation.plan, conversation.now),
            ),
            [[button(texts.plain("button-menu"), OpenCallback(command="start"))]],
        )
    )


def build_router() -> Router:
    """The unit lead's report."""
    router = Router(name="unit_lead.send_report")
    report = Permission.report_send
    on_command(router, "report", cmd_report)
    on_button(router, on_open_report, OpenReportCallback, report)
    on_button(router, on_send_report, SendReportCallback, report)
    on_button(router, on_ask_for_time, AskForTimeCallback, report)
    router.message.register(
        got_reason,
        AskForTimeForm.reason,
        is_text,
        is_no_command,
        has_own_words,
        flags={"permission": report},
    )
    return router
