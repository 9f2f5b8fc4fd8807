"""The resident helper: prefetch.py SPOOL SERVER PG_WAL. One a spool; ends by itself when nobody has asked for a while.

  ready/NAME   whole segments, for the taking by rename
  partial/     what is being fetched, and unfinished last segments, which are never kept ready: there may be more of them soon
  socket       "get SECONDS NAME" -> "got PATH" | "missing" | "trouble WHY"; "ping"; "stop"
"""
import fcntl
import os
import shutil
import socketserver
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from archive import Archive, ArchiveError  # noqa: E402
from wal_file import segment_size  # noqa: E402

BOUND = int(os.environ.get("HOWDAH_WAL_SEGMENTS", 16))
CONNECTIONS = int(os.environ.get("HOWDAH_WAL_CONNECTIONS", 3))
IDLE_SECONDS = float(os.environ.get("HOWDAH_WAL_IDLE", 60))


class Prefetcher:
    def __init__(self, spool, server):
        self.ready, self.partial = os.path.join(spool, "ready"), os.path.join(spool, "partial")
        self.server = server
        self.change = threading.Condition()
        self.wanted = []  # asked for by PostgreSQL, first come first served
        self.ahead = []  # names not yet fetched, in the order of the replay
        self.fetching = set()
        self.expected = []  # the window
        self.ended = False  # the archive has no more of this timeline, or cannot be asked
        self.waiting = 0
        self.answers = {}  # of what was asked for: (word, text)
        self.size = None
        self.touched = time.monotonic()
        self.count = 0

    def window(self, name):
        """The segments after this one on its timeline. Where that ends PostgreSQL asks for one of another timeline."""
        per_id = (1 << 32) // self.size
        number = int(name[8:16], 16) * per_id + int(name[16:], 16)
        return [f"{name[:8]}{n // per_id:08X}{n % per_id:08X}" for n in range(number + 1, number + 1 + BOUND)]

    def look_ahead(self, name):
        """Held: change. What the replay will not ask for next makes room."""
        self.expected, self.ended = self.window(name), False
        for other in os.listdir(self.ready):
            if other != name and other not in self.expected:
                os.unlink(os.path.join(self.ready, other))
        self.ahead = [other for other in self.expected if other not in self.fetching and not os.path.exists(os.path.join(self.ready, other))]
        self.change.notify_all()

    def get(self, name, seconds):
        end = time.monotonic() + seconds
        with self.change:
            self.waiting += 1
            # An answer that somebody did not wait for is old: the archive may have the file by now.
            self.answers.pop(name, None)
            try:
                return self.wait_for(name, end)
            finally:
                self.waiting -= 1
                self.touched = time.monotonic()

    def wait_for(self, name, end):
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

    def next(self):
        """Held: change. The name to fetch next, and whether PostgreSQL waits for it."""
        if self.wanted:
            return self.wanted.pop(0), True
        # What was taken in silence, by the client's `mv`, has made room.
        if self.ahead and len(os.listdir(self.ready)) + len(self.fetching) < BOUND:
            return self.ahead.pop(0), False
        return None, False

    def work(self):
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
            try:
                outcome = self.fetch(archive, name, temporary, asked)
            except (ArchiveError, OSError) as error:
                outcome = ("trouble", str(error))
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                if os.path.exists(temporary):
                    os.unlink(temporary)
            with self.change:
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
            if outcome[0] == "trouble":
                time.sleep(0.5)

    def fetch(self, archive, name, temporary, asked):
        if archive.fetch(name, temporary):
            if name.endswith(".history"):
                return "got", temporary
            os.rename(temporary, os.path.join(self.ready, name))
            return "ready", ""
        if asked and len(name) == 24:
            if archive.fetch_partial(name, temporary):
                # It may have become whole between the two looks.
                whole = f"{temporary}.whole"
                if archive.fetch(name, whole):
                    os.unlink(temporary)
                    os.rename(whole, os.path.join(self.ready, name))
                    return "ready", ""
                return "got", temporary
            # No longer unfinished, because it was finished meanwhile?
            if archive.fetch(name, temporary):
                os.rename(temporary, os.path.join(self.ready, name))
                return "ready", ""
        return "missing", ""

    def watch(self, server):
        """Follows what the clients take, and ends it all when nobody takes anything any more."""
        before = set()
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

    def extend(self, taken):
        """Held: change. The window moves on behind what was taken in silence."""
        if self.ended or taken not in self.expected:
            return
        reached = self.expected[-1]
        self.expected = self.window(taken)
        self.ahead += [name for name in self.expected if name > reached]
        self.change.notify_all()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().decode().split()
        if words[:1] == ["get"]:
            answer = self.server.prefetcher.get(words[2], float(words[1]))
        else:
            answer = "here"
        self.wfile.write(f"{answer}\n".encode())
        if words == ["stop"]:
            threading.Thread(target=self.server.shutdown).start()


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 16


def main(spool, server, pg_wal):
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
        if os.path.exists(left):
            os.unlink(left)
    if os.stat(spool).st_dev == os.stat(pg_wal).st_dev:
        os.close(os.open("renames", os.O_WRONLY | os.O_CREAT))
    prefetcher = Prefetcher(spool, server)
    with Server("socket", Handler) as listener:
        listener.prefetcher = prefetcher
        for _ in range(CONNECTIONS):
            threading.Thread(target=prefetcher.work, daemon=True).start()
        threading.Thread(target=prefetcher.watch, args=[listener], daemon=True).start()
        listener.serve_forever(0.1)
    os.unlink("socket")
    for folder in ("ready", "partial"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
