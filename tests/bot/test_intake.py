import json
from functools import partial
from typing import Any

import pytest

from bot.app import App
from bot.bot_api import ApiError, ApiRefusedError, ApiUnreachableError
from bot.inbox import ALLOWED_UPDATES
from bot.intake import CannotPollError, Intake
from bot.turns import Store
from tests.bot.conftest import inbox_rows
from tests.chat import Chat

CONFLICT = ApiRefusedError(409, "Conflict: terminated by other getUpdates request")
NO_CONNECTION = ApiUnreachableError("ClientConnectorError", may_have_arrived=False)


class End(BaseException):
    """The script is over."""


class Script:
    """A platform that gives these answers to getUpdates, one after another."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.waits: list[float] = []
        self.woken = 0

    async def call(self, method, parameters, *, files=None, timeout=30):
        assert method == "getUpdates"
        self.asked.append(dict(parameters))
        if not self.answers:
            raise End
        answer = self.answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    async def close(self) -> None:
        pass

    @property
    def offsets(self) -> list[int | None]:
        return [int(one["offset"]) if "offset" in one else None for one in self.asked]


async def only_keep(app: App, store: Store) -> int:
    """What a process does that has others answer."""
    async with app.database.transaction() as session:
        return await store(session)


def intake(app: App, script: Script) -> Intake:
    async def take(store: Store) -> int:
        kept = await only_keep(app, store)
        script.woken += 1
        return kept

    async def sleep(seconds: float) -> None:
        script.waits.append(seconds)

    return Intake(script, app.clock, str(app.bot.id), take=take, sleep=sleep)


async def polled(app: App, *answers: Any) -> Script:
    """What becomes of these answers, until there are no more."""
    script = Script(*answers)
    with pytest.raises(End):
        await intake(app, script).run()
    return script


def update(number: int) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 7}, "text": "x"}}


async def kept(app: App) -> list[int]:
    return [row.update_id for row in await inbox_rows(app)]


async def test_updates_are_confirmed_only_after_they_are_stored(app: App):
    script = Script([update(5), update(7)], [], [update(6), update(8)])
    poller = intake(app, script)
    stored_when_asked = []
    for _ in range(3):
        stored_when_asked.append(await kept(app))
        await poller.poll()
    assert stored_when_asked == [[], [5, 7], [5, 7]]
    assert script.offsets == [None, 8, 8]
    assert await kept(app) == [5, 6, 7, 8]
    assert script.woken == 2
    assert [json.loads(one["allowed_updates"]) for one in script.asked] == [ALLOWED_UPDATES] * 3


async def test_updates_that_cannot_be_stored_are_asked_for_again(app: App, chat: Chat):
    from sqlalchemy import text

    script = Script([update(5)], [update(5)], [])

    async def rename(here: str, there: str) -> None:
        async with app.database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {here} RENAME TO {there}"))

    async def sleep(seconds: float) -> None:
        script.waits.append(seconds)
        await rename("away", "inbox")

    poller = Intake(script, app.clock, "42", take=partial(only_keep, app), sleep=sleep)
    await rename("inbox", "away")
    with pytest.raises(End):
        await poller.run()
    assert (script.offsets, script.waits) == ([None, None, 6, 6], [2.0])
    assert await kept(app) == [5]


async def test_an_update_without_an_id_does_not_hold_up_the_others(app: App):
    script = await polled(app, [{"message": {"text": "CANARY"}}, update(5)], [])
    assert await kept(app) == [5]
    assert script.offsets == [None, 6, 6]
    assert script.waits == []


@pytest.mark.parametrize("garbage", [[{"message": {}}], ["x"], True, {}, "x", 7])
async def test_an_answer_without_a_single_update_is_asked_for_again(app: App, garbage: Any):
    script = await polled(app, [update(5)], garbage, garbage, [update(6)])
    assert script.offsets == [None, 6, 6, 6, 7]
    assert script.waits == [2.0, 4.0]
    assert await kept(app) == [5, 6]


async def test_a_network_that_is_down_is_waited_for_ever_longer(app: App):
    script = await polled(app, *[NO_CONNECTION] * 6, [update(5)], NO_CONNECTION)
    assert script.waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 2.0]
    assert await kept(app) == [5]


async def test_a_platform_in_trouble_says_how_long_to_wait(app: App):
    too_many = ApiRefusedError(429, "Too Many Requests: retry after 9", 9.0)
    script = await polled(app, ApiRefusedError(502, "Bad Gateway"), too_many, [update(5)])
    assert script.waits == [2.0, 9.0]


async def test_another_poller_is_borne_for_a_minute(app: App):
    script = Script(*[CONFLICT] * 20)
    with pytest.raises(CannotPollError) as error:
        await intake(app, script).run()
    assert str(error.value) == (
        "another program polls with this token (409 Conflict); stop it first"
    )
    assert script.waits == [5.0] * 12


async def test_another_poller_that_ends_is_forgotten(app: App):
    script = await polled(app, *[CONFLICT] * 11, [], *[CONFLICT] * 11, [update(5)])
    assert script.waits == [5.0] * 22
    assert await kept(app) == [5]


@pytest.mark.parametrize("code", [401, 404])
async def test_a_token_that_is_refused_ends_polling(app: App, code: int):
    with pytest.raises(CannotPollError) as error:
        await intake(app, Script(ApiRefusedError(code, "Unauthorized"))).run()
    assert str(error.value) == "the platform does not know this token"
