"""The courier's way to a test's phones: what it sends appears where the replies do."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import App
from bot.courier import Courier, build_sender
from tests.chat import TOKEN


@contextlib.asynccontextmanager
async def delivering(app: App) -> AsyncIterator[None]:
    """A Bot API for the courier that hands every call on to the app's recording platform."""

    async def hand_on(request: web.Request) -> web.Response:
        parameters = {name: str(value) for name, value in (await request.post()).items()}
        sent = await app.platform.call(request.match_info["method"], parameters)
        chat = {"id": int(parameters["chat_id"]), "type": "private"}
        message = {"message_id": sent["message_id"], "date": 0, "chat": chat}
        return web.json_response({"ok": True, "result": message})

    routes = web.Application()
    routes.router.add_post("/bot{token}/{method}", hand_on)
    server = TestServer(routes)
    await server.start_server()
    base = str(server.make_url("")).rstrip("/")
    await app.courier.close()
    app.courier = Courier(app.database, app.plan, build_sender(TOKEN, base, None), app.clock)
    app.courier.observer = app.observer
    app.courier.write_more = app.write_more
    try:
        yield
    finally:
        await app.courier.close()
        await server.close()


async def tick(app: App) -> None:
    """The scheduler's tick, and the courier until nothing more may go out at this moment."""
    await app.nudge()
    while await app.courier.send_next() is not None:
        pass
