"""A learner's copy of the course: the notebooks without their outputs, where the answers stand, and without the lines that are the
learner's to type; and the data.

What a learner has changed is theirs: a file is written over only when it is still as this made it, which a list of
checksums in the folder tells.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabError
from .chapter import TYPED
from .files import find

LIST = ".course.json"
FIRST = "00-start-here.ipynb"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was done: the paths that are new, brought up to date, as they were, and the learner's own, which were left alone."""

    folder: Path
    new: tuple[str, ...]
    updated: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        def books(paths: tuple[str, ...]) -> str:
            return ", ".join(path for path in paths if path.endswith(".ipynb"))

        said = []
        if self.new:
            said.append(f"{len(self.new)} files are new" + (f": {books(self.new)}" if books(self.new) else "") + ".")
        if self.updated:
            said.append(f"Brought up to date, as you had not changed them: {', '.join(self.updated)}.")
        if self.kept:
            said.append(f"Yours, and left as they are: {', '.join(self.kept)}. To have one anew, rename or delete yours first.")
        if not said:
            said.append("Everything is there already.")
        return f"Your copy of the course is in {self.folder}. {' '.join(said)}"


def copy_course(folder: str | Path) -> Copied:
    """Put the course into a folder, which is made where there is none. LabError when that cannot be."""
    target = Path(folder).expanduser()
    source = find("notebooks").resolve()
    if target.exists() and not target.is_dir():
        raise LabError(f"{target} is a file; name a folder for your copy of the course")
    if source == target.resolve() or source in target.resolve().parents:
        raise LabError(f"{target} is where the course itself lies; name another folder for your copy")
    try:
        target.mkdir(parents=True, exist_ok=True)
        return _copy(target)
    except OSError as error:
        raise LabError(f"the course cannot be copied to {target}: {error.strerror}; name a folder that you may write to") from None


def _copy(target: Path) -> Copied:
    written = _listed(target)
    done: dict[str, list[str]] = {"new": [], "updated": [], "same": [], "kept": []}
    for path, content in _contents():
        place, checksum = target / path, hashlib.sha256(content).hexdigest()
        there = place.read_bytes() if place.is_file() else None
        if there == content:
            done["same"].append(path)
        elif place.is_symlink() or place.exists() and (there is None or hashlib.sha256(there).hexdigest() != written.get(path)):
            done["kept"].append(path)
            continue
        else:
            done["new" if there is None else "updated"].append(path)
            _write(place, content)
        written[path] = checksum
    _write(target / LIST, json.dumps(written, indent=1).encode())
    return Copied(target, **{how: tuple(paths) for how, paths in done.items()})


def _listed(target: Path) -> dict[str, str]:
    """The checksums of what was written here before; a list that cannot be read says nothing."""
    try:
        listed = json.loads((target / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return listed if isinstance(listed, dict) else {}


def _contents():
    """(path, bytes) of every file of a copy."""
    for book in sorted(find("notebooks").glob("*.ipynb")):
        yield book.name, for_a_learner(book.read_text(encoding="utf-8")).encode()
    data = find("data")
    for file in sorted(path for path in data.rglob("*") if path.is_file()):
        yield f"data/{file.relative_to(data).as_posix()}", file.read_bytes()


def for_a_learner(text: str) -> str:
    """The text of a notebook as if no cell had been run, and nothing typed yet into those that are to be typed in."""
    notebook, number = json.loads(text), 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if TYPED in cell["metadata"].get("tags", ()):
            number += 1
            kept = [line.rstrip("\n") for line in cell["source"] if line.startswith(("%", "#"))]
            cell["source"] = "\n".join([*kept, f"# your lines below; q.typed({number}) shows mine", ""]).splitlines(True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _write(place: Path, content: bytes) -> None:
    """All of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        half.write_bytes(content)
        os.replace(half, place)
    finally:
        half.unlink(missing_ok=True)
