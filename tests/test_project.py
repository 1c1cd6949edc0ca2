"""The files around the package agree with each other, and say nothing about the machine they were written on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import labkit
from hosting.links import written

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def requirements(extra: str) -> dict[str, SpecifierSet]:
    wanted = map(Requirement, PROJECT["optional-dependencies"][extra])
    return {canonicalize_name(one.name): one.specifier for one in wanted}


def test_conda_installs_what_make_lab_installs_at_the_pinned_versions():
    python, pip, packages = ENVIRONMENT["dependencies"]
    exact = re.fullmatch(r"python=(3\.\d+)", python)
    assert exact and exact[1] in SpecifierSet(PROJECT["requires-python"]) and pip == "pip"
    assert packages == {"pip": ["-c constraints.txt", "-e .[notebooks,kernel]"]}


def test_the_package_itself_needs_only_the_standard_library():
    assert PROJECT["dependencies"] == []


def test_constraints_are_exact_versions_and_name_no_host():
    assert [line for line in PINS if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)] == []


def test_constraints_pin_everything_the_package_asks_for():
    pinned = {canonicalize_name(one.name): str(one.specifier)[2:] for one in map(Requirement, PINS)}
    for extra in PROJECT["optional-dependencies"]:
        for name, spec in requirements(extra).items():
            assert pinned.get(name) in spec, f"{name} {spec} of [{extra}] is pinned as {pinned.get(name)}"


def test_every_package_is_pinned_once():
    names = [canonicalize_name(Requirement(line).name) for line in PINS]
    assert sorted(set(names)) == sorted(names)


def test_the_version_stands_everywhere_the_same():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert (cited["version"], newest[1]) == (labkit.__version__, labkit.__version__)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling is not installed; to have it: make test")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as found:
        yield found


def test_a_wheel_is_the_whole_course(wheel):
    course = [path.relative_to(ROOT) for top in ("notebooks", "data") for path in (ROOT / top).rglob("*") if path in FILES]
    assert {f"labkit/course/{path.as_posix()}" for path in course} | {"labkit/py.typed"} <= set(wheel.namelist())
    assert {name.split("/")[0] for name in wheel.namelist()} == {"labkit", f"container_networking_lab-{labkit.__version__}.dist-info"}


ENTRIES = ["labkit", "notebooks", "data", "tests", "hosting", "docs", ".binder", ".github", ".ci",
           *(path.name for path in ROOT.iterdir() if path.is_file())]
NOT_OURS = {"__pycache__", ".ipynb_checkpoints", ".git"}  # in a work tree of git, .git is a file
FILES = sorted(path for entry in ENTRIES for path in [ROOT / entry, *(ROOT / entry).rglob("*")]
               if path.is_file() and not NOT_OURS & set(path.parts))
# A home folder, a workplace, a package index: true for one machine, or one day, only. Base64 pictures hold no such run.
MACHINE = re.compile(r"(?<![\w.-])/(?:work|root|home/\w+|opt/wheels|tmp/\w+)/|\bpypi\.org|pythonhosted|--index-url", re.I)


@pytest.mark.parametrize("path", [path for path in FILES if path != Path(__file__).resolve()],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_nothing_about_one_machine(path):
    text = path.read_bytes().decode(errors="ignore")
    assert MACHINE.findall(text) == []


def test_the_repositorys_address_stands_in_one_place_and_readme_has_its_links():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == written(readme), "make links writes them"
    named = set(re.findall(r"\]\[(\w+)\]", readme))
    assert named and named <= set(re.findall(r"^\[(\w+)\]: ", readme, re.MULTILINE))


def test_a_page_that_is_named_is_there():
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_runs_what_the_makefile_has(path):
    found = yaml.safe_load(path.read_text())
    targets = set(re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets = {word for line in targets for word in line.split()}
    for job in found.get("jobs", {}).values():
        for step in job["steps"]:
            words = step.get("run", "").split()
            assert "uses" in step or words
            assert words[:1] != ["make"] or {word for word in words[1:] if "=" not in word} <= targets


def test_the_run_sheet_has_the_minutes_that_the_notebooks_name():
    for chapter in (ROOT / "docs/teaching.md").read_text().split("\n### ")[1:]:
        number, minutes = re.match(r"(\d\d) .*\((\d+) minutes\)\n", chapter).groups()
        (book,) = ROOT.glob(f"notebooks/{number}-*.ipynb")
        assert f"about {minutes} minutes" in book.read_text(encoding="utf-8")
        assert sum(map(int, re.findall(r"^\| (\d+) \|", chapter, re.MULTILINE))) == int(minutes)


def test_importing_labkit_pulls_in_only_the_standard_library():
    script = "import sys; before = set(sys.modules); import labkit; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pulled = {name.split(".")[0] for name in done.stdout.split()}
    assert "labkit" in pulled
    assert pulled - {"labkit"} <= sys.stdlib_module_names
