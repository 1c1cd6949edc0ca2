"""A usage text is the installed tool's own, to the letter, where the tool is of the version whose words the lab speaks."""

import pytest

from labkit.commands.usage import usage
from tests.parts import PARTS
from tests.tool_versions import another_version
from tests.usage import FOLDER, LINES, recorded

PART = {"ip": "iproute2", "bridge": "iproute2", "route": "net-tools", "netstat": "net-tools", "ifconfig": "net-tools",
        "arp": "net-tools", "sysctl": "procps"}  # fmt: skip


def needed(line: str) -> str:
    tool = line.split()[0]
    return PART.get(tool, tool)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.needs(needed(line))) for n, line in LINES.items()])
def test_a_usage_text_is_what_the_tool_prints(name):
    if another_version(LINES[name]) or needed(LINES[name]) in ("nc", "tcpdump"):  # whose version no table tells
        assert usage(name)
    else:
        assert usage(name) == recorded(LINES[name])


def test_every_text_can_be_recorded_anew():
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(LINES)
    assert all(needed(line) in PARTS for line in LINES.values())
