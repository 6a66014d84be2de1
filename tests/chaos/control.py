"""The usual way, as a control: `start_polling` as it comes, chat state in memory, an insert.

What aiogram's documentation shows, with a table of SQLModel's documentation behind it: the same
conversation in the same steps, so that the same people can hold it. Not made worse than it is:
the insert is one transaction, and nothing else is waited for in a handler.
"""

from typing import Any

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Field, Session, SQLModel, create_engine


class _Base(SQLModel):
    metadata = MetaData()  # none of the program's tables


class ControlQuestion(_Base, table=True):
    """One question, as a tutorial keeps it."""

    __tablename__ = "control_question"

    id: int | None = Field(default=None, primary_key=True)
    author: str
    text: str


class Asking(StatesGroup):
    topic = State()
    text = State()
    confirm = State()


def _keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=one, callback_data=one)] for one in labels]
    )


async def _ask(message: Message, state: FSMContext) -> None:
    await state.clear()
    await state.set_state(Asking.topic)
    await message.answer("Chọn lĩnh vực", reply_markup=_keyboard("Nội dung khác"))


async def _topic(callback: CallbackQuery, state: FSMContext) -> None:
    await callback.answer()
    await state.set_state(Asking.text)
    await callback.message.edit_text("Viết câu hỏi", reply_markup=_keyboard("‹ Quay lại"))


async def _text(message: Message, state: FSMContext) -> None:
    known = (await state.get_data()).get("text")
    text = f"{known}\n{message.text}" if known else message.text
    await state.update_data(text=text)
    await state.set_state(Asking.confirm)
    await message.answer(text, reply_markup=_keyboard("Gửi"))


class _Keeping:
    """The insert: a plain session on SQLite, an async one on PostgreSQL."""

    def __init__(self, address: str) -> None:
        self.engine: Any
        if address.startswith("sqlite"):
            self.engine = create_engine(address)
        else:
            self.engine = create_async_engine(
                address.replace("postgresql://", "postgresql+asyncpg://")
            )

    async def open(self) -> None:
        """Make the table where there is none."""
        if isinstance(self.engine, AsyncEngine):
            async with self.engine.begin() as connection:
                await connection.run_sync(_Base.metadata.create_all)
        else:
            _Base.metadata.create_all(self.engine)

    async def send(self, callback: CallbackQuery, state: FSMContext) -> None:
        text = (await state.get_data())["text"]
        question = ControlQuestion(author=str(callback.from_user.id), text=text)
        if isinstance(self.engine, AsyncEngine):
            async with AsyncSession(self.engine) as session:
                session.add(question)
                await session.commit()
        else:
            with Session(self.engine) as session:
                session.add(question)
                session.commit()
        await state.clear()
        await callback.answer()
        await callback.message.edit_text("Đã nhận", reply_markup=_keyboard("Gửi câu khác"))


async def serve(address: str, base: str, token: str) -> int:
    """Serve until a signal comes, as aiogram does it."""
    keeping = _Keeping(address)
    await keeping.open()
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher(storage=MemoryStorage())
    dispatcher.message.register(_ask, Command("hoi"))
    dispatcher.callback_query.register(_topic, Asking.topic, F.data == "Nội dung khác")
    dispatcher.message.register(_text, Asking.text)
    dispatcher.message.register(_text, Asking.confirm)
    dispatcher.callback_query.register(keeping.send, Asking.confirm, F.data == "Gửi")
    dispatcher.startup.register(_say_so)
    await dispatcher.start_polling(bot)
    return 0


async def _say_so() -> None:
    print("doithoai: control", flush=True)  # noqa: T201
