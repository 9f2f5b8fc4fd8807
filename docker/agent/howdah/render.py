"""howdah-render TEMPLATE: fills ${NAME} and ${NAME:-default} from the environment, on stdout.

Values are escaped as in a double-quoted YAML string, so that a password may hold any character. An unset name without
default is an error: a half-filled configuration must not start anything.
"""

import os
import re
import sys
from collections.abc import Mapping

PLACE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")


class NotSetError(Exception):
    """A name without a value of one line."""


def render(template: str, environment: Mapping[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        value = environment.get(match["name"]) or match["default"]
        if value is None or "\n" in value:
            raise NotSetError(f"{match['name']} is not set, or has more than one line")
        return value.replace("\\", "\\\\").replace('"', '\\"')

    return PLACE.sub(fill, template)


def main() -> None:
    path = sys.argv[1]
    with open(path, encoding="utf-8") as template:
        text = template.read()
    try:
        sys.stdout.write(render(text, os.environ))
    except NotSetError as error:
        sys.exit(f"howdah-render: {path}: {error}")
