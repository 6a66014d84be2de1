"""Updates brought to the bot instead of being asked for, as the platform does it.

One call at a time for each chat's messages, and for each person's button presses; what is not
answered with 2xx is brought again, at once and then ever later, and what came after it waits
(telegram-bot-api, WebhookActor.cpp). Only addresses of this machine are called.
"""

import asyncio
import ipaddress
import json
import re
import sqlite3
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, hdrs

from bot.sandbox import updates
from bot.sandbox.checks import Params, bad
from bot.sandbox.store import Store

Json = dict[str, Any]

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  its name
MOST_CONNECTIONS = 40
ANSWER_SECONDS = 60.0
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 3600.0
LOOK_AHEAD = 1000
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_OK = range(200, 300)


def set_webhook(store: Store, params: Params) -> bool:
    """Bring updates from now on; an empty address means to be asked for them again."""
    url = params.text("url")
    if not url:
        return delete_webhook(store, params)
    _check_address(url)
    secret = params.text("secret_token")
    if not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    updates.remember_kinds(store, params)
    if params.flag("drop_pending_updates"):
        updates.drop_waiting(store)
    most = min(max(params.integer("max_connections", MOST_CONNECTIONS), 1), 100)
    store.put_setting("webhook", {"url": url, "secret_token": secret, "max_connections": most})
    store.put_setting("webhook_error", {})
    return True


def _check_address(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
        is_here = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise bad("bad webhook: the sandbox calls only addresses of this machine")


def delete_webhook(store: Store, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        updates.drop_waiting(store)
    store.put_setting("webhook", None)
    return True


def get_webhook_info(store: Store, _params: Params) -> Json:
    hook: Json = store.setting("webhook") or {}
    shown: Json = {
        "url": hook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": updates.count_waiting(store),
    }
    if hook:
        shown |= {"max_connections": hook["max_connections"], **store.setting("webhook_error")}
        if kinds := store.setting("allowed_updates"):
            shown["allowed_updates"] = kinds
    return shown


class Deliveries:
    """Brings what waits, as long as a webhook is set."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = asyncio.Event()
        self._busy: set[str] = set()
        """Queues whose first update is on its way."""
        self._queues: dict[int, str] = {}
        """Of each waiting update, by its place, which queue it stands in."""

    def wake(self) -> None:
        """A webhook may have been set."""
        self._news.set()

    async def run(self) -> None:
        """Bring for ever."""
        timeout = ClientTimeout(total=ANSWER_SECONDS)
        async with ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            while True:
                hook = self._store.setting("webhook")
                if hook is None:
                    self._news.clear()
                    await self._news.wait()
                    continue
                changed = self._store.change()
                for queue, row in self._next(hook["max_connections"] - len(self._busy)):
                    self._busy.add(queue)
                    group.create_task(self._bring(session, queue, row))
                await changed

    def _next(self, most: int) -> list[tuple[str, sqlite3.Row]]:
        """The first update of every queue that is free, so many at most."""
        if most <= 0:
            return []
        waiting = self._store.rows(
            "SELECT place FROM pending WHERE NOT confirmed AND expires_at > ?"
            " ORDER BY confirmed, place LIMIT ?",
            self._store.clock(),
            LOOK_AHEAD,
        )
        known, self._queues = self._queues, {}
        first: dict[str, int] = {}
        for (place,) in waiting:
            queue = known.get(place) or _queue_of(json.loads(self._row(place)["body"]))
            self._queues[place] = queue
            first.setdefault(queue, place)
        free = [(queue, place) for queue, place in first.items() if queue not in self._busy]
        return [(queue, self._row(place)) for queue, place in free[:most]]

    def _row(self, place: int) -> sqlite3.Row:
        [row] = self._store.rows("SELECT * FROM pending WHERE place = ?", place)
        return row

    async def _bring(self, session: ClientSession, queue: str, row: sqlite3.Row) -> None:
        """Call until it is taken, has expired, or the webhook is deleted."""
        store, pause, is_done = self._store, 0.0, False
        try:
            while (hook := store.setting("webhook")) and row["expires_at"] > store.clock():
                fault, retry_after = await _post(session, hook, row["body"])
                if fault is None:
                    is_done = True
                    return
                error = {"last_error_date": int(store.clock()), "last_error_message": fault}
                with store.transaction(quiet=True):
                    store.put_setting("webhook_error", error)
                await asyncio.sleep(retry_after if retry_after is not None else pause)
                pause = min(max(pause * 2, 1.0), LONGEST_PAUSE)
        finally:
            self._busy.discard(queue)
            if not store.closing:
                with store.transaction():
                    if is_done:
                        updates.confirm(store, row["place"])


async def _post(session: ClientSession, hook: Json, body: str) -> tuple[str | None, float | None]:
    """What is wrong with the answer (None: nothing), and after how long it may be tried again."""
    headers: dict[str, str] = {hdrs.CONTENT_TYPE: "application/json"}
    if hook["secret_token"]:
        headers[SECRET_HEADER] = hook["secret_token"]
    try:
        async with session.post(
            hook["url"], data=body.encode(), headers=headers, allow_redirects=False
        ) as response:
            if response.status in _OK:
                return None, None
            later = response.headers.get(hdrs.RETRY_AFTER, "")
            fault = f"Wrong response from the webhook: {response.status} {response.reason}"
            return fault, min(float(later), LONGEST_RETRY_AFTER) if later.isdigit() else None
    except TimeoutError:
        return "Connection timed out", None
    except (ClientError, OSError):
        return "Connection refused", None


def _queue_of(update: Json) -> str:
    for kind, body in update.items():
        if isinstance(body, dict):
            holder = body.get("from") if kind == "callback_query" else body.get("chat")
            number = holder.get("id") if isinstance(holder, dict) else None
            return f"{'person' if kind == 'callback_query' else 'chat'} {number}"
    return "nobody"
