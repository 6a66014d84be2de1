"""What the bot says of itself: its commands by scope and language, descriptions, menu button."""

import json
from typing import Any

from bot.sandbox import chats, checks
from bot.sandbox.checks import Params, bad
from bot.sandbox.markup import units
from bot.sandbox.store import Store

Json = dict[str, Any]

DESCRIPTION_LIMIT = 512
SHORT_DESCRIPTION_LIMIT = 120


def set_my_commands(store: Store, params: Params) -> bool:
    given = checks.commands(params)
    scope, language = _list_key(store, params)
    store.run(
        "INSERT OR REPLACE INTO command_list VALUES (?, ?, ?)",
        scope,
        language,
        json.dumps(given, ensure_ascii=False),
    )
    if not given:
        delete_my_commands(store, params)
    store.emit(0, "commands")
    return True


def get_my_commands(store: Store, params: Params) -> list[Json]:
    return _commands(store, *_list_key(store, params)) or []


def delete_my_commands(store: Store, params: Params) -> bool:
    scope, language = _list_key(store, params)
    store.run("DELETE FROM command_list WHERE scope = ? AND language = ?", scope, language)
    store.emit(0, "commands")
    return True


def _list_key(store: Store, params: Params) -> tuple[str, str]:
    scope = checks.command_scope(params)
    if ":" in scope:
        try:
            chats.chat_shape(store, int(scope.split(":")[1]))
        except (LookupError, ValueError):
            raise bad("chat not found") from None
    return scope, checks.language(params)


def _commands(store: Store, scope: str, language: str) -> list[Json] | None:
    body = store.value(
        "SELECT body FROM command_list WHERE scope = ? AND language = ?", scope, language
    )
    return None if body is None else json.loads(body)


def menu(store: Store, chat: int, person: int) -> list[Json]:
    """The commands a person sees in a chat: the narrowest list that was set, as Telegram looks."""
    language = chats.person_view(store, person)["language_code"].split("-")[0]
    scopes = [f"chat_member:{chat}:{person}", f"chat:{chat}", "all_group_chats", "default"]
    if chat > 0:
        scopes = [f"chat:{chat}", "all_private_chats", "default"]
    for scope in scopes:
        for code in (language, ""):
            found = _commands(store, scope, code)
            if found is not None:
                return found
    return []


def set_my_description(store: Store, params: Params) -> bool:
    return _set_words(store, params, "description", DESCRIPTION_LIMIT)


def get_my_description(store: Store, params: Params) -> Json:
    return {"description": words(store, "description", checks.language(params))}


def set_my_short_description(store: Store, params: Params) -> bool:
    return _set_words(store, params, "short_description", SHORT_DESCRIPTION_LIMIT)


def get_my_short_description(store: Store, params: Params) -> Json:
    return {"short_description": words(store, "short_description", checks.language(params))}


def _set_words(store: Store, params: Params, name: str, limit: int) -> bool:
    if units(params.text(name)) > limit:
        raise bad(f"BOT_{name.upper()}_TOO_LONG")
    store.put_setting(f"{name}:{checks.language(params)}", params.text(name))
    store.emit(0, "commands")
    return True


def words(store: Store, name: str, language: str) -> str:
    """The bot's description in a language, else the one set for every language."""
    found: str = store.setting(f"{name}:{language}") or store.setting(f"{name}:") or ""
    return found


def set_chat_menu_button(store: Store, params: Params) -> bool:
    if params.text("chat_id"):
        chats.check_reach(store, params.chat())
    button = params.json("menu_button", "can't parse menu button JSON object") or {
        "type": "default"
    }
    if not isinstance(button, dict) or button.get("type") not in {
        "commands",
        "default",
        "web_app",
    }:
        raise bad("can't parse MenuButton: Unsupported type specified")
    store.put_setting(f"menu_button:{params.text('chat_id')}", button)
    return True


def get_chat_menu_button(store: Store, params: Params) -> Any:
    return (
        store.setting(f"menu_button:{params.text('chat_id')}")
        or store.setting("menu_button:")
        or {"type": "default"}
    )
