"""Lists in a chat: pages that fit a message, and units named one after another."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton

from config.plan import ConferencePlan
from config.texts import Texts
from handlers.conversation import button

T = TypeVar("T")


def page_of(
    texts: Texts,
    entries: Sequence[T],
    page: int,
    size: int,
    turn: Callable[[int], CallbackData],
) -> tuple[Sequence[T], list[InlineKeyboardButton]]:
    """One page of a list (the nearest that there is), and the buttons to those beside it."""
    last = max(0, -(-len(entries) // size) - 1)
    page = min(max(page, 0), last)
    turns = []
    if page > 0:
        turns.append(button(texts.plain("button-previous-page"), turn(page - 1)))
    if page < last:
        turns.append(button(texts.plain("button-next-page"), turn(page + 1)))
    return entries[page * size : (page + 1) * size], turns


def unit_names(plan: ConferencePlan, codes: Iterable[str]) -> str:
    """Units by their short names, in the plan's order; semicolons where a name has a comma."""
    wanted = set(codes)
    names = [unit.short_name for unit in plan.units if unit.code in wanted]
    return ("; " if any("," in name for name in names) else ", ").join(names)
