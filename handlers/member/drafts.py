"""A question being written, and which messages became which question, in the chat state."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiogram.fsm.context import FSMContext

from conference.vietnamese import clean

MOST_CHARACTERS = 12_000
"""No draft grows beyond this by editing its messages; a question is far shorter."""
_SENT_KEPT = 20


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
        return joined(text for _, text in self.parts)

    def take(self, message_id: int, text: str, *, anew: bool = False) -> bool:
        """Take one more message, in place of all before if `replaces` or `anew`.

        Returns whether it follows what was there.
        """
        if self.replaces or anew:
            self.parts = []
            self.replaces = False
        self.parts.append((message_id, text))
        return len(self.parts) > 1

    def change(self, message_id: int, text: str) -> bool:
        """Take over an edited message. False: it is no part of this draft."""
        for at, (known, _) in enumerate(self.parts):
            if known == message_id:
                others = sum(len(part) for number, part in self.parts if number != message_id)
                self.parts[at] = (message_id, text[: max(0, MOST_CHARACTERS - others)])
                return True
        return False


def joined(parts: Any) -> str:
    """The words of several messages as one text."""
    return clean("\n".join(parts))


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
    held = await state.get_data()
    if draft is None:
        held.pop("draft", None)
    else:
        held["draft"] = {
            "unit": draft.unit,
            "topic": draft.topic,
            "parts": [list(part) for part in draft.parts],
            "replaces": draft.replaces,
            "warned": draft.warned,
        }
    await state.set_data(held)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that became a question, or one part of it."""

    message_id: int
    code: str
    part: str | None
    """Its words, where the question has other parts besides."""


async def remember_sent(state: FSMContext, code: str, parts: Sequence[tuple[int, str]]) -> None:
    """Remember which messages became the question, so that editing one is understood."""
    held = await state.get_data()
    several = len(parts) > 1
    # What was a part before the question was written anew is one no longer.
    sent = [
        [number, of, None if of == code else part] for number, of, part in held.get("sent", [])
    ]
    fresh = {number for number, _ in parts}
    sent = [entry for entry in sent if entry[0] not in fresh]
    sent += [[number, code, text if several else None] for number, text in parts]
    held |= {"sent": sent[-_SENT_KEPT:], "last_code": code}
    await state.set_data(held)


async def sent_as(state: FSMContext, message_id: int) -> SentMessage | None:
    """What a message became, if it is remembered."""
    for number, code, part in (await state.get_data()).get("sent", []):
        if number == message_id:
            return SentMessage(number, code, part)
    return None


async def parts_with(state: FSMContext, sent: SentMessage, text: str) -> list[tuple[int, str]]:
    """The question's messages as they are once this one reads `text`."""
    if sent.part is None:
        return [(sent.message_id, text)]
    return [
        (number, text if number == sent.message_id else part)
        for number, code, part in (await state.get_data()).get("sent", [])
        if code == sent.code and part is not None
    ]
