"""What a handler has at hand: who speaks, in which words, and how a screen is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aiogram import Bot
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from sqlalchemy.ext.asyncio import AsyncSession

from conference.calendar import calendar_of
from conference.jobs import ask_for_job
from conference.roles import Actor
from config.plan import ConferencePlan
from config.texts import Texts
from storage.slots import message_id_of

Rows = Sequence[Sequence[InlineKeyboardButton]]
_SCREEN = "screen"


class Undoable(Protocol):
    """The turn, as far as handlers know it."""

    forgotten: bool

    async def undo(self) -> None:
        """Take back all that this update has caused so far."""
        ...


@dataclass(frozen=True, slots=True)
class Screen:
    """A message with its buttons. On a channel without buttons the rows become numbers."""

    text: str
    rows: Rows = ()


@dataclass(slots=True)
class Conversation:
    """One update's conversation. `texts` are in the person's language and form of address."""

    bot: Bot
    event: Message | CallbackQuery
    state: FSMContext
    session: AsyncSession
    plan: ConferencePlan
    """The plan in force for this person: with the extensions of all, and of their unit."""
    loaded_plan: ConferencePlan
    """The plan as loaded, for whatever reckons with extensions itself."""
    actor: Actor
    texts: Texts
    now: datetime
    turn: Undoable
    is_answered: bool = field(default=False)

    @property
    def chat_id(self) -> int:
        """The private chat (its id is the person's)."""
        if isinstance(self.event, CallbackQuery):
            return self.event.from_user.id
        return self.event.chat.id

    async def heed_unit(self, unit_code: str | None) -> None:
        """From here on `plan` has the milestones of this unit (None: those of everyone)."""
        self.plan = (await calendar_of(self.session, self.loaded_plan)).plan_for(unit_code)

    async def show(self, screen: Screen) -> None:
        """Show the screen: in place of the message whose button was pressed, or as a new one.

        There is one message with live buttons in a dialogue: the one before loses its own.
        """
        markup = InlineKeyboardMarkup(inline_keyboard=[list(row) for row in screen.rows if row])
        keyboard = markup if markup.inline_keyboard else None
        shown = await self._present_screen()
        if isinstance(self.event, CallbackQuery) and self.event.message is not None:
            here = self.event.message.message_id
            if shown is not None and shown != here:
                await self._take_buttons_off(shown)
            await self.bot.edit_message_text(
                screen.text, chat_id=self.chat_id, message_id=here, reply_markup=keyboard
            )
        else:
            if shown is not None:
                await self._take_buttons_off(shown)
            sent = await self.bot.send_message(self.chat_id, screen.text, reply_markup=keyboard)
            here = sent.message_id
        await self.state.update_data({_SCREEN: here if keyboard is not None else None})

    async def is_on_present_screen(self) -> bool:
        """Whether the button pressed is on the message that is the dialogue's present one."""
        message = self.event.message if isinstance(self.event, CallbackQuery) else None
        return message is not None and message.message_id == await self._present_screen()

    async def _present_screen(self) -> int | None:
        """The id of the dialogue's present message: the real one, once it has been sent."""
        shown: int | None = (await self.state.get_data()).get(_SCREEN)
        if shown is not None and shown < 0:
            return await message_id_of(self.session, shown) or shown
        return shown

    async def refresh(self, screen: Screen) -> None:
        """Show the screen in the message that is the dialogue's present one, if there is one."""
        shown = await self._present_screen()
        if shown is None:
            await self.show(screen)
            return
        await self.bot.edit_message_text(
            screen.text,
            chat_id=self.chat_id,
            message_id=shown,
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[list(row) for row in screen.rows]),
        )

    async def say(self, text: str) -> None:
        """Say something without touching the dialogue's screen."""
        await self.bot.send_message(self.chat_id, text)

    async def start_job(self, kind: str, **parameters: Any) -> None:
        """What takes longer than a blink: a job does it, and shows it in a message of its own."""
        sent = await self.bot.send_message(self.chat_id, self.texts("job-started"))
        await ask_for_job(
            self.session,
            self.actor,
            kind=kind,
            bot_id=str(self.bot.id),
            chat_id=str(self.chat_id),
            language=self.texts.language,
            status_slot=sent.message_id,
            now=self.now,
            **parameters,
        )

    async def toast(self, text: str, *, alert: bool = False) -> None:
        """Answer a button with words that pass; on a message they are simply said."""
        if isinstance(self.event, CallbackQuery):
            self.is_answered = True
            await self.event.answer(text[:200], show_alert=alert)
        else:
            await self.say(text)

    async def _take_buttons_off(self, message_id: int) -> None:
        await self.bot.edit_message_reply_markup(
            chat_id=self.chat_id, message_id=message_id, reply_markup=None
        )


def button(text: str, callback: CallbackData) -> InlineKeyboardButton:
    """A button that answers with `callback`."""
    return InlineKeyboardButton(text=text, callback_data=callback.pack())


def grid(buttons: Sequence[InlineKeyboardButton], columns: int = 2) -> list[Any]:
    """Buttons in rows of so many."""
    return [list(buttons[at : at + columns]) for at in range(0, len(buttons), columns)]
