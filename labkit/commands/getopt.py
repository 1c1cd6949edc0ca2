"""Options as glibc's getopt(3) reads them: anywhere on the line, bundled, shortened, with its own complaints.

`short` is getopt's string ("c:nq": -c takes a value); `long` maps a long name to the short letter it
stands for, with ":" behind it when it takes a value. A complaint is handed out as the option "?" so
that each tool can go on or give up as the real one does.
"""

from collections.abc import Iterable

from .result import Failure


def getopt(tool: str, args: list[str], short: str, long: dict[str, str] | None = None) -> tuple[list[tuple[str, str]], list[str]]:
    """((option, value), …) and the words that are no options."""
    takes = {c: short[i + 1 : i + 2] == ":" for i, c in enumerate(short) if c != ":"}
    options, operands, words = [], [], iter(args)
    for word in words:
        if word == "--":
            operands += words
        elif word.startswith("--"):
            options.append(_long(tool, word[2:], words, long or {}))
        elif word.startswith("-") and word != "-":
            options += _short(tool, word[1:], words, takes)
        else:
            operands.append(word)
    return options, operands


def _short(tool: str, letters: str, words: Iterable[str], takes: dict[str, bool]):
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in takes:
            yield "?", f"{tool}: invalid option -- '{letter}'\n"
        elif not takes[letter]:
            yield letter, ""
        else:
            value = letters or next(words, None)
            if value is None:
                yield "?", f"{tool}: option requires an argument -- '{letter}'\n"
            else:
                yield letter, value
            return


def _long(tool: str, word: str, words: Iterable[str], long: dict[str, str]) -> tuple[str, str]:
    name, given, value = word.partition("=")
    fits = [name] if name in long else [n for n in long if n.startswith(name)]
    if not fits:
        return "?", f"{tool}: unrecognized option '--{name}'\n"
    if len({long[n] for n in fits}) > 1:
        names = " ".join(f"'--{n}'" for n in fits)
        return "?", f"{tool}: option '--{name}' is ambiguous; possibilities: {names}\n"
    letter = long[fits[0]]
    if not letter.endswith(":"):
        if given:
            return "?", f"{tool}: option '--{fits[0]}' doesn't allow an argument\n"
        return letter, ""
    if not given:
        value = next(words, None)
        if value is None:
            return "?", f"{tool}: option '--{fits[0]}' requires an argument\n"
    return letter[:-1], value


def given(tool: str, args: list[str], short: str, long: dict[str, str] | None = None, *, beyond: str = "", status: int = 1,
          hint: str = "Try '{0} --help' for more information.\n") -> tuple[dict[str, str], list[str]]:  # fmt: skip
    """{option: its last value} and the other words, or the tool's complaint. `beyond`: letters that the tool has and the lab has not."""
    options, words = getopt(tool, args, short + beyond, long)
    for letter, value in options:
        if letter == "?":
            raise Failure(status, value + hint.format(tool))
        if letter in beyond:
            raise Failure(status, f"The lab's {tool} knows {' '.join(f'-{c}' for c in short if c != ':') or 'no option'}, not -{letter}.\n")
    return dict(options), words
