"""Flags as Go's clients read them: docker, kubectl and etcdctl v3 by spf13/pflag, etcdctl v2 by Go's own package flag.

A tool's flags are words: "all,a filter,f: last,n# size,s!" is a switch with its letter, one that takes a value, one that takes
a number, and one that the tool has and the lab has not.
"""

from collections.abc import Callable
from functools import cache

from ..commands.result import Failure
from . import go

_BOOL = {word: text for text, words in (("true", "1 t T TRUE true True"), ("false", "0 f F FALSE false False")) for word in words.split()}
_ALONE = ("", "!")
#: What the two libraries say of a name they do not know, of a missing value, of a switch that is neither, and of no number.
_PFLAG = (
    "unknown flag: --{0}", "flag needs an argument: --{0}",
    'invalid argument "{1}" for "{2}" flag: strconv.ParseBool: parsing "{1}": invalid syntax', 'invalid argument "{1}" for "{2}" flag: {3}',
)  # fmt: skip
_FLAG = (
    "flag provided but not defined: -{0}", "flag needs an argument: -{0}",
    'invalid boolean value "{1}" for -{0}: parse error', 'invalid value "{1}" for flag -{0}: {3}',
)  # fmt: skip


@cache
def table(flags: str) -> dict[str, tuple[str, str]]:
    """Name -> its letter and what follows it: "" a switch, ":" a value, "#" a number, "!" nothing in the lab."""
    kinds = ((word.rstrip(":#!"), word[-1] if word[-1] in ":#!" else "") for word in flags.split())
    return {name: (letter, kind) for word, kind in kinds for name, _, letter in [word.partition(",")]}


class Flags:
    """What was given: `on` of a switch, `all` values of a flag, `one` (the last), `number`; and the words left over.

    `wrong` makes the client's answer of a complaint and the words so far. From where `ended(words)` is true, all is words, whatever
    it looks like; so it is behind "--", before which there were `at_dash` words.
    """

    def __init__(self, flags: str, args: list[str], wrong: Callable[[str, list[str]], Failure],
                 ended: Callable[[list[str]], bool] = lambda words: False, one_dash: bool = False):  # fmt: skip
        self.known, self.given, self.words, self.at_dash = table(flags), {}, [], None
        self._answer = wrong
        self._says = _FLAG if one_dash else _PFLAG
        self._letters = {letter: name for name, (letter, _) in self.known.items() if letter}
        rest = list(args)
        while rest and not ended(self.words):
            word = rest.pop(0)
            if word == "--":
                self.at_dash = len(self.words)
                break
            if not word.startswith("-") or word == "-":
                self.words.append(word)
            elif word.startswith("--") or one_dash:
                self._long(word.lstrip("-"), rest)
            else:
                self._short(word[1:], rest)
        self.words += rest

    def wrong(self, complaint: str) -> Failure:
        return self._answer(complaint, self.words)

    def on(self, name: str) -> bool:
        return self.one(name) == "true"

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.given.get(name, ()))

    def one(self, name: str, otherwise: str = "") -> str:
        return self.given[name][-1] if name in self.given else otherwise

    def number(self, name: str) -> int:
        return int(self.one(name, "0"))

    def _long(self, word: str, rest: list[str]) -> None:
        name, sign, value = word.partition("=")
        if name not in self.known:
            raise self._wrong(0, name)
        if self.known[name][1] in _ALONE:
            self._set(name, value if sign else "true")
        elif sign or rest:
            self._set(name, value if sign else rest.pop(0))
        else:
            raise self._wrong(1, name)

    def _short(self, letters: str, rest: list[str]) -> None:
        bundle = letters
        while letters:
            letter, letters = letters[0], letters[1:]
            name = self._letters.get(letter)
            if name is None:
                raise self.wrong(f"unknown shorthand flag: '{letter}' in -{letter}{letters}")
            if self.known[name][1] in _ALONE and not letters.startswith("="):
                self._set(name, "true")
                continue
            if not letters and not rest:
                raise self.wrong(f"flag needs an argument: '{letter}' in -{bundle}")
            self._set(name, letters.removeprefix("=") if letters else rest.pop(0))
            return

    def _set(self, name: str, value: str) -> None:
        kind = self.known[name][1]
        if kind == "!":
            known = ", ".join(f"--{name}" for name, (_, kind) in self.known.items() if kind != "!")
            raise self.wrong(f"The lab does nothing with --{name}; it knows here {known or 'no flag'}")
        if not kind and value not in _BOOL:
            raise self._wrong(2, name, value)
        if kind == "#":
            try:
                go.unsigned(value)
            except ValueError as error:
                raise self._wrong(3, name, value, error) from None
        self.given.setdefault(name, []).append(value if kind else _BOOL[value])

    def _wrong(self, number: int, name: str, value: str = "", why: object = "") -> Failure:
        letter = self.known[name][0] if name in self.known else ""
        return self.wrong(self._says[number].format(name, value, f"-{letter}, --{name}" if letter else f"--{name}", why))
