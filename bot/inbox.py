"""What comes in, stored before it is confirmed, without the names that came with it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import InboxState, InboxUpdate

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

_NAMES = {"first_name": "", "last_name": None, "username": None, "title": None}
_PEOPLE_AND_CHATS = ("from", "chat", "sender_chat", "user", "forward_from", "forward_from_chat")
# Of what a person shares by mistake only its kind matters: it is answered, never kept.
_KIND_ONLY = {
    "contact": {"phone_number": "", "first_name": ""},
    "location": {"latitude": 0, "longitude": 0},
    "venue": None,
}


async def store_updates(
    session: AsyncSession, bot_id: str, updates: Iterable[Mapping[str, Any]], now: datetime
) -> int:
    """Keep updates that are not kept yet; returns how many were given.

    An update is known by (bot id, update id), so a redelivered one changes nothing.
    """
    rows = [
        {
            "bot_id": bot_id,
            "update_id": update["update_id"],
            "chat_key": chat_key(bot_id, update),
            "body": without_names(update),
            "state": InboxState.waiting,
            "received_at": now,
            "attempts": 0,
        }
        for update in updates
        if isinstance(update, Mapping) and isinstance(update.get("update_id"), int)
    ]
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
        sender = body.get("from")
        for holder in (chat, sender):
            if isinstance(holder, Mapping) and "id" in holder:
                return f"{bot_id}:{holder['id']}"[:96]
    return f"{bot_id}:"


def without_names(value: Any, *, _is_party: bool = False) -> Any:
    """The update without names, usernames, phone numbers and places, in the same shape."""
    if isinstance(value, Mapping):
        clean: dict[str, Any] = {}
        for key, item in value.items():
            if _is_party and key in _NAMES:
                if _NAMES[key] is not None:
                    clean[key] = _NAMES[key]
            elif key in _KIND_ONLY:
                if _KIND_ONLY[key] is not None:
                    clean[key] = _KIND_ONLY[key]
            elif key in {"sender_user_name", "author_signature"}:
                clean[key] = ""
            elif key in {"reply_to_message", "quote", "external_reply", "pinned_message"}:
                continue
            else:
                clean[key] = without_names(
                    item, _is_party=key in _PEOPLE_AND_CHATS or key.endswith(("_user", "_chat"))
                )
        return clean
    if isinstance(value, list):
        return [without_names(item, _is_party=_is_party) for item in value]
    return value
