"""The queue of updates waiting for the bot, with Telegram's rules of confirming and forgetting."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from bot.sandbox.checks import Params, Refusal, bad
from bot.sandbox.store import Store

Json = dict[str, Any]

# How long the public server keeps an update, in seconds (telegram-bot-api, Client.cpp).
CALLBACK_LIFE = 150
MESSAGE_LIFE = 24 * 3600
BATCH_LIMIT = 100
LONGEST_POLL = 50
CONFIRMED_KEPT = 5000
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
CONFLICT = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)

HAS_WEBHOOK = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
    " first"
)


def enqueue(store: Store, kind: str, body: Json) -> int | None:
    """Queue one update; its id, or None when the bot has not asked for this kind."""
    allowed = store.setting("allowed_updates")
    if (kind not in allowed) if allowed else (kind in NOT_BY_DEFAULT):
        return None
    life = CALLBACK_LIFE if kind == "callback_query" else MESSAGE_LIFE
    update_id = next_id(store)
    _put(store, {"update_id": update_id, kind: body}, update_id, life)
    return update_id


def next_id(store: Store) -> int:
    number = store.run("INSERT INTO update_number DEFAULT VALUES")
    store.run("DELETE FROM update_number")
    return number


def _put(store: Store, update: Json, update_id: int, life: float, *, sticky: bool = False) -> None:
    place = store.run(
        "INSERT INTO pending (update_id, body, expires_at, sticky) VALUES (?, ?, ?, ?)",
        update_id,
        json.dumps(update, ensure_ascii=False),
        store.clock() + life,
        sticky,
    )
    if place % 500 == 0:
        store.run("DELETE FROM pending WHERE confirmed AND place <= ?", place - CONFIRMED_KEPT)


def inject(store: Store, update: Json) -> int:
    """Queue an update of any shape as it stands; without an id it gets the next one."""
    given = update.get("update_id")
    update_id = given if isinstance(given, int) else next_id(store)
    _put(store, {"update_id": update_id, **update}, update_id, MESSAGE_LIFE, sticky=True)
    return update_id


def redeliver(store: Store, count: int) -> list[int]:
    """Queue the last `count` confirmed updates once more, under their old ids."""
    found = store.rows("SELECT * FROM pending WHERE confirmed ORDER BY place DESC LIMIT ?", count)
    return _repeat(store, [(row["update_id"], row["body"]) for row in reversed(found)])


def duplicate(store: Store, count: int) -> list[int]:
    """Queue the last `count` waiting updates twice, under the same ids."""
    found = store.rows(
        "SELECT * FROM pending WHERE NOT confirmed ORDER BY place DESC LIMIT ?", count
    )
    return _repeat(store, [(row["update_id"], row["body"]) for row in reversed(found)])


def _repeat(store: Store, updates: list[tuple[int, str]]) -> list[int]:
    for update_id, body in updates:
        _put(store, json.loads(body), update_id, MESSAGE_LIFE, sticky=True)
    return [update_id for update_id, _ in updates]


def reorder(store: Store, seed: int | None) -> list[int]:
    """Turn the waiting updates round, or shuffle them with a seed; the ids in their new order."""
    rows = store.rows("SELECT * FROM pending WHERE NOT confirmed ORDER BY place")
    shuffled = list(reversed(rows))
    if seed is not None:
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    for row, place in zip(shuffled, [row["place"] for row in rows], strict=True):
        store.run("UPDATE pending SET place = -? WHERE place = ?", place, row["place"])
    store.run("UPDATE pending SET place = -place, sticky = 1 WHERE place < 0")
    return [row["update_id"] for row in shuffled]


def count_waiting(store: Store) -> int:
    waiting: int = store.value(
        "SELECT count(*) FROM pending WHERE NOT confirmed AND expires_at > ?", store.clock()
    )
    return waiting


def drop_waiting(store: Store) -> None:
    store.run("UPDATE pending SET confirmed = 1 WHERE NOT confirmed")


def take(store: Store, offset: int, limit: int) -> list[str]:
    """Confirm what lies below `offset`, forget what has expired, and return what waits.

    What was queued again on purpose (redelivered, reordered) lies below any sensible offset:
    it is confirmed only once it has been delivered.
    """
    if offset < 0:
        kept = store.rows(
            "SELECT place FROM pending WHERE NOT confirmed ORDER BY place DESC LIMIT ?", -offset
        )
        first = min((row["place"] for row in kept), default=0)
        store.run("UPDATE pending SET confirmed = 1 WHERE NOT confirmed AND place < ?", first)
    else:
        store.run(
            "UPDATE pending SET confirmed = 1 WHERE NOT confirmed AND update_id < ?"
            " AND (NOT sticky OR delivered)",
            offset,
        )
    store.run("DELETE FROM pending WHERE NOT confirmed AND expires_at <= ?", store.clock())
    found = store.rows(
        "SELECT place, body FROM pending WHERE NOT confirmed ORDER BY place LIMIT ?", limit
    )
    for row in found:
        store.run("UPDATE pending SET delivered = 1 WHERE place = ?", row["place"])
    return [row["body"] for row in found]


def confirm(store: Store, place: int) -> None:
    """An update was taken by the webhook."""
    store.run("UPDATE pending SET confirmed = 1, delivered = 1 WHERE place = ?", place)


def remember_kinds(store: Store, params: Params) -> None:
    """Queue only the kinds named from now on; without a list, those named before.

    Raises:
        Refusal: it is no list.
    """
    kinds = params.json("allowed_updates", "can't parse allowed_updates JSON object")
    if kinds is None:
        return
    if not isinstance(kinds, list):
        raise bad("expected an Array of String as allowed_updates")
    store.put_setting("allowed_updates", kinds)


class Polling:
    """Long polls of one bot: the newest holds, an older one ends with 409."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder: asyncio.Future[None] | None = None

    async def get_updates(self, params: Params, is_gone: Callable[[], bool]) -> list[Json]:
        """Wait up to `timeout` seconds for updates; nothing is handed to a caller who `is_gone`.

        Raises:
            Refusal: another poll began meanwhile, or a webhook is set (409).
        """
        if self._store.setting("webhook"):
            raise Refusal(409, HAS_WEBHOOK)
        self.end()
        loop = asyncio.get_running_loop()
        holder = self._holder = loop.create_future()
        with self._store.transaction(quiet=True):
            remember_kinds(self._store, params)
        limit = min(max(params.integer("limit", BATCH_LIMIT), 1), BATCH_LIMIT)
        ends_at = loop.time() + min(max(params.integer("timeout"), 0), LONGEST_POLL)
        while not is_gone():
            with self._store.transaction(quiet=True):
                found = take(self._store, params.integer("offset"), limit)
            left = ends_at - loop.time()
            if found or left <= 0 or self._store.closing:
                return [json.loads(body) for body in found]
            changed = self._store.change()
            await asyncio.wait({changed, holder}, timeout=left, return_when="FIRST_COMPLETED")
            changed.cancel()
            if holder.done():
                raise Refusal(409, CONFLICT)
        return []

    def end(self) -> None:
        """End the poll under way, as a newer one would."""
        if self._holder is not None and not self._holder.done():
            self._holder.set_result(None)
