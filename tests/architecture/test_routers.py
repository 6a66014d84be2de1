"""The router tree: every handler says who may use it, and asks only for what it can be given."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiogram import Router
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackQueryFilter
from aiogram.types import TelegramObject

from bot.app import App
from conference.roles import Permission
from handlers import build_router
from handlers.commands import COMMANDS
from tests.chat import Chat

OBSERVERS = ("message", "edited_message", "callback_query", "my_chat_member")


def handlers(router: Router) -> Iterator[tuple[str, str, HandlerObject]]:
    """Every handler of the tree, with its router and the kind of update it takes."""
    for kind, observer in router.observers.items():
        for handler in observer.handlers:
            yield router.name, kind, handler
    for child in router.sub_routers:
        yield from handlers(child)


ALL = [one for one in handlers(build_router()) if one[1] != "error"]
NAMES = [f"{router}.{handler.callback.__name__}" for router, _, handler in ALL]


def filters_of(handler: HandlerObject) -> list[Any]:
    return [one.callback for one in handler.filters or ()]


def test_the_tree_takes_the_updates_that_are_asked_for() -> None:
    assert {kind for _, kind, _ in ALL} == set(OBSERVERS)


@pytest.mark.parametrize(("router", "kind", "handler"), ALL, ids=NAMES)
def test_handler_carries_a_permission(router: str, kind: str, handler: HandlerObject) -> None:
    assert isinstance(handler.flags.get("permission"), Permission)


def test_every_command_has_one_handler_with_its_permission() -> None:
    served = {
        entry.name: [
            handler.flags["permission"]
            for router, _, handler in ALL
            for one in filters_of(handler)
            if isinstance(one, Command) and set(one.commands) == {entry.name, entry.vietnamese}
        ]
        for entry in COMMANDS
    }

    assert served == {entry.name: [entry.permission] for entry in COMMANDS}


async def test_handlers_ask_only_for_what_they_are_given(app: App, chat: Chat) -> None:
    """aiogram gives by name: a typo is an error in that one handler, when somebody uses it."""
    given: dict[str, set[str]] = {}

    async def note(
        handler: Callable[..., Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        given[data["event_update"].event_type] = set(data)
        return await handler(event, data)

    for kind in OBSERVERS:
        app.dispatcher.observers[kind].outer_middleware(note)
    number = await chat.send("/han")
    await chat.edit(number, "/han")
    await chat.press_data("x.cancel")
    await chat.deliver(
        {
            "my_chat_member": {
                "chat": {"id": chat.user_id, "type": "private"},
                "from": {"id": chat.user_id, "is_bot": False, "first_name": "x"},
                "date": 1,
                "old_chat_member": {"status": "member", "user": _bot(app)},
                "new_chat_member": {"status": "kicked", "user": _bot(app), "until_date": 0},
            }
        }
    )

    lacking = {}
    for router, kind, handler in ALL:
        known = set(given[kind])
        for one in filters_of(handler):
            known |= {"command"} if isinstance(one, Command) else set()
            known |= {"callback_data"} if isinstance(one, CallbackQueryFilter) else set()
        wanted = inspect.getfullargspec(handler.callback).args[1:]
        if set(wanted) - known:
            lacking[f"{router}.{handler.callback.__name__}"] = set(wanted) - known
    assert given.keys() == set(OBSERVERS)
    assert lacking == {}


def _bot(app: App) -> dict[str, Any]:
    return {"id": app.bot.id, "is_bot": True, "first_name": "bot"}
