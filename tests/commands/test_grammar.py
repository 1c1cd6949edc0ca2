"""Rows of words are read in the tool's own order, and rows of records give text and JSON alike."""

from types import SimpleNamespace

import pytest

from labkit.commands.grammar import STOP, Words, number, once, positional, read, run, text, unsupported
from labkit.commands.records import NULL, Options, View, lines, record, show
from labkit.commands.result import Failure, Result
from labkit.errors import KernelError

ROWS = (
    ("dsfield~ tos", "tos", number("no number")),
    ("dev", "dev", once("dev")),
    ("onlink", "onlink", True),
    ("both", "", lambda word, words: {"left": word, "right": word}),
    ("nexthop", "", STOP),
    ("as", "", unsupported('The lab\'s rows have no "{}": they have tos and dev.')),
)


def said(line: str) -> tuple[dict, list[str]]:
    words = Words(line.split())
    return read(ROWS, words), words.rest()


def test_the_first_row_that_fits_wins_and_only_marked_names_are_shortened():
    assert said("d 3 dev eth0 onlink") == ({"tos": 3, "dev": "eth0", "onlink": True}, [])
    assert said("de 3") == ({}, ["de", "3"])


def test_a_word_that_no_row_knows_and_one_that_stops_end_the_reading_and_stay():
    assert said("both x nexthop via 10.0.0.1") == ({"left": "x", "right": "x"}, ["nexthop", "via", "10.0.0.1"])
    assert said("tos 1 zz") == ({"tos": 1}, ["zz"])


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("tos x", 'Error: argument "x" is wrong: no number\n'),
        ("tos", 'Command line is not complete. Try option "help"\n'),
        ("dev a dev b", 'Error: duplicate "dev": "b" is the second value.\n'),
        ("as 3", 'The lab\'s rows have no "as": they have tos and dev.\n'),
    ],
)
def test_a_word_that_does_not_do_is_refused_in_the_tools_words(line, refusal):
    with pytest.raises(Failure) as failure:
        said(line)
    assert failure.value.result.stderr == refusal


def test_what_stands_without_a_keyword_may_have_it_and_is_said_once():
    rows = (positional("name~", "name", text, "ip-tuntap"),)
    assert read(rows, Words(["eth0"])) == read(rows, Words(["na", "eth0"])) == {"name": "eth0"}
    with pytest.raises(Failure, match='either "name" is duplicate, or "eth1" is a garbage'):
        read(rows, Words(["eth0", "eth1"]))


def test_a_warning_stands_before_the_kernels_refusal():
    def add(ctx, options, words):
        words.warn("Warning: old\n")
        raise KernelError(22, "No such thing")

    assert run({"add~": add}, "ip rule", None, Options(), ["a"]) == Result(2, "", "Warning: old\nError: No such thing.\n")


def test_a_record_is_text_and_json_by_the_same_rows():
    rows = (("name", "{}:", "name"), ("mtu", " mtu {}", lambda thing, view: thing.mtu or None), ("gone", "\n    gone", lambda *_: NULL))
    things, view = [SimpleNamespace(name="eth0", mtu=1500), SimpleNamespace(name="lo", mtu=0)], View(None, Options())
    assert show(rows, things, view).stdout == "eth0: mtu 1500\n    gone\nlo:\n    gone\n"
    json = show(rows, things, View(None, Options(json=True))).stdout
    assert json == '[{"name":"eth0","mtu":1500,"gone":null},{"name":"lo","gone":null}]\n'
    assert lines(rows, record(rows, things[1], view), Options(oneline=True)) == "lo:\\    gone\n"
