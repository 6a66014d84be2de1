"""What comes in, stored before it is confirmed, without the names that came with it."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import InboxState, InboxUpdate

log = logging.getLogger(__name__)

Row: TypeAlias = dict[str, Any]
"""An inbox row, by the names of its columns."""

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

# Wherever they stand: of a person, a chat, a contact shared by mistake, a file from somebody's
# telephone. What aiogram requires stays, empty; the rest goes.
_EMPTIED: Mapping[str, Any] = {
    "first_name": "",
    "title": "",
    "sender_user_name": "",
    "contact": {"phone_number": "", "first_name": ""},
    "location": {"latitude": 0, "longitude": 0},
    "pinned_message": {"message_id": 0, "date": 0, "chat": {"id": 0, "type": "private"}},
}
_LEFT_OUT = frozenset(
    {
        "last_name", "username", "author_signature", "forward_sender_name", "file_name",
        "performer", "venue", "users_shared", "chat_shared", "order_info", "passport_data",
        "reply_to_message", "quote", "external_reply",
    }
)  # fmt: skip
_UNSTORABLE = {0: None, **dict.fromkeys(range(0xD800, 0xE000))}
"""NUL, which PostgreSQL refuses, and halves of characters, which nothing can encode."""
_TABLE: Table = InboxUpdate.__table__  # type: ignore[attr-defined]
_KEEP = {
    name: insert(_TABLE).on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_LARGEST_ID = 2**63 - 1


class NoUpdateError(ValueError):
    """Something without an id; the text names its fields, or says that it has none."""


def update_id_of(update: Any) -> int | None:
    """The update's id, or None for what is no update."""
    number = update.get("update_id") if isinstance(update, Mapping) else None
    return number if type(number) is int and 0 <= number <= _LARGEST_ID else None


async def store_updates(
    session: AsyncSession, bot_id: str, updates: Iterable[Any], now: datetime
) -> int:
    """Keep updates that are not kept yet; returns how many were given.

    What has no id can neither be confirmed nor recognised when it comes again: it is left out,
    and logged.
    """
    rows = []
    for update in updates:
        try:
            rows.append(row_of(bot_id, update, now))
        except NoUpdateError as error:
            log.error("an update without an id is not kept; it has: %s", error)  # noqa: TRY400  ids and field names only
    await store_rows(session, rows)
    return len(rows)


def row_of(bot_id: str, update: Any, now: datetime) -> Row:
    """An update as it is stored.

    Raises:
        NoUpdateError: it has no id.
        RecursionError: it is deeper than anything that a platform sends.
    """
    number = update_id_of(update)
    if number is None:
        kinds = sorted(map(str, update)) if isinstance(update, Mapping) else ["no object"]
        raise NoUpdateError(", ".join(kinds)[:200])
    return {
        "bot_id": bot_id,
        "update_id": number,
        "chat_key": chat_key(bot_id, update),
        "body": without_names(update),
        "state": InboxState.waiting,
        "received_at": now,
        "attempts": 0,
    }


async def store_rows(session: AsyncSession, rows: Sequence[Row]) -> None:
    """Keep the rows that are not kept yet: a redelivered (bot id, update id) changes nothing."""
    if rows:
        await session.execute(_KEEP[session.get_bind().dialect.name], rows)


def chat_key(bot_id: str, update: Mapping[str, Any]) -> str:
    """Whose turn it is: updates with one key are handled one after another."""
    for kind, body in update.items():
        if kind == "update_id" or not isinstance(body, Mapping):
            continue
        message = body if "chat" in body else body.get("message") or {}
        chat = message.get("chat") if isinstance(message, Mapping) else None
        for holder in (chat, body.get("from")):
            if isinstance(holder, Mapping) and isinstance(holder.get("id"), int):
                return f"{bot_id}:{holder['id']}"[:96]
    return f"{bot_id}:"


def without_names(value: Any) -> Any:
    """The update without names, usernames, telephone numbers and places, in the same shape."""
    if isinstance(value, str):
        return value.translate(_UNSTORABLE)
    if isinstance(value, list):
        return [without_names(item) for item in value]
    if isinstance(value, Mapping):
        return {
            key: _EMPTIED[key] if key in _EMPTIED else without_names(item)
            for key, item in value.items()
            if key not in _LEFT_OUT
        }
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no such number, and PostgreSQL refuses it
    return value
