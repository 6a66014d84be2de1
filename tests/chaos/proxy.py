"""A wire between the program and its database server that can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import make_url


@dataclass
class Wire:
    """What is said on it is handed on, until it is cut: then nobody gets through."""

    host: str
    port: int
    address: str = ""
    """The database's address through this wire."""
    is_cut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self.is_cut = True
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let new connections through."""
        self.is_cut = False

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the program's."""
        if self.is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, back}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_hand_on(reader, back))
                group.create_task(_hand_on(there, writer))
        finally:
            self._open -= {writer, back}


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while read := await reader.read(65536):
            writer.write(read)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def wire_to(address: str) -> AsyncIterator[Wire]:
    """A wire to the server of a PostgreSQL database."""
    url = make_url(address)
    wire = Wire(url.host or "127.0.0.1", url.port or 5432)
    server = await asyncio.start_server(wire.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire.address = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
        await server.wait_closed()
