"""The Bot API methods the sandbox answers, one function each."""

from collections.abc import Callable
from typing import Any

from bot.sandbox import chats, checks, profile, updates, webhook
from bot.sandbox.checks import Params, Refusal, bad
from bot.sandbox.markup import units
from bot.sandbox.store import Store

Json = dict[str, Any]
Method = Callable[[Store, Params], Any]

DOWNLOAD_LIMIT = 20 * 1024 * 1024
CHAT_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note",
    "upload_video_note",
}  # fmt: skip
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the"
    " same as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def get_me(store: Store, _params: Params) -> Json:
    return {
        **chats.bot_user(store),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def send_message(store: Store, params: Params) -> Json:
    formatted = checks.message_text(params)
    if units(formatted.text) > checks.TEXT_LIMIT:
        raise bad("message is too long")
    content: Json = {"text": formatted.text}
    if formatted.entities:
        content["entities"] = formatted.entities
    if preview := params.json("link_preview_options", "object expected as link preview options"):
        content["link_preview_options"] = preview
    return _send(store, params, content)


def send_document(store: Store, params: Params) -> Json:
    chats.check_reach(store, params.chat())
    document = chats.document(_file(store, params, "document", "documents"))
    return _send(store, params, {"document": document, **_caption(params)})


def send_photo(store: Store, params: Params) -> Json:
    chats.check_reach(store, params.chat())
    photo = chats.photo(_file(store, params, "photo", "photos"))
    return _send(store, params, {"photo": photo, **_caption(params)})


def _caption(params: Params) -> Json:
    formatted = checks.caption(params)
    if not formatted.text:
        return {}
    entities = {"caption_entities": formatted.entities} if formatted.entities else {}
    return {"caption": formatted.text, **entities}


def _file(store: Store, params: Params, name: str, folder: str) -> Any:
    given = params.upload(name)
    if isinstance(given, checks.Upload):
        return chats.add_file(store, given, folder)
    if not given:
        raise bad(f"there is no {name} in the request")
    if given.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")
    row = chats.file_row(store, given)
    if row is None:
        raise bad("wrong file identifier/HTTP URL specified")
    return row


def _send(store: Store, params: Params, content: Json) -> Json:
    chat = params.chat()
    markup = checks.reply_markup(params, private=chat > 0)
    chats.check_reach(store, chat)
    if params.flag("protect_content"):
        content["has_protected_content"] = True
    if markup and "inline_keyboard" in markup:
        content["reply_markup"] = markup
    sent = chats.add_message(
        store, chat, chats.bot_id(store), content, _replied(store, params, chat)
    )
    if markup and "inline_keyboard" not in markup:
        chats.set_keyboard(store, chat, markup)
    return sent


def _replied(store: Store, params: Params, chat: int) -> Json | None:
    reply = params.json("reply_parameters", "can't parse reply parameters JSON object") or {
        "message_id": params.integer("reply_to_message_id"),
        "allow_sending_without_reply": params.flag("allow_sending_without_reply"),
    }
    if not reply.get("message_id"):
        return None
    found = chats.message(store, chat, int(reply["message_id"]))
    if found is None and not reply.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return found


def edit_message_text(store: Store, params: Params) -> Json:
    formatted = checks.message_text(params)
    markup = checks.inline_markup(params)
    body = _editable(store, params)
    if "text" not in body:
        raise bad("there is no text in the message to edit")
    if units(formatted.text) > checks.TEXT_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    kept = {key: value for key, value in body.items() if key != "entities"}
    entities = {"entities": formatted.entities} if formatted.entities else {}
    return _edit(store, body, {**kept, "text": formatted.text, **entities}, markup)


def edit_message_reply_markup(store: Store, params: Params) -> Json:
    markup = checks.inline_markup(params)
    body = _editable(store, params)
    return _edit(store, body, dict(body), markup)


def _editable(store: Store, params: Params) -> Json:
    chat = params.chat()
    if not params.integer("message_id"):
        raise bad("message identifier is not specified")
    chats.check_reach(store, chat)
    body = chats.message(store, chat, params.integer("message_id"))
    if body is None:
        raise bad("message to edit not found")
    if not body["from"]["is_bot"]:
        raise bad("message can't be edited")
    return body


def _edit(store: Store, old: Json, new: Json, markup: Json | None) -> Json:
    new.pop("reply_markup", None)
    if markup:
        new["reply_markup"] = markup
    if new == old:
        raise bad(NOT_MODIFIED)
    new["edit_date"] = int(store.clock())
    chats.change_message(store, new)
    return new


def delete_message(store: Store, params: Params) -> bool:
    chat = params.chat()
    if not params.integer("message_id"):
        raise bad("message identifier is not specified")
    chats.check_reach(store, chat)
    body = chats.message(store, chat, params.integer("message_id"))
    if body is None:
        raise bad("message to delete not found")
    if store.clock() - body["date"] >= chats.DELETE_WINDOW:
        raise bad("message can't be deleted for everyone")
    if chat < 0 and not body["from"]["is_bot"] and not _is_admin(store, chat):
        raise bad("message can't be deleted")
    chats.delete_message(store, body)
    return True


def _is_admin(store: Store, chat: int) -> bool:
    return bool(chats.group_view(store, chat)["bot_status"] == "administrator")


def answer_callback_query(store: Store, params: Params) -> bool:
    query = store.row("SELECT * FROM query WHERE id = ?", params.integer("callback_query_id"))
    if query is None or store.clock() - query["pressed_at"] >= updates.CALLBACK_LIFE:
        raise bad(QUERY_TOO_OLD)
    if units(params.text("text")) > checks.CALLBACK_ANSWER_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    store.emit(
        query["chat"],
        "callback_answer",
        query_id=str(query["id"]),
        person_id=query["person"],
        text=params.text("text"),
        show_alert=params.flag("show_alert"),
        url=params.text("url"),
    )
    return True


def send_chat_action(store: Store, params: Params) -> bool:
    chat = params.chat()
    if params.text("action") not in CHAT_ACTIONS:
        raise bad("wrong parameter action in request")
    chats.check_reach(store, chat)
    store.emit(chat, "action", action=params.text("action"))
    return True


def get_file(store: Store, params: Params) -> Json:
    if not params.text("file_id"):
        raise bad("file_id not specified")
    row = chats.file_row(store, params.text("file_id"))
    if row is None:
        raise bad("invalid file_id")
    if row["size"] > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {**chats.file_shape(row), "file_path": row["path"]}


def leave_chat(store: Store, params: Params) -> bool:
    chat = params.chat()
    if chat > 0:
        chats.check_reach(store, chat)
        raise bad("chat member status can't be changed in private chats")
    chats.check_reach(store, chat)
    change_bot_status(store, chat, chats.bot_id(store), "left")
    return True


def change_bot_status(store: Store, chat: int, actor: int, status: str) -> None:
    """Move the bot between member, administrator, left and kicked in a group, and say so."""
    old = chats.group_view(store, chat)["bot_status"]
    store.run("UPDATE crowd SET bot_status = ? WHERE number = ?", status, chats.GROUP_BASE - chat)
    tell_membership(store, chat, actor, old, status)
    store.emit(0, "group", group=chats.group_view(store, chat))


def tell_membership(store: Store, chat: int, actor: int, old: str, new: str) -> None:
    """Queue the my_chat_member update for a change of the bot's own standing."""
    bot = chats.bot_user(store)

    def member(status: str) -> Json:
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": bot, "status": status, **until}

    updates.enqueue(
        store,
        "my_chat_member",
        {
            "chat": chats.chat_shape(store, chat),
            "from": chats.user(store, actor),
            "date": int(store.clock()),
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        },
    )


def get_chat(store: Store, params: Params) -> Json:
    chat = params.chat()
    try:
        shape = chats.chat_shape(store, chat)
    except LookupError:
        raise bad("chat not found") from None
    if chat > 0 and not chats.person_view(store, chat)["started"]:
        raise bad("chat not found")
    if chat < 0:
        chats.check_reach(store, chat)
    gifts = dict.fromkeys(
        (
            "unlimited_gifts",
            "limited_gifts",
            "unique_gifts",
            "premium_subscription",
            "gifts_from_channels",
        ),
        False,
    )
    return {**shape, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def unknown(_store: Store, _params: Params) -> Any:
    raise Refusal(404, "method not found")


METHODS: dict[str, Method] = {
    "getme": get_me,
    "setwebhook": webhook.set_webhook,
    "deletewebhook": webhook.delete_webhook,
    "getwebhookinfo": webhook.get_webhook_info,
    "sendmessage": send_message,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "senddocument": send_document,
    "sendphoto": send_photo,
    "sendchataction": send_chat_action,
    "setmycommands": profile.set_my_commands,
    "getmycommands": profile.get_my_commands,
    "deletemycommands": profile.delete_my_commands,
    "setmydescription": profile.set_my_description,
    "getmydescription": profile.get_my_description,
    "setmyshortdescription": profile.set_my_short_description,
    "getmyshortdescription": profile.get_my_short_description,
    "setchatmenubutton": profile.set_chat_menu_button,
    "getchatmenubutton": profile.get_chat_menu_button,
    "getfile": get_file,
    "leavechat": leave_chat,
    "getchat": get_chat,
}
