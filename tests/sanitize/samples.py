"""Strings that a regular expression matches, drawn without a search: hypothesis takes a second for a long pattern."""

import random
from re import _constants as codes
from re import _parser as parser
from typing import Any

MORE = 3  # repetitions above the least


def sample(pattern: str, drawn: random.Random) -> str:
    """One string that the pattern matches; what only looks ahead or names a place adds nothing."""
    return _of_sequence(parser.parse(pattern), drawn)


def _of_sequence(items: Any, drawn: random.Random) -> str:
    return "".join(_of_item(operation, argument, drawn) for operation, argument in items)


def _of_item(operation: Any, argument: Any, drawn: random.Random) -> str:
    if operation is codes.LITERAL:
        return chr(argument)
    if operation is codes.IN:
        return drawn.choice(_characters(argument))
    if operation is codes.ANY:
        return "."
    if operation in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, items = argument
        count = drawn.randint(least, min(int(most), least + MORE))
        return "".join(_of_sequence(items, drawn) for _ in range(count))
    if operation is codes.SUBPATTERN:
        return _of_sequence(argument[-1], drawn)
    if operation is codes.BRANCH:
        return _of_sequence(drawn.choice(argument[1]), drawn)
    assert operation in (codes.AT, codes.ASSERT, codes.ASSERT_NOT), operation
    return ""


def _characters(items: Any) -> str:
    """Of a class, without letters that only an option of the expression adds."""
    named = {codes.CATEGORY_DIGIT: "0123456789", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "abcXYZ0189_"}
    characters = ""
    if items[0][0] is codes.NEGATE:
        return " "
    for operation, argument in items:
        if operation is codes.LITERAL:
            characters += chr(argument)
        elif operation is codes.RANGE:
            characters += "".join(map(chr, range(argument[0], argument[1] + 1)))
        else:
            assert operation is codes.CATEGORY, operation
            characters += named.get(argument, "a-")
    return characters
