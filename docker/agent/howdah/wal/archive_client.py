"""One kept connection to Barman's archive: WAL files come through it, whole and plain, or not at all.

At the other end is howdah-serve-wal.
"""

import os
import select
import subprocess
import time
import zlib
from collections.abc import Callable
from typing import IO

from howdah import ssh
from howdah.wal.codec import CHUNK, MAGIC_BYTES, Decompressor, decompressor
from howdah.wal.segment import WalFileError, check_whole, written_bytes

# Longer than any disk should need for its next megabyte.
SILENCE_SECONDS = 20
# Where the last, unfinished state of a segment may lie: see howdah-serve-wal.
PLACES = 3


class ArchiveError(Exception):
    """The archive could not be asked, or gave what is not right: nothing is known about what it has."""


class Archive:
    def __init__(self, server: str) -> None:
        program = ["howdah-serve-wal", server]
        self.command = ssh.command(ssh.barman(), program, *ssh.FAST, "ServerAliveInterval=5")
        self.process: subprocess.Popen[bytes] | None = None
        self.buffer = b""

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            _pipe(self.process.stdin).close()
            _pipe(self.process.stdout).close()
            self.process = None

    def fetch(self, name: str, path: str) -> bool:
        """Writes NAME to the path and answers True; False where the archive certainly does not have it."""
        return self._safely(lambda: self._receive(f"get {name}", name, path))

    def fetch_partial(self, name: str, path: str) -> bool:
        """The furthest written of what there is of an unfinished segment, filled up with zeros."""
        return self._safely(lambda: self._receive_furthest(name, path))

    def _receive_furthest(self, name: str, path: str) -> bool:
        best = 0
        for place in range(PLACES):
            candidate = f"{path}.{place}"
            if not self._receive(f"partial {name} {place}", name, candidate, partial=True):
                continue
            written = written_bytes(candidate, name)
            if written > best:
                best = written
                os.rename(candidate, path)
            else:
                os.unlink(candidate)
        if best:
            check_whole(path, name, pad=True)
        return best > 0

    def _safely(self, work: Callable[[], bool]) -> bool:
        try:
            self._connect()
            return work()
        except (ArchiveError, WalFileError, OSError, ValueError, EOFError, zlib.error) as error:
            self.close()
            raise ArchiveError(str(error)) from error
        except Exception as error:
            # Each decompressor has errors of its own.
            self.close()
            raise ArchiveError(f"{type(error).__name__}: {error}") from error

    def _connect(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        self.close()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        os.set_blocking(_pipe(self.process.stdout).fileno(), False)
        self.buffer = b""
        line = self._line()
        if line != "ready":
            raise ArchiveError(line)

    def _read(self, limit: int) -> bytes:
        descriptor = _pipe(self._running().stdout).fileno()
        end = time.monotonic() + SILENCE_SECONDS
        while (left := end - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                chunk = os.read(descriptor, limit)
                if not chunk:
                    raise ArchiveError("Barman's end of the connection is gone")
                return chunk
        raise ArchiveError("Barman is silent")

    def _line(self) -> str:
        while b"\n" not in self.buffer:
            self.buffer += self._read(4096)
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("ascii", "replace")

    def _receive(self, request: str, name: str, path: str, partial: bool = False) -> bool:
        _pipe(self._running().stdin).write(f"{request}\n".encode())
        word, _, rest = self._line().partition(" ")
        if word == "missing":
            return False
        if word != "file":
            raise ArchiveError(f"{name}: {rest or word}")
        with open(path, "wb") as file:
            self._receive_content(int(rest), name, file)
            file.flush()
            if not partial:
                check_whole(path, name)
                # PostgreSQL will do it before it replays the segment; here it costs the replay nothing.
                os.fsync(file.fileno())
        return True

    def _receive_content(self, size: int, name: str, file: IO[bytes]) -> None:
        left, checksum = size, 0
        plain: Decompressor | None = None
        while left:
            # The first piece must hold the magic bytes.
            while len(self.buffer) < min(left, MAGIC_BYTES):
                self.buffer += self._read(CHUNK)
            chunk, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            plain = plain or decompressor(chunk)
            file.write(plain.decompress(chunk))
        if self._line() != f"{checksum:08x}":
            raise ArchiveError(f"{name} was damaged on its way")
        # A compressed file that was cut off ends without its end mark.
        if plain is not None and not plain.eof:
            raise ArchiveError(f"{name} is cut off in the archive")

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        return self.process


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """One that was asked for is there."""
    assert pipe is not None
    return pipe
