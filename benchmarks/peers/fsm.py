"""A bot as aiogram's tutorials build it: FSM in memory, one SQLModel insert at the end.

Its arguments: TOKEN BASE SQLITE_FILE.
"""

import asyncio
import sys

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, create_engine

dispatcher = Dispatcher(storage=MemoryStorage())


class Question(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    author: int
    age: str
    unit: str
    topic: str
    text: str


class AskForm(StatesGroup):
    consent = State()
    age = State()
    unit = State()
    topic = State()
    text = State()
    confirmation = State()


def keyboard(*choices: tuple[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=label, callback_data=code)] for label, code in choices
        ]
    )


@dispatcher.message(Command("hoi"))
async def cmd_ask(message: Message, state: FSMContext) -> None:
    await state.set_state(AskForm.consent)
    await message.answer("Bạn đồng ý chứ?", reply_markup=keyboard(("Đồng ý", "a.consent:1")))


@dispatcher.callback_query(AskForm.consent, F.data.startswith("a.consent"))
async def on_consent(callback: CallbackQuery, state: FSMContext) -> None:
    await state.set_state(AskForm.age)
    await callback.answer()
    await callback.message.edit_text(
        "Bạn bao nhiêu tuổi?", reply_markup=keyboard(("18–30", "a.age:18_30"))
    )


@dispatcher.callback_query(AskForm.age, F.data.startswith("a.age"))
async def on_age(callback: CallbackQuery, state: FSMContext) -> None:
    await state.update_data(age=callback.data)
    await state.set_state(AskForm.unit)
    await callback.answer()
    await callback.message.edit_text(
        "Bạn ở đơn vị nào?", reply_markup=keyboard(("Sở Dầu", "a.unit:so-dau"))
    )


@dispatcher.callback_query(AskForm.unit, F.data.startswith("a.unit"))
async def on_unit(callback: CallbackQuery, state: FSMContext) -> None:
    await state.update_data(unit=callback.data)
    await state.set_state(AskForm.topic)
    await callback.answer()
    await callback.message.edit_text(
        "Câu hỏi về lĩnh vực nào?", reply_markup=keyboard(("Nội dung khác", "a.topic:other"))
    )


@dispatcher.callback_query(AskForm.topic, F.data.startswith("a.topic"))
async def on_topic(callback: CallbackQuery, state: FSMContext) -> None:
    await state.update_data(topic=callback.data)
    await state.set_state(AskForm.text)
    await callback.answer()
    await callback.message.edit_text("Bạn viết câu hỏi nhé.")


@dispatcher.message(AskForm.text)
async def got_text(message: Message, state: FSMContext) -> None:
    await state.update_data(text=message.text)
    await state.set_state(AskForm.confirmation)
    await message.answer(
        f"Gửi câu này chứ?\n{message.text}", reply_markup=keyboard(("Gửi", "a.send"))
    )


@dispatcher.callback_query(AskForm.confirmation, F.data == "a.send")
async def on_send(callback: CallbackQuery, state: FSMContext, engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Question(author=callback.from_user.id, **await state.get_data()))
        session.commit()
    await state.clear()
    await callback.answer()
    await callback.message.edit_text("Đã nhận câu hỏi của bạn.")


async def main(token: str, base: str, file: str) -> None:
    engine = create_engine(f"sqlite:///{file}")
    SQLModel.metadata.create_all(engine)
    session = AiohttpSession(api=TelegramAPIServer.from_base(base))
    await dispatcher.start_polling(Bot(token, session=session), engine=engine)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
