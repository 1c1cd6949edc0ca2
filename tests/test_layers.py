"""The rooms of labkit import only those above them; an arrow that points up or sideways fails here.

The order is the design: a table knows no namespace, a namespace no command, a plane no forwarding. Whoever can name
where a fact belongs finds it. All imports count, also those inside a function or for type checking only.
"""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "labkit"

# From the top down. Rooms that share a line do not know each other.
FLOORS = [["errors"], ["tables"], ["lab"], ["trace"], ["commands"], ["planes"], ["kernel", "captures"], ["front"], ["view"],
          ["course"]]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# These put the rooms together and so may know all of them: labkit itself, the Lab a learner holds, the ready labs.
FRONT = {"__init__", "front", "scenarios", "__main__"}
THIRD_PARTY = {"planes": {"ruamel"}, "kernel": {"pyroute2", "scapy"}, "view": {"ipywidgets", "IPython", "matplotlib"}}


def room_of(module: str) -> str:
    """'labkit.tables.route' -> 'tables'; 'labkit' itself -> '__init__'."""
    return (module.split(".") + ["__init__"])[1]


def imported_modules(source: str, package: str) -> set[str]:
    """Absolute names of everything `source` imports; `package` is what its relative imports start from."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            # `from labkit import tables` names a room in its list, `from labkit.tables import Route` does not.
            names.update(f"{base}.{alias.name}" if base == "labkit" else base for alias in node.names)
    return names


def complaints(path: Path, source: str) -> list[str]:
    """Each import of the file at `path` (relative to the package's parent) that its room must not make."""
    module = ".".join(path.with_suffix("").parts)
    here = room_of(module)
    return [f"{path}: {here} imports {name}: {why}"
            for name in sorted(imported_modules(source, package=".".join(path.parts[:-1])))
            if (why := objection(here, name))]


def objection(here: str, name: str) -> str | None:
    """Why a file of room `here` must not import `name`, or None."""
    root = name.split(".")[0]
    if root != "labkit":
        fine = root in sys.stdlib_module_names or root in THIRD_PARTY.get(here, ())
        return None if fine else "not the standard library"
    there = room_of(name)
    if here in FRONT or here == there:
        return None
    if there not in FLOOR_OF:  # labkit itself, scenarios: only for those who stand in front of the rooms
        return None if FLOOR_OF[here] > FLOOR_OF["front"] else "the arrow points up, to what joins the rooms"
    if FLOOR_OF[there] < FLOOR_OF[here]:
        return None
    return "the arrow points sideways" if FLOOR_OF[there] == FLOOR_OF[here] else "the arrow points up"


FILES = sorted(path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_only_from_the_rooms_above_its_own(path):
    assert complaints(path, (PACKAGE.parent / path).read_text()) == []


def test_every_file_of_the_package_lives_in_a_known_room():
    rooms = {room_of(".".join(path.with_suffix("").parts)) for path in FILES}
    assert rooms <= FLOOR_OF.keys() | FRONT


@pytest.mark.parametrize(("path", "source", "why"), [
    ("labkit/tables/route.py", "from ..lab import Namespace", "points up"),
    ("labkit/tables/route.py", "import labkit.lab.namespace", "points up"),
    ("labkit/tables/route.py", "from labkit import scenarios", "points up"),
    ("labkit/tables/route.py", "def f():\n    from labkit.trace import Trace", "points up"),
    ("labkit/captures/docker.py", "from labkit.kernel import tap", "points sideways"),
    ("labkit/tables/route.py", "import networkx", "not the standard library"),
    ("labkit/front.py", "import pyroute2", "not the standard library"),
])
def test_a_forbidden_import_is_found(path, source, why):
    (complaint,) = complaints(Path(path), source)
    assert why in complaint


@pytest.mark.parametrize(("path", "source"), [
    ("labkit/lab/namespace.py", "from ..tables import RouteTable\nfrom .packet import Packet\nfrom .. import errors"),
    ("labkit/lab/namespace.py", "from labkit.errors import LabError\nimport ipaddress"),
    ("labkit/kernel/tap.py", "from pyroute2 import IPRoute"),
    ("labkit/front.py", "from labkit.kernel import available"),
    ("labkit/view/magic.py", "from labkit import scenarios\nfrom IPython.core.magic import Magics"),
])
def test_an_import_from_above_is_fine(path, source):
    assert complaints(Path(path), source) == []


def test_a_file_is_found_by_its_name():
    names = [path.name for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    assert sorted(names) == sorted(set(names)), "no two files of the package share a name"
