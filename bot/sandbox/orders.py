"""Between the page and the bot's own process: what the page wants of it, and what it tells.

Turning the clock, loading the sample questions and starting over are done by the bot itself,
which asks here for orders and tells here how things stand.
"""

import asyncio

from aiohttp import web

from bot.sandbox.control import SANDBOX, json_body

KINDS = {"clock", "samples", "reset"}
LONGEST_WAIT = 50.0

routes = web.RouteTableDef()


@routes.post("/sandbox/orders")
async def give(request: web.Request) -> web.Response:
    """One order for the bot: `{"kind": "clock", "to": "day"}`, for one."""
    sandbox = request.app[SANDBOX]
    given = await json_body(request)
    if given.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    number = sandbox.store.order(given)
    return web.json_response({"number": number}, status=201)


@routes.get("/sandbox/orders")
async def orders(request: web.Request) -> web.Response:
    """The orders after a number; waits for one for so many seconds."""
    store = request.app[SANDBOX].store
    after = int(request.query.get("after", 0))
    wait = min(float(request.query.get("wait", 0)), LONGEST_WAIT)
    end = asyncio.get_running_loop().time() + wait
    while not (found := store.orders_after(after)) and not store.closing:
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            break
        change = store.change()
        await asyncio.wait({change}, timeout=left)
        change.cancel()
    return web.json_response({"orders": found})


@routes.post("/sandbox/told")
async def tell(request: web.Request) -> web.Response:
    """How things stand with the bot; `shift` is how far its clock is from the real one."""
    store = request.app[SANDBOX].store
    given = await json_body(request)
    with store.transaction():
        store.put_setting("told", given)
        store.emit(0, "told", told=given)
    return web.json_response({})
