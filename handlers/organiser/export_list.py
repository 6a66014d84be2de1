"""`/export`: the consolidated list as a file, whole or filtered."""

from datetime import date, timedelta

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from conference.listing import FORMS, ListFilters, check_filters, parse_request
from conference.roles import Permission, require
from handlers.callbacks import ExportCallback, FilterExportCallback
from handlers.commands import on_button, on_command
from handlers.conversation import Conversation, Screen, button, grid
from handlers.moments import day_words
from handlers.quoting import one_line
from storage.questions import LISTED, count_listed

_FILTERS = ("topic", "unit", "state", "since")
_LABEL = 18
"""UTF-16 units of a filter's value on its button; the rest of the line names the filter."""
_NONE = "-"
_BACK = "back"


async def cmd_export(message: Message, command: CommandObject, conversation: Conversation) -> None:
    """`/xuat`, alone or with everything in one line."""
    del message
    if not command.args:
        await show_export(conversation)
        return
    today = conversation.now.astimezone(conversation.plan.zone).date()
    form, filters = parse_request(command.args, conversation.plan, today=today)
    await conversation.state.update_data(export=filters.as_parameters())
    if form is None:
        await show_export(conversation)
    else:
        await _start(conversation, form, filters)


async def _filters(conversation: Conversation) -> ListFilters:
    """The filters set so far; one that the plan no longer knows is dropped."""
    stored = (await conversation.state.get_data()).get("export") or {}
    plan = conversation.plan
    codes = {
        "unit": {unit.code for unit in plan.units},
        "topic": {topic.code for topic in plan.topics},
    }
    kept = {
        name: value for name, value in stored.items() if name not in codes or value in codes[name]
    }
    today = conversation.now.astimezone(plan.zone).date()
    return check_filters(kept, plan, today=today)


async def show_export(conversation: Conversation) -> None:
    """How many questions, the filters, and the two forms."""
    require(conversation.actor, Permission.list_export)
    texts = conversation.texts
    filters = await _filters(conversation)
    count = await count_listed(conversation.session, **filters.as_query(conversation.plan))
    rows: list[list[InlineKeyboardButton]] = [
        [button(texts.plain(f"button-export-{form}"), ExportCallback(form=form)) for form in FORMS]
    ]
    rows += [
        [
            button(
                texts.plain(
                    f"filter-{name}",
                    value=one_line(_value_words(conversation, filters, name), _LABEL),
                ),
                FilterExportCallback(name=name, value=""),
            )
        ]
        for name in _FILTERS
    ]
    await conversation.show(Screen(texts("export-ask", count=count), rows))


def _value_words(conversation: Conversation, filters: ListFilters, name: str) -> str:
    texts, plan = conversation.texts, conversation.plan
    value: str | None = getattr(filters, name)
    if value is None:
        return texts.plain("filter-all")
    if name == "unit":
        return plan.unit(value).short_name
    if name == "topic":
        return plan.topic(value).label
    if name == "state":
        return texts.plain(f"state-{value}")
    return day_words(texts, date.fromisoformat(value))


async def on_filter(
    callback: CallbackQuery, callback_data: FilterExportCallback, conversation: Conversation
) -> None:
    """Open one filter's choices, or set it."""
    del callback
    name, value = callback_data.name, callback_data.value
    if name not in _FILTERS or value == _BACK:
        await show_export(conversation)
        return
    if not value:
        await _show_choices(conversation, name)
        return
    stored = dict((await conversation.state.get_data()).get("export") or {})
    stored.pop(name, None)
    if value != _NONE:
        today = conversation.now.astimezone(conversation.plan.zone).date()
        stored |= check_filters({name: value}, conversation.plan, today=today).as_parameters()
    await conversation.state.update_data(export=stored)
    await show_export(conversation)


async def _show_choices(conversation: Conversation, name: str) -> None:
    texts, plan = conversation.texts, conversation.plan
    today = conversation.now.astimezone(plan.zone).date()
    if name == "unit":
        choices = [(unit.short_name, unit.code) for unit in plan.units]
    elif name == "topic":
        choices = [(topic.label, topic.code) for topic in plan.topics]
    elif name == "state":
        choices = [(texts.plain(f"state-{state.value}"), state.value) for state in LISTED]
    else:
        days = [today - timedelta(days=back) for back in (0, 1, 3, 7, 14, 30)]
        choices = [(day_words(texts, day), day.isoformat()) for day in days]
    rows = grid(
        [
            button(label, FilterExportCallback(name=name, value=value))
            for label, value in choices[:90]
        ]
    )
    rows.append(
        [
            button(texts.plain("filter-all"), FilterExportCallback(name=name, value=_NONE)),
            button(texts.plain("button-back"), FilterExportCallback(name=name, value=_BACK)),
        ]
    )
    await conversation.show(Screen(texts(f"filter-ask-{name}"), rows))


async def on_export(
    callback: CallbackQuery, callback_data: ExportCallback, conversation: Conversation
) -> None:
    """Make the file."""
    del callback
    form = callback_data.form if callback_data.form in FORMS else FORMS[0]
    await _start(conversation, form, await _filters(conversation))


async def _start(conversation: Conversation, form: str, filters: ListFilters) -> None:
    """A job makes the file, and its progress shows in a message of its own."""
    require(conversation.actor, Permission.list_export)
    await conversation.start_job(
        "export",
        form=form,
        **filters.as_parameters(),
    )


def build_router() -> Router:
    """The organiser's export."""
    router = Router(name="organiser.export_list")
    on_command(router, "export", cmd_export)
    on_button(router, on_export, ExportCallback, Permission.list_export)
    on_button(router, on_filter, FilterExportCallback, Permission.list_export)
    return router
