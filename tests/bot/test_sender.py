import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiogram.types import CallbackQuery, Message
from sqlalchemy import delete, text

from bot.app import App, opened
from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError
from bot.inbox import store_updates
from bot.sender import KEPT_TRYING, MOST_UNANSWERED
from bot.turn import Call, write_calls
from storage.people import person_of
from storage.tables import OutboxMessage, OutboxState
from tests.bot.conftest import Meddling, reply_rows, until
from tests.chat import Chat, FrozenClock, RecordingPlatform, chat_with, make_app

TOO_MANY = "Too Many Requests: retry after 7"
LOST = ApiUnreachableError("TimeoutError", may_have_arrived=True)
NO_CONNECTION = ApiUnreachableError("ClientConnectorError", may_have_arrived=False)


@dataclass
class Patience:
    """Waiting without waiting: only the clock moves."""

    clock: FrozenClock
    waits: list[float] = field(default_factory=list)

    async def __call__(self, _news: asyncio.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def patience(app: App) -> Patience:
    assert isinstance(app.clock, FrozenClock)
    app.sender.wait = patience = Patience(app.clock)
    return patience


@pytest.fixture
def echo(meddling: Meddling) -> Meddling:
    """Every message is answered with its own text."""
    meddling.is_echo = True
    return meddling


def fail(chat: Chat, *errors: ApiError, method: str | None = None) -> None:
    chat.platform.failures.extend((method, error) for error in errors)


async def outcomes(app: App) -> list[tuple[OutboxState, str | None]]:
    return [(row.state, row.error) for row in await reply_rows(app)]


def refused(code: int, words: str, retry_after: int | None = None) -> ApiRefusedError:
    return ApiRefusedError(code, words, retry_after)


SETTLED = {
    "not modified": (
        refused(400, "Bad Request: message is not modified: specified new message content …"),
        (OutboxState.sent, None),
    ),
    "nothing to delete": (
        refused(400, "Bad Request: message to delete not found"),
        (OutboxState.sent, None),
    ),
    "another fault of the call": (
        refused(400, "Bad Request: chat not found"),
        (OutboxState.failed, "400 Bad Request: chat not found"),
    ),
    "words of the person in the refusal": (
        refused(400, "Bad Request: BUTTON_DATA_INVALID: CANARY"),
        (OutboxState.failed, "400 Bad Request: BUTTON_DATA_INVALID"),
    ),
    "too large": (
        refused(413, "Request Entity Too Large"),
        (OutboxState.failed, "413 Request Entity Too Large"),
    ),
}


@pytest.mark.parametrize("kind", SETTLED)
async def test_a_refusal_that_is_final_lets_the_next_reply_go(
    chat: Chat, echo: Meddling, patience: Patience, kind: str
):
    error, outcome = SETTLED[kind]
    fail(chat, error)
    await chat.send("một")
    await chat.send("hai")
    assert await outcomes(chat.app) == [outcome, (OutboxState.sent, None)]
    assert [shown.text for shown in chat.shown] == ["hai"]
    assert patience.waits == []


async def test_markup_that_is_refused_is_sent_without(chat: Chat, patience: Patience, caplog):
    fail(chat, refused(400, 'Bad Request: can\'t parse entities: Unsupported start tag "CANARY"'))
    await chat.send("/hoi")
    [(_, first), (_, second)] = chat.platform.calls
    assert first.pop("parse_mode") == "HTML"
    assert first == second
    assert await outcomes(chat.app) == [(OutboxState.sent, None)]
    assert "CANARY" not in caplog.text


async def test_somebody_who_has_blocked_the_bot_is_unreachable_and_nobody_else(
    app: App, patience: Patience
):
    blocking, other = chat_with(app), chat_with(app, 7_000_000_124)
    await blocking.join()
    fail(blocking, refused(403, "Forbidden: bot was blocked by the user"))
    await blocking.send("/cuatoi")
    await other.send("/hoi")
    assert len(other.shown) == 1
    async with app.database.snapshot() as session:
        person = await person_of(session, "telegram", str(blocking.user_id))
    assert person is not None
    assert person.unreachable_at == app.clock()
    assert OutboxState.due not in {state for state, _ in await outcomes(app)}


async def test_too_many_requests_keep_that_chat_waiting_and_no_other(app: App, echo: Meddling):
    slow, quick = chat_with(app), chat_with(app, 7_000_000_124)
    waits: list[float] = []
    is_over = asyncio.Event()

    async def wait(_news: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)
        await is_over.wait()

    app.sender.wait = wait
    fail(slow, refused(429, TOO_MANY, 7))
    settling = asyncio.ensure_future(
        slow.deliver(slow.text_update("một"), slow.text_update("hai"))
    )
    await until(lambda: waits)
    settling_too = asyncio.ensure_future(quick.deliver(quick.text_update("ba")))
    await until(lambda: quick.shown)
    assert slow.shown == []
    is_over.set()
    await asyncio.gather(settling, settling_too)
    assert waits == [7.0]
    assert [shown.text for shown in slow.shown] == ["một", "hai"]


async def test_a_button_is_answered_past_a_chat_that_waits(chat: Chat):
    await chat.send("/hoi")
    shown = chat.screen
    is_waiting, is_over = asyncio.Event(), asyncio.Event()

    async def wait(_news: asyncio.Event, _seconds: float) -> None:
        is_waiting.set()
        await is_over.wait()

    chat.app.sender.wait = wait
    fail(chat, refused(429, TOO_MANY, 7), method="editMessageText")
    [yes] = [data for label, data in shown.buttons if label == "Đồng ý"]
    first = asyncio.ensure_future(chat.press_data(yes))
    await is_waiting.wait()
    second = asyncio.ensure_future(chat.press_data("odd"))
    await until(lambda: len(chat.platform.answers) == 2)
    assert "18–30" not in chat.labels
    is_over.set()
    await asyncio.gather(first, second)


async def test_a_buttons_answer_goes_first_and_is_never_repeated(
    chat: Chat, meddling: Meddling, database_address: str, tmp_path
):
    async def edit(_handle, event: CallbackQuery, _data):
        assert isinstance(event.message, Message)
        await event.message.edit_text("sau")

    meddling.acts |= {"a": edit, "b": edit}
    await chat.send("/hoi")
    chat.platform.calls.clear()
    await chat.press_data("a")
    expected = ["answerCallbackQuery", "editMessageText"]
    assert [method for method, _ in chat.platform.calls] == expected
    press = {"update_id": 9000, "callback_query": chat.callback("b", chat.screen.message_id)}
    async with chat.app.database.transaction() as session:
        await store_updates(session, str(chat.app.bot.id), [press], chat.app.clock())
    await chat.app.turns.run_waiting()
    await chat.app.close()
    chat.platform.calls.clear()
    async with opened(make_app(database_address, tmp_path, platform=chat.platform)) as again:
        await again.settle()
    assert [method for method, _ in chat.platform.calls] == ["editMessageText"]


async def test_a_button_pressed_too_long_ago_still_gets_its_reply(chat: Chat):
    await chat.send("/hoi")
    fail(chat, refused(400, "Bad Request: query is too old and response timeout expired"))
    await chat.press("Đồng ý")
    assert "18–30" in chat.labels


@pytest.mark.parametrize("code", [500, 502, 503, 401, 404])
async def test_a_platform_in_trouble_is_tried_again_in_order(
    chat: Chat, echo: Meddling, patience: Patience, code: int
):
    fail(chat, *[refused(code, "Internal Server Error")] * 4)
    await chat.deliver(chat.text_update("một"), chat.text_update("hai"))
    assert patience.waits == [1.0, 2.0, 4.0, 8.0]
    sent = [parameters["text"] for _, parameters in chat.platform.calls]
    assert sent == ["một"] * 5 + ["hai"]
    assert [row.attempts for row in await reply_rows(chat.app)] == [4, 0]


async def test_a_message_whose_sending_was_never_answered_is_repeated_a_few_times(
    chat: Chat, echo: Meddling, patience: Patience
):
    fail(chat, *[LOST] * MOST_UNANSWERED)
    await chat.deliver(chat.text_update("một"), chat.text_update("hai"))
    assert await outcomes(chat.app) == [
        (OutboxState.uncertain, "TimeoutError"),
        (OutboxState.sent, None),
    ]
    sent = [parameters["text"] for _, parameters in chat.platform.calls]
    assert sent == ["một"] * MOST_UNANSWERED + ["hai"]


async def test_a_message_that_cannot_have_arrived_is_tried_for_a_day(
    chat: Chat, echo: Meddling, patience: Patience
):
    begun = chat.app.clock()
    fail(chat, *[NO_CONNECTION] * 2000)
    await chat.send("một")
    assert await outcomes(chat.app) == [(OutboxState.failed, "given up after 24 hours")]
    assert max(patience.waits) == 64.0
    assert timedelta(0) < chat.app.clock() - begun - KEPT_TRYING < timedelta(seconds=65)


async def test_an_edit_is_repeated_until_it_is_answered(chat: Chat, patience: Patience):
    await chat.send("/hoi")
    fail(chat, *[LOST] * 6, method="editMessageText")
    await chat.press("Đồng ý")
    assert "18–30" in chat.labels
    assert OutboxState.uncertain not in {state for state, _ in await outcomes(chat.app)}


async def test_an_edit_that_is_impossible_becomes_a_new_message(chat: Chat, patience: Patience):
    await chat.send("/hoi")
    fail(chat, refused(400, "Bad Request: message to edit not found"), method="editMessageText")
    await chat.press("Đồng ý")
    assert [shown.message_id for shown in chat.shown] == [1000, 1001]
    assert "18–30" in chat.labels


async def test_edits_of_a_message_that_failed_go_to_the_one_sent_instead(
    chat: Chat, meddling: Meddling, patience: Patience, database_address: str, tmp_path
):
    promised: list[int] = []

    async def send(_handle, event: Message, _data):
        promised.append((await event.answer("một")).message_id)

    async def edit(_handle, event: Message, data):
        await data["bot"].edit_message_text(
            event.text, chat_id=event.chat.id, message_id=promised[0]
        )

    meddling.acts |= {"gửi": send, "hai": edit, "ba": edit, "bốn": edit}
    fail(chat, refused(400, "Bad Request: something else"))
    await chat.send("gửi")
    assert chat.shown == []
    await chat.send("hai")
    await chat.send("ba")
    assert [shown.text for shown in chat.shown] == ["ba"]
    await chat.app.close()
    async with opened(make_app(database_address, tmp_path, platform=chat.platform)) as again:
        Meddling(again).acts = meddling.acts
        await Chat(again, chat.platform).send("bốn")
    assert [shown.text for shown in chat.shown] == ["bốn"]


async def test_buttons_of_a_message_never_sent_are_not_taken_off(
    chat: Chat, meddling: Meddling, patience: Patience
):
    async def send_and_strip(_handle, event: Message, _data):
        sent = await event.answer("một")
        await sent.edit_reply_markup(reply_markup=None)
        await event.answer("hai")

    meddling.acts["gửi"] = send_and_strip
    fail(chat, refused(400, "Bad Request: something else"))
    await chat.send("gửi")
    assert [shown.text for shown in chat.shown] == ["hai"]
    assert [state for state, _ in await outcomes(chat.app)] == [
        OutboxState.failed,
        OutboxState.cancelled,
        OutboxState.sent,
    ]


async def test_a_database_that_is_away_while_marking_is_waited_for(
    database_address: str, tmp_path
):
    async def rename(here: str, there: str) -> None:
        async with app.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {here} RENAME TO {there}"))

    class Robbing(RecordingPlatform):
        async def call(self, method, parameters, **more):
            await rename("outbox", "stolen")
            return await super().call(method, parameters, **more)

    waits: list[float] = []

    async def give_back(_news: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)
        await rename("stolen", "outbox")

    platform = Robbing()
    app = make_app(database_address, tmp_path, platform=platform)
    async with opened(app):
        app.sender.wait = give_back
        await chat_with(app).send("/hoi")
        assert await outcomes(app) == [(OutboxState.sent, None)]
    assert waits == [1]
    assert len(platform.calls) == 1


async def test_a_call_that_nobody_can_make_does_not_stop_its_chat(chat: Chat, caplog):
    class NotEvenAnApiError(Exception):
        pass

    chat.platform.failures.append((None, NotEvenAnApiError("CANARY")))  # type: ignore[arg-type]
    await chat.send("/hoi")
    await chat.send("/trogiup")
    assert (await outcomes(chat.app))[0] == (OutboxState.failed, "NotEvenAnApiError")
    assert len(chat.shown) == 1
    assert "CANARY" not in caplog.text


async def test_a_commit_that_was_not_answered_is_said_by_the_next_look(chat: Chat):
    async with chat.app.database.transaction() as session:
        await store_updates(
            session, str(chat.app.bot.id), [chat.text_update("/hoi")], chat.app.clock()
        )
    chat.app.turns._said = lambda _turn, _rows: None
    await chat.app.settle()
    assert chat.shown == []
    if chat.app.locks is None:
        # Alone, a process tells by its age that a row is not just on its way.
        await chat.app.sender.resume(timedelta(seconds=30))
        await chat.app.settle()
        assert chat.shown == []
    assert isinstance(chat.app.clock, FrozenClock)
    chat.app.clock.moment += timedelta(seconds=30)
    await chat.app.sender.resume(timedelta(seconds=30))
    await chat.app.sender.resume(timedelta(seconds=30))
    await chat.app.settle()
    assert len(chat.shown) == 1


async def test_a_chat_that_must_wait_for_long_does_not_hold_up_the_end(chat: Chat):
    fail(chat, refused(429, TOO_MANY, 3600))
    loop = asyncio.get_running_loop()
    sending = asyncio.ensure_future(chat.app.sender.run())
    async with chat.app.database.transaction() as session:
        await store_updates(
            session, str(chat.app.bot.id), [chat.text_update("/hoi")], chat.app.clock()
        )
    await chat.app.turns.run_waiting()
    await until(lambda: chat.platform.calls)
    begun = loop.time()
    await chat.app.sender.finish(60)
    assert loop.time() - begun < 5
    sending.cancel()
    assert [state for state, _ in await outcomes(chat.app)] == [OutboxState.due]


async def test_what_is_queued_when_the_end_comes_still_goes_out(chat: Chat, echo: Meddling):
    async with chat.app.database.transaction() as session:
        updates = [chat.text_update("một"), chat.text_update("hai")]
        await store_updates(session, str(chat.app.bot.id), updates, chat.app.clock())
    for _ in updates:
        await chat.app.turns.run_waiting()
    sending = asyncio.ensure_future(chat.app.sender.run())
    await chat.app.sender.finish(60)
    sending.cancel()
    assert [shown.text for shown in chat.shown] == ["một", "hai"]


async def test_a_file_that_is_gone_is_not_waited_for(chat: Chat, tmp_path):
    from bot.turn import write_calls

    call = Call(
        "sendDocument",
        {"chat_id": str(chat.user_id), "file_path": str(tmp_path / "gone.csv")},
        str(chat.user_id),
    )
    async with chat.app.database.transaction() as session:
        rows = await write_calls(session, str(chat.app.bot.id), [call], chat.app.clock())
    chat.app.sender.queue(rows)
    await chat.app.settle()
    assert await outcomes(chat.app) == [(OutboxState.failed, "the file is gone")]


async def test_a_number_given_once_is_never_another_replys(app: App):
    first, second = chat_with(app, 7_000_000_001), chat_with(app, 7_000_000_002)
    await first.send("/hoi")
    async with app.database.transaction() as session:
        rows = await write_calls(
            session, str(app.bot.id), [Call("sendMessage", {"chat_id": "1"}, "1")], app.clock()
        )
        await session.execute(delete(OutboxMessage).where(OutboxMessage.id == rows[0]["id"]))
    async with app.database.transaction() as session:
        again = await write_calls(
            session, str(app.bot.id), [Call("sendMessage", {"chat_id": "2"}, "2")], app.clock()
        )
    assert again[0]["id"] > rows[0]["id"]
    await second.send("/hoi")
    assert len(second.shown) == 1
