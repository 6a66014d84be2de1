"""What people do in the sandbox: write, send things, edit, press, block, start, make groups."""

import base64
from typing import Any

from bot.sandbox import chats, methods, updates
from bot.sandbox.checks import Upload
from bot.sandbox.markup import Formatted, finish
from bot.sandbox.store import Store

Json = dict[str, Any]

# One grey pixel, and a few bytes that stand for a voice or a sticker: enough to be fetched.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
NOTHING_HEARD = b"OggS sandbox voice"
NOTHING_SEEN = b"RIFF sandbox sticker"
PHONE = "+84900000000"
TEXT_LIMIT = 4096


class CannotError(Exception):
    """A person cannot do this, as in Telegram; the text says why, for a developer."""


def write(store: Store, person: int, given: Json, upload: Upload | None = None) -> Json:
    """A person sends something of some `kind` into the private chat or a group; the Message.

    Raises:
        CannotError: the bot is blocked, the person is not in the group, or there is nothing in it.
        LookupError: there is no such person.
    """
    chat = int(given.get("chat_id") or person)
    _check_presence(store, person, chat)
    content = _content(store, person, given, upload)
    reply_to = chats.message(store, chat, int(given.get("reply_to") or 0))
    if chat == person:
        store.run("UPDATE person SET started = 1 WHERE id = ? AND NOT started", person)
    sent = chats.add_message(store, chat, person, content, reply_to)
    if chat == person or _reaches_bot(store, chat, sent):
        updates.enqueue(store, "message", sent)
    return sent


def _check_presence(store: Store, person: int, chat: int) -> None:
    view = chats.person_view(store, person)
    if chat == person:
        if view["blocked"]:
            raise CannotError("the bot is blocked")
    elif person not in chats.group_view(store, chat)["members"]:
        raise CannotError("not a member of the group")


def _reaches_bot(store: Store, chat: int, body: Json) -> bool:
    """Privacy mode: of a group a bot that is no administrator sees commands and replies only."""
    status = chats.group_view(store, chat)["bot_status"]
    if status not in {"member", "administrator"}:
        return False
    text = body.get("text", "")
    command = any(
        entity["type"] == "bot_command" and entity["offset"] == 0
        for entity in body.get("entities", ())
    )
    elsewhere = command and "@" in text.split()[0] and chats.BOT_USERNAME not in text.split()[0]
    replied = body.get("reply_to_message", {}).get("from", {}).get("id") == chats.bot_id(store)
    return status == "administrator" or (command and not elsewhere) or replied


def _content(store: Store, person: int, given: Json, upload: Upload | None) -> Json:
    kind = given.get("kind") or ("document" if upload else "text")
    if kind == "text":
        return _text(given)
    if kind == "forward":
        origin = {
            "type": "hidden_user",
            "sender_user_name": given.get("from_name") or "Someone",
            "date": int(store.clock()),
        }
        return {"forward_origin": origin, **_text(given)}
    if kind == "contact":
        name = chats.user(store, person)["first_name"]
        contact = {"phone_number": given.get("phone_number") or PHONE, "first_name": name}
        return {"contact": {**contact, "user_id": person}}
    if kind == "location":
        point = {key: float(given.get(key) or 0) for key in ("latitude", "longitude")}
        return {"location": point}
    if kind == "other" and isinstance(given.get("content"), dict):
        return dict(given["content"])
    return _with_file(store, kind, given, upload)


def _text(given: Json) -> Json:
    formatted = finish(Formatted(str(given.get("text") or ""), []))
    if not formatted.text:
        raise CannotError("the text is empty")
    if len(formatted.text) > TEXT_LIMIT:
        raise CannotError("the text is too long for one message")
    entities = {"entities": formatted.entities} if formatted.entities else {}
    return {"text": formatted.text, **entities}


