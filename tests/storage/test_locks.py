"""Locks between processes, each `Locks` and each connection being one."""

import asyncio
import contextlib
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from storage.database import DatabaseError, database_url
from storage.locks import Locks, only_process

postgresql = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_address", ["postgresql"], indirect=True),
]


@contextlib.asynccontextmanager
async def locks_of(address: str) -> AsyncIterator[Locks]:
    locks = Locks(database_url(address))
    try:
        yield locks
    finally:
        await locks.close()


async def end_connection(address: str, locks: Locks) -> None:
    """What a server that restarts does to one of its connections."""
    connection = await asyncpg.connect(address)
    await connection.fetch(
        "SELECT pg_terminate_backend($1, 10000)", locks._connection.get_server_pid()
    )
    await connection.close()


class TestOnPostgresql:
    pytestmark = postgresql

    async def test_a_lock_is_held_by_one_until_it_is_given_back(self, database_address: str):
        async with locks_of(database_address) as one, locks_of(database_address) as other:
            assert await one.try_hold(["a", "b"]) == {"a", "b"}
            assert await other.try_hold(["a", "b", "c"]) == {"c"}
            assert [one.holds(key) for key in "abc"] == [True, True, False]
            assert [other.holds(key) for key in "abc"] == [False, False, True]
            await one.release(["a", "c"])
            assert await other.try_hold(["a", "b"]) == {"a"}
            assert await one.try_hold(["a", "b", "c"]) == {"b"}

    async def test_a_lock_taken_twice_is_given_back_twice(self, database_address: str):
        async with locks_of(database_address) as one, locks_of(database_address) as other:
            assert await one.try_hold(["a"]) == await one.try_hold(["a"]) == {"a"}
            await one.release(["a"])
            assert one.holds("a")
            assert await other.try_hold(["a"]) == set()
            await one.release(["a"])
            assert not one.holds("a")
            assert await other.try_hold(["a"]) == {"a"}

    async def test_who_ends_holds_nothing(self, database_address: str):
        async with locks_of(database_address) as other:
            async with locks_of(database_address) as one:
                assert await one.try_hold(["a"]) == {"a"}
            assert not one.holds("a")
            assert await other.try_hold(["a"]) == {"a"}

    async def test_a_broken_connection_loses_every_lock_and_says_so(
        self, database_address: str, caplog: pytest.LogCaptureFixture
    ):
        async with locks_of(database_address) as one, locks_of(database_address) as other:
            assert await one.try_hold(["a", "b"]) == {"a", "b"}
            lost = asyncio.ensure_future(one.lost("a"))
            await asyncio.sleep(0)
            await end_connection(database_address, one)
            await asyncio.wait_for(lost, 10)
            assert [one.holds(key) for key in "ab"] == [False, False]
            assert await other.try_hold(["a"]) == {"a"}
            await one.release(["a", "b"])
            assert await one.try_hold(["a", "b"]) == {"b"}
        lines = [record.getMessage() for record in caplog.records if record.name.endswith("locks")]
        assert lines == ["the locks' connection has ended"]

    async def test_whoever_is_cancelled_while_taking_can_give_back_what_was_taken(
        self, database_address: str
    ):
        async with locks_of(database_address) as one, locks_of(database_address) as other:
            await one.try_hold(["b"])
            taking = asyncio.ensure_future(one.try_hold(["a"]))
            await asyncio.sleep(0)
            taking.cancel()
            await asyncio.wait({taking})
            assert taking.cancelled()
            await one.release(["a"])
            assert await other.try_hold(["a", "b"]) == {"a"}

    async def test_the_server_is_told_to_notice_a_host_that_vanishes(self, database_address: str):
        async with locks_of(database_address) as one:
            await one.try_hold(["a"])
            names = ("idle", "interval", "count")
            seconds = [
                int(await one._connection.fetchval(f"SHOW tcp_keepalives_{name}"))
                for name in names
            ]
        assert seconds[0] + seconds[1] * seconds[2] <= 10


async def test_while_the_server_is_away_nothing_is_held_and_that_is_said_once(
    unused_tcp_port: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "storage")
    address = f"postgresql://x:SECRET@127.0.0.1:{unused_tcp_port}/x"
    async with locks_of(address) as locks:
        assert await locks.try_hold(["a"]) == set()
        assert await locks.try_hold(["a"]) == set()
        assert not locks.holds("a")
        await locks.release(["a"])
        await locks.lost("a")
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("the locks' connection is lost: ")
    assert "SECRET" not in line


def test_an_sqlite_file_is_served_by_one_process_at_a_time(tmp_path: Path):
    url = database_url(f"sqlite:///{tmp_path / 'x.db'}")
    other = database_url(f"sqlite:///{tmp_path / 'other.db'}")
    with only_process(url), only_process(other):
        for _ in range(2):
            with pytest.raises(DatabaseError) as refusal, only_process(url):
                pass
            assert str(refusal.value) == (
                f"{tmp_path / 'x.db'} is in use by another process of this program; "
                "on SQLite there is one at a time"
            )
    with only_process(url):
        pass
    assert stat.S_IMODE((tmp_path / "x.db.lock").stat().st_mode) == 0o600


def test_what_is_no_file_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for address in ("sqlite://", "sqlite:///:memory:", "postgresql://127.0.0.1:9/x"):
        with only_process(database_url(address)), only_process(database_url(address)):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path):
    (tmp_path / "x.db.lock").mkdir()
    with (
        pytest.raises(DatabaseError, match="cannot be made"),
        only_process(database_url(f"sqlite:///{tmp_path / 'x.db'}")),
    ):
        pass
