import unittest

from howdah.recovery import copies
from howdah.refusal import Refusal


class RootsTest(unittest.TestCase):
    def test_a_copy_lies_where_copies_lie_and_nowhere_else(self) -> None:
        for root in ("/var/lib/barman/recoveries/r1", "/var/lib/postgresql/17/patroni1.recovery-r1"):
            self.assertEqual(copies.Copy(root).directory, f"{root}/data")
        for root in ("/var/lib/postgresql/17/patroni1", "/var/lib/barman/recoveries/../x", "/etc", ""):
            with self.assertRaisesRegex(Refusal, "is no place for a recovered copy"):
                copies.Copy(root)
