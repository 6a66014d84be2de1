"""The floor: a bare aiogram bot that answers every update with one fixed call and keeps nothing.

Its arguments: TOKEN BASE.
"""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, Message

dispatcher = Dispatcher()


@dispatcher.message()
async def got_message(message: Message) -> None:
    await message.answer("Mình nghe đây.")


@dispatcher.callback_query()
async def on_button(callback: CallbackQuery) -> None:
    await callback.message.answer("Mình nghe đây.")


async def main(token: str, base: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(base))
    await dispatcher.start_polling(Bot(token, session=session))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