def _with_file(store: Store, kind: str, given: Json, upload: Upload | None) -> Json:
    caption = {"caption": str(given["text"]).strip()} if given.get("text") else {}
    if kind == "photo":
        picture = upload or Upload("photo.png", "image/png", PIXEL)
        return {"photo": chats.photo(chats.add_file(store, picture, "photos")), **caption}
    if kind == "document":
        if upload is None:
            raise CannotError("a document needs a file")
        return {"document": chats.document(chats.add_file(store, upload, "documents")), **caption}
    if kind == "voice":
        sound = upload or Upload("voice.ogg", "audio/ogg", NOTHING_HEARD)
        row = chats.add_file(store, sound, "voice")
        seconds = int(given.get("duration") or 3)
        return {"voice": {**chats.file_shape(row), "duration": seconds, "mime_type": row["mime"]}}
    if kind == "sticker":
        picture = upload or Upload("sticker.webp", "image/webp", NOTHING_SEEN)
        row = chats.add_file(store, picture, "stickers")
        shape = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": given.get("emoji") or "👍",
        }
        return {"sticker": {**chats.file_shape(row), **shape}}
    raise CannotError(f"unknown kind: {kind}")


def edit(store: Store, person: int, number: int, text: str) -> Json:
    """A person changes the words (or the caption) of an own message.

    Raises:
        CannotError: it is not theirs, or it has no words.
    """
    row = store.row("SELECT chat FROM message WHERE id = ? AND sender = ?", number, person)
    body = chats.message(store, row["chat"], number) if row else None
    if body is None:
        raise CannotError("no own message of that id")
    if "text" in body:
        body.pop("entities", None)
        body |= _text({"text": text})
    elif "document" in body or "photo" in body:
        body["caption"] = text.strip()
    else:
        raise CannotError("this message has no text")
    body["edit_date"] = int(store.shown_now)
    chats.change_message(store, body)
    if body["chat"]["id"] == person or _reaches_bot(store, body["chat"]["id"], body):
        updates.enqueue(store, "edited_message", body)
    return body


def press(store: Store, person: int, number: int, data: str) -> str:
    """A person presses an inline button, also one of a message long gone; the query's id.

    Raises:
        CannotError: the bot never sent that message where this person could see it.
    """
    row = store.row("SELECT * FROM message WHERE id = ? AND sender <> ?", number, person)
    if row is None:
        raise CannotError("no message of the bot of that id")
    chat = row["chat"]
    _check_presence(store, person, chat)
    query = store.run(
        "INSERT INTO query (chat, person, pressed_at) VALUES (?, ?, ?)",
        chat,
        person,
        store.clock(),
    )
    gone = {"chat": chats.chat_shape(store, chat), "message_id": number, "date": 0}
    updates.enqueue(
        store,
        "callback_query",
        {
            "id": str(query),
            "from": chats.user(store, person),
            "message": chats.message(store, chat, number) or gone,
            "chat_instance": str(chat),
            "data": data,
        },
    )
    pressed = {"query_id": str(query), "person_id": person, "message_id": number, "data": data}
    store.emit(chat, "callback", **pressed)
    return str(query)


def start(store: Store, person: int, payload: str = "") -> Json:
    """A person presses the start button, or opens a deep link with a payload."""
    return write(store, person, {"text": f"/start {payload}".strip()})


def block(store: Store, person: int, *, blocked: bool) -> None:
    """A person blocks the bot, or lets it in again."""
    if chats.person_view(store, person)["blocked"] is blocked:
        return
    store.run("UPDATE person SET blocked = ? WHERE id = ?", blocked, person)
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    methods.tell_membership(store, person, person, old, new)
    store.emit(0, "person", person=chats.person_view(store, person))


def make_group(store: Store, person: int, title: str, *, admin: bool, others: list[int]) -> int:
    """A person makes a group and adds the bot to it; the group's chat id."""
    status = "administrator" if admin else "member"
    members = [person, *(other for other in others if other != person)]
    for member in members:
        chats.person_view(store, member)
    chat = chats.add_group(store, title, members, status)
    methods.tell_membership(store, chat, person, "left", status)
    added = {"new_chat_members": [chats.bot_user(store)]}
    updates.enqueue(store, "message", chats.add_message(store, chat, person, added))
    return chat
