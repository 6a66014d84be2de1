"""Telegram's parameter checks, with Telegram's own words for what it refuses.

The words follow the public server (github.com/tdlib/telegram-bot-api, Client.cpp) and what it
passes on from Telegram's back end; the limits are those of core.telegram.org/bots/api.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.markup import Formatted, MarkupError, finish, parse_html, units

Json = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT = 64
CALLBACK_ANSWER_LIMIT = 200
BUTTON_LIMIT = 100
MARKUP_BYTES_LIMIT = 10_000
COMMANDS_LIMIT = 100
PLACEHOLDER_LIMIT = 64
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMAND_DESCRIPTION_LIMIT = 256
BUTTON_KINDS = (
    "callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "pay",
)  # fmt: skip
CODE_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
}


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """The API says no: an HTTP status and Telegram's description."""

    def __init__(self, status: int, words: str = "", *, retry_after: int | None = None) -> None:
        named = CODE_WORDS.get(status, "Internal Server Error")
        self.status = status
        self.description = f"{named}: {words}" if words else named
        self.retry_after = retry_after
        super().__init__(self.description)


def bad(words: str) -> Refusal:
    return Refusal(400, words)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of one call, wherever they were written, read as Telegram reads them."""

    given: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.given.get(name, "")
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, words: str) -> Any:
        """The JSON value of a parameter, None when it is not given.

        Raises:
            Refusal: it is text that is no JSON.
        """
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(words) from None

    def chat(self) -> int:
        value = self.text("chat_id")
        if not value:
            raise bad("chat_id is empty")
        try:
            return int(value)
        except ValueError:
            raise bad("chat not found") from None

    def upload(self, name: str) -> Upload | str:
        """The file itself, or what names it (a file_id or an address)."""
        named = self.text(name)
        if named.startswith("attach://"):
            name, named = named.removeprefix("attach://"), ""
        return self.files.get(name) or named


def message_text(params: Params, name: str = "text") -> Formatted:
    if not params.text(name):
        raise bad("message text is empty")
    formatted = _formatted(params, name, "entities")
    if not formatted.text:
        raise bad("text must be non-empty")
    return formatted


def caption(params: Params) -> Formatted:
    formatted = _formatted(params, "caption", "caption_entities")
    if units(formatted.text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return formatted


def _formatted(params: Params, name: str, entities_name: str) -> Formatted:
    source, mode = params.text(name), params.text("parse_mode").lower()
    if mode == "html":
        try:
            return finish(parse_html(source))
        except MarkupError as error:
            raise bad(f"can't parse entities: {error}") from None
    if mode:
        # The bot writes HTML only; the sandbox does not teach itself Markdown.
        raise bad("unsupported parse_mode")
    entities = params.json(entities_name, "can't parse entities JSON object") or []
    if not isinstance(entities, list) or not all(_is_entity(entity) for entity in entities):
        raise bad("can't parse MessageEntity: expected an Array of MessageEntity")
    return finish(Formatted(source, entities))


def _is_entity(entity: object) -> bool:
    return (
        isinstance(entity, dict)
        and isinstance(entity.get("type"), str)
        and isinstance(entity.get("offset"), int)
        and isinstance(entity.get("length"), int)
    )


def reply_markup(params: Params, *, private: bool = True) -> Json | None:
    """The checked reply markup; an inline keyboard without a button counts as none."""
    words = "can't parse reply keyboard markup JSON object"
    markup = params.json("reply_markup", words)
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if len(json.dumps(markup, ensure_ascii=False).encode()) > MARKUP_BYTES_LIMIT:
        raise bad("reply markup is too long")
    if "inline_keyboard" in markup:
        rows = _buttons(markup["inline_keyboard"], _inline_button)
        return {"inline_keyboard": rows} if rows else None
    if len(str(markup.get("input_field_placeholder") or "")) > PLACEHOLDER_LIMIT:
        raise bad("input_field_placeholder is too long")
    if "keyboard" in markup:
        rows = _buttons(markup["keyboard"], _reply_button)
        if not private and any("request_contact" in b for row in rows for b in row):
            raise bad("phone number can be requested in private chats only")
        if not private and any("request_location" in b for row in rows for b in row):
            raise bad("location can be requested in private chats only")
        return {**markup, "keyboard": rows} if rows else None
    if markup.get("remove_keyboard") is True or markup.get("force_reply") is True:
        return dict(markup)
    return None


def inline_markup(params: Params) -> Json | None:
    markup = reply_markup(params)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    return markup


def _buttons(rows: object, check: Any) -> list[list[Json]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    if sum(len(row) for row in rows) > BUTTON_LIMIT:
        raise bad("reply markup is too long")
    return [[check(button) for button in row] for row in rows if row]


def _inline_button(button: object) -> Json:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{prefix}expected an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad(f'{prefix}Can\'t find field "text"')
    kinds = [kind for kind in BUTTON_KINDS if button.get(kind) is not None]
    if not kinds:
        raise bad(f"{prefix}Text buttons are unallowed in the inline keyboard")
    if kinds[0] == "callback_data":
        size = len(str(button["callback_data"]).encode())
        if not 1 <= size <= CALLBACK_DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")
    if kinds[0] == "url":
        _check_url(str(button["url"]))
    return {key: value for key, value in button.items() if value is not None}


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme == "tg":
        return
    if parts.scheme not in {"http", "https"} or "." not in host:
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply_button(button: object) -> Json:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad("can't parse keyboard button: Keyboard button text must be non-empty")
    return {key: value for key, value in button.items() if value not in {None, False}}


def commands(params: Params) -> list[Json]:
    given = params.json("commands", "can't parse commands JSON object") or []
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    if len(given) > COMMANDS_LIMIT:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    checked = []
    for entry in given:
        if not isinstance(entry, dict):
            raise bad("expected an Object as BotCommand")
        name = str(entry.get("command", "")).strip().removeprefix("/")
        description = str(entry.get("description", "")).strip()
        if not name:
            raise bad("command must be non-empty")
        if not COMMAND.fullmatch(name):
            raise bad("BOT_COMMAND_INVALID")
        if not description:
            raise bad("command description must be non-empty")
        if len(description) > COMMAND_DESCRIPTION_LIMIT:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        checked.append({"command": name, "description": description})
    return checked


def command_scope(params: Params) -> str:
    """The scope as one text key: its type, and its chat and user where it has them."""
    scope = params.json("scope", "can't parse bot command scope JSON object") or {
        "type": "default"
    }
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise bad("can't parse BotCommandScope: Can't find field \"type\"")
    kind = scope["type"]
    plain = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
    with_chat = {
        "chat": ("chat_id",),
        "chat_administrators": ("chat_id",),
        "chat_member": ("chat_id", "user_id"),
    }
    if kind in plain:
        return str(kind)
    if kind not in with_chat:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    if any(not scope.get(part) for part in with_chat[kind]):
        raise bad("chat_id is empty")
    return ":".join([kind, *(str(scope[part]) for part in with_chat[kind])])


def language(params: Params) -> str:
    code = params.text("language_code")
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad("invalid language code specified")
    return code
