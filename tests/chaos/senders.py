"""A naive sender of nudges, as a control: read what is due, send it, mark it."""

import asyncpg
from aiohttp import ClientSession


async def serve(address: str, base: str, token: str) -> int:
    """Send until nothing is due; any number of these run beside each other."""
    connection = await asyncpg.connect(address)
    print("doithoai: sender", flush=True)  # noqa: T201
    async with ClientSession() as session:
        while due := await connection.fetch(
            "SELECT id, chat_id FROM naive_nudge WHERE NOT sent ORDER BY id LIMIT 20"
        ):
            for row in due:
                call = {"chat_id": row["chat_id"], "text": f"naive {row['id']}"}
                async with session.post(f"{base}/bot{token}/sendMessage", json=call) as answer:
                    await answer.read()
                await connection.execute(
                    "UPDATE naive_nudge SET sent = TRUE WHERE id = $1", row["id"]
                )
    await connection.close()
    return 0
