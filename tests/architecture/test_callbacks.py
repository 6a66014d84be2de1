"""Buttons: their published format, and an answer to each whoever presses it, however old."""

from typing import Any

import pytest
from aiogram.filters.callback_data import CallbackData

from bot.app import App
from config.texts import texts_for
from handlers import callbacks
from handlers.callbacks import (
    AskForTimeCallback,
    CancelCallback,
    ChooseAgeCallback,
    ChooseAudienceCallback,
    ChooseConsentCallback,
    ChooseLanguageCallback,
    ChooseTopicCallback,
    ChooseUnitCallback,
    DecideRequestCallback,
    DrawStatisticsCallback,
    DropNewTextCallback,
    EditQuestionCallback,
    EraseIdentitiesCallback,
    EraseMeCallback,
    ExportCallback,
    ExtendCallback,
    FilterExportCallback,
    GoToStepCallback,
    InviteCallback,
    KeepNewTextCallback,
    MakePosterCallback,
    OpenCallback,
    OpenReportCallback,
    QuietenCallback,
    ReadUnitCallback,
    ReleaseQuestionCallback,
    RemindNowCallback,
    ResumeDraftCallback,
    RetryMessageCallback,
    RevokeInviteCallback,
    RevokeRoleCallback,
    SendBroadcastCallback,
    SendMyDataCallback,
    SendQuestionCallback,
    SendReportCallback,
    StopBroadcastCallback,
    TakeInviteCallback,
    TurnPageCallback,
    TurnProgressPageCallback,
    TurnTeamPageCallback,
    UpdateQuestionCallback,
    ViewBroadcastCallback,
    ViewQuestionCallback,
    WithdrawQuestionCallback,
)
from tests.architecture.people import STRANGER, kept, phone_of, troubles
from tests.chat import ORGANISER, Chat, chat_with

