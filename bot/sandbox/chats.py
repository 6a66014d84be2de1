"""People, groups, messages and files of the sandbox, in the shapes of the Bot API."""

import json
import mimetypes
import secrets
import sqlite3
import struct
from typing import Any

from bot.sandbox.checks import Refusal, Upload, bad
from bot.sandbox.store import Store

Json = dict[str, Any]

DEFAULT_BOT = 1_000_000_001
BOT_USERNAME = "doithoai_sandbox_bot"
BOT_NAME = "doithoai"
GROUP_BASE = -1_000_000_000_000
DELETE_WINDOW = 48 * 3600
UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def bot_id(store: Store) -> int:
    known: int | None = store.setting("bot_id")
    return known or DEFAULT_BOT


def bot_user(store: Store) -> Json:
    return {
        "id": bot_id(store),
        "is_bot": True,
        "first_name": BOT_NAME,
        "username": BOT_USERNAME,
    }


def add_person(
    store: Store,
    name: str,
    language_code: str,
    username: str | None = None,
    person: int | None = None,
) -> int:
    """A new person, with the next id where none is given; the id."""
    person = store.run(
        "INSERT INTO person (id, first_name, username, language_code) VALUES (?, ?, ?, ?)",
        person,
        name,
        username,
        language_code,
    )
    store.emit(0, "person", person=person_view(store, person))
    return person


def person_row(store: Store, person: int) -> sqlite3.Row | None:
    return store.row("SELECT * FROM person WHERE id = ?", person)


def person_view(store: Store, person: int) -> Json:
    """A person as the page and the tests see them."""
    row = person_row(store, person)
    if row is None:
        raise LookupError(person)
    return {
        "id": row["id"],
        "name": row["first_name"],
        "username": row["username"],
        "language_code": row["language_code"],
        "started": bool(row["started"]),
        "blocked": bool(row["blocked"]),
    }


def people(store: Store) -> list[Json]:
    return [person_view(store, row["id"]) for row in store.rows("SELECT id FROM person")]


def user(store: Store, person: int) -> Json:
    if person == bot_id(store):
        return bot_user(store)
    row = person_row(store, person)
    if row is None:
        raise LookupError(person)
    shape = {"id": row["id"], "is_bot": False, "first_name": row["first_name"]}
    if row["username"]:
        shape["username"] = row["username"]
    return {**shape, "language_code": row["language_code"]}


def group_row(store: Store, chat: int) -> sqlite3.Row | None:
    return store.row("SELECT * FROM crowd WHERE number = ?", GROUP_BASE - chat)


def chat_shape(store: Store, chat: int) -> Json:
    if chat > 0:
        person = user(store, chat)
        kept: Json = {
            key: person[key] for key in ("id", "first_name", "username") if key in person
        }
        return {**kept, "type": "private"}
    row = group_row(store, chat)
    if row is None:
        raise LookupError(chat)
    return {"id": chat, "title": row["title"], "type": "supergroup"}


def add_group(store: Store, title: str, members: list[int], bot_status: str) -> int:
    number = store.run("INSERT INTO crowd (title, bot_status) VALUES (?, ?)", title, bot_status)
    chat = GROUP_BASE - number
    for person in members:
        store.run("INSERT INTO member VALUES (?, ?)", chat, person)
    store.emit(0, "group", group=group_view(store, chat))
    return chat


def group_view(store: Store, chat: int) -> Json:
    row = group_row(store, chat)
    if row is None:
        raise LookupError(chat)
    members = store.rows("SELECT person FROM member WHERE chat = ? ORDER BY person", chat)
    return {
        "id": chat,
        "title": row["title"],
        "bot_status": row["bot_status"],
        "members": [member["person"] for member in members],
    }


def groups(store: Store) -> list[Json]:
    found = store.rows("SELECT number FROM crowd ORDER BY number")
    return [group_view(store, GROUP_BASE - row["number"]) for row in found]


def check_reach(store: Store, chat: int) -> None:
    """Whether the bot may act in a chat.

    Raises:
        Refusal: no such chat, the person never wrote or has blocked the bot, or it was removed.
    """
    if chat < 0:
        group = group_row(store, chat)
        if group is None:
            raise bad("chat not found")
        if group["bot_status"] == "kicked":
            raise Refusal(403, "bot was kicked from the supergroup chat")
        if group["bot_status"] == "left":
            raise Refusal(403, "bot is not a member of the supergroup chat")
        return
    person = person_row(store, chat)
    if person is None:
        raise bad("chat not found")
    if person["blocked"]:
        raise Refusal(403, "bot was blocked by the user")
    if not person["started"]:
        if store.row("SELECT 1 FROM member WHERE person = ?", chat):
            raise Refusal(403, "bot can't initiate conversation with a user")
        raise bad("chat not found")


