import fcntl
import gzip
import hashlib
import io
import json
import os
from typing import Any

from howdah.archive.receive import HIDDEN, Gone, Receiver, Refused
from tests.support import SIZE, BarmanTestCase, segment

NAME = "000000010000000000000003"
INCOMING = f"home/patroni/incoming/{NAME}"
FILED = f"home/patroni/wals/{NAME[:16]}/{NAME}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class ReceiveTest(BarmanTestCase):
    def receive(self, content: bytes, *heard: "dict[str, Any] | bytes", name: str = NAME) -> list[dict[str, Any]]:
        """What it answers to the header of such a file, and to what comes after it."""
        header = {"server": "patroni", "name": name, "size": len(content), "mtime": 1_795_000_000_000_000_000}
        said = [part if isinstance(part, bytes) else json.dumps(part).encode() + b"\n" for part in (header, *heard)]
        self.answers = io.StringIO()
        receiver = Receiver(io.BytesIO(b"".join(said)), self.answers)
        receiver.receive(receiver.hear())
        return self.answered()

    def answered(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.answers.getvalue().splitlines()]

    def incoming(self) -> list[str]:
        return sorted(os.listdir(self.server.incoming))

    def test_a_new_segment_is_stored_with_its_time(self) -> None:
        content = segment(NAME)
        self.assertEqual(
            self.receive(content, content, {"sha256": sha256(content)}), [{"send": True}, {"stored": True}]
        )
        self.assertEqual((self.read(INCOMING), self.incoming()), (content, [NAME]))
        self.assertEqual(os.stat(self.path(INCOMING)).st_mtime_ns, 1_795_000_000_000_000_000)

    def test_the_same_content_is_had_already_where_it_waits_and_where_it_is_filed(self) -> None:
        content = segment(NAME)
        for place in (INCOMING, FILED):
            path = self.put(place, content)
            said = self.receive(content, {"bytes": SIZE, "sha256": sha256(content)})
            self.assertEqual(said, [{"compare": "file"}, {"have": True}], place)
            os.unlink(path)

    def test_a_copy_that_differs_after_the_end_of_its_wal_is_the_same(self) -> None:
        ours, theirs = segment(NAME, pages=2), segment(NAME, pages=2)[:9000].ljust(SIZE, b"\1")
        self.put(FILED, ours)
        whole, wal = {"bytes": SIZE, "sha256": sha256(theirs)}, {"bytes": 9000, "sha256": sha256(theirs[:9000])}
        said = self.receive(theirs, whole, wal)
        self.assertEqual(said, [{"compare": "file"}, {"compare": "wal"}, {"have": True}])

    def test_other_content_under_a_name_that_is_taken_is_refused_and_the_file_stays(self) -> None:
        ours, theirs = segment(NAME), segment(NAME, fill=b"y")
        self.put(FILED, ours)
        digest = {"bytes": SIZE, "sha256": sha256(theirs)}
        with self.assertRaisesRegex(Refused, "already, with other content"):
            self.receive(theirs, digest, digest)
        self.assertEqual((self.read(FILED), self.incoming()), (ours, []))

    def test_what_only_barman_can_read_is_compared_by_barman(self) -> None:
        self.server.opaque = True
        self.put("barman.conf", f"[barman]\nbarman_home = {self.path('home')}\ncompression = custom\n[patroni]\n")
        content = segment(NAME)
        self.put(FILED, b"encrypted")
        digest = {"bytes": SIZE, "sha256": sha256(content)}
        said = self.receive(content, digest, digest, content, {"sha256": sha256(content)})
        self.assertEqual(said[-2:], [{"send": True}, {"stored": True}])

    def test_what_changed_on_its_way_is_refused_and_nothing_is_left(self) -> None:
        content = segment(NAME)
        with self.assertRaisesRegex(Refused, "another checksum"):
            self.receive(content, content, {"sha256": sha256(b"other")})
        self.assertEqual(self.incoming(), [])

    def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(self) -> None:
        content = segment(NAME)
        with self.assertRaises(Gone):
            self.receive(content, content[:5000])
        self.assertEqual((self.answered(), self.incoming()), ([{"send": True}], []))

    def test_a_file_that_comes_from_another_node_meanwhile_is_not_replaced(self) -> None:
        content, test = segment(NAME), self

        class Slow(io.BytesIO):
            """The other node's file is there when the last byte of this one has come."""

            def readline(self, size: "int | None" = -1, /) -> bytes:
                line = super().readline(size)
                if b"sha256" in line and not os.path.exists(test.path(INCOMING)):
                    test.put(INCOMING, content)
                return line

        header = {"server": "patroni", "name": NAME, "size": SIZE, "mtime": 0}
        said = json.dumps(header).encode() + b"\n" + content + json.dumps({"sha256": sha256(content)}).encode() + b"\n"
        self.answers = io.StringIO()
        receiver = Receiver(Slow(said), self.answers)
        receiver.receive(receiver.hear())
        self.assertEqual(self.answered(), [{"send": True}, {"stored": True}])
        self.assertEqual(self.incoming(), [NAME])
        self.assertNotEqual(os.stat(self.path(INCOMING)).st_mtime_ns, 0)

    def test_names_and_sizes_that_no_wal_has_are_refused(self) -> None:
        with self.assertRaisesRegex(Refused, "no name of a WAL segment"):
            self.receive(b"", name="../../barman.conf")
        header = {"server": "patroni", "name": NAME, "size": (1 << 30) + 1, "mtime": 0}
        receiver = Receiver(io.BytesIO(json.dumps(header).encode() + b"\n"), io.StringIO())
        with self.assertRaisesRegex(Refused, "of 1073741825 bytes"):
            receiver.receive(receiver.hear())

    def test_what_broken_transfers_have_left_is_swept_and_one_that_goes_on_is_not(self) -> None:
        left = self.put(f"home/patroni/incoming/{HIDDEN}{NAME}.1", b"half")
        with open(self.put(f"home/patroni/incoming/{HIDDEN}{NAME}.2", b"half"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            content = segment(NAME)
            self.receive(content, content, {"sha256": sha256(content)})
        self.assertFalse(os.path.exists(left))
        self.assertEqual(self.incoming(), [f"{HIDDEN}{NAME}.2", NAME])

    def test_a_compressed_file_is_compared_by_its_content(self) -> None:
        content = segment(NAME)
        self.put(FILED, gzip.compress(content))
        said = self.receive(content, {"bytes": SIZE, "sha256": sha256(content)})
        self.assertEqual(said, [{"compare": "file"}, {"have": True}])
