from howdah.data import control
from howdah.refusal import KILLED, Refusal
from tests.support import TestCase

SAID = """Database system identifier:           7713299059352088616
Database cluster state:               shut down
Latest checkpoint location:           0/2000080
Latest checkpoint's TimeLineID:       3
Time of latest checkpoint:            Sat 28 Nov 2026 10:00:00 AM UTC
"""
WARNING = "pg_controldata: warning: calculated CRC checksum does not match value stored in control file"


class ControlTest(TestCase):
    def install_controldata(self, said: str = SAID, warning: str = "", ends: str = "exit 0") -> None:
        self.put("said", said)
        self.put("warning", warning)
        script = f"""cat '{self.path("said")}'; cat '{self.path("warning")}' >&2; {ends}"""
        self.install("pg_controldata", f'#!/bin/sh\n[ "$LC_ALL $1 $2" = "C -D /data" ] || exit 9\n{script}\n')

    def test_it_is_read_by_its_names(self) -> None:
        self.install_controldata()
        whole = {"systemIdentifier": "7713299059352088616", "state": "shut down", "checkpointLsn": "0/2000080"}
        self.assertEqual(control.control("/data"), {"read": "WHOLE", **whole, "timeline": 3})
        self.assertEqual(control.control_data("/data")["Time of latest checkpoint"], "Sat 28 Nov 2026 10:00:00 AM UTC")
        self.assertEqual(control.state("/data"), "shut down")

    def test_with_a_wrong_checksum_which_is_only_warned_of_nothing_in_it_is_told(self) -> None:
        self.install_controldata(warning=f"{WARNING}\nDetail: whatever\n")
        self.assertEqual(control.control("/data"), {"read": "DAMAGED"})
        with self.assertRaisesRegex(Refusal, "cannot be read: .*checksum"):
            control.control_data("/data")
        self.assertEqual(control.state("/data"), "shut down")

    def test_another_warning_is_no_damage(self) -> None:
        self.install_controldata(warning="pg_controldata: warning: invalid WAL segment size\n")
        self.assertEqual(control.control("/data")["read"], "WHOLE")

    def test_what_it_does_not_say_is_not_made_up(self) -> None:
        for said in (SAID.replace("TimeLineID", "x"), SAID.replace("  3\n", "\n")):
            self.install_controldata(said)
            answer = {"read": "PARTIAL", "missing": "Latest checkpoint's TimeLineID"}
            self.assertEqual(control.control("/data"), answer)

    def test_where_it_cannot_be_read_its_words_say_why(self) -> None:
        for ends, code in (("exit 1", 1), ("kill -9 $$", KILLED)):
            self.install_controldata("", "could not open file\n", ends)
            with self.assertRaisesRegex(Refusal, "pg_control of /data cannot be read: could not open") as refused:
                control.control("/data")
            self.assertEqual(refused.exception.exit_code, code)
            self.assertIsNone(control.state("/data"))
