"""`/progress` and `/remind`: how far each unit is, and reminding those who are late."""

from datetime import timedelta

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.calendar import calendar_of
from conference.nudging import late_leads, remind_now
from conference.reporting import UnitProgress, unit_progress
from conference.roles import Permission, require
from handlers.callbacks import OpenCallback, RemindNowCallback, TurnProgressPageCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button
from handlers.listing import page_of, unit_names
from handlers.moments import deadline_words, left_words, moment_words, quiet_until, said_words
from handlers.notices import nudge_words

_DAY = timedelta(days=1)
_PAGE = 25
"""Units on one page; their lines fit a message."""


async def cmd_progress(message: Message, conversation: Conversation) -> None:
    """`/tiendo`: each unit in a line."""
    del message
    await show_progress(conversation)


async def show_progress(conversation: Conversation, *, page: int = 0) -> None:
    """Asked, reported or days late, nobody in the bot yet: unit by unit."""
    require(conversation.actor, Permission.progress_view)
    texts, plan = conversation.texts, conversation.plan
    rows = await unit_progress(
        conversation.session, conversation.loaded_plan, now=conversation.now
    )
    reported = sum(row.report is not None for row in rows)
    lines = [
        texts(
            "progress-title",
            reported=reported,
            units=len(rows),
            asked=sum(row.asked for row in rows),
            deadline=deadline_words(texts, plan, "unit_reports_due"),
            left=left_words(texts, plan.moment("unit_reports_due"), conversation.now),
        )
    ]
    shown, turns = page_of(texts, rows, page, _PAGE, lambda to: TurnProgressPageCallback(page=to))
    lines += [_line(conversation, row) for row in shown]
    await conversation.show(
        Screen(
            "\n".join(lines),
            [
                turns,
                [
                    button(texts.plain("button-remind"), OpenCallback(command="remind")),
                    button(texts.plain("button-extend"), OpenCallback(command="extend")),
                ],
                [button(texts.plain("button-report-for"), OpenCallback(command="report"))],
            ],
        )
    )


def _line(conversation: Conversation, row: UnitProgress) -> str:
    texts, plan = conversation.texts, conversation.plan
    is_late = row.late_by is not None
    late = max(1, -(-row.late_by // _DAY)) if row.late_by is not None else 0
    if row.report is not None:
        state = texts(
            "progress-reported",
            moment=moment_words(texts, plan, row.report.handed_up_at),
            late=late,
            waiting=row.waiting,
        )
    else:
        state = texts("progress-late", late=late) if is_late else texts("progress-not-yet")
    return texts(
        "progress-line",
        mark="done" if row.report else "late" if is_late else "open",
        unit=plan.unit(row.unit_code).short_name,
        asked=row.asked,
        state=state,
        lead="yes" if row.leads else "no",
        own=said_words(texts, plan, row.due_at)
        if row.report is None and row.due_at != plan.moment("unit_reports_due")
        else "none",
        held=row.held,
    )


async def on_progress_page(
    callback: CallbackQuery, callback_data: TurnProgressPageCallback, conversation: Conversation
) -> None:
    """Another page of the units."""
    del callback
    await show_progress(conversation, page=callback_data.page)


async def cmd_remind(message: Message, conversation: Conversation) -> None:
    """`/nhac`: who is late, what they would read, send now."""
    del message
    await show_remind(conversation)


async def show_remind(conversation: Conversation) -> None:
    """Who owes a report, and the very words that would go to them."""
    require(conversation.actor, Permission.nudge_send)
    texts, plan = conversation.texts, conversation.plan
    late = await late_leads(conversation.session, conversation.loaded_plan)
    if not late:
        await conversation.show(
            Screen(
                texts("remind-nobody"),
                [[button(texts.plain("button-progress"), OpenCallback(command="progress"))]],
            )
        )
        return
    calendar = await calendar_of(conversation.session, conversation.loaded_plan)
    units = [unit.code for unit in plan.units if unit.code in {code for code, _ in late}]
    due = calendar.moment("unit_reports_due", units[0])
    preview = nudge_words(
        texts, plan, [("unit_leads_without_report", units[0], due)], conversation.now
    )
    await conversation.show(
        Screen(
            texts(
                "remind-ask",
                people=len({person.id for _, person in late}),
                units=unit_names(plan, units),
            )
            + f"\n\n<blockquote>{preview}</blockquote>",
            [
                [button(texts.plain("button-remind-now"), RemindNowCallback())],
                [button(texts.plain("button-back"), OpenCallback(command="progress"))],
            ],
        )
    )


async def on_remind_now(callback: CallbackQuery, conversation: Conversation) -> None:
    """Send the reminders now; a second press within the hour sends none twice."""
    del callback
    texts = conversation.texts
    people = await remind_now(
        conversation.session,
        conversation.actor,
        plan=conversation.loaded_plan,
        now=conversation.now,
    )
    await conversation.show(
        Screen(
            texts(
                "remind-sent",
                people=people,
                waits_until=quiet_until(texts, conversation.plan, conversation.now),
            ),
            [[button(texts.plain("button-progress"), OpenCallback(command="progress"))]],
        )
    )


def build_router() -> Router:
    """Progress and reminding by hand."""
    router = Router(name="organiser.progress")
    on_command(router, "progress", cmd_progress)
    on_command(router, "remind", cmd_remind)
    on_button(router, on_progress_page, TurnProgressPageCallback, Permission.progress_view)
    on_button(router, on_remind_now, RemindNowCallback, Permission.nudge_send)
    return router
