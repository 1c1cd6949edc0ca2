"""Lines that somebody typed: in the tests, their recordings, and the notebooks."""

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What a line starts with, to be one.
COMMANDS = frozenset(
    "ip bridge ping traceroute ifconfig route netstat arp ss sysctl tcpdump nc curl docker kubectl etcdctl systemctl cat echo "
    "grep awk head tail wc sleep sh bash export for X sudo nsenter hostname ls rm tee seq".split()
)


def typed() -> list[str]:
    """Every such line once, in order."""
    texts = [text for path in sorted(ROOT.glob("tests/**/*.py")) for text in _strings(path)]
    texts += [path.read_text() for path in sorted(ROOT.glob("tests/**/*.txt"))]
    texts += [text for path in sorted(ROOT.glob("notebooks/*.ipynb")) for text in _cells(path)]
    lines = (re.sub(r"^(?:\[[^\]]*\][#$]|\$|%lab|\S+@\S+[#$]) ", "", line.strip()) for text in texts for line in text.splitlines())
    return sorted({line for line in lines if line.split(maxsplit=1)[:1] and line.split()[0] in COMMANDS and len(line) < 400})


def _strings(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [*texts, *(piece for text in texts for piece in text.split("|"))]


def _cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
