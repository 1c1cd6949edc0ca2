"""Recorded answers of the real tools, replayed in a fresh lab and compared line by line."""

from pathlib import Path

from labkit.commands.shell import sh
from labkit.lab.lab import Lab

RECORDED = Path(__file__).parent / "recorded"


def recording(name: str) -> list[tuple[str, str]]:
    """(command line, everything it answered) of one recording."""
    pairs = []
    for block in ("\n" + (RECORDED / f"{name}.txt").read_text()).split("\n$ ")[1:]:
        line, _, answer = block.partition("\n")
        pairs.append((line, answer.removesuffix("\n")))
    return pairs


def answer(lab: Lab, line: str) -> str:
    """What the lab answers, written as in the recordings."""
    result = sh(lab, line)
    status = f"[exit {result.returncode}]" if result.returncode else ""
    return (result.stdout + result.stderr + status).removesuffix("\n")


def assert_same_answers(name: str) -> None:
    lab = Lab()
    for line, expected in recording(name):
        got = answer(lab, line)
        assert got == expected, f"to {line!r} the tool answered\n{expected}\nand the lab\n{got}"
