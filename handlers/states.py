"""Every dialogue's states; each is named for what is waited for."""

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup


class AskQuestionForm(StatesGroup):
    """Asking, step by step; a step whose answer is known already is passed over."""

    consent = State()
    age_band = State()
    unit = State()
    topic = State()
    text = State()
    confirmation = State()


def is_asking(state: str | None) -> bool:
    """Whether a question is being written, at whatever step."""
    return state is not None and state in AskQuestionForm


class EditQuestionForm(StatesGroup):
    """New words for a question already sent."""

    text = State()


class LookUpQuestionForm(StatesGroup):
    """A tracking code to look up."""

    code = State()


class AskForTimeForm(StatesGroup):
    """Why a unit needs more time."""

    reason = State()


class ExtendForm(StatesGroup):
    """Until when a milestone moves, and why."""

    day = State()
    reason = State()


class BroadcastForm(StatesGroup):
    """An announcement: its text, to whom, and the last look."""

    text = State()
    audience = State()
    confirmation = State()


async def leave_form(state: FSMContext) -> None:
    """Give up a form that waits for words; else it would take what is written much later.

    A question being written is kept: whatever comes later is welcome to it.
    """
    step = await state.get_state()
    if step is not None and not is_asking(step):
        await state.set_state(None)