def add_message(
    store: Store, chat: int, sender: int, content: Json, reply_to: Json | None = None
) -> Json:
    """Put a message into a chat and tell the page; the Message of the Bot API."""
    now = store.clock()
    number = store.run(
        "INSERT INTO message (chat, sender, sent_at, body) VALUES (?, ?, ?, '')",
        chat,
        sender,
        now,
    )
    body = {
        "message_id": number,
        "from": user(store, sender),
        "chat": chat_shape(store, chat),
        "date": int(store.shown_now),
    }
    if reply_to:
        reply_to = {key: value for key, value in reply_to.items() if key != "reply_to_message"}
        body["reply_to_message"] = reply_to
    body |= content
    _write(store, number, body)
    store.emit(chat, "message", message=body)
    return body


def _write(store: Store, number: int, body: Json) -> None:
    store.run(
        "UPDATE message SET body = ? WHERE id = ?", json.dumps(body, ensure_ascii=False), number
    )


def message(store: Store, chat: int, number: int) -> Json | None:
    body = store.value(
        "SELECT body FROM message WHERE id = ? AND chat = ? AND NOT deleted", number, chat
    )
    return None if body is None else json.loads(body)


def change_message(store: Store, body: Json) -> None:
    _write(store, body["message_id"], body)
    store.emit(body["chat"]["id"], "edit", message=body)


def delete_message(store: Store, body: Json) -> None:
    store.run("UPDATE message SET deleted = 1 WHERE id = ?", body["message_id"])
    store.emit(body["chat"]["id"], "delete", message_id=body["message_id"])


def history(store: Store, chat: int, limit: int) -> list[Json]:
    """The last messages of a chat, oldest first."""
    found = store.rows(
        "SELECT body FROM message WHERE chat = ? AND NOT deleted ORDER BY id DESC LIMIT ?",
        chat,
        limit,
    )
    return [json.loads(row["body"]) for row in reversed(found)]


def keyboard(store: Store, chat: int) -> Json | None:
    """The reply keyboard (or the forced reply) that lies open in a chat."""
    body = store.value("SELECT body FROM keyboard WHERE chat = ?", chat)
    return None if body is None else json.loads(body)


def set_keyboard(store: Store, chat: int, markup: Json | None) -> None:
    if markup is None or markup.get("remove_keyboard"):
        store.run("DELETE FROM keyboard WHERE chat = ?", chat)
        markup = None
    else:
        store.run("INSERT OR REPLACE INTO keyboard VALUES (?, ?)", chat, json.dumps(markup))
    store.emit(chat, "keyboard", markup=markup)


def add_file(store: Store, upload: Upload, folder: str) -> sqlite3.Row:
    """Keep a file.

    Raises:
        Refusal: it is empty or larger than Telegram takes.
    """
    if not upload.content:
        raise bad("file must be non-empty")
    if len(upload.content) > UPLOAD_LIMIT:
        raise Refusal(413)
    width, height = picture_size(upload.content) or (None, None)
    name = upload.name or "file"
    file_id = secrets.token_urlsafe(36)
    number = store.run(
        "INSERT INTO upload (file_id, unique_id, path, name, mime, width, height, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        file_id,
        secrets.token_urlsafe(9),
        file_id,
        name,
        mime_of(upload),
        width,
        height,
        upload.content,
    )
    suffix = name.rpartition(".")[2] if "." in name else "bin"
    store.run(
        "UPDATE upload SET path = ? WHERE number = ?", f"{folder}/file_{number}.{suffix}", number
    )
    row = file_row(store, file_id)
    if row is None:
        raise LookupError(file_id)
    return row


def mime_of(upload: Upload) -> str:
    guessed = mimetypes.guess_type(upload.name)[0]
    given = "" if upload.mime == "application/octet-stream" else upload.mime
    return guessed or given or "application/octet-stream"


def file_row(store: Store, file_id: str) -> sqlite3.Row | None:
    return store.row("SELECT *, length(content) AS size FROM upload WHERE file_id = ?", file_id)


def file_shape(row: sqlite3.Row) -> Json:
    return {
        "file_id": row["file_id"],
        "file_unique_id": row["unique_id"],
        "file_size": row["size"],
    }


def document(row: sqlite3.Row) -> Json:
    return {"file_name": row["name"], "mime_type": row["mime"], **file_shape(row)}


def photo(row: sqlite3.Row) -> list[Json]:
    if not row["width"] or row["size"] > PHOTO_LIMIT:
        raise bad("IMAGE_PROCESS_FAILED")
    return [{**file_shape(row), "width": row["width"], "height": row["height"]}]


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG, None for anything else."""
    if content.startswith(PNG) and len(content) >= 24:  # noqa: PLR2004 - the header's length
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    at = 2
    while content.startswith(b"\xff\xd8") and at + 9 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - JPEG's marker byte
        if content[at + 1] in JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
