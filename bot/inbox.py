"""What comes in, stored before it is confirmed, without the names that came with it."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import InboxState, InboxUpdate

log = logging.getLogger(__name__)

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
_LARGEST_ID = 2**63 - 1


def update_id_of(update: Any) -> int | None:
    """The update's id, or None for what is no update."""
    number = update.get("update_id") if isinstance(update, Mapping) else None
    return number if isinstance(number, int) and 0 <= number <= _LARGEST_ID else None


async def store_updates(
    session: AsyncSession, bot_id: str, updates: Iterable[Any], now: datetime
) -> int:
    """Keep updates that are not kept yet; returns how many were given.

    An update is known by (bot id, update id), so a redelivered one changes nothing. What has no
    id can neither be confirmed nor recognised when it comes again: it is left out, and logged.
    """
    rows = []
    for update in updates:
        number = update_id_of(update)
        if number is None:
            kinds = sorted(map(str, update)) if isinstance(update, Mapping) else ["no object"]
            log.error("an update without an id is not kept; it has: %s", ", ".join(kinds)[:200])
            continue
        rows.append(
            {
                "bot_id": bot_id,
                "update_id": number,
                "chat_key": chat_key(bot_id, update),
                "body": without_names(update),
                "state": InboxState.waiting,
                "received_at": now,
                "attempts": 0,
            }
        )
    if rows:
        on_postgresql = session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert if on_postgresql else sqlite.insert
        await session.execute(
            insert(InboxUpdate).on_conflict_do_nothing(index_elements=["bot_id", "update_id"]),
            rows,
        )
    return len(rows)


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
    return value
