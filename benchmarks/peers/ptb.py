"""A bot as python-telegram-bot's examples build it: ConversationHandler, one insert at the end.

Its arguments: TOKEN BASE SQLITE_FILE.
"""

import sqlite3
import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

Context = ContextTypes.DEFAULT_TYPE
CONSENT, AGE, UNIT, TOPIC, TEXT, CONFIRMATION = range(6)


def keyboard(*choices: tuple[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=code)] for label, code in choices]
    )


async def cmd_ask(update: Update, _: Context) -> int:
    await update.message.reply_text(
        "Bạn đồng ý chứ?", reply_markup=keyboard(("Đồng ý", "a.consent:1"))
    )
    return CONSENT


async def on_consent(update: Update, _: Context) -> int:
    await update.callback_query.answer()
    await update.callback_query.edit_message_text(
        "Bạn bao nhiêu tuổi?", reply_markup=keyboard(("18–30", "a.age:18_30"))
    )
    return AGE


async def on_age(update: Update, context: Context) -> int:
    context.user_data["age"] = update.callback_query.data
    await update.callback_query.answer()
    await update.callback_query.edit_message_text(
        "Bạn ở đơn vị nào?", reply_markup=keyboard(("Sở Dầu", "a.unit:so-dau"))
    )
    return UNIT


async def on_unit(update: Update, context: Context) -> int:
    context.user_data["unit"] = update.callback_query.data
    await update.callback_query.answer()
    await update.callback_query.edit_message_text(
        "Câu hỏi về lĩnh vực nào?", reply_markup=keyboard(("Nội dung khác", "a.topic:other"))
    )
    return TOPIC


async def on_topic(update: Update, context: Context) -> int:
    context.user_data["topic"] = update.callback_query.data
    await update.callback_query.answer()
    await update.callback_query.edit_message_text("Bạn viết câu hỏi nhé.")
    return TEXT


async def got_text(update: Update, context: Context) -> int:
    context.user_data["text"] = update.message.text
    await update.message.reply_text(
        f"Gửi câu này chứ?\n{update.message.text}", reply_markup=keyboard(("Gửi", "a.send"))
    )
    return CONFIRMATION


async def on_send(update: Update, context: Context) -> int:
    said = context.user_data
    with context.bot_data["database"] as database:
        database.execute(
            "INSERT INTO question (author, age, unit, topic, text) VALUES (?, ?, ?, ?, ?)",
            (update.effective_user.id, said["age"], said["unit"], said["topic"], said["text"]),
        )
    said.clear()
    await update.callback_query.answer()
    await update.callback_query.edit_message_text("Đã nhận câu hỏi của bạn.")
    return ConversationHandler.END


def main(token: str, base: str, file: str) -> None:
    database = sqlite3.connect(file)
    database.execute(
        "CREATE TABLE IF NOT EXISTS question (id INTEGER PRIMARY KEY, author INTEGER,"
        " age TEXT, unit TEXT, topic TEXT, text TEXT)"
    )
    application = Application.builder().token(token).base_url(f"{base}/bot").build()
    application.bot_data["database"] = database
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("hoi", cmd_ask)],
            states={
                CONSENT: [CallbackQueryHandler(on_consent, "^a.consent")],
                AGE: [CallbackQueryHandler(on_age, "^a.age")],
                UNIT: [CallbackQueryHandler(on_unit, "^a.unit")],
                TOPIC: [CallbackQueryHandler(on_topic, "^a.topic")],
                TEXT: [MessageHandler(filters.TEXT & ~filters.COMMAND, got_text)],
                CONFIRMATION: [CallbackQueryHandler(on_send, "^a.send$")],
            },
            fallbacks=[],
        )
    )
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
