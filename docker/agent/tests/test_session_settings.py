import io
import unittest
from contextlib import redirect_stdout

from howdah import session_settings


class SessionSettings(unittest.TestCase):
    def said(self, *arguments: str) -> str:
        with redirect_stdout(io.StringIO()) as out:
            session_settings.main(arguments)
        return out.getvalue()

    def test_blanks_in_a_value_do_not_end_an_option(self) -> None:
        self.assertIn(r"-c DateStyle=ISO,\ YMD -c", self.said("options"))
        self.assertIn(r"-c default_transaction_isolation=read\ committed", self.said("options"))

    def test_a_change_takes_the_place_of_a_setting(self) -> None:
        options = session_settings.superuser(statement_timeout="5s")
        self.assertIn("-c statement_timeout=5s", options)
        self.assertNotIn("-c statement_timeout=0", options)

    def test_patroni_keeps_what_it_asks_for_itself(self) -> None:
        options = session_settings.for_patroni({"options": "-c statement_timeout=2000 -c search_path=pg_catalog"})
        self.assertTrue(options.startswith(session_settings.superuser()))
        self.assertTrue(options.endswith(" -c statement_timeout=2000 -c search_path=pg_catalog"))
        self.assertEqual(session_settings.for_patroni({}), session_settings.superuser())

    def test_a_replication_session_asks_for_what_its_role_may(self) -> None:
        options = session_settings.for_patroni({"replication": 1, "options": "-c statement_timeout=2000"})
        self.assertIn("-c DateStyle=", options)
        self.assertNotIn("event_triggers", options)

    def test_so_does_one_of_a_role_that_is_for_rewinding_alone(self) -> None:
        self.assertNotIn("event_triggers", session_settings.for_patroni({"user": "rewinder"}))
        self.assertIn("event_triggers", session_settings.for_patroni({"user": "postgres"}))

    def test_people_who_ask_through_patronictl_bring_their_own(self) -> None:
        asked = {"fallback_application_name": "Patroni ctl", "options": "-c work_mem=1GB"}
        self.assertEqual(session_settings.for_patroni(asked), "-c work_mem=1GB")
        self.assertEqual(session_settings.for_patroni({"fallback_application_name": "Patroni ctl"}), "")

    def test_a_role_has_each_of_them(self) -> None:
        settings = self.said("roles", 'odd"name').splitlines()
        self.assertIn("""ALTER ROLE "odd""name" SET DateStyle TO 'ISO', 'YMD';""", settings)
        self.assertIn("""ALTER ROLE "odd""name" SET event_triggers TO 'off';""", settings)
        self.assertEqual(len(settings), len(session_settings.OF_ANY_ROLE) + len(session_settings.FOR_A_ROLE))

    def test_what_it_does_not_know_it_says(self) -> None:
        for arguments in ((), ("roles",), ("else",)):
            with self.assertRaises(SystemExit) as ended:
                session_settings.main(arguments)
            self.assertIn("roles ROLE...", str(ended.exception))


if __name__ == "__main__":
    unittest.main()
