"""The control side: what the page, the tests and the chaos runs ask of the sandbox."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.sandbox import chats, methods, people, profile, updates
from bot.sandbox.checks import Refusal, Upload
from bot.sandbox.faults import Calls, Faults, FloodControl
from bot.sandbox.store import FIRST_PERSON, Store
from bot.sandbox.webhook import Deliveries

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = Path(__file__).parent / "page"
PAGE_WORDS = PAGE / "words"
LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
FIRST_PEOPLE = ("member", "organiser", "unit_lead")
HISTORY_LIMIT = 200
LONGEST_WAIT = 50
HEARTBEAT = 15
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything one server holds."""

    store: Store
    polling: updates.Polling
    deliveries: Deliveries
    faults: Faults
    flood: FloodControl
    calls: Calls
    token: str | None


SANDBOX = web.AppKey("sandbox", Sandbox)
routes = web.RouteTableDef()


def seed_people(store: Store) -> None:
    """The first three people, always with the same ids."""
    if chats.people(store):
        return
    words = json.loads((PAGE_WORDS / "vi.json").read_text(encoding="utf-8"))
    for person, role in enumerate(FIRST_PEOPLE, FIRST_PERSON):
        chats.add_person(store, words[f"person.{role}"], "vi", person=person)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep other web sites out: only loopback names, and no writing from a foreign page."""
    try:
        host = urlsplit(f"//{request.headers.get('Host', '')}").hostname
        origin = request.headers.get("Origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    except ValueError:
        host, foreign = None, True
    if host not in LOOPBACK_NAMES or (foreign and request.method != "GET"):
        raise web.HTTPForbidden(text="loopback only")
    return await handler(request)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer the control side's mistakes in JSON, with the reason."""
    if not request.path.startswith("/sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except LookupError as error:
        return web.json_response({"error": f"not found: {error}"}, status=404)
    except people.CannotError as error:
        return web.json_response({"error": str(error)}, status=409)
    except Refusal as error:
        return web.json_response({"error": error.description}, status=error.status)
    except (ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def json_body(request: web.Request) -> Json:
    if not request.can_read_body:
        return {}
    given = await request.json()
    if not isinstance(given, dict):
        raise TypeError("an object is expected")
    return given


def _person(request: web.Request) -> int:
    person = int(request.match_info["person"])
    chats.person_view(request.app[SANDBOX].store, person)
    return person


@routes.get("/")
async def page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers=HEADERS)


@routes.get("/page/{name:[a-z]+\\.(?:js|css)|words/[a-z]{2}\\.json}")
async def page_part(request: web.Request) -> web.StreamResponse:
    part = PAGE / request.match_info["name"]
    if not part.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(part, headers=HEADERS)


@routes.get("/sandbox/state")
async def state(request: web.Request) -> web.Response:
    """Everything the page needs to begin; `cursor` is where to follow the events from."""
    store = request.app[SANDBOX].store
    description = {code: profile.words(store, "description", code) for code in ("vi", "en")}
    return web.json_response(
        {
            "bot": chats.bot_user(store),
            "description": description,
            "people": chats.people(store),
            "groups": chats.groups(store),
            "cursor": store.cursor(),
            "told": store.setting("told") or {},
        }
    )


@routes.get("/sandbox/people")
async def list_people(request: web.Request) -> web.Response:
    return web.json_response(chats.people(request.app[SANDBOX].store))


@routes.post("/sandbox/people")
async def add_person(request: web.Request) -> web.Response:
    store = request.app[SANDBOX].store
    given = await json_body(request)
    if not str(given.get("name") or "").strip():
        raise ValueError("a name is needed")
    with store.transaction():
        person = chats.add_person(
            store,
            str(given["name"]).strip(),
            str(given.get("language_code") or "vi"),
            given.get("username"),
        )
        view = chats.person_view(store, person)
    return web.json_response(view, status=201)


@routes.post("/sandbox/people/{person}/messages")
async def write(request: web.Request) -> web.Response:
    """A message: JSON, or a form with a `file` part (a document, photo, voice or sticker)."""
    store, person = request.app[SANDBOX].store, _person(request)
    upload = None
    if request.content_type == "multipart/form-data":
        form = await request.post()
        given: Json = {key: value for key, value in form.items() if isinstance(value, str)}
        part = form.get("file")
        if isinstance(part, web.FileField):
            upload = Upload(part.filename, part.content_type, part.file.read())
    else:
        given = await json_body(request)
    with store.transaction():
        sent = people.write(store, person, given, upload)
    return web.json_response(sent, status=201)


@routes.patch("/sandbox/people/{person}/messages/{number:\\d+}")
async def edit(request: web.Request) -> web.Response:
    store, person = request.app[SANDBOX].store, _person(request)
    given = await json_body(request)
    with store.transaction():
        body = people.edit(
            store, person, int(request.match_info["number"]), str(given.get("text") or "")
        )
    return web.json_response(body)


@routes.post("/sandbox/people/{person}/presses")
async def press(request: web.Request) -> web.Response:
    store, person = request.app[SANDBOX].store, _person(request)
    given = await json_body(request)
    with store.transaction():
        query = people.press(store, person, int(given["message_id"]), str(given["data"]))
    return web.json_response({"query_id": query}, status=201)


@routes.post("/sandbox/people/{person}/start")
async def start(request: web.Request) -> web.Response:
    store, person = request.app[SANDBOX].store, _person(request)
    given = await json_body(request)
    with store.transaction():
        sent = people.start(store, person, str(given.get("payload") or ""))
    return web.json_response(sent, status=201)


@routes.post("/sandbox/people/{person}/{what:block|unblock}")
async def block(request: web.Request) -> web.Response:
    store, person = request.app[SANDBOX].store, _person(request)
    with store.transaction():
        people.block(store, person, blocked=request.match_info["what"] == "block")
    return web.json_response(chats.person_view(store, person))


@routes.get("/sandbox/people/{person}/commands")
async def commands(request: web.Request) -> web.Response:
    """The command menu this person sees, in the private chat or in `?chat_id=`."""
    store, person = request.app[SANDBOX].store, _person(request)
    chat = int(request.query.get("chat_id", person))
    return web.json_response(profile.menu(store, chat, person))


@routes.post("/sandbox/groups")
async def add_group(request: web.Request) -> web.Response:
    store = request.app[SANDBOX].store
    given = await json_body(request)
    with store.transaction():
        chat = people.make_group(
            store,
            int(given["person_id"]),
            str(given.get("title") or "Group"),
            admin=bool(given.get("admin")),
            others=list(given.get("members") or ()),
        )
        view = chats.group_view(store, chat)
    return web.json_response(view, status=201)


@routes.post("/sandbox/groups/{chat:-\\d+}/bot")
async def change_bot(request: web.Request) -> web.Response:
    """A member changes the bot's standing: {person_id, status}."""
    store, chat = request.app[SANDBOX].store, int(request.match_info["chat"])
    given = await json_body(request)
    if given.get("status") not in {"member", "administrator", "left", "kicked"}:
        raise ValueError("status is member, administrator, left or kicked")
    with store.transaction():
        methods.change_bot_status(store, chat, int(given["person_id"]), given["status"])
    return web.json_response(chats.group_view(store, chat))


@routes.get("/sandbox/chats/{chat:-?\\d+}/messages")
async def history(request: web.Request) -> web.Response:
    store, chat = request.app[SANDBOX].store, int(request.match_info["chat"])
    chats.chat_shape(store, chat)
    limit = int(request.query.get("limit", HISTORY_LIMIT))
    return web.json_response(
        {
            "messages": chats.history(store, chat, limit),
            "keyboard": chats.keyboard(store, chat),
            "cursor": store.cursor(),
        }
    )


@routes.get("/sandbox/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Changes after a cursor: as a stream of events, or (with `wait` seconds) as one answer."""
    store = request.app[SANDBOX].store
    after = int(request.headers.get("Last-Event-ID") or request.query.get("after") or 0)
    chat = int(request.query["chat_id"]) if "chat_id" in request.query else None
    if "text/event-stream" in request.headers.get("Accept", ""):
        return await _stream(request, store, after, chat)
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + min(float(request.query.get("wait", 0)), LONGEST_WAIT)
    while not (found := store.events(after, chat)) and not store.closing:
        if (left := ends_at - loop.time()) <= 0:
            break
        await asyncio.wait({store.change()}, timeout=left)
    cursor = found[-1]["number"] if found else after
    return web.json_response({"events": found, "cursor": cursor})


async def _stream(
    request: web.Request, store: Store, after: int, chat: int | None
) -> web.StreamResponse:
    answer = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await answer.prepare(request)
    # A page that has just been closed shows only when it is written to.
    with contextlib.suppress(ConnectionResetError):
        await answer.write(b"retry: 1000\n\n")
        while not store.closing and not _gone(request):
            found = store.events(after, chat)
            for event in found:
                after = event["number"]
                line = f"id: {after}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
                await answer.write(line.encode())
            if not found:
                _, waiting = await asyncio.wait({change := store.change()}, timeout=HEARTBEAT)
                change.cancel()
                if waiting:
                    await answer.write(b": still here\n\n")
    return answer


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


@routes.get("/sandbox/files/{file_id}")
async def download(request: web.Request) -> web.Response:
    row = chats.file_row(request.app[SANDBOX].store, request.match_info["file_id"])
    if row is None:
        raise LookupError("file")
    how = "inline" if "inline" in request.query and row["width"] else "attachment"
    return web.Response(
        body=row["content"],
        content_type=row["mime"],
        headers={
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(row['name'])}",
            "X-Content-Type-Options": "nosniff",
        },
    )
