import gzip
import os
import struct

from howdah.wal.segment import (
    PAGE,
    PAGE_HEADER,
    WalFileError,
    check_whole,
    end_of_record,
    end_of_wal,
    never_written,
    segment_size,
    unpack,
    written_bytes,
)
from tests.support import SIZE, TestCase, page, segment

NAME = "000000010000000000000003"
OTHER = "000000010000000000000004"


def record(position: int, length: int, description: str) -> str:
    """As pg_waldump of PostgreSQL 17 prints one of this segment."""
    return (
        f"rmgr: XLOG        len (rec/tot): {length:6}/{length:6}, tx:          0, "
        f"lsn: 0/{3 * SIZE + position:08X}, prev 0/00300028, desc: {description} "
    )


class SegmentTest(TestCase):
    def test_its_size_is_what_its_first_page_says(self) -> None:
        self.assertEqual(segment_size(self.put(NAME, segment(NAME)), NAME), SIZE)

    def test_the_content_of_another_segment_is_refused(self) -> None:
        with self.assertRaisesRegex(WalFileError, "has the content of another segment"):
            segment_size(self.put(NAME, segment(OTHER)), NAME)

    def test_what_is_no_wal_is_refused(self) -> None:
        for content, why in ((b"\0" * SIZE, "does not begin like"), (segment(NAME)[:20], "ends in its header")):
            with self.assertRaisesRegex(WalFileError, why):
                segment_size(self.put(NAME, content), NAME)

    def test_a_whole_one_has_all_of_its_bytes(self) -> None:
        check_whole(self.put(NAME, segment(NAME)), NAME)
        for content in (segment(NAME)[:-1], segment(NAME) + b"\0"):
            with self.assertRaisesRegex(WalFileError, "bytes, not"):
                check_whole(self.put(NAME, content), NAME)

    def test_an_unfinished_one_is_filled_up_with_zeros(self) -> None:
        path = self.put(NAME, segment(NAME)[: 3 * PAGE])
        check_whole(path, NAME, pad=True)
        self.assertEqual(self.read(NAME), segment(NAME, pages=3))

    def test_a_history_file_is_whole_as_it_is(self) -> None:
        check_whole(self.put("00000002.history", ""), "00000002.history")

    def test_it_is_written_as_far_as_its_pages_carry_their_own_address(self) -> None:
        recycled = segment(NAME, pages=2)[: 2 * PAGE] + segment(OTHER)[2 * PAGE :]
        self.assertEqual(written_bytes(self.put(NAME, recycled), NAME), 2 * PAGE)
        half = segment(NAME, pages=2)[: PAGE + 100].ljust(SIZE, b"\0")
        self.assertEqual(written_bytes(self.put(NAME, half), NAME), PAGE + 100)
        self.assertEqual(written_bytes(self.put(NAME, b"\0" * SIZE), NAME), 0)


class NeverWrittenTest(TestCase):
    def is_never_written(self, content: bytes) -> bool:
        return never_written(self.put(NAME, content), NAME)

    def test_zeros_and_an_old_segment_under_a_new_name_are_nothing(self) -> None:
        self.assertTrue(self.is_never_written(b"\0" * SIZE))
        self.assertTrue(self.is_never_written(segment(OTHER)))

    def test_one_page_of_its_own_is_something(self) -> None:
        content = bytearray(SIZE)
        content[5 * PAGE : 6 * PAGE] = page(3 * SIZE + 5 * PAGE)
        self.assertFalse(self.is_never_written(bytes(content)))

    def test_damage_is_something(self) -> None:
        self.assertFalse(self.is_never_written(b"\0" * (SIZE - PAGE) + b"damage".ljust(PAGE, b"\0")))


