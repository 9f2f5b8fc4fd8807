import unittest

from howdah.wal import names

MIB = 1 << 20


class NamesTest(unittest.TestCase):
    def test_a_segment_starts_where_its_name_says(self) -> None:
        self.assertEqual(names.start_of("000000020000000300000005", 16 * MIB), (3 << 32) + 5 * 16 * MIB)

    def test_the_segments_after_one_stay_on_its_timeline_and_go_on_with_the_next_four_gibibytes(self) -> None:
        following = names.following("0000000A00000001000000FE", 16 * MIB, 3)
        self.assertEqual(
            following, ["0000000A00000001000000FF", "0000000A0000000200000000", "0000000A0000000200000001"]
        )

    def test_larger_segments_are_fewer(self) -> None:
        self.assertEqual(names.following("000000010000000000000003", 1024 * MIB, 1), ["000000010000000100000000"])

    def test_history_files_are_filed_beside_the_folders_of_segments(self) -> None:
        self.assertEqual(names.folder_of("00000002.history"), "")
        self.assertEqual(names.folder_of("000000010000000000000003"), "0000000100000000")
        self.assertEqual(names.folder_of("000000010000000000000003.partial"), "0000000100000000")

    def test_only_what_postgresql_archives_is_taken(self) -> None:
        segment = "000000010000000000000003"
        for name in (segment, f"{segment}.partial", f"{segment}.00000028.backup", "00000002.history"):
            self.assertTrue(names.ARCHIVED.fullmatch(name), name)
        for name in (f"{segment}.tmp", segment.lower() + "g", "../" + segment, "00000002.HISTORY", segment + "\n", ""):
            self.assertFalse(names.ARCHIVED.fullmatch(name), name)

    def test_only_segments_and_histories_are_handed_out(self) -> None:
        self.assertTrue(names.SEGMENT_OR_HISTORY.fullmatch("00000002.history"))
        self.assertFalse(names.SEGMENT_OR_HISTORY.fullmatch("000000010000000000000003.partial"))

    def test_a_duplicate_names_its_segment(self) -> None:
        match = names.DUPLICATE.fullmatch("000000010000000000000003.partial.20261128T100000Z.duplicate")
        self.assertEqual(match and match.groups(), ("000000010000000000000003", ".partial"))

    def test_a_position_is_read_and_written_as_postgresql_writes_it(self) -> None:
        self.assertEqual(names.position_of("1/A0"), (1 << 32) + 0xA0)
        self.assertEqual(names.lsn_of((1 << 32) + 0xA0), "1/A0")
