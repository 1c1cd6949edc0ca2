"""Every route file of the course and of the recordings is read, in each of the four formats, and printed back."""

from pathlib import Path

import pytest

from labkit.tables.table import RouteTable

TOP = Path(__file__).parents[2]
ROUTES = ("ip-route", "ip-route-all", "route-n", "netstat-rn")
FILES = sorted(
    path for folder in ("data", "tests/recordings") for path in (TOP / folder).rglob("*")
    if path.stem in ROUTES and path.is_file()
)


def name(path: Path) -> str:
    return str(path.relative_to(TOP))


def test_there_are_files_in_all_four_formats():
    kinds = {(path.stem, path.suffix) for path in FILES}
    assert {("ip-route", ".txt"), ("ip-route", ".json"), ("route-n", ".txt"), ("netstat-rn", ".txt")} <= kinds


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_route_file_is_read_and_what_is_printed_reads_the_same(path):
    table = RouteTable.parse(path.read_text())
    assert RouteTable.parse(str(table)) == table


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "ip-route.txt"], ids=name)
def test_an_ip_route_file_is_printed_back_as_it_was(path):
    lines = path.read_text().splitlines()
    assert str(RouteTable.parse(path.read_text())).splitlines() == [line.rstrip() for line in lines]
