"""Groups of interfaces (`ip link … group N`): a name from iproute2's list, which has one, or a number."""

from ..grammar import unsigned, wrong


def group_name(word: str) -> str:
    """The group as iproute2 prints it again: "default" is number 0."""
    number = 0 if word == "default" else unsigned(word)
    if number is None:
        raise wrong(word, 'Invalid "group" value\n')
    return "default" if number == 0 else str(number)
