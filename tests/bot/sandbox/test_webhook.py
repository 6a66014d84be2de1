"""Updates brought to an address of this machine, in order, until they are taken."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bot.sandbox.conftest import LEAD, MEMBER, Client

SECRET = "a-secret_1"


class Bot:
    """A bot's HTTP side: what it was brought, and how it answers."""

    def __init__(self) -> None:
        self.brought: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self.answers: list[web.Response] = []
        """The next answers; 200 afterwards."""
        self.hold: asyncio.Event | None = None
        """Answer no message of the member before this is set."""
        self.news = asyncio.Condition()
        self.server = TestServer(web.Application())
        self.server.app.router.add_post("/hook", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        async with self.news:
            self.brought.append(update)
            self.news.notify_all()
        if self.hold and update.get("message", {}).get("chat", {}).get("id") == MEMBER:
            await self.hold.wait()
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.brought if "message" in update]

    async def has(self, count: int) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(lambda: len(self.brought) >= count)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/hook"))


@pytest.fixture
async def hooked(bot: Client) -> AsyncIterator[Bot]:
    """The sandbox's bot, called from now on."""
    hooked = Bot()
    await hooked.server.start_server()
    await bot.ok("setWebhook", url=hooked.url, secret_token=SECRET, allowed_updates=["message"])
    yield hooked
    await hooked.server.close()


async def taken(bot: Client) -> dict[str, Any]:
    """The webhook's state, once nothing waits."""
    async with asyncio.timeout(30):
        while True:
            info = await bot.ok("getWebhookInfo")
            if info["pending_update_count"] == 0:
                return info
            await asyncio.sleep(0.01)


async def test_updates_are_brought_with_the_secret_and_then_forgotten(bot: Client, hooked: Bot):
    await bot.writes("một")
    await hooked.has(1)
    assert await taken(bot) == {
        "url": hooked.url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": 40,
        "allowed_updates": ["message"],
    }
    assert (hooked.texts, hooked.secrets) == (["một"], {SECRET})


async def test_what_is_not_taken_is_brought_again_before_what_came_after_it(
    bot: Client, hooked: Bot
):
    hooked.answers = [web.Response(status=503), web.Response(status=500)]
    await bot.writes("một")
    await bot.writes("hai")
    await hooked.has(4)
    assert hooked.texts == ["một", "một", "một", "hai"]
    info = await taken(bot)
    assert info["last_error_message"].startswith("Wrong response from the webhook: 50")


async def test_a_bot_says_when_to_bring_it_again(bot: Client, hooked: Bot):
    later = {"Retry-After": "0"}
    hooked.answers = [web.Response(status=503, headers=later) for _ in range(3)]
    await bot.writes("một")
    await hooked.has(4)
    assert hooked.texts == ["một"] * 4


async def test_one_chat_does_not_wait_for_another(bot: Client, hooked: Bot):
    hooked.hold = asyncio.Event()
    await bot.writes("một")
    await bot.writes("hai")
    await bot.writes("ba", person=LEAD)
    await hooked.has(2)
    assert sorted(hooked.texts) == ["ba", "một"]
    hooked.hold.set()
    await hooked.has(3)
    assert hooked.texts[2] == "hai"


async def test_nothing_is_asked_for_while_a_webhook_is_set(bot: Client, hooked: Bot):
    assert await bot.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    await bot.ok("deleteWebhook")
    await bot.writes("một")
    [update] = await bot.updates()
    assert update["message"]["text"] == "một"
    assert hooked.brought == []
    assert (await bot.ok("getWebhookInfo"))["url"] == ""


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        (
            "https://example.org/x",
            "a",
            "bad webhook: the sandbox calls only addresses of this machine",
        ),
        ("no address", "a", "bad webhook: the sandbox calls only addresses of this machine"),
        ("http://127.0.0.1:1/", "ă", "secret token contains unallowed characters"),
    ],
)
async def test_a_webhook_elsewhere_or_with_an_odd_secret_is_refused(
    bot: Client, url: str, secret: str, words: str
):
    assert await bot.refused("setWebhook", url=url, secret_token=secret) == f"Bad Request: {words}"
    assert (await bot.ok("getWebhookInfo"))["url"] == ""
