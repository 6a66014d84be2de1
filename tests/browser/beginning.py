"""A sandbox as it stands at the beginning: no chats, no questions, the clock where it started."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import ClientSession

LEAD = 7_000_000_003
MEMBER = 7_000_000_001


async def begin_anew(address: str) -> None:
    """Start over, and return when the bot has done so too and has told the page."""
    async with ClientSession(address) as http:
        async with http.post("/sandbox/reset") as answer:
            after = (await answer.json())["cursor"]
        kinds: set[str] = set()
        while "told" not in kinds:
            parameters = {"after": after, "wait": 20}
            async with http.get("/sandbox/events", params=parameters) as answer:
                found = await answer.json()
            kinds = {event["kind"] for event in found["events"]}
            after = found["cursor"]


@pytest_asyncio.fixture(loop_scope="session")
async def anew(address: str) -> AsyncIterator[None]:
    """For a test that turns the clock or fills the conference; the next one finds neither."""
    await begin_anew(address)
    yield
    await begin_anew(address)