LIMIT = 64
CODE = "u" * 32
QUESTION = "ABCDEFGH-123456789"
TOKEN = "t" * 43
PUBLISHED: dict[str, CallbackData] = {
    "a.consent:1": ChooseConsentCallback(yes=True),
    "a.consent:0": ChooseConsentCallback(yes=False),
    "a.age:under_16": ChooseAgeCallback(band="under_16"),
    f"a.unit:{CODE}": ChooseUnitCallback(code=CODE),
    f"a.topic:{CODE}": ChooseTopicCallback(code=CODE),
    "a.page:topic:99": TurnPageCallback(step="topic", page=99),
    "a.step:confirmation": GoToStepCallback(step="confirmation"),
    "a.send": SendQuestionCallback(),
    "a.new": KeepNewTextCallback(),
    "a.resume:1": ResumeDraftCallback(keep=True),
    "a.resume:0": ResumeDraftCallback(keep=False),
    "x.cancel": CancelCallback(),
    "m.open:deadline": OpenCallback(command="deadline"),
    f"q.view:{QUESTION}": ViewQuestionCallback(code=QUESTION),
    f"q.edit:{QUESTION}": EditQuestionCallback(code=QUESTION),
    f"q.update:{QUESTION}:1": UpdateQuestionCallback(code=QUESTION, yes=True),
    f"q.update:{QUESTION}:0": UpdateQuestionCallback(code=QUESTION, yes=False),
    f"q.drop:{QUESTION}:0": WithdrawQuestionCallback(code=QUESTION, sure=False),
    f"q.drop:{QUESTION}:1": WithdrawQuestionCallback(code=QUESTION, sure=True),
    "l.set:en": ChooseLanguageCallback(language="en"),
    "p.erase:0": EraseMeCallback(sure=False),
    "p.erase:1": EraseMeCallback(sure=True),
    "p.file": SendMyDataCallback(),
    f"i.take:{TOKEN}": TakeInviteCallback(token=TOKEN),
    f"d.pass:{QUESTION}": ReleaseQuestionCallback(code=QUESTION),
    "e.make:xlsx": ExportCallback(form="xlsx"),
    "e.filter:unit:": FilterExportCallback(name="unit", value=""),
    f"e.filter:topic:{CODE}": FilterExportCallback(name="topic", value=CODE),
    "o.forget:0": EraseIdentitiesCallback(sure=False),
    "o.forget:1": EraseIdentitiesCallback(sure=True),
    "b.to:9999999999:all:": ChooseAudienceCallback(draft=9999999999, kind="all", code=""),
    f"b.to:9999999999:unit:{CODE}": ChooseAudienceCallback(
        draft=9999999999, kind="unit", code=CODE
    ),
    f"b.send:9999999999:unit:{CODE}": SendBroadcastCallback(
        draft=9999999999, kind="unit", code=CODE
    ),
    "s.draw": DrawStatisticsCallback(),
    f"s.poster:{CODE}": MakePosterCallback(unit=CODE),
    "b.look:9": ViewBroadcastCallback(number=9),
    "b.stop:9": StopBroadcastCallback(number=9),
    "u.retry:9:1": RetryMessageCallback(number=9, attempts=1),
    f"t.invite:unit_lead:{CODE}": InviteCallback(role="unit_lead", unit=CODE),
    "t.invite:organiser:": InviteCallback(role="organiser", unit=""),
    "t.revoke:9:0": RevokeRoleCallback(grant=9, sure=False),
    "t.revoke:9:1": RevokeRoleCallback(grant=9, sure=True),
    "t.unlink:9": RevokeInviteCallback(invite=9),
    "t.page:9": TurnTeamPageCallback(page=9),
    "r.page:9": TurnProgressPageCallback(page=9),
    "a.undo": DropNewTextCallback(),
    f"r.open:{CODE}": OpenReportCallback(unit=CODE),
    f"r.send:{CODE}": SendReportCallback(unit=CODE),
    f"r.read:{CODE}:99": ReadUnitCallback(unit=CODE, page=99),
    f"r.time:{CODE}:3": AskForTimeCallback(unit=CODE, days=3),
    "n.now": RemindNowCallback(),
    "n.quiet:1": QuietenCallback(for_good=True),
    "n.quiet:0": QuietenCallback(for_good=False),
    f"x.move:unit_reports_due:{CODE}:3": ExtendCallback(
        milestone="unit_reports_due", unit=CODE, days=3
    ),
    "x.decide:9:1": DecideRequestCallback(request=9, yes=True),
    "x.decide:9:0": DecideRequestCallback(request=9, yes=False),
}
"""Buttons stay in chats for ever: a line here is never changed, only added."""

STORING = ["a.consent:1", "p.erase:1"]
"""A yes to the consent text, and forgetting: what these buttons are for."""
SHOWING = [packed for packed in PUBLISHED if packed not in STORING]
GARBAGE = [
    "",
    ":",
    "a",
    "a.unit",
    "a.unit:",
    "a.unit:so-dau:2",
    "a.unit:there-is-none",
    "a.topic:\u202e\U0001f600",
    "a.consent:maybe",
    "a.consent:",
    "a.age:40",
    "a.page:unit:x",
    "a.page:unit:-9",
    "a.page:nowhere:99999999999999999999",
    "a.step:nowhere",
    "m.open:nowhere",
    "m.open:export",
    "q.view:'; DROP TABLE question; --",
    "q.drop:HB22-0001",
    "l.set:xx",
    "i.take:",
    "e.make:exe",
    "e.filter:unit:there-is-none",
    "e.filter:since:yesterday",
    "e.filter:nothing:",
    "o.forget:2",
    "b.to:x:all:",
    "b.to:1:nobody:",
    "b.to:1:unit:there-is-none",
    "b.send:1:all:x",
    "b.look:0",
    "b.look:99999999999999999999",
    "b.stop:",
    "u.retry:9:99999999999",
    "u.retry:-1:0",
    "\x00\n",
    "z" * LIMIT,
    "9.future:1",
]


