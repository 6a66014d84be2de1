"""A rule said no: each refusal in a kind sentence, with what is possible instead."""

from conference.errors import (
    AskingClosedError,
    ChoiceGoneError,
    ConferenceError,
    ConsentMissingError,
    DailyLimitError,
    TextUnfitError,
)
from conference.listing import ListRequestError
from handlers.callbacks import OpenCallback
from handlers.conversation import Conversation, Screen, button
from handlers.member.question_steps import go_on


async def show_refusal(conversation: Conversation, error: ConferenceError) -> None:
    """Say why not. The turn has been taken back; what was written before it is still there."""
    texts = conversation.texts
    if isinstance(error, ConsentMissingError):
        await go_on(conversation)
        return
    if isinstance(error, TextUnfitError):
        await conversation.say(texts(f"refused-text-{error.details['fault']}", **error.details))
        return
    if isinstance(error, ListRequestError):
        await conversation.say(
            texts(f"refused-list-{error.details['fault']}", word=error.details["word"])
        )
        return
    details = {
        name: value for name, value in error.details.items() if isinstance(value, str | int)
    }
    if isinstance(error, DailyLimitError | AskingClosedError | ChoiceGoneError):
        await go_on(conversation, note=texts(f"refused-{error.code}", **details))
        return
    await conversation.show(
        Screen(
            texts(f"refused-{error.code}", **details),
            [
                [
                    button(texts.plain("button-my"), OpenCallback(command="my")),
                    button(texts.plain("button-help"), OpenCallback(command="help")),
                ]
            ],
        )
    )
