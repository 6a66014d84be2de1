"""The conversation: every router in the order in which it is asked, the fallback last."""

from aiogram import Dispatcher, Router

from handlers.duty_officer import held_questions
from handlers.member import ask_question, my_data, my_questions
from handlers.middlewares import ConversationMiddleware, PermissionMiddleware
from handlers.organiser import (
    broadcast,
    export_list,
    extend_deadline,
    outbox,
    progress,
    retention,
    statistics,
    team,
)
from handlers.shared import fallback, invitation, reminders, resuming, start
from handlers.unit_lead import poster, read_questions, send_report


def build_router() -> Router:
    """A fresh tree of routers: a router can be attached only once."""
    router = Router(name="handlers")
    router.include_routers(
        resuming.build_router(),
        fallback.build_group_router(),
        ask_question.build_router(),
        start.build_router(),
        invitation.build_router(),
        reminders.build_router(),
        broadcast.build_router(),
        my_data.build_router(),
        my_questions.build_router(),
        held_questions.build_router(),
        send_report.build_router(),
        read_questions.build_router(),
        team.build_router(),
        progress.build_router(),
        extend_deadline.build_router(),
        outbox.build_router(),
        statistics.build_router(),
        poster.build_router(),
        export_list.build_router(),
        retention.build_router(),
        fallback.build_content_router(),
        ask_question.build_text_router(),
        fallback.build_router(),
    )
    return router


def attach(dispatcher: Dispatcher) -> None:
    """Give the dispatcher the conversation and what surrounds it."""
    for observer in (
        dispatcher.message,
        dispatcher.edited_message,
        dispatcher.callback_query,
        dispatcher.my_chat_member,
    ):
        observer.outer_middleware(ConversationMiddleware())
        observer.middleware(PermissionMiddleware())
    dispatcher.include_router(build_router())
