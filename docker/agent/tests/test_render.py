import unittest

from howdah.render import NotSetError, render


class RenderTest(unittest.TestCase):
    def test_names_are_filled_in_and_escaped_as_in_yaml(self) -> None:
        self.assertEqual(render('password: "${SECRET}"', {"SECRET": 'a"b\\c'}), 'password: "a\\"b\\\\c"')

    def test_a_default_stands_in_for_what_is_unset_or_empty(self) -> None:
        self.assertEqual(render("${A:-1} ${B:-2} ${C:-}", {"A": "", "C": "3"}), "1 2 3")

    def test_what_is_not_set_or_has_several_lines_is_an_error(self) -> None:
        for environment in ({}, {"A": "one\ntwo"}):
            with self.assertRaisesRegex(NotSetError, "A is not set, or has more than one line"):
                render("${A}", environment)
