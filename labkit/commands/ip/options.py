"""What stands before the object of an `ip` line: `-j`, `-br`, `-d`, `-s`, `-o`, `-4`, …"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..grammar import Bare, Words, read_word, unsupported, wrong
from ..result import Failure


@dataclass(frozen=True, slots=True)
class Options:
    """`family` is "" (any), "inet" or "inet6"."""

    family: str = ""
    json: bool = False
    pretty: bool = False
    brief: bool = False
    details: bool = False
    stats: bool = False
    oneline: bool = False
    human: bool = False
    all: bool = False

    @property
    def newline(self) -> str:
        """What ends a line inside one entry: a backslash with `-o` (iproute2's _SL_)."""
        return "\\" if self.oneline else "\n"


def _family(word: str, words: Words) -> dict:
    word = words.take() if words else "help"
    if word == "help":
        return {"help": True}
    if word in ("link", "mpls", "bridge"):
        raise Failure(1, f'The lab knows the families inet and inet6, not "{word}".\n')
    if word not in ("inet", "inet6"):
        raise wrong(word, "invalid protocol family")
    return {"family": word}


def netns(word: str, words: Words) -> dict:
    return {"netns": words.take() if words else "(null)"}


def _statistics(word: str, words: Words) -> dict:
    if words.said.get("stats"):
        raise Failure(1, "The lab knows one level of statistics: give -s once.\n")
    return {"stats": True}


_UNSUPPORTED = unsupported('The lab knows the options -4, -6, -f, -s, -d, -o, -br, -j, -p, -n, -a and -V, not "{}".')
#: In the order in which iproute2 compares them (ip/ip.c). No colours: a Result is no terminal.
OPTIONS = (
    ("-loops~", "", _UNSUPPORTED), ("-family~", "", Bare(_family)), ("-4", "family", "inet"), ("-6", "family", "inet6"),
    ("-0 -M -B", "", _UNSUPPORTED), ("-human~ -human-readable~ -iec~", "human", True), ("-stats~ -statistics~", "", Bare(_statistics)),
    ("-details~", "details", True), ("-resolve~", "", _UNSUPPORTED), ("-oneline~", "oneline", True),
    ("-timestamp~ -tshort~ -echo", "", None), ("-Version~", "version", True), ("-force~", "", None), ("-batch~", "", _UNSUPPORTED),
    ("-brief~", "brief", True), ("-json~", "json", True), ("-pretty~", "pretty", True), ("-rcvbuf~", "", _UNSUPPORTED),
    ("-c=never -color=never -c=auto -color=auto", "", None), ("-c=always -color=always -color~", "", _UNSUPPORTED),
    ("-help~", "help", True), ("-netns~", "netns", Bare(netns)), ("-Numeric~", "", _UNSUPPORTED), ("-all~", "all", True),
)  # fmt: skip


def read_options(rows: Iterable[tuple], words: Words, help_line: str) -> dict:
    """The options in front, each with one dash or two; `--` ends them."""
    while words and words.rest()[0].startswith("-"):
        word = words.take()
        if word == "--":
            break
        found = read_word(rows, word.removeprefix("-") if word.startswith("--") else word, words)
        if found is None:
            raise Failure(255, f'Option "{word}" is unknown, try "{help_line}".\n')
        words.said |= found
    return words.said
