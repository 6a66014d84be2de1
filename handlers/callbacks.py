"""Every button's data. Buttons stay in chats for ever, so this is a published format.

A prefix or a field is never changed: a new class is added beside the old one.
Telegram allows 64 bytes; codes of units and topics have at most 32 characters.
"""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

RowNumber = Annotated[int, Field(ge=1, lt=2**63)]
"""A row's or a message's number; a greater one no database could look up."""


class ChooseConsentCallback(CallbackData, prefix="a.consent"):
    """Yes or no to the consent text."""

    yes: bool


class ChooseAgeCallback(CallbackData, prefix="a.age"):
    """One of the age bands."""

    band: str


class ChooseUnitCallback(CallbackData, prefix="a.unit"):
    """The unit a question comes from."""

    code: str


class ChooseTopicCallback(CallbackData, prefix="a.topic"):
    """The topic a question belongs to."""

    code: str


class TurnPageCallback(CallbackData, prefix="a.page"):
    """Another page of units or topics."""

    step: str
    page: int


class GoToStepCallback(CallbackData, prefix="a.step"):
    """Back to a step of the question being written, or on to change one."""

    step: str


class SendQuestionCallback(CallbackData, prefix="a.send"):
    """Send the question as shown."""


class KeepNewTextCallback(CallbackData, prefix="a.new"):
    """Of a draft of several messages keep only the last."""


class DropNewTextCallback(CallbackData, prefix="a.undo"):
    """Of a draft of several messages keep all but the last."""


class ResumeDraftCallback(CallbackData, prefix="a.resume"):
    """Go on with the question begun earlier (True), or begin anew (False)."""

    keep: bool


class CancelCallback(CallbackData, prefix="x.cancel"):
    """Give up what is being done."""


class OpenCallback(CallbackData, prefix="m.open"):
    """Open a place of the menu: a command's name."""

    command: str


class ViewQuestionCallback(CallbackData, prefix="q.view"):
    """One of one's own questions."""

    code: str


class EditQuestionCallback(CallbackData, prefix="q.edit"):
    """Change the words of one's own question."""

    code: str


class UpdateQuestionCallback(CallbackData, prefix="q.update"):
    """Take an edited message's words over into the question it became (True), or not."""

    code: str
    yes: bool


class WithdrawQuestionCallback(CallbackData, prefix="q.drop"):
    """Take a question back: asked first, then sure."""

    code: str
    sure: bool


class ChooseLanguageCallback(CallbackData, prefix="l.set"):
    """The language to speak."""

    language: str


class EraseMeCallback(CallbackData, prefix="p.erase"):
    """Forget the person: asked first, then sure."""

    sure: bool


class SendMyDataCallback(CallbackData, prefix="p.file"):
    """Everything kept about the person, as a file."""


class TakeInviteCallback(CallbackData, prefix="i.take"):
    """Accept the role that a one-time link gives; the token has 43 characters."""

    token: str


class ReleaseQuestionCallback(CallbackData, prefix="d.pass"):
    """Let a held question go on to its unit."""

    code: str


class ExportCallback(CallbackData, prefix="e.make"):
    """Make the list in this format, with the filters set so far."""

    form: str


class FilterExportCallback(CallbackData, prefix="e.filter"):
    """Open one filter's choices (no value), or set it; `-` takes the filter away."""

    name: str
    value: str


class EraseIdentitiesCallback(CallbackData, prefix="o.forget"):
    """After the retention period: forget everyone. Asked first, then sure."""

    sure: bool


class InviteCallback(CallbackData, prefix="t.invite"):
    """Make a link to a role; a unit lead's unit is chosen next (empty until then)."""

    role: str
    unit: str


class TurnTeamPageCallback(CallbackData, prefix="t.page"):
    """Another page of the team."""

    page: int


class RevokeRoleCallback(CallbackData, prefix="t.revoke"):
    """Take a role back: asked first, then sure."""

    grant: RowNumber
    sure: bool


class RevokeInviteCallback(CallbackData, prefix="t.unlink"):
    """Make an open link useless."""

    invite: RowNumber


class OpenReportCallback(CallbackData, prefix="r.open"):
    """One unit's report."""

    unit: str


class SendReportCallback(CallbackData, prefix="r.send"):
    """Hand the unit's questions up, or say that there are none."""

    unit: str


class ReadUnitCallback(CallbackData, prefix="r.read"):
    """A page of a unit's questions."""

    unit: str
    page: int


class AskForTimeCallback(CallbackData, prefix="r.time"):
    """Ask for so many days more (0: choose them)."""

    unit: str
    days: int


class TurnProgressPageCallback(CallbackData, prefix="r.page"):
    """Another page of the units' progress."""

    page: int


class RemindNowCallback(CallbackData, prefix="n.now"):
    """Remind the late units at once."""


class QuietenCallback(CallbackData, prefix="n.quiet"):
    """No reminders: for good (members), or until tomorrow morning."""

    for_good: bool


class ExtendCallback(CallbackData, prefix="x.move"):
    """Move a milestone: for whom (`-` for all) and by how many days are chosen one by one."""

    milestone: str
    unit: str
    days: int


class DecideRequestCallback(CallbackData, prefix="x.decide"):
    """Grant or refuse a unit's request for more time."""

    request: RowNumber
    yes: bool


class ChooseAudienceCallback(CallbackData, prefix="b.to"):
    """Whom the announcement goes to (`all`, `unit`, `role`); without a code: choose which.

    `draft` is the message that gave its text, `back` instead of a kind asks again.
    """

    draft: int
    kind: str
    code: str


class SendBroadcastCallback(CallbackData, prefix="b.send"):
    """Begin the announcement as shown, to this audience."""

    draft: int
    kind: str
    code: str


class ViewBroadcastCallback(CallbackData, prefix="b.look"):
    """How far a broadcast is."""

    number: RowNumber


class StopBroadcastCallback(CallbackData, prefix="b.stop"):
    """Send no more of a broadcast."""

    number: RowNumber


class DrawStatisticsCallback(CallbackData, prefix="s.draw"):
    """Draw the conference's numbers."""


class MakePosterCallback(CallbackData, prefix="s.poster"):
    """Make this unit's poster."""

    unit: str


class RetryMessageCallback(CallbackData, prefix="u.retry"):
    """Send a stranded message again, if it has still been tried only so many times."""

    number: RowNumber
    attempts: Annotated[int, Field(ge=0, lt=2**31)]
