"""`/stats`: the conference in numbers, in words at once and as a picture on request."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from conference.roles import Permission, require
from conference.statistics import statistics
from documents.charts import numbers_words
from handlers.callbacks import DrawStatisticsCallback, OpenCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button


async def cmd_stats(message: Message, conversation: Conversation) -> None:
    """`/thongke`: the numbers."""
    del message
    await show_stats(conversation)


async def show_stats(conversation: Conversation) -> None:
    """The numbers in words, and the way to the picture."""
    require(conversation.actor, Permission.statistics_view)
    texts, plan = conversation.texts, conversation.loaded_plan
    numbers = await statistics(conversation.session, plan)
    await conversation.show(
        Screen(
            numbers_words(texts, texts, plan, numbers, now=conversation.now),
            [
                [button(texts.plain("button-stats-draw"), DrawStatisticsCallback())],
                [button(texts.plain("button-progress"), OpenCallback(command="progress"))],
            ],
        )
    )


async def on_draw(callback: CallbackQuery, conversation: Conversation) -> None:
    """Draw the picture: a job, since that takes longer than a blink."""
    del callback
    require(conversation.actor, Permission.statistics_view)
    await conversation.start_job(
        "stats",
        form="png",
    )


def build_router() -> Router:
    """The organiser's numbers."""
    router = Router(name="organiser.statistics")
    on_command(router, "stats", cmd_stats)
    on_button(router, on_draw, DrawStatisticsCallback, Permission.statistics_view)
    return router
