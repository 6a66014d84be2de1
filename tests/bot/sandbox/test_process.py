import asyncio
import signal
import sys

import aiohttp
from aiogram import Bot, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from telegram.ext import ExtBot

from tests.bot.sandbox.conftest import MEMBER, TOKEN


async def test_process_says_where_it_listens_and_ends_on_sigterm(tmp_path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox.api", "--port", "0"),
        *("--data", str(tmp_path / "deep" / "s.db")),
        stdout=asyncio.subprocess.PIPE,
    )
    ready, base = (await process.stdout.readline()).decode().split()
    async with aiohttp.ClientSession() as session:
        poll = asyncio.ensure_future(
            session.get(f"{base}/bot{TOKEN}/getUpdates", params={"timeout": 30})
        )
        async with session.get(f"{base}/sandbox/events?wait=0") as events:
            assert events.status == 200
        process.send_signal(signal.SIGTERM)
        async with await poll as ended:
            assert await ended.json() == {"ok": True, "result": []}
    assert (ready, await process.wait()) == ("ready", 0)


async def _exit(*arguments):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox.api", *arguments), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    return process.returncode, errors.decode().splitlines()[-1]


async def test_process_refuses_an_address_others_can_reach(tmp_path):
    code, line = await _exit("--port", "0", "--data", str(tmp_path / "s"), "--host", "0.0.0.0")
    assert code == 2
    assert line.endswith("0.0.0.0 is not a loopback address")


async def test_process_refuses_a_foreign_file_in_one_line(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("notes")
    assert await _exit("--port", "0", "--data", str(path)) == (1, f"{path} is not a sandbox file")


async def test_process_imports_no_bot_library_and_no_orm():
    heavy = (
        "[name for name in ('aiogram','telegram','sqlalchemy','sqlmodel') if name in sys.modules]"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"import sys, bot.sandbox.api; print({heavy})"),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert printed.decode() == "[]\n"


async def test_aiogram_understands_every_answer(bot):
    session = AiohttpSession(api=TelegramAPIServer.from_base(bot.base))
    async with Bot(TOKEN, session=session) as library:
        keyboard = [[types.InlineKeyboardButton(text="A", callback_data="a")]]
        markup = types.InlineKeyboardMarkup(inline_keyboard=keyboard)
        sent = await library.send_message(MEMBER, "một", reply_markup=markup)
        await bot.presses({"message_id": sent.message_id}, "a")
        (update,) = await library.get_updates()
        assert update.callback_query.message.text == "một"
        assert await library.answer_callback_query(update.callback_query.id)
        edited = await library.edit_message_text(
            "hai", chat_id=MEMBER, message_id=sent.message_id, reply_markup=None
        )
        assert edited.text == "hai"
        file = types.BufferedInputFile("xin chào".encode(), "lời chào.txt")
        document = (await library.send_document(MEMBER, file)).document
        assert document.file_name == "lời chào.txt"
        fetched = await library.download(document)
        assert fetched.read().decode() == "xin chào"
        assert (await library.get_chat(MEMBER)).first_name == "Đoàn viên"
        assert (await library.get_webhook_info()).url == ""
        assert (await library.get_chat_menu_button()).type == "default"


async def test_python_telegram_bot_understands_every_answer(bot):
    library = ExtBot(TOKEN, base_url=f"{bot.base}/bot", base_file_url=f"{bot.base}/file/bot")
    async with library:
        assert library.id == 8123456789
        assert (await library.send_message(MEMBER, "một")).text == "một"
        document = (await library.send_document(MEMBER, b"abc", filename="a.txt")).document
        file = await library.get_file(document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"abc"
