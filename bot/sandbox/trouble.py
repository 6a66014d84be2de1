"""The control side's darker half: faults, flood control, calls received, the queue, a reset."""

from aiohttp import web

from bot.sandbox import updates
from bot.sandbox.control import SANDBOX, json_body, seed_people

routes = web.RouteTableDef()


@routes.post("/sandbox/reset")
async def reset(request: web.Request) -> web.Response:
    """Forget everything but the numbers given out, which go on from where they are.

    What the bot has told waits for the bot, which is to begin anew as well and then tells. Where
    it is called stays: it would not say so again.
    """
    sandbox = request.app[SANDBOX]
    with sandbox.store.transaction():
        told = sandbox.store.setting("told")
        called = {name: sandbox.store.setting(name) for name in ("webhook", "webhook_error")}
        sandbox.store.clear()
        for name, value in called.items():
            sandbox.store.put_setting(name, value)
        if told:
            sandbox.store.put_setting("told", {**told, "waiting": True})
        seed_people(sandbox.store)
        sandbox.store.emit(0, "reset")
    sandbox.store.order({"kind": "reset"})
    sandbox.faults.rules.clear()
    sandbox.calls.clear()
    sandbox.flood.on = False
    return web.json_response({"cursor": sandbox.store.cursor()})


@routes.get("/sandbox/faults")
async def list_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[SANDBOX].faults.listed())


@routes.post("/sandbox/faults")
async def add_faults(request: web.Request) -> web.Response:
    faults = request.app[SANDBOX].faults
    given = await request.json()
    faults.add(given if isinstance(given, list) else [given])
    return web.json_response(faults.listed(), status=201)


@routes.delete("/sandbox/faults")
async def clear_faults(request: web.Request) -> web.Response:
    request.app[SANDBOX].faults.rules.clear()
    return web.json_response([])


@routes.post("/sandbox/flood")
async def flood(request: web.Request) -> web.Response:
    control = request.app[SANDBOX].flood
    control.on = bool((await json_body(request)).get("on"))
    return web.json_response({"on": control.on})


@routes.get("/sandbox/calls")
async def list_calls(request: web.Request) -> web.Response:
    query = request.query
    calls = request.app[SANDBOX].calls
    return web.json_response(calls.listed(query.get("method"), int(query.get("after", 0))))


@routes.post("/sandbox/updates")
async def change_updates(request: web.Request) -> web.Response:
    """Trouble in the queue: {update}, {updates}, {redeliver: n}, {duplicate: n} or {reorder}.

    `reorder` is true (turned round) or a seed (shuffled).
    """
    store = request.app[SANDBOX].store
    given = await json_body(request)
    with store.transaction():
        if "redeliver" in given:
            ids = updates.redeliver(store, int(given["redeliver"]))
        elif "duplicate" in given:
            ids = updates.duplicate(store, int(given["duplicate"]))
        elif "reorder" in given:
            seed = given["reorder"]
            ids = updates.reorder(store, None if seed is True else int(seed))
        else:
            raw = given.get("updates") or [given["update"]]
            ids = [updates.inject(store, update) for update in raw]
    return web.json_response({"update_ids": ids}, status=201)
