"""howdah-settle-duplicates SERVER: removes second copies of segments that Barman set aside, where they are true ones.

WAL comes on two ways, streamed and from archive_command, and the copies of a segment may differ in what is never read
(see end_of_wal). So does the padding of a timeline's last, partial one, which the next timeline has whole. Barman
compares every byte, sets the second copy aside, and reports an error until a person has looked at it. What differs in
WAL stays where it is, and Barman's check goes on failing: that is for a person.
"""

import os
import sys

from howdah.barman.server import Server
from howdah.wal import names
from howdah.wal.codec import Unreadable, digest_of
from howdah.wal.segment import end_of_wal


def is_copy(server: Server, name: str, path: str) -> bool:
    filed = os.path.join(server.wals, names.folder_of(name), name)
    counts = end_of_wal(path, name)
    return digest_of(filed, counts) == digest_of(path, counts)


def settle(server: Server) -> None:
    for entry in sorted(os.listdir(server.errors)):
        match = names.DUPLICATE.fullmatch(entry)
        if not match:
            continue
        name, partial = match.groups()
        path = os.path.join(server.errors, entry)
        try:
            if partial or is_copy(server, name, path):
                os.unlink(path)
                print(f"{entry}: a second copy of what is filed, removed", flush=True)
        except (OSError, Unreadable) as error:
            print(f"{entry}: {error}", file=sys.stderr, flush=True)


def main() -> None:
    settle(Server(sys.argv[1]))
