"""What a program was asked, where that is more than a word: JSON, with these fields and no others."""

import json
from collections.abc import Callable
from typing import TypeVar

from howdah.refusal import Refusal

Request = TypeVar("Request")


def parse(text: str, kind: Callable[..., Request]) -> Request:
    """KIND is a NamedTuple whose fields are plain types."""
    wanted: dict[str, type] = kind.__annotations__
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    # No subtype will do: True is a number to Python.
    if not isinstance(given, dict) or {name: type(value) for name, value in given.items()} != wanted:
        fields = ", ".join(f'"{name}": {each.__name__}' for name, each in wanted.items())
        raise Refusal(f"{text} is not {{{fields}}}")
    return kind(**given)
