"""WAL of one of Barman's servers, for the other end of a kept connection: a name in, its bytes out, as they are filed.

howdah-serve-wal SERVER                 first line out: "ready"
in:  get NAME                           NAME of a segment or history file, and nothing else
     partial NAME N                     the Nth place at which its last, unfinished state may lie
out: "file SIZE" SIZE bytes "CRC32"     each a line, but for the bytes
     "missing" | "error WHY"
"""

import configparser
import io
import os
import sys
import zlib

from howdah.barman.server import Server
from howdah.wal import names
from howdah.wal.codec import CHUNK


def say(line: str) -> None:
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()


def find(paths: list[str]) -> io.FileIO | None:
    for path in paths:
        try:
            return open(path, "rb", buffering=0)
        except FileNotFoundError:
            continue
    return None


def send(file: io.FileIO) -> None:
    with file:
        size, checksum = os.fstat(file.fileno()).st_size, 0
        say(f"file {size}")
        left = size
        while left:
            chunk = file.read(min(left, CHUNK))
            if not chunk:
                # Cut off while it was read. What was promised cannot be kept: the other end sees the connection end.
                sys.exit(1)
            checksum = zlib.crc32(chunk, checksum)
            sys.stdout.buffer.write(chunk)
            left -= len(chunk)
        say(f"{checksum:08x}")


def answer(server: Server, words: list[str]) -> None:
    if len(words) < 2 or not names.SEGMENT_OR_HISTORY.fullmatch(words[1]):
        raise ValueError("no WAL file is called that")
    for folder in (server.wals, server.streaming, server.incoming):
        # "It is not there" must be true: an unmounted disk is not an archive that ended.
        os.stat(folder)
    name = words[1]
    if words[0] == "get":
        file = find(whole_places(server, name))
    elif words[0] == "partial" and len(words) == 3 and words[2] in ("0", "1", "2") and not names.is_history(name):
        file = find([partial_places(server, name)[int(words[2])]])
    else:
        raise ValueError("no such request")
    if file is None:
        say("missing")
    else:
        send(file)


def filed_in(server: Server, name: str) -> str:
    return os.path.join(server.wals, names.folder_of(name), name)


def whole_places(server: Server, name: str) -> list[str]:
    """Where it is filed comes last again: between two looks it may have come from one of the others."""
    filed = filed_in(server, name)
    return [filed, os.path.join(server.streaming, name), os.path.join(server.incoming, name), filed]


def partial_places(server: Server, name: str) -> list[str]:
    places = (os.path.join(server.streaming, name), os.path.join(server.incoming, name), filed_in(server, name))
    return [f"{place}.partial" for place in places]


def serve(name: str) -> None:
    server = Server(name)
    say("ready")
    for line in sys.stdin.buffer:
        try:
            answer(server, line.decode("ascii", "replace").split())
        except (OSError, ValueError) as error:
            say(f"error {one_line(error)}")


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def main() -> None:
    try:
        serve(sys.argv[1])
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
    except (IndexError, ValueError, configparser.Error) as error:
        say(f"error {one_line(error)}")
        sys.exit(1)
