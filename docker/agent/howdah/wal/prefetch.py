"""The resident helper: prefetch.py SPOOL SERVER PG_WAL. One a spool; ends by itself when idle for a while.

ready/NAME   whole segments, for the taking by rename
partial/     what is being fetched, and unfinished last segments, which are never kept ready: they may still grow
socket       "get SECONDS NAME" -> "got PATH" | "missing" | "trouble WHY"; "ping"; "stop"
"""

import fcntl
import os
import shutil
import socketserver
import sys
import threading
import time
from typing import cast

from howdah import files
from howdah.wal import names
from howdah.wal.archive_client import Archive, ArchiveError
from howdah.wal.segment import segment_size

BOUND = int(os.environ.get("HOWDAH_WAL_SEGMENTS", 16))
CONNECTIONS = int(os.environ.get("HOWDAH_WAL_CONNECTIONS", 3))
IDLE_SECONDS = float(os.environ.get("HOWDAH_WAL_IDLE", 60))
# A word, and what belongs to it: "ready", "got" PATH, "missing", "trouble" WHY.
Outcome = tuple[str, str]


class Prefetcher:
    def __init__(self, spool: str, server: str) -> None:
        self.ready, self.partial = os.path.join(spool, "ready"), os.path.join(spool, "partial")
        self.server = server
        self.change = threading.Condition()
        self.wanted: list[str] = []  # asked for by PostgreSQL, first come first served
        self.ahead: list[str] = []  # names not yet fetched, in the order of the replay
        self.fetching: set[str] = set()
        self.expected: list[str] = []  # the window
        self.ended = False  # the archive has no more of this timeline, or cannot be asked
        self.waiting = 0
        self.answers: dict[str, Outcome] = {}  # of what was asked for
        self.size = 0  # of a segment, known with the first one
        self.touched = time.monotonic()
        self.count = 0

    def window(self, name: str) -> list[str]:
        """The segments after this one on its timeline. Where that ends PostgreSQL asks for one of another timeline."""
        return names.following(name, self.size, BOUND)

    def look_ahead(self, name: str) -> None:
        """Held: change. What the replay will not ask for next makes room."""
        self.expected, self.ended = self.window(name), False
        for other in os.listdir(self.ready):
            if other != name and other not in self.expected:
                os.unlink(os.path.join(self.ready, other))
        self.ahead = [name for name in self.expected if name not in self.fetching and not self.is_ready(name)]
        self.change.notify_all()

    def is_ready(self, name: str) -> bool:
        return os.path.exists(os.path.join(self.ready, name))

    def get(self, name: str, seconds: float) -> str:
        end = time.monotonic() + seconds
        with self.change:
            self.waiting += 1
            # An answer that its client did not wait for is old: the archive may have the file by now.
            self.answers.pop(name, None)
            try:
                return self.wait_for(name, end)
            finally:
                self.waiting -= 1
                self.touched = time.monotonic()

    def wait_for(self, name: str, end: float) -> str:
        """Held: change."""
        path = os.path.join(self.ready, name)
        reason = "Barman does not answer"
        while (left := end - time.monotonic()) > 0:
            if os.path.exists(path):
                self.size = segment_size(path, name)
                self.look_ahead(name)
                return f"got {path}"
            word, text = self.answers.pop(name, (None, ""))
            if word in ("got", "missing"):
                return f"{word} {text}".strip()
            if word == "trouble":
                reason = text
                self.change.wait(min(left, 0.5))
            if name not in self.wanted and name not in self.fetching:
                self.wanted.append(name)
                self.change.notify_all()
            self.change.wait(min(left, 1))
        return f"trouble {reason}"

    def next(self) -> tuple[str | None, bool]:
        """Held: change. The name to fetch next, and whether PostgreSQL waits for it."""
        if self.wanted:
            return self.wanted.pop(0), True
        # What was taken in silence, by the client's `mv`, has made room.
        if self.ahead and len(os.listdir(self.ready)) + len(self.fetching) < BOUND:
            return self.ahead.pop(0), False
        return None, False

    def work(self) -> None:
        archive = Archive(self.server)
        while True:
            with self.change:
                name, asked = self.next()
                if name is None:
                    self.change.wait(0.05)
                    continue
                self.fetching.add(name)
                self.count += 1
                temporary = os.path.join(self.partial, f"{name}.{self.count}")
            outcome = self.try_to_fetch(archive, name, temporary, asked)
            with self.change:
                self.take_note(name, asked, outcome)
            if outcome[0] == "trouble":
                time.sleep(0.5)

    def try_to_fetch(self, archive: Archive, name: str, temporary: str, asked: bool) -> Outcome:
        try:
            return self.fetch(archive, name, temporary, asked)
        except (ArchiveError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            files.unlink(temporary)
            return "trouble", str(error)

    def take_note(self, name: str, asked: bool, outcome: Outcome) -> None:
        """Held: change."""
        self.fetching.discard(name)
        if outcome[0] == "ready":
            # The replay went another way meanwhile.
            if not asked and name not in self.expected:
                os.unlink(os.path.join(self.ready, name))
        elif asked:
            self.answers[name] = outcome
        elif name in self.expected:
            # The end, or trouble: nothing further on is asked for until PostgreSQL itself has come to it.
            self.ahead, self.ended = [], True
        self.change.notify_all()

    def fetch(self, archive: Archive, name: str, temporary: str, asked: bool) -> Outcome:
        if archive.fetch(name, temporary):
            return ("got", temporary) if names.is_history(name) else self.make_ready(name, temporary)
        if not asked or not names.SEGMENT.fullmatch(name):
            return "missing", ""
        if archive.fetch_partial(name, temporary):
            # It may have become whole between the two looks.
            whole = f"{temporary}.whole"
            if archive.fetch(name, whole):
                os.unlink(temporary)
                return self.make_ready(name, whole)
            return "got", temporary
        # No longer unfinished, because it was finished meanwhile?
        if archive.fetch(name, temporary):
            return self.make_ready(name, temporary)
        return "missing", ""

    def make_ready(self, name: str, whole: str) -> Outcome:
        os.rename(whole, os.path.join(self.ready, name))
        return "ready", ""

    def watch(self, server: socketserver.BaseServer) -> None:
        """Follows what the clients take, and ends it all when none takes anything any more."""
        before: set[str] = set()
        while True:
            time.sleep(0.05)
            with self.change:
                now = set(os.listdir(self.ready))
                taken = sorted(before - now)
                before = now
                if taken:
                    self.touched = time.monotonic()
                    self.extend(taken[-1])
                if time.monotonic() - self.touched > IDLE_SECONDS and not self.waiting:
                    break
        server.shutdown()

    def extend(self, taken: str) -> None:
        """Held: change. The window moves on after what was taken in silence."""
        if self.ended or taken not in self.expected:
            return
        reached = self.expected[-1]
        self.expected = self.window(taken)
        self.ahead += [name for name in self.expected if name > reached]
        self.change.notify_all()


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(Server, self.server)
        words = self.rfile.readline().decode().split()
        if words[:1] == ["get"]:
            answer = server.prefetcher.get(words[2], float(words[1]))
        else:
            answer = "here"
        self.wfile.write(f"{answer}\n".encode())
        if words == ["stop"]:
            threading.Thread(target=server.shutdown).start()


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, path: str, prefetcher: Prefetcher) -> None:
        super().__init__(path, Handler)
        self.prefetcher = prefetcher


def main(spool: str, server: str, pg_wal: str) -> None:
    os.umask(0o077)
    os.chdir(spool)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    # What a helper that was killed has left: what it fetched is quickly fetched again.
    for folder in ("ready", "partial"):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    for left in ("socket", "renames"):
        files.unlink(left)
    if os.stat(spool).st_dev == os.stat(pg_wal).st_dev:
        os.close(os.open("renames", os.O_WRONLY | os.O_CREAT))
    prefetcher = Prefetcher(spool, server)
    with Server("socket", prefetcher) as listener:
        for _ in range(CONNECTIONS):
            threading.Thread(target=prefetcher.work, daemon=True).start()
        threading.Thread(target=prefetcher.watch, args=[listener], daemon=True).start()
        listener.serve_forever(0.1)
    os.unlink("socket")
    for folder in ("ready", "partial"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
