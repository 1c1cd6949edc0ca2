"""The course's own files, `notebooks/…` and `data/…`, from any working directory.

In a checkout they lie beside the package; a wheel carries them inside of it, in this folder (pyproject.toml, force-include).
"""

from pathlib import Path

from ..errors import LabError

_HERE = Path(__file__).parent
_PLACES = _HERE.parent.parent, _HERE


def find(path: str) -> Path:
    """The file or folder of that path: `find("notebooks")`, `find("data/README.md")`."""
    top, *rest = Path(path).parts or [""]
    if top not in ("notebooks", "data") or ".." in rest:
        raise LabError(f"the course has notebooks/… and data/…, and no {path!r}")
    found = [place / path for place in _PLACES if (place / path).exists()]
    if not found:
        raise LabError(f"the course has no {path}; find({top!r}) is the folder with what there is")
    return found[0]


def read(path: str) -> str:
    """The text of the file of that path: `read("data/k8s-node2/ip-route.txt")`."""
    found = find(path)
    if found.is_dir():
        raise LabError(f"{path} is a folder; it has {', '.join(sorted(one.name for one in found.iterdir()))}")
    return found.read_text(encoding="utf-8")
