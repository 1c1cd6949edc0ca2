"""Flags as Docker's client reads them (spf13/pflag), and its complaints.

A command's flags are a mapping of the long name to its short letter, with ":" behind it when the
flag takes a value: {"detach": "d", "name": ":", "publish": "p:"}.
"""

from ...commands.result import Failure

_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


class Flags:
    """What was given: `on` of a switch, `all` values of a flag, `one` (the last); and the words left over."""

    def __init__(self, command: str, known: dict[str, str], args: list[str], interspersed: bool = True):
        self.command, self.known = command, known
        self.given: dict[str, list[str]] = {}
        self.words: list[str] = []
        self._letters = {letters[0]: name for name, letters in known.items() if letters.strip(":")}
        rest = list(args)
        while rest:
            word = rest.pop(0)
            if word == "--":
                self.words += rest
                break
            if not word.startswith("-") or word == "-":
                self.words.append(word)
                if not interspersed:
                    self.words += rest
                    break
            elif word.startswith("--"):
                self._long(word, rest)
            else:
                self._short(word[1:], rest)

    def on(self, name: str) -> bool:
        return self.given.get(name, ["false"])[-1] == "true"

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.given.get(name, ()))

    def one(self, name: str, otherwise: str = "") -> str:
        return self.given[name][-1] if name in self.given else otherwise

    def _long(self, word: str, rest: list[str]) -> None:
        name, sign, value = word[2:].partition("=")
        if name not in self.known:
            raise self.wrong(f"unknown flag: --{name}")
        if not self.known[name].endswith(":"):
            self._switch(name, value if sign else "true")
        elif sign or rest:
            self._set(name, value if sign else rest.pop(0))
        else:
            raise self.wrong(f"flag needs an argument: --{name}")

    def _short(self, letters: str, rest: list[str]) -> None:
        bundle = letters
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in self._letters:
                raise self.wrong(f"unknown shorthand flag: '{letter}' in -{letter}{letters}")
            name = self._letters[letter]
            if not self.known[name].endswith(":"):
                value = letters[1:] if letters.startswith("=") else "true"
                self._switch(name, value)
                if letters.startswith("="):
                    return
            elif letters or rest:
                self._set(name, letters.removeprefix("=") if letters else rest.pop(0))
                return
            else:
                raise self.wrong(f"flag needs an argument: '{letter}' in -{bundle}")

    def _switch(self, name: str, value: str) -> None:
        if value not in _TRUE + _FALSE:
            letter = self.known[name]
            flag = f"-{letter}, --{name}" if letter else f"--{name}"
            raise self.wrong(
                f'invalid argument "{value}" for "{flag}" flag: strconv.ParseBool: parsing "{value}": invalid syntax'
            )
        self._set(name, "true" if value in _TRUE else "false")

    def _set(self, name: str, value: str) -> None:
        self.given.setdefault(name, []).append(value)

    def wrong(self, message: str) -> Failure:
        """What the client says of a line it does not understand."""
        return Failure(125, f"{message}\nSee 'docker {self.command} --help'.\n")

    def need(self, least: int, most: int | None = None) -> None:
        """The count of words a command takes, or the client's complaint (docker/cli: cli/required.go)."""
        count = len(self.words)
        if count >= least and (most is None or count <= most):
            return
        if most is None:
            rule = f"at least {least}"
        elif least == most:
            rule = f"exactly {least}" if least else "no"
        else:
            rule = f"at most {most}" if count > most else f"at least {least}"
        words = "arguments" if rule == "no" or not rule.endswith(" 1") else "argument"
        verb = "accepts" if rule == "no" else "requires"
        raise Failure(1, f'"docker {self.command}" {verb} {rule} {words}.\nSee \'docker {self.command} --help\'.\n')
