"""The options of traceroute 2.1.2: how they are read, and how it complains.

Its complaints count the words of the line ("argc 5"), and its usage text goes to stderr with status 0.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from . import hosts
from .result import Failure
from .usage import usage
from .words import is_digits, whole

#: Bytes of IP and UDP (or ICMP) header: the shortest packet there is.
HEADERS = 28
#: As long as ping may wait; the lab's clock goes on by it.
LONGEST_WAIT = 2147483
_UNDERSTOOD = "-4 -f -I -m -n -q -w"
_VERSION = """Modern traceroute for Linux, version 2.1.2
Copyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later
"""
#: Option -> (its other name, what its value is called in complaints); None: it takes no value.
_OPTIONS = {
    "-4": ("", None), "-6": ("", None), "-d": ("--debug", None), "-F": ("--dont-fragment", None),
    "-f": ("--first", "first_ttl"), "-g": ("--gateway", "gate,..."), "-I": ("--icmp", None), "-T": ("--tcp", None),
    "-i": ("--interface", "device"), "-m": ("--max-hops", "max_ttl"), "-N": ("--sim-queries", "squeries"),
    "-n": ("", None), "-p": ("--port", "port"), "-t": ("--tos", "tos"), "-l": ("--flowlabel", "flow_label"),
    "-w": ("--wait", "MAX,HERE,NEAR"), "-q": ("--queries", "nqueries"), "-r": ("", None), "-s": ("--source", "src_addr"),
    "-z": ("--sendwait", "sendwait"), "-e": ("--extensions", None), "-A": ("--as-path-lookups", None),
    "-M": ("--module", "name"), "-O": ("--options", "OPTS,..."), "-U": ("--udp", None), "-D": ("--dccp", None),
    "-P": ("--protocol", "prot"), "-V": ("--version", None),
}  # fmt: skip


@dataclass(slots=True)
class Options:
    host: str = ""
    target: IPv4Address = IPv4Address(0)
    first: int = 1
    hops: int = 30
    queries: int = 3
    wait: float = 5.0
    length: int = 60
    icmp: bool = False
    numeric: bool = False


def read(args: list[str]) -> Options:
    """What a line asks for; Failure as traceroute gives up."""
    if not args:
        raise Failure(0, usage("traceroute"))
    options, words = Options(), []
    place = 0
    while place < len(args):
        word = args[place]
        place += 1
        if not word.startswith("-") or word == "-":
            words.append((word, place))
        elif word.startswith("--"):
            place = _long(options, word, args, place)
        else:
            place = _short(options, word, args, place)
    _operands(options, words)
    if options.hops > 255:
        raise Failure(2, "max hops cannot be more than 255\n")
    if not 1 <= options.first <= options.hops:
        raise Failure(2, "first hop out of range\n")
    if not 1 <= options.queries <= 10:
        raise Failure(2, "no more than 10 probes per hop\n")
    return options


def _short(options: Options, word: str, args: list[str], place: int) -> int:
    """Bundled letters; the value of the last may be its own word. Returns the place behind."""
    letters = word[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        if name not in _OPTIONS:
            raise Failure(2, f"Bad option `{name}' (argc {place})\n")
        what = _OPTIONS[name][1]
        if what is None:
            _take(options, name, "", place)
            continue
        if not letters and place == len(args):
            raise Failure(2, f"Option `{name}' (argc {place}) requires an argument: `{name} {what}'\n")
        if not letters:
            letters = args[place]
            place += 1
        _take(options, name, letters, place)
        break
    return place


def _long(options: Options, word: str, args: list[str], place: int) -> int:
    name, sign, value = word.partition("=")
    if name == "--help":
        raise Failure(0, "", usage("traceroute"))
    short = next((o for o, (long, _) in _OPTIONS.items() if long == name), None)
    if short is None:
        raise Failure(2, f"Bad option `{name}' (argc {place})\n")
    what = _OPTIONS[short][1]
    if what is not None and not sign:
        raise Failure(2, f"Option `{name}' (argc {place}) requires an argument: `{name}={what}'\n")
    _take(options, short, value, place)
    return place


def _take(options: Options, name: str, value: str, place: int) -> None:
    match name:
        case "-4" | "-d":
            pass
        case "-n":
            options.numeric = True
        case "-I":
            options.icmp = True
        case "-V":
            raise Failure(0, "", _VERSION)
        case "-m":
            options.hops = _number(name, value, place)
        case "-f":
            options.first = _number(name, value, place)
        case "-q":
            options.queries = _number(name, value, place)
        case "-w":
            options.wait = max(_seconds(name, value, place), 0.0)
            if options.wait > LONGEST_WAIT:
                raise Failure(2, f"The lab's traceroute waits up to {LONGEST_WAIT} seconds for an answer, not {value}.\n")
        case _:
            raise Failure(2, f"The lab's traceroute does not know {name}; it understands {_UNDERSTOOD}.\n")


def _seconds(name: str, value: str, place: int) -> float:
    """The first of up to three numbers, with any one character between them."""
    numbers, rest = [], value
    while len(numbers) < 3 and (found := _DECIMAL.match(rest)):
        numbers.append(float(found[0]))
        if found.end() == len(rest):
            return numbers[0]
        rest = rest[found.end() + 1 :]
    raise Failure(2, f"Cannot handle `{name}' option with arg `{value}' (argc {place})\n")


#: What strtod(3) reads.
_DECIMAL = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def _number(name: str, value: str, place: int) -> int:
    if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", value):
        raise Failure(2, f"Cannot handle `{name}' option with arg `{value}' (argc {place})\n")
    return whole(value, base=0 if value[:2] in ("0x", "0X") else 10)


def _operands(options: Options, words: list[tuple[str, int]]) -> None:
    """The host, and the length of the whole packet."""
    if not words:
        raise Failure(2, 'Specify "host" missing argument.\n')
    if len(words) > 2:
        raise Failure(2, f"Extra arg `{words[2][0]}' (position 3, argc {words[2][1]})\n")
    options.host, place = words[0]
    found = hosts.address(options.host)
    if found is None:
        why = f"{options.host}: {hosts.gai_words(options.host)}\n"
        raise Failure(2, f'{why}Cannot handle "host" cmdline arg `{options.host}\' on position 1 (argc {place})\n')
    options.target = found
    if len(words) > 1:
        length, place = words[1]
        if not is_digits(length):
            raise Failure(2, f'Cannot handle "packetlen" cmdline arg `{length}\' on position 2 (argc {place})\n')
        options.length = max(whole(length), HEADERS)
        if options.length > 65000:
            raise Failure(2, f"too big packetlen {length} specified\n")


