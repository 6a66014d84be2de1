"""After the retention period: announced once, confirmed by an organiser, then identities go."""

from datetime import timedelta

import pytest

from bot.app import App
from config.texts import texts_for
from storage.tables import (
    ChatState,
    ConferenceRecord,
    Lane,
    OutboxMessage,
    Person,
    Question,
)
from tests.chat import Chat, chat_with, set_clock, stored, traces_of

VI = texts_for("vi")
WORDS = "Ai trả lời em qua số 0912345678 với ạ?"


async def notices(app: App) -> list[tuple[str, str]]:
    return [
        (row.kind, row.chat_id)
        for row in await stored(app, OutboxMessage)
        if row.lane is Lane.paced and row.kind == "retention-over"
    ]


async def test_it_is_announced_once_when_the_period_is_over_and_nothing_is_erased(
    chat: Chat,
) -> None:
    app = chat.app
    await chat.join()
    await chat.ask(WORDS)
    end = app.plan.moment("conference_opens") + timedelta(days=180)

    set_clock(app, end - timedelta(seconds=1))
    await app.sweep()
    assert await notices(app) == []
    set_clock(app, end)
    for _ in range(3):
        await app.sweep()
    set_clock(app, end + timedelta(days=30))
    await app.sweep()

    assert await notices(app) == [("retention-over", "900")]
    assert len(await stored(app, Person)) == 2
    [question] = await stored(app, Question)
    assert (question.text, question.author_id is None) == (WORDS, False)


async def test_an_organiser_confirms_twice_and_the_identities_are_gone(
    chat: Chat, organiser: Chat
) -> None:
    app = chat.app
    await chat.join()
    await chat.ask(WORDS)
    set_clock(app, app.plan.moment("conference_opens") + timedelta(days=180))
    await app.sweep()
    await organiser.send("/start")

    await organiser.press_data("o.forget:0")
    assert organiser.said == VI("retention-ask")
    assert organiser.labels == ["Xóa danh tính", "Để sau"]
    await organiser.press("Để sau")
    assert len(await stored(app, Person)) == 2
    await organiser.press_data("o.forget:0")
    sure = organiser.screen.buttons[0][1]
    await organiser.press("Xóa danh tính")
    assert organiser.said == VI("retention-done", count=1)

    [question] = await stored(app, Question)
    assert (question.code, question.text, question.author_id, question.fingerprint) == (
        "HB22-0001",
        "Ai trả lời em qua số ☎●●●●●● với ạ?",
        None,
        None,
    )
    assert [person.external_id for person in await stored(app, Person)] == ["900"]
    assert [row.user_id for row in await stored(app, ChatState)] == ["900"]
    assert await traces_of(app, str(chat.user_id), "0912345678") == set()
    [conference] = await stored(app, ConferenceRecord)
    assert conference.identities_erased_at == app.clock()

    await organiser.press_data(sure)
    assert organiser.said == VI("retention-done", count=0)
    await app.sweep()
    assert await notices(app) == [("retention-over", "900")]


@pytest.mark.parametrize("who", ["member", "organiser too early"])
async def test_nobody_else_and_not_before(app: App, organiser: Chat, who: str) -> None:
    chat = chat_with(app)
    await chat.join()
    await chat.ask(WORDS)
    phone = organiser
    if who == "member":
        set_clock(app, app.plan.moment("conference_opens") + timedelta(days=180))
        phone = chat
    await phone.send("/start")

    await phone.press_data("o.forget:1")

    assert phone.said == VI("refused-not-allowed")
    assert len(await stored(app, Person)) == 2
