"""A question being written: what is known of it, kept in the chat state until it is sent."""

from dataclasses import dataclass, field
from typing import Any

from aiogram.fsm.context import FSMContext

from conference.vietnamese import clean

MOST_CHARACTERS = 12_000
"""More than three messages of Telegram's longest: beyond it a draft takes nothing more."""


@dataclass(slots=True)
class Draft:
    """Parts are the person's messages in order, so that editing one edits the draft."""

    unit: str | None = None
    topic: str | None = None
    parts: list[tuple[int, str]] = field(default_factory=list)
    replaces: bool = False
    """The next message takes the place of what is written, instead of following it."""
    warned: bool = False
    """The help line has been given for this draft."""

    @property
    def text(self) -> str:
        """The question's words so far."""
        return clean("\n".join(part for _, part in self.parts))

    def add(self, message_id: int, text: str) -> bool:
        """Take one more message. False: the draft is full."""
        if self.replaces:
            self.parts = []
            self.replaces = False
        if len(self.text) + len(text) > MOST_CHARACTERS:
            return False
        self.parts.append((message_id, text))
        return True

    def change(self, message_id: int, text: str) -> bool:
        """Take over an edited message. False: it is no part of this draft."""
        for at, (known, _) in enumerate(self.parts):
            if known == message_id:
                self.parts[at] = (message_id, text)
                return True
        return False


async def load_draft(state: FSMContext) -> Draft | None:
    """The draft of this chat, if one is being written."""
    stored: dict[str, Any] | None = (await state.get_data()).get("draft")
    if stored is None:
        return None
    return Draft(
        unit=stored.get("unit"),
        topic=stored.get("topic"),
        parts=[(int(number), str(text)) for number, text in stored.get("parts", [])],
        replaces=bool(stored.get("replaces")),
        warned=bool(stored.get("warned")),
    )


async def save_draft(state: FSMContext, draft: Draft | None) -> None:
    """Keep the draft, or drop it."""
    stored = None
    if draft is not None:
        stored = {
            "unit": draft.unit,
            "topic": draft.topic,
            "parts": [list(part) for part in draft.parts],
            "replaces": draft.replaces,
            "warned": draft.warned,
        }
    held = await state.get_data()
    if stored is None:
        held.pop("draft", None)
    else:
        held["draft"] = stored
    await state.set_data(held)
