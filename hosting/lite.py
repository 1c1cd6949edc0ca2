"""The course as a static site that runs in a browser alone, without any server behind it: `python -m hosting.lite FOLDER`.

JupyterLite is JupyterLab in a page; its Python is Pyodide, CPython compiled to WebAssembly. Everything a page asks for lies in the
folder: Pyodide's core, which comes as an npm package (npm itself as a wheel), and the wheels that labkit's own metadata asks for
where the platform is called emscripten, at the versions of constraints.txt. What was fetched once is kept in the virtual
environment, so that a second build fetches nothing.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

from labkit.course.copy import FIRST, copy_course

HERE = Path(__file__).parent
ROOT = HERE.parent
TOOLS = Path(sys.executable).parent
KEPT = Path(sys.prefix, "lite")
#: The Python side of JupyterLite's kernel; it stands in for a few packages, whose names are then not to be had from elsewhere.
KERNEL = sorted(Path(sys.prefix).glob("share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi/*.whl"))
NEEDS = ["ipython", "jedi", "comm"]  # by the kernel itself, which installs them when it starts
CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
#: The first page: it sends on to the first chapter, and JupyterLite finds its root by the script in it.
INDEX = f"""<!doctype html>
<meta charset="utf-8">
<title>Container networking by hand</title>
<link rel="icon" href="lab/favicon.ico">
<meta http-equiv="refresh" content="0; url=lab/index.html?path={FIRST}">
<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root=".">{{}}</script>
<a href="lab/index.html?path={FIRST}">Start the course</a>
"""


def run(*words: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints; its complaints are shown, and end this one."""
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{Path(words[0]).name} {' '.join(map(str, words[1:4]))} … ended with {done.returncode}; why is said above.")
    return done.stdout


def pyodide() -> Path:
    """The folder with Pyodide's core."""
    folder = KEPT / f"pyodide-{PYODIDE_VERSION}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=KEPT) as half:
            run(TOOLS / "npm", "pack", "--silent", "--pack-destination", half, f"pyodide@{PYODIDE_VERSION}")
            with tarfile.open(next(Path(half).glob("*.tgz"))) as archive:
                archive.extractall(half, filter="data")
            Path(half, "package").rename(folder)
    return folder


def labkit(folder: Path) -> Path:
    """This checkout's wheel, made in a folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    return next(folder.glob("*.whl"))


def resolved(ours: Path, theirs: dict[str, Path], micropip: str, python: str, work: Path) -> list[str]:
    """`name==version` of what our wheel and the kernel's need in a browser; asked for anew only where that has changed."""
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines()
            if not line.startswith("#") and canonicalize_name(Requirement(line).name) not in theirs]
    asked = [f"container-networking-lab[notebooks] @ {ours.as_uri()}", *(f"{name} @ {path.as_uri()}" for name, path in theirs.items()),
             *NEEDS, micropip]
    with ZipFile(ours) as wheel:
        metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))).decode()
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    answer = KEPT / f"needs-{hashlib.sha256(repr((pins, asked[1:], needs, python)).encode()).hexdigest()[:8]}.txt"
    if not answer.exists():
        for name, lines in ("asked.txt", asked), ("pins.txt", pins):
            (work / name).write_text("\n".join(lines) + "\n")
        found = run(sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-header", "--no-annotate", "--python-version", python,
                    "--python-platform", "wasm32-pyodide2024", "-c", work / "pins.txt", work / "asked.txt")
        answer.write_text("".join(line + "\n" for line in found.splitlines() if "==" in line))
    return answer.read_text().splitlines()


def wheels(core: Path, ours: Path, work: Path) -> list[Path]:
    """The files of all wheels: ours, the kernel's, and what these two need there."""
    lock = json.loads((core / "pyodide-lock.json").read_text())
    python, (major, minor) = lock["info"]["python"].rpartition(".")[0], lock["info"]["abi_version"].split("_")
    versions = sorted((parse_wheel_filename(path.name)[:2], path) for path in KERNEL)
    theirs = {name: path for (name, _), path in versions}  # of two versions the later
    wanted = resolved(ours, theirs, f"micropip=={lock['packages']['micropip']['version']}", python, work)
    kept = KEPT / "wheels"

    def there() -> dict[str, Path]:
        return {"{}=={}".format(*parse_wheel_filename(path.name)): path for path in kept.glob("*.whl")}

    if lacking := [line for line in wanted if line not in there()]:
        run(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
            "--python-version", python, "--platform", f"pyemscripten_{major}_{minor}_wasm32", "-d", kept, *lacking)
    return [ours, *theirs.values(), *(there()[line] for line in wanted)]


def with_bytecode(files: list[Path], core: Path, work: Path) -> list[Path]:
    """The same wheels with compiled modules in them, which a browser would else compile at every start; others' are kept."""
    how = hashlib.sha256((HERE / "bytecode.py").read_bytes()).hexdigest()[:8]
    kept, raw = KEPT / f"bytecode-{PYODIDE_VERSION}-{how}", work / "raw"
    kept.mkdir(exist_ok=True)
    raw.mkdir()
    ours = [path for path in files if path.parent == work]
    lacking = [path for path in files if path in ours or not (kept / path.name).exists()]
    for path in lacking:
        shutil.copy(path, raw)
    run(TOOLS / "node", HERE / "bytecode.mjs", core, HERE / "bytecode.py", raw)
    for path in lacking:
        if path not in ours:
            shutil.move(raw / path.name, kept)
    return [(raw if path in ours else kept) / path.name for path in files]


def build(target: Path) -> None:
    """The site in a folder, in place of what was there."""
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lite-") as name:
        work = Path(name)
        core = pyodide()
        files = with_bytecode(wheels(core, labkit(work), work), core, work)
        copy_course(work / "course")
        site = work / "lite" / "static" / "pyodide"
        site.mkdir(parents=True)
        for path in [*(core / part for part in CORE), *files]:
            shutil.copy(path, site)
        info = json.loads((core / "pyodide-lock.json").read_text())["info"]
        lock = PyodideLockSpec(info={"version": PYODIDE_VERSION, **info}, packages={})  # theirs lists what is not here
        lock = add_wheels_to_spec(lock, [site / path.name for path in files])
        lock.to_json(site / "pyodide-lock.json")
        settings = {"loadPyodideOptions": {"packages": sorted(lock.packages)}, "disablePyPIFallback": True}
        config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {
            "appName": "Container networking by hand",
            "exposeAppInBrowser": True,  # for the tests
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": settings}}}
        (work / "lite" / "jupyter-lite.json").write_text(json.dumps(config))
        shutil.copy(ROOT / "notebooks/.jupyter/labconfig/default_setting_overrides.json", work / "lite" / "overrides.json")
        run(TOOLS / "jupyter-lite", "build", "--lite-dir", work / "lite", "--contents", work / "course",
            "--output-dir", work / "out", "--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages",
            "--no-libarchive", "--log-level=ERROR", cwd=work)
        (work / "out" / "index.html").write_text(INDEX)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "out", target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m hosting.lite", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    build(folder)
    print(f"The course for the browser alone is in {folder}; any web server shows it: make lite-serve")
