"""One kept connection to Barman's archive: WAL files come through it, whole and plain, or not at all."""
import os
import select
import subprocess
import time
import zlib

from wal_file import WalFileError, check_whole, decompressor, written_bytes

# Longer than any disk should need for its next megabyte.
SILENCE_SECONDS = 20


class ArchiveError(Exception):
    """The archive could not be asked, or gave what is not right: nothing is known about what it has."""


class Archive:
    def __init__(self, server):
        where = os.environ.get("HOWDAH_BARMAN") or ("local" if os.path.exists("/usr/local/bin/howdah-serve-wal") else "barman@barman")
        # A cipher that processors have instructions for: encryption is the larger part of a transfer's cost.
        ssh = ["ssh", "-T", "-o", "Ciphers=^aes128-gcm@openssh.com", "-o", "Compression=no", "-o", "ConnectTimeout=5",
               "-o", "ServerAliveInterval=5", where]
        self.command = [*([] if where == "local" else ssh), "howdah-serve-wal", server]
        self.process = None

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def fetch(self, name, path):
        """Writes NAME to the path and answers True; False where the archive certainly does not have it."""
        return self._safely(lambda: self._receive(f"get {name}", name, path))

    def fetch_partial(self, name, path):
        """The furthest written of what there is of an unfinished segment, filled up with zeros."""
        def furthest():
            best = 0
            for place in range(3):
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
        return self._safely(furthest)

    def _safely(self, work):
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

    def _connect(self):
        if self.process is not None and self.process.poll() is None:
            return
        self.close()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.buffer = b""
        line = self._line()
        if line != "ready":
            raise ArchiveError(line)

    def _read(self, limit):
        descriptor = self.process.stdout.fileno()
        end = time.monotonic() + SILENCE_SECONDS
        while (left := end - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                chunk = os.read(descriptor, limit)
                if not chunk:
                    raise ArchiveError("Barman's end of the connection is gone")
                return chunk
        raise ArchiveError("Barman is silent")

    def _line(self):
        while b"\n" not in self.buffer:
            self.buffer += self._read(4096)
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("ascii", "replace")

    def _receive(self, request, name, path, partial=False):
        self.process.stdin.write(f"{request}\n".encode())
        word, _, rest = self._line().partition(" ")
        if word == "missing":
            return False
        if word != "file":
            raise ArchiveError(f"{name}: {rest or word}")
        left, checksum, plain = int(rest), 0, None
        with open(path, "wb") as file:
            while left:
                # The first piece must hold the magic bytes.
                while len(self.buffer) < min(left, 8):
                    self.buffer += self._read(1 << 20)
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
            file.flush()
            if not partial:
                check_whole(path, name)
                # PostgreSQL will do it before it replays the segment; here it costs the replay nothing.
                os.fsync(file.fileno())
        return True
