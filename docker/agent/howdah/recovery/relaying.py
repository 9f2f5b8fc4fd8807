"""Readers' way to a copy that has no network: a port of the node's own container, passed on to the copy's socket.

Run as root, which the copy's PostgreSQL does not know: a reader who comes in here is asked for a password, and can be
no other role than the one that was published.
"""

import asyncio
import os
import socket
import time

from howdah.recovery.copies import Copy, fail

LISTENS_SECONDS = 10


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def pass_on(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))


async def listen(port: int, path: str) -> None:
    server = await asyncio.start_server(lambda reader, writer: pass_on(path, reader, writer), None, port)
    async with server:
        await server.serve_forever()


def relay(root: str) -> None:
    copy = Copy(root)
    asyncio.run(listen(copy.port(), copy.path(f".s.PGSQL.{copy.port()}")))


def await_relay(root: str) -> dict[str, object]:
    """Until it takes connections."""
    port = Copy(root).port()
    end = time.monotonic() + LISTENS_SECONDS
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return {}
        time.sleep(0.05)
    fail(f"nothing listens on port {port} of {os.uname().nodename}")
