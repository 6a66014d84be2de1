"""What the program tells of itself while it runs: numbers and ids, never words or names."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from aiogram.filters.callback_data import CallbackData

from bot.inbox import ALLOWED_UPDATES
from bot.turn import Turn
from handlers import callbacks
from handlers.commands import BY_NAME
from storage.tables import OutboxState

log = logging.getLogger(__name__)

_LONGEST_COMMAND = 40
_BUTTONS = frozenset(
    one.__prefix__
    for one in vars(callbacks).values()
    if isinstance(one, type) and issubclass(one, CallbackData) and one is not CallbackData
)


class Observer:
    """Hears what happens, and writes one line a turn; `bot.metrics` counts as well."""

    def updates_stored(self, count: int) -> None:
        """So many updates are in the inbox."""

    def turn_done(self, turn: Turn, replies: int) -> float:
        """A turn is committed, with so many replies.

        Returns:
            Seconds since its update was taken up; the commit is shared with other turns.
        """
        seconds = time.perf_counter() - turn.began
        self._log(turn, replies, seconds)
        return seconds

    def reply_closed(self, state: OutboxState) -> None:
        """A reply is out, or given up."""

    def nudges_planned(self, count: int) -> None:
        """So many reminders are to be sent."""

    def paced_closed(self, kind: str, state: OutboxState) -> None:
        """A paced message is out, or given up."""

    @staticmethod
    def _log(turn: Turn, replies: int, seconds: float) -> None:
        if log.isEnabledFor(logging.INFO):
            fields = {
                "update": turn.update_id,
                "kind": kind_of(turn.update),
                "outcome": turn.outcome.value,
                "ms": round(seconds * 1000, 1),
                "replies": replies,
                "attempt": turn.attempt,
            }
            log.info(
                "turn update=%(update)s kind=%(kind)s outcome=%(outcome)s ms=%(ms)s"
                " replies=%(replies)s attempt=%(attempt)s",
                fields,
                extra=fields,
            )


def kind_of(update: Mapping[str, Any]) -> str:
    """What somebody did: a command or a button by its own name, all else by its sort.

    Only names that this program has given are repeated: a command or a button's data that it
    does not know is somebody's own words.
    """
    kind = next((name for name in ALLOWED_UPDATES if name in update), "other")
    body = update.get(kind)
    if not isinstance(body, Mapping):
        return kind
    if kind == "callback_query":
        prefix = str(body.get("data") or "").partition(":")[0]
        return prefix if prefix in _BUTTONS else kind
    text = body.get("text")
    if kind == "message" and isinstance(text, str) and text.startswith("/"):
        word = text[1:_LONGEST_COMMAND].partition(" ")[0].partition("@")[0].lower()
        if word in BY_NAME:
            return f"/{BY_NAME[word].name}"
    return kind
