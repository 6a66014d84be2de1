"""What a rule refuses, as one tree: `handlers` turns each code into a kind sentence."""

from typing import Any


class ConferenceError(Exception):
    """A rule says no. `code` names the sentence (`refused-<code>`), `details` fill it."""

    code = "refused"

    def __init__(self, **details: Any) -> None:
        super().__init__(self.code)
        self.details = details


class NotAllowedError(ConferenceError):
    """The person's roles do not include this."""

    code = "not-allowed"


class ConsentMissingError(ConferenceError):
    """Nothing may be kept before a yes (Luật 91/2025 art. 11.1)."""

    code = "consent-missing"


class TextUnfitError(ConferenceError):
    """A question's words are too short, too long, or no words."""

    code = "text-unfit"


class DailyLimitError(ConferenceError):
    """The person has sent as many questions today as the plan allows."""

    code = "daily-limit"


class AskingClosedError(ConferenceError):
    """Questions are not taken at this moment."""

    code = "asking-closed"


class QuestionUnknownError(ConferenceError):
    """There is no such question, or it is another person's: one and the same answer."""

    code = "question-unknown"


class QuestionFixedError(ConferenceError):
    """The question has been handed up, and its author can no longer change it."""

    code = "question-fixed"


class ChoiceGoneError(ConferenceError):
    """A unit or topic that the plan no longer has."""

    code = "choice-gone"


class InviteInvalidError(ConferenceError):
    """The link was used, has expired, was revoked, or never was one."""

    code = "invite-invalid"
