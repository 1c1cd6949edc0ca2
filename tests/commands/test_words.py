"""Numbers as C reads them."""

import pytest

from labkit.commands.words import BEYOND, is_digits, leading, whole


@pytest.mark.parametrize(
    ("word", "base", "number"),
    [
        ("12", 10, 12), ("007", 10, 7), ("-3", 10, -3), ("+3", 10, 3), (" 3", 10, 3), ("", 10, None), ("0x1f", 10, None),
        ("0x1f", 0, 31), ("017", 0, 15), ("0", 0, 0), ("019", 0, None), ("3 ", 10, None), ("0x", 0, None), ("1_0", 10, None),
    ],
)  # fmt: skip
def test_a_word_is_the_number_that_strtol_reads(word, base, number):
    assert whole(word, base) == number


@pytest.mark.parametrize("word", ["²", "٣", "３", "1²"])
def test_digits_of_other_scripts_are_no_digits(word):
    assert whole(word) is None and whole(word, 0) is None and not is_digits(word)


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 100_000, "0x" + "f" * 5000, "0" + "7" * 5000])
def test_a_number_of_any_length_is_read_at_once_and_beyond_every_range(digits):
    assert whole(digits, 0) == BEYOND
    assert whole("-" + digits, 0) == -BEYOND


def test_zeros_in_front_make_no_number_long():
    assert whole("0" * 5000 + "7") == 7


def test_a_number_in_front_leaves_the_rest():
    assert leading("10.1", 0) == (10, ".1")
    assert leading("24abc") == (24, "abc")
    assert leading("0x10.1", 0) == (16, ".1")