def test_every_button_is_written_down() -> None:
    classes = {
        one
        for one in vars(callbacks).values()
        if isinstance(one, type) and issubclass(one, CallbackData) and one is not CallbackData
    }

    assert {type(one) for one in PUBLISHED.values()} == classes
    prefixes = [one.__prefix__ for one in classes]
    assert sorted(prefixes) == sorted(set(prefixes))


@pytest.mark.parametrize(("packed", "button"), PUBLISHED.items())
def test_button_is_packed_as_published_and_fits(packed: str, button: CallbackData) -> None:
    assert button.pack() == packed
    assert type(button).unpack(packed) == button
    assert len(packed.encode()) <= LIMIT


async def a_stranger(app: App) -> Chat:
    return await phone_of(app, STRANGER)


async def a_member(app: App) -> Chat:
    return await phone_of(app, "member")


async def a_member_with_a_draft(app: App) -> Chat:
    chat = await phone_of(app, "member")
    await chat.send("Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?")
    return chat


async def an_organiser(app: App) -> Chat:
    return chat_with(app, ORGANISER)


PEOPLE = [a_stranger, a_member, a_member_with_a_draft, an_organiser]


async def answer_to(chat: Chat, data: str) -> tuple[int, bool]:
    """How often the spinner was stopped, and whether anything was said."""
    await chat.send("/trogiup")
    platform = chat.platform
    answers, before = len(platform.answers), [(s.message_id, s.text) for s in chat.shown]
    await chat.press_data(data)
    toasts = [answer.get("text") for answer in platform.answers[answers:]]
    changed = [(s.message_id, s.text) for s in chat.shown] != before
    return len(toasts), changed or any(toasts)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.__name__)
async def test_every_button_is_answered(app: App, person: Any) -> None:
    chat = await person(app)

    answered = {data: await answer_to(chat, data) for data in [*SHOWING, *GARBAGE, *STORING]}

    assert answered == dict.fromkeys(answered, (1, True))
    assert await troubles(app) == []


async def test_buttons_pressed_by_a_stranger_store_nothing(app: App) -> None:
    chat = await a_stranger(app)
    before = await kept(app.database)

    await chat.send("/trogiup")
    for data in [*SHOWING, *GARBAGE]:
        await chat.press_data(data)

    assert await kept(app.database) == before


async def test_buttons_of_others_change_nothing(app: App) -> None:
    author = chat_with(app)
    await author.join()
    code = await author.ask("Bao giờ sân chơi của khu tập thể có đèn chiếu sáng?")
    other = chat_with(app, author.user_id + 1)
    await other.join()
    await other.send("/trogiup")
    before = await kept(app.database)

    said = set()
    for button in (
        ViewQuestionCallback(code=code),
        EditQuestionCallback(code=code),
        UpdateQuestionCallback(code=code, yes=True),
        WithdrawQuestionCallback(code=code, sure=False),
        WithdrawQuestionCallback(code=code, sure=True),
        ViewQuestionCallback(code="HB22-9999"),
    ):
        await other.press_data(button.pack())
        said.add(other.said)

    assert said == {texts_for("vi")("refused-question-unknown")}
    assert await kept(app.database) == before


async def test_a_button_of_a_message_too_old_to_be_read_is_answered(app: App) -> None:
    """Of such a message Telegram says only where it was."""
    chat = await a_member(app)
    await chat.send("/trogiup")
    query = chat.callback("m.open:deadline", chat.screen.message_id)
    where = {"id": chat.user_id, "type": "private"}
    query["message"] = {"chat": where, "message_id": chat.screen.message_id, "date": 0}

    await chat.deliver({"callback_query": query})

    assert [answer["callback_query_id"] for answer in chat.platform.answers] == [query["id"]]
    assert chat.said.startswith(texts_for("vi")("deadline-title", title=app.plan.conference.title))
    assert await troubles(app) == []
