"""How an answer is read: a whole number, True or False, or a short text, in the ways people write them.

`read` gives an answer's one spelling, so that two that mean the same are equal. `alike` is for what means the same
and is written in another form: with a unit, a prefix length or a word too many.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network

#: Longer than any answer; what is longer is not read to its end.
_MOST = 1000
_TRUTH = {"true": True, "yes": True, "y": True, "t": True, "false": False, "no": False, "n": False, "f": False}
_NUMBERS = {word: str(n) for n, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve".split()) for word in (word, str(n))}  # fmt: skip
_NUMBERS |= {"none": "0", "once": "1", "twice": "2", "never": "0"}
#: Words that say nothing more about a name.
_FILLERS = frozenset("the a an and dev interface container daemon engine program by via on it is at of to".split())

#: Words that say of what kind a name is, and those that all names of a cluster begin with; alone they may be the name.
_KINDS = frozenset("node pod machine address k8s".split())


def readable(given) -> bool:
    """Whether this is a text, a list of texts, or anything like a number; not None, a lab or a function."""
    return isinstance(given, (str, bytes, list, tuple, set, frozenset, IPv4Network)) or hasattr(type(given), "__int__")


def spelled(given) -> str:
    """What was typed, in one spelling: any script's digits, lower case, no quotes or backticks, single blanks."""
    if isinstance(given, bytes):
        given = given.decode(errors="replace")
    if isinstance(given, (list, tuple, set, frozenset)):
        given = " ".join(str(word) for word in (sorted(given, key=str) if isinstance(given, (set, frozenset)) else given))
    text = unicodedata.normalize("NFKC", " ".join(str(given).split())[:_MOST]).lower()
    text = re.sub(r"\d", lambda digit: str(int(digit[0])), text)
    return " ".join(re.sub(r"[`'\"“”‘’]", "", text).split())


@dataclass(frozen=True, slots=True)
class Kind:
    """`read(spelled)` is None for what is not of this kind; `alike(spelled, right)` as above; `form` is what a question shows."""

    name: str
    form: str
    read: Callable[[str], str | None]
    alike: Callable[[str, str], bool]


def _number(text: str) -> str | None:
    found = re.fullmatch(r"([+-]?)(\d+)(?:\.0*)?", text)
    return f"{found[1].replace('+', '')}{found[2].lstrip('0') or '0'}" if found else None


def _number_alike(text: str, right: str) -> bool:
    """One number with words around it (28 bytes, ttl=64), or a number in words."""
    words = set(re.findall(r"[a-z]+", text))
    digits = re.findall(r"-?\d+(?:\.\d+)?", text)
    if words & {"not", "than", "least", "most"} or len(digits) > 1:
        return False
    return (_number(digits[0]) if digits else _NUMBERS.get(text.rstrip("."))) == right


def _truth(text: str) -> str | None:
    return str(_TRUTH[text.rstrip(".!")]) if text.rstrip(".!") in _TRUTH else None


def _truth_alike(text: str, right: str) -> bool:
    """A sentence that begins with the answer."""
    said = {_TRUTH[word] for word in re.findall(r"[a-z]+", text) if word in _TRUTH}
    return {str(word) for word in said} == {right} and text.split()[0].rstrip(",.;:!") in _TRUTH


def _name(text: str) -> str | None:
    return text.rstrip(".") if text and _number(text) is None and text not in ("true", "false") else None


def _name_alike(text: str, right: str) -> bool:
    """Other punctuation, an article, the kind of thing said along; an address with or without its prefix length."""
    if any(char.isdigit() for char in right):
        near, far = (re.sub(r"(?<=\d)-(?=\d+$)", "/", _bare(word, " ")) for word in (text, right))
        return near == far or "/" in near + far and near.partition("/")[0] == far.partition("/")[0] and not ("/" in near and "/" in far)
    near, far = _bare(text, ""), _bare(right, "")
    return near == far or len(far) > 3 and near.startswith(far) and near[len(far) :] in ("s", "es", "ed", "ing")


def _bare(text: str, between: str) -> str:
    """The words that count: `the node k8s-node1` is `node1`, `node` alone is itself; of `10.96.0.50:80` the port is no part."""
    text = re.sub(r"(?<=\d\.)(\d+):\d+\b", r"\1", re.sub(r"\b(node|pod) (?=\d)", r"\1", text))
    words = [word for word in re.split(r"[\s,;<>()=:]+|(?<=[a-z])[-/](?=[a-z])", text) if word and word not in _FILLERS]
    return between.join([word for word in words if word not in _KINDS] or words)


NUMBER = Kind("a whole number", "a number, as in `check(3)`,", _number, _number_alike)
TRUTH = Kind("True or False", "True or False", _truth, _truth_alike)
NAME = Kind("a short text such as an address or a name", "your answer in quotes, as in `check(\"…\")`,", _name, _name_alike)


def kind_of(right) -> Kind:
    """The kind of answer that a question with this right answer asks for."""
    return TRUTH if isinstance(right, bool) else NUMBER if isinstance(right, int) else NAME
