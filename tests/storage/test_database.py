"""What a session over the database is like."""

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from storage.database import Database


@pytest.mark.postgresql
@pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
async def test_no_query_takes_all_the_servers_processors(database_address: str):
    async with contextlib.AsyncExitStack() as stack:
        database = Database(database_address)
        stack.push_async_callback(database.close)
        # What a connection of anybody else would do on a server that lets it.
        plain = create_async_engine(database.url)
        stack.push_async_callback(plain.dispose)
        sessions = [
            await stack.enter_async_context(one)
            for one in (database.snapshot(), database.transaction(), AsyncSession(plain))
        ]
        await sessions[-1].execute(text("SET LOCAL max_parallel_workers_per_gather = 2"))
        plans = []
        for session in sessions:
            await session.execute(text("SET LOCAL enable_indexonlyscan = off"))
            await session.execute(text("SET LOCAL min_parallel_table_scan_size = 0"))
            await session.execute(text("SET LOCAL parallel_setup_cost = 0"))
            await session.execute(text("SET LOCAL parallel_tuple_cost = 0"))
            await session.execute(text("SET LOCAL jit_above_cost = 0"))
            lines = await session.scalars(text("EXPLAIN (ANALYZE) SELECT count(*) FROM pg_proc"))
            plans.append("\n".join(lines))
        assert ["Parallel Seq Scan" in plan for plan in plans] == [False, False, True]
        assert ["JIT" in plan for plan in plans[:2]] == [False, False]
