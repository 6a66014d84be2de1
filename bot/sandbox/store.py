"""What the sandbox keeps, in one SQLite file, so that chats and ids survive a restart."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FIRST_PERSON = 7_000_000_001
APPLICATION_ID = 0x646F6973
EVENTS_KEPT = 20_000

SCHEMA = """
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT NOT NULL, username TEXT,
    language_code TEXT NOT NULL, started INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE crowd (
    number INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, bot_status TEXT NOT NULL);
CREATE TABLE member (chat INTEGER NOT NULL, person INTEGER NOT NULL,
    PRIMARY KEY (chat, person));
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, sender INTEGER NOT NULL,
    sent_at REAL NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
CREATE INDEX message_by_chat ON message (chat, id);
CREATE TABLE keyboard (chat INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE query (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, person INTEGER NOT NULL,
    pressed_at REAL NOT NULL);
CREATE TABLE upload (
    number INTEGER PRIMARY KEY AUTOINCREMENT, file_id TEXT UNIQUE NOT NULL,
    unique_id TEXT NOT NULL, path TEXT UNIQUE NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL,
    width INTEGER, height INTEGER, content BLOB NOT NULL);
CREATE TABLE command_list (
    scope TEXT NOT NULL, language TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (scope, language));
CREATE TABLE pending (
    place INTEGER PRIMARY KEY AUTOINCREMENT, update_id INTEGER NOT NULL, body TEXT NOT NULL,
    expires_at REAL NOT NULL, sticky INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX pending_open ON pending (confirmed, place);
CREATE TABLE update_number (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL);
"""
ROWS = [
    "setting",
    "person",
    "crowd",
    "member",
    "message",
    "keyboard",
    "query",
    "upload",
    "command_list",
    "pending",
    "update_number",
    "event",
]


class NotASandboxFileError(Exception):
    """The file given as --data belongs to another program."""


class Store:
    """The one SQLite connection, the clock, and those who wait for something to change."""

    def __init__(self, path: str | Path, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.closing = False
        self._orders: list[Json] = []
        self._waiting: set[asyncio.Future[None]] = set()
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare(path)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise NotASandboxFileError(path) from error
        except NotASandboxFileError:
            self._db.close()
            raise

    def _prepare(self, path: str | Path) -> None:
        if self.value("SELECT count(*) FROM sqlite_master") == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA application_id={APPLICATION_ID};")
            self._db.execute("COMMIT")
            with self.transaction():
                self._start_numbers()
        elif self.value("PRAGMA application_id") != APPLICATION_ID:
            raise NotASandboxFileError(path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")

    def _start_numbers(self) -> None:
        # Numbers grow from the clock, so that a bot or a page which outlives a deleted file
        # never meets an id it has already seen.
        now = int(self.clock())
        for table, last in (
            ("person", FIRST_PERSON - 1),
            ("crowd", 1_000_000_000),
            ("message", now),
            ("update_number", now),
            ("query", now * 1_000_000),
            ("event", now * 1_000),
        ):
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last)

    def close(self) -> None:
        self._db.close()

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement; the id of the row it inserted."""
        return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def value(self, sql: str, *values: Any) -> Any:
        found = self.row(sql, *values)
        return None if found is None else found[0]

    @contextmanager
    def transaction(self, *, quiet: bool = False) -> Iterator[None]:
        """Keep everything done inside, or nothing; then (unless quiet) wake those who wait."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        if not quiet:
            self.wake()

    def wake(self) -> None:
        for waiter in tuple(self._waiting):
            if not waiter.done():
                waiter.set_result(None)

    def change(self) -> asyncio.Future[None]:
        """A future that is done at the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        waiter.add_done_callback(self._waiting.discard)
        return waiter

    def setting(self, key: str) -> Any:
        kept = self.value("SELECT value FROM setting WHERE key = ?", key)
        return None if kept is None else json.loads(kept)

    def put_setting(self, key: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", key, json.dumps(value))

    def order(self, order: Json) -> int:
        """Give the bot's process something to do."""
        number = int(self.clock() * 1000) if not self._orders else self._orders[-1]["number"] + 1
        self._orders = [*self._orders[-99:], {**order, "number": number}]
        self.wake()
        return number

    def orders_after(self, number: int) -> list[Json]:
        return [order for order in self._orders if order["number"] > number]

    @property
    def shown_now(self) -> float:
        """The moment that messages bear: the bot's clock, where it has told one."""
        told: Json = self.setting("told") or {}
        return self.clock() + float(told.get("shift", 0))

    def emit(self, chat: int, kind: str, **body: Any) -> int:
        """Tell the page and the tests that something changed in a chat (0: everywhere)."""
        number = self.run(
            "INSERT INTO event (chat, kind, body) VALUES (?, ?, ?)",
            chat,
            kind,
            json.dumps(body, ensure_ascii=False),
        )
        if number % 1000 == 0:
            self.run("DELETE FROM event WHERE number <= ?", number - EVENTS_KEPT)
        return number

    def cursor(self) -> int:
        """The number of the last event so far."""
        last: int = self.value("SELECT seq FROM sqlite_sequence WHERE name = 'event'")
        return last

    def events(self, after: int, chat: int | None = None, limit: int = 500) -> list[Json]:
        found = self.rows(
            "SELECT * FROM event WHERE number > ? AND (? IS NULL OR chat IN (?, 0))"
            " ORDER BY number LIMIT ?",
            after,
            chat,
            chat,
            limit,
        )
        return [
            {
                "number": row["number"],
                "chat_id": row["chat"],
                "kind": row["kind"],
                **json.loads(row["body"]),
            }
            for row in found
        ]

    def clear(self) -> None:
        """Forget everything but the numbers already given out."""
        for table in ROWS:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