class EndOfWalTest(TestCase):
    def end(self, pages: int, *lines: str) -> int:
        return self.end_in(segment(NAME, pages), *lines)

    def end_in(self, content: bytes, *lines: str) -> int:
        self.install_waldump(*lines)
        return end_of_wal(self.put(NAME, content), NAME)

    def test_a_closed_segment_ends_with_its_switch_record(self) -> None:
        lines = (record(0x100, 50, "CHECKPOINT_ONLINE redo"), record(0x200, 24, "SWITCH"))
        self.assertEqual(self.end(SIZE // PAGE, *lines), 0x200 + 24)

    def test_a_full_segment_counts_as_a_whole(self) -> None:
        self.assertEqual(self.end(SIZE // PAGE, record(0x100, 50, "CHECKPOINT_ONLINE redo")), SIZE)

    def test_the_last_one_of_a_timeline_ends_with_its_last_record(self) -> None:
        last = record(0x100, 50, "CHECKPOINT_ONLINE redo")
        ended = segment(NAME)[: 0x100 + 50]
        self.assertEqual(self.end_in(ended.ljust(SIZE, b"\0"), last), 0x100 + 50)
        recycled = ended.ljust(PAGE, b"\0") + segment(OTHER)[PAGE:]
        self.assertEqual(self.end_in(recycled, last), 0x100 + 50)

    def test_what_a_user_calls_a_message_is_no_record(self) -> None:
        """Its prefix is printed as it is, and may go on in a line of its own: as of none, or as of another record."""
        begins = 'MESSAGE non-transactional, prefix "'
        for forged in (record(0, 24, "SWITCH"), record(0x100, 24, "SWITCH"), record(0x200, 24, "SWITCH")):
            for line_break in ("\n", ""):
                with self.subTest((forged, line_break)):
                    message = record(0x200, 90, f'{begins}{line_break}{forged}"; payload (0 bytes):')
                    self.assertEqual(self.end(SIZE // PAGE, record(0x100, 50, "RUNNING_XACTS"), message), SIZE)

    def test_a_message_of_several_lines_ends_where_it_ends(self) -> None:
        content = segment(NAME)[: 0x200 + 90].ljust(SIZE, b"\0")
        message = record(0x200, 90, 'MESSAGE non-transactional, prefix "one\ntwo"; payload (0 bytes):')
        self.assertEqual(self.end_in(content, message), 0x200 + 90)

    def test_what_was_there_before_or_is_a_record_of_which_not_all_has_arrived_does_not_count(self) -> None:
        last = record(0x100, 50, "CHECKPOINT_ONLINE redo")
        before = segment(NAME)[: 0x100 + 100].ljust(SIZE, b"\0")
        header = struct.pack("<I", 2 * PAGE)
        unfinished = segment(NAME)[:0x138] + header + segment(NAME)[0x138 + 4 : 2 * PAGE + 500]
        for content in (before, unfinished.ljust(SIZE, b"\0")):
            self.assertEqual(self.end_in(content, last), 0x100 + 50)

    def test_where_its_own_pages_go_on_after_what_can_be_read_it_is_damaged_and_counts_as_a_whole(self) -> None:
        last = record(0x100, 50, "CHECKPOINT_ONLINE redo")
        lost_page = segment(NAME)[: 0x100 + 50].ljust(2 * PAGE, b"\0") + segment(NAME, pages=3)[2 * PAGE :]
        damaged_record = segment(NAME)[:0x138] + struct.pack("<I", 100) + segment(NAME, pages=2)[0x138 + 4 :]
        for content in (lost_page, damaged_record, segment(NAME, pages=2)):
            self.assertEqual(self.end_in(content, last), SIZE)

    def test_what_postgresql_cannot_read_counts_as_a_whole(self) -> None:
        self.assertEqual(self.end(2), SIZE)
        self.assertEqual(self.end(2, "nothing that looks like a record"), SIZE)

    def test_a_record_goes_on_after_the_header_of_the_next_page(self) -> None:
        self.assertEqual(end_of_record(PAGE - 10, 30), PAGE + PAGE_HEADER + 20)
        self.assertEqual(end_of_record(PAGE - 10, 10), PAGE)
        two_pages = PAGE + (PAGE - PAGE_HEADER)
        self.assertEqual(end_of_record(0, two_pages + 1), 2 * PAGE + PAGE_HEADER + 1)


class UnpackTest(TestCase):
    def test_what_is_plain_stays_as_it_is(self) -> None:
        unpack(self.put(NAME, segment(NAME)), NAME)
        self.assertEqual(self.read(NAME), segment(NAME))

    def test_what_is_compressed_is_unpacked_in_its_place(self) -> None:
        unpack(self.put(NAME, gzip.compress(segment(NAME))), NAME)
        self.assertEqual(self.read(NAME), segment(NAME))

    def test_what_is_cut_off_is_refused_and_nothing_is_left_beside_it(self) -> None:
        path = self.put(NAME, gzip.compress(segment(NAME))[:-8])
        with self.assertRaisesRegex(WalFileError, "cut off"):
            unpack(path, NAME)
        self.assertEqual(os.listdir(self.root), [NAME])
